"""From verdicts on publications and the policies' judgement to the catalogue's facts: what each shows, in plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ace.policy import Judgement, PolicyFinding
from ace.policy import Kind as PolicyKind
from ace.publication.values import AnyVerification, Publication, Refused, Verified
from ace.spec.values import Member, Spec

from .facts import Facts, Proof, Refusal
from .listing import data_centre_slug
from .values import Kind, Reason


def facts_of(spec: Spec, judgement: Judgement, verdicts: Mapping[str, AnyVerification]) -> Facts:
    """The catalogue's facts as of the judgement's date.

    Args:
        spec: The ecosystem.
        judgement: The policies' findings.
        verdicts: What is known of each publication, by its name (`tn`, `hub-tunis`); a missing one is absent.
    """
    standing: dict[str, Proof | Refusal] = {}
    for member in spec.members:
        verdict = verdicts.get(member.stack)
        if isinstance(verdict, Refused):
            standing[member.code] = Refusal(str(verdict.reason), verdict.message)
        elif isinstance(verdict, Verified) and isinstance(verdict.publication, Publication):
            standing[member.code] = _proof(verdict.publication, verdict.signer, _hubs(spec, member, verdicts))
    objections = dict(_by_policy(spec, judgement)) | dict(_refused_hubs(spec, verdicts))
    return Facts(spec, judgement.as_of, standing, objections)


def _proof(publication: Publication, signer: str, hubs: Iterable[str]) -> Proof:
    return Proof(
        file=f"publications/{publication.name}.json",
        signer=signer,
        issued=publication.issued,
        expires=publication.expires,
        endpoints={service.id: service.endpoint for service in publication.services},
        data_centres=frozenset(centre.id for centre in publication.data_centres),
        hubs=frozenset(hubs),
    )


def _hubs(spec: Spec, member: Member, verdicts: Mapping[str, AnyVerification]) -> Iterator[str]:
    """The hubs that a member lodges and whose own publication is verified."""
    for hub in spec.region.hubs:
        if hub.hosted_by == member.code and isinstance(verdicts.get(f"hub-{hub.id}"), Verified):
            yield hub.id


def _refused_hubs(
    spec: Spec, verdicts: Mapping[str, AnyVerification]
) -> Iterator[tuple[tuple[Kind, str], tuple[Reason, ...]]]:
    for hub in spec.region.hubs:
        verdict = verdicts.get(f"hub-{hub.id}")
        if isinstance(verdict, Refused):
            fact = f"the publication of hub {hub.id} is refused ({verdict.reason}): {verdict.message}"
            place, remedy = (
                f"publications/hub-{hub.id}.json",
                f"sign and publish again: ace publish {hub.hosted_by.lower()}",
            )
            yield (Kind.INTERCONNECTION, f"hub-{hub.id}"), (Reason("publication-refused", fact, place, remedy),)


def _by_policy(spec: Spec, judgement: Judgement) -> Iterator[tuple[tuple[Kind, str], tuple[Reason, ...]]]:
    """Errors against a member, a data centre or a service; a tenant's take its services along."""
    for member in spec.members:
        yield (Kind.COUNTRY, member.stack), _reasons(judgement.errors_for(PolicyKind.MEMBER, member.stack))
        for centre in member.data_centres:
            errors = judgement.errors_for(PolicyKind.DATA_CENTRE, centre.id)
            yield (Kind.DATA_CENTRE, data_centre_slug(member, centre.id)), _reasons(errors)
        for service in member.services:
            yield (Kind.SERVICE, service.id), _reasons(judgement.errors_for(PolicyKind.SERVICE, service.id))


def _reasons(findings: Iterable[PolicyFinding]) -> tuple[Reason, ...]:
    return tuple(
        Reason(finding.rule, finding.fact, f"{finding.location.file}: {finding.location}", finding.remedy)
        for finding in findings
    )
