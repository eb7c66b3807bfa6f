"""Every member with its status, since when, and what is overdue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.membership import log
from ace.membership.log import Transition
from ace.membership.writing import text_of
from ace.policy import judge_spec
from ace.policy.rules.member_age import MEMBER_AGE
from ace.spec import load
from ace.spec.values import Member
from ace.workspace.as_of import today


@dataclass(frozen=True, slots=True)
class ListedMember:
    """A member, its last transition, and what is overdue; `status_since` is the day of its present status."""

    member: Member
    status_since: date
    last: Transition | None
    overdue: str


@dataclass(frozen=True, slots=True)
class MemberList:
    """All of them, those that left included."""

    members: tuple[ListedMember, ...]


def list_members(spec_dir: Path, as_of: date | None = None) -> MemberList:
    """List the members.

    Args:
        spec_dir: The spec folder.
        as_of: The day by which a status is overdue; None: today.

    Raises:
        UserError: The spec has errors.
    """
    spec = load(spec_dir)
    overdue = {
        finding.member: finding.message
        for finding in judge_spec(spec, as_of or today()).findings
        if finding.rule == MEMBER_AGE.id
    }
    last = {transition.country: transition for transition in transitions(spec_dir)}
    return MemberList(
        tuple(_listed(member, last.get(member.stack), overdue.get(member.stack, "")) for member in spec.members)
    )


def transitions(spec_dir: Path) -> tuple[Transition, ...]:
    """What the log of transitions has, oldest first."""
    return log.read(text_of(spec_dir.parent, f"{spec_dir.name}/{log.FILE}") or "")[0]


def _listed(member: Member, last: Transition | None, overdue: str) -> ListedMember:
    since = last.at.date() if last is not None and last.to is member.status else member.since
    return ListedMember(member, since, last, overdue)
