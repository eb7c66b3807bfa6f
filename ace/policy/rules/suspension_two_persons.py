"""suspension-two-persons: nobody suspends a country alone."""

from __future__ import annotations

from datetime import date
from typing import Final

from ace.errors import Severity
from ace.policy.approval import suspension_statement, why_not
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import member_subject
from ace.policy.values import PolicyFinding
from ace.spec.location import SpecLocation
from ace.spec.values import Member, MemberStatus, Spec

NEEDED: Final = 2


def suspension_two_persons(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A member is suspended only by two different approvers of the region, each by signature, with reason and date.

    A suspension withdraws a country's routes and hides its listings, so one person's error or one stolen key must not
    do. For members marked `example: true` it warns only.

    To satisfy it, both run `ace policy approve CC --suspension --since DATE --reason TEXT --key FILE`, and what that
    prints goes under `suspension: approvals:`.
    """
    return tuple(
        PolicyFinding(
            rule="suspension-two-persons",
            severity=Severity.WARNING if member.example else Severity.ERROR,
            member=member.stack,
            subject=member_subject(member),
            fact=f"{member.code} is suspended, and {fact}",
            remedy=f"have {NEEDED} approvers sign it (`ace policy explain suspension-two-persons`)",
            location=SpecLocation(member.file) / "suspension"
            if member.suspension
            else SpecLocation(member.file) / "status",
        )
        for member in spec.members
        if member.status is MemberStatus.SUSPENDED and (fact := _missing(spec, member, as_of))
    )


def _missing(spec: Spec, member: Member, as_of: date) -> str:
    suspension = member.suspension
    if suspension is None:
        return "its file gives no reason, no start date and no approvals"
    statement = suspension_statement(member.stack, suspension.since, suspension.reason)
    signed: set[str] = set()
    wrong = []
    for approval in suspension.approvals:
        problem = why_not(spec.region, statement, approval, as_of)
        if problem:
            wrong.append(problem)
        else:
            signed.add(approval.approver)
    if len(signed) >= NEEDED:
        return ""
    message = f"{len(signed)} of {NEEDED} approvers have signed"
    return f"{message}: {'; '.join(wrong)}" if wrong else message


SUSPENSION_TWO_PERSONS = Rule(
    id="suspension-two-persons",
    title="A member is suspended by two of the region's approvers, never by one.",
    owner=Owner.REGION,
    severity=Severity.ERROR,
    source="the region's statutes (illustrative); the two-person rule of ISO/IEC 27002:2022, 5.3 segregation of duties",
    check=suspension_two_persons,
)
