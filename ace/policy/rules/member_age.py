"""member-age: nobody stays a candidate, or suspended, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.rules.label_term import months_after
from ace.policy.subjects import member_subject
from ace.policy.values import PolicyFinding
from ace.spec.location import SpecLocation
from ace.spec.values import Member, MemberStatus, Spec

CANDIDATE_MONTHS: Final = 2
SUSPENDED_MONTHS: Final = 4


def member_age(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A candidate becomes active, or goes, within two months; a suspension ends, one way or the other, within four.

    To satisfy it: `ace member activate`, `reinstate` or `remove`.
    """
    return tuple(finding for member in spec.members for finding in _of(member, as_of))


def _of(member: Member, as_of: date) -> Iterator[PolicyFinding]:
    if member.status is MemberStatus.CANDIDATE:
        since, months, what = member.since, CANDIDATE_MONTHS, "a candidate"
        remedy = f"`ace member activate {member.stack}`, or `ace member remove {member.stack}`"
    elif member.status is MemberStatus.SUSPENDED and member.suspension is not None:
        since, months, what = member.suspension.since, SUSPENDED_MONTHS, "suspended"
        remedy = f"`ace member reinstate {member.stack}`, or `ace member remove {member.stack}`"
    else:
        return
    if as_of > months_after(since, months):
        yield PolicyFinding(
            rule="member-age",
            severity=Severity.WARNING,
            member=member.stack,
            subject=member_subject(member),
            fact=f"{member.code} has been {what} since {since}, longer than {months} months",
            remedy=remedy,
            location=SpecLocation(member.file) / "status",
        )


MEMBER_AGE = Rule(
    id="member-age",
    title="A candidate is decided on within two months, a suspension within four.",
    owner=Owner.REGION,
    severity=Severity.WARNING,
    source="GOCDB's life cycle of sites (candidate at most 2 months, suspended at most 4)",
    check=member_age,
)
