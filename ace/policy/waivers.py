"""Which waivers count on a date, and what is wrong with those that do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

from ace.errors import Severity
from ace.policy.approval import waiver_statement, why_not
from ace.policy.contract import Owner
from ace.policy.values import Kind, PolicyFinding
from ace.spec.values import Member, Spec, Waiver

LONGEST: Final = timedelta(days=366)
NOT_WAIVABLE: Final = frozenset({"waiver-valid", "suspension-two-persons", "announcement-residency"})
"""Rules that guard the others: a waiver of them would waive anything."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a waiver does not count, and what would make it."""

    severity: Severity
    fact: str
    remedy: str


def with_waivers(
    spec: Spec, findings: Iterable[PolicyFinding], as_of: date, owners: Mapping[str, Owner]
) -> Iterator[PolicyFinding]:
    """The findings, those that a waiver lets through marked with it."""
    counting = {
        (member.stack, waiver.rule, waiver.subject): waiver
        for member in spec.members
        for waiver in member.waivers
        if problem(spec, member, waiver, as_of, owners) is None
    }
    for finding in findings:
        waiver = counting.get((finding.member, finding.rule, str(finding.subject)))
        yield replace(finding, waiver=waiver) if waiver else finding


def problem(spec: Spec, member: Member, waiver: Waiver, as_of: date, owners: Mapping[str, Owner]) -> Problem | None:
    """Why a waiver does not count on a date; None when it does.

    Args:
        spec: Who may approve.
        member: Whose waiver.
        waiver: The waiver.
        as_of: The date.
        owners: Every rule's owner by its id.
    """
    if waiver.rule in NOT_WAIVABLE:
        return Problem(Severity.ERROR, f"{waiver.rule} can not be waived", "delete the waiver")
    if waiver.rule not in owners:
        return Problem(Severity.ERROR, f"there is no rule {waiver.rule}", "`ace policy list` names them")
    if not _own(member, waiver.subject):
        fact = f"{waiver.subject} is not {member.code}'s"
        return Problem(Severity.ERROR, fact, "a country waives its own only; delete the waiver")
    if waiver.until - as_of > LONGEST:
        fact = f"it ends on {waiver.until}, more than a year after {as_of}"
        return Problem(Severity.ERROR, fact, "let it end within a year; it can be renewed")
    if waiver.until < as_of:
        return Problem(Severity.WARNING, f"it ended on {waiver.until}", "delete it, or renew it if it is still needed")
    if owners[waiver.rule] is Owner.COUNTRY:
        return None
    remedy = f"have it signed: `ace policy approve {member.stack} {waiver.rule} {waiver.subject}`"
    if waiver.approval is None:
        return Problem(Severity.WARNING, f"{waiver.rule} is the region's rule, and no approver has signed", remedy)
    why = why_not(spec.region, waiver_statement(member, waiver), waiver.approval, as_of)
    return Problem(Severity.WARNING, why, remedy) if why else None


def _own(member: Member, subject: str) -> bool:
    """Whether a waiver's subject is the member's own."""
    kind, _, id_ = subject.partition("/")
    owned = {
        Kind.MEMBER: {member.stack},
        Kind.DATA_CENTRE: {centre.id for centre in member.data_centres},
        Kind.TENANT: {f"{member.stack}/{tenant.name}" for tenant in member.tenants},
        Kind.SERVICE: {service.id for service in member.services},
    }
    return any(kind == known and id_ in ids for known, ids in owned.items())
