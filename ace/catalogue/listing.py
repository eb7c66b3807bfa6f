"""Which records are listed and why: one function per kind, and the reasons that pass from a country to all it holds.

Fails closed: a member that is not active, a publication that is refused, an error of a policy and an expired label keep
a record out of every page and export. A publication that is merely absent does not: its records are listed as declared.
"""

from __future__ import annotations

from collections.abc import Iterable

from ace.spec.values import DataCentre, Label, Member, MemberStatus, Service

from .facts import Facts, Refusal
from .values import Decision, Kind, Reason


def country_reasons(facts: Facts, member: Member) -> tuple[Reason, ...]:
    """Why a country, and with it all that it declares, is withheld; nothing when it is listed."""
    reasons: list[Reason] = []
    if member.status is not MemberStatus.ACTIVE:
        reasons.append(
            Reason(
                f"member-{member.status}",
                f"{member.code} is {member.status}; only active members are listed",
                f"{member.file}: status",
                _next_step(member),
            )
        )
    standing = facts.standing.get(member.code)
    if isinstance(standing, Refusal):
        reasons.append(
            Reason(
                "publication-refused",
                f"the publication of {member.code} is refused ({standing.reason}): {standing.message}",
                f"publications/{member.stack}.json",
                f"sign and publish again: ace publish {member.stack}",
            )
        )
    return (*reasons, *facts.objections.get((Kind.COUNTRY, member.stack), ()))


def data_centre_reasons(facts: Facts, member: Member, data_centre: DataCentre) -> tuple[Reason, ...]:
    """Why a data centre is withheld."""
    own = facts.objections.get((Kind.DATA_CENTRE, data_centre_slug(member, data_centre.id)), ())
    return (*country_reasons(facts, member), *own)


def label_reasons(facts: Facts, member: Member, data_centre: DataCentre, label: Label) -> tuple[Reason, ...]:
    """Why a label that a data centre holds is withheld."""
    reasons = list(data_centre_reasons(facts, member, data_centre))
    if label.valid_until < facts.as_of:
        reasons.append(
            Reason(
                "label-expired",
                f"label {label.scheme} of {data_centre.id} ended on {label.valid_until}, before {facts.as_of}",
                f"{member.file}: data_centres[id={data_centre.id}].labels",
                "renew the label and write its new date into the member's file",
            )
        )
    slug = label_slug(member, data_centre, label)
    return (*reasons, *facts.objections.get((Kind.LABEL, slug), ()))


def service_reasons(facts: Facts, member: Member, service: Service) -> tuple[Reason, ...]:
    """Why a service is withheld: its country, its data centre, or what a policy has against itself."""
    tenant = next(tenant for tenant in member.tenants if tenant.name == service.tenant)
    home = data_centre_reasons(facts, member, member.data_centre(tenant.data_centre))
    return (*home, *facts.objections.get((Kind.SERVICE, service.id), ()))


def decide(kind: Kind, slug: str, against: Iterable[Reason], because: Reason) -> Decision:
    """Listed when nothing is against it."""
    reasons = tuple(dict.fromkeys(against))
    return Decision(kind, slug, not reasons, reasons or (because,))


def data_centre_slug(member: Member, data_centre_id: str) -> str:
    """`tn-tunis-1`: the country and the data centre's id, which is unique in it."""
    return data_centre_id if data_centre_id.startswith(f"{member.stack}-") else f"{member.stack}-{data_centre_id}"


def label_slug(member: Member, data_centre: DataCentre, label: Label) -> str:
    """`tn-tunis-1.tn-g-cloud`: a data centre and the scheme of the label that it holds."""
    return f"{data_centre_slug(member, data_centre.id)}.{label.scheme}"


def _next_step(member: Member) -> str:
    if member.status is MemberStatus.SUSPENDED:
        return f"ace member reinstate {member.stack}"
    return f"ace member activate {member.stack}" if member.status is MemberStatus.CANDIDATE else ""
