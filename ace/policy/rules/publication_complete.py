"""publication-complete: a publication has what the far ends need."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, PublicationFacts, Rule
from ace.policy.values import Kind, PolicyFinding, Subject
from ace.spec.location import SpecLocation


def publication_complete(facts: PublicationFacts, as_of: date) -> tuple[PolicyFinding, ...]:
    """Every gateway in a publication has a public address and a key.

    A gateway without a key has not been configured yet; links to it are planned with a placeholder and not applied.

    To satisfy it: `ace configure CC`, then `ace publish CC`.
    """
    published = facts.published
    member = facts.spec.member(published.member)
    gaps = [f"{name} has no key" for name in published.gateways_without_key]
    gaps += [f"{name} has no public address" for name in published.gateways_without_address]
    if published.unfit_tests:
        gaps.append(f"{published.unfit_tests} tests of its fitness check failed")
    return tuple(
        PolicyFinding(
            rule="publication-complete",
            severity=Severity.WARNING,
            member=member.stack,
            subject=Subject(Kind.MEMBER, member.stack),
            fact=f"the publication of {member.code} is not complete: {gap}",
            remedy=f"`ace configure {member.stack}`, then `ace publish {member.stack}`",
            location=SpecLocation(member.file) / "data_centres",
        )
        for gap in gaps
    )


PUBLICATION_COMPLETE = Rule(
    id="publication-complete",
    title="A publication gives each gateway's public address and key.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="docs/interconnect.md (what is not published is planned with a placeholder, never applied)",
    check=publication_complete,
)
