"""publication-ending: a publication is renewed before it ends."""

from __future__ import annotations

from datetime import date
from typing import Final

from ace.errors import Severity
from ace.policy.contract import Owner, PublicationFacts, Rule
from ace.policy.values import Kind, PolicyFinding, Subject
from ace.spec.location import SpecLocation

NOTICE_DAYS: Final = 7


def publication_ending(facts: PublicationFacts, as_of: date) -> tuple[PolicyFinding, ...]:
    """A country gets a warning from seven days before its publication expires: then its routes and listings go.

    To satisfy it, publish again; a pipeline does so every week.
    """
    published = facts.published
    member = facts.spec.member(published.member)
    days = (published.expires - as_of).days
    if days > NOTICE_DAYS:
        return ()
    when = f"expires on {published.expires}, in {days} days" if days >= 0 else f"expired on {published.expires}"
    return (
        PolicyFinding(
            rule="publication-ending",
            severity=Severity.WARNING,
            member=member.stack,
            subject=Subject(Kind.MEMBER, member.stack),
            fact=f"the publication of {member.code} {when}",
            remedy=f"`ace publish {member.stack}`",
            location=SpecLocation(member.file),
        ),
    )


PUBLICATION_ENDING = Rule(
    id="publication-ending",
    title="A publication is renewed at least seven days before it expires.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="docs/trust.md",
    check=publication_ending,
)
