"""Members and their transitions for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.show.output import stderr, stdout
from ace.files import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.membership.log import Transition
    from ace.operations.member_list import ListedMember, MemberList
    from ace.operations.transition import TransitionEvent, TransitionPlan

_STYLES = {"suspended": "yellow", "leaving": "yellow", "left": "dim", "candidate": "cyan"}


def members_json(found: MemberList) -> list[dict[str, Any]]:
    """Every member for machines."""
    return [_member_json(one) for one in found.members]


def print_members(found: MemberList) -> None:
    """A line a member; below it what is overdue."""
    width = max((len(one.member.name.en) for one in found.members), default=0)
    for one in found.members:
        member, count = one.member, len(one.member.data_centres)
        kind = "  (illustration)" if member.example else ""
        stdout.print(
            f"{member.stack}  {member.name.en:<{width}}  {member.status:<10} since {one.status_since}  "
            f"{count} data centre{'s' if count > 1 else ''}{kind}",
            style=_STYLES.get(str(member.status)),
            markup=False,
        )
        if one.overdue:
            stdout.print(f"    {one.overdue}", style="yellow", markup=False)


def transition_plan_json(plan: TransitionPlan, *, dry_run: bool) -> dict[str, Any]:
    """A transition for machines: its steps, of a dry run; else none yet."""
    return {
        "country": plan.here.member.stack,
        "verb": str(plan.intent.verb),
        "reason": plan.intent.reason,
        "dry_run": dry_run,
        "steps": [{"step": step.name, "would": step.would} for step in plan.steps] if dry_run else [],
    }


def transition_json(one: Transition) -> dict[str, Any]:
    """A line of the log for machines."""
    return {
        "at": timestamp(one.at),
        "from": str(one.origin),
        "to": str(one.to),
        "by": one.by,
        "reason": one.reason,
    }


def print_transition_plan(plan: TransitionPlan) -> None:
    """What would be done, a line a step."""
    stdout.print(f"{plan.intent.verb} {plan.here.member.name.en}: nothing is done; it would", markup=False)
    for step in plan.steps:
        stdout.print(f"  {step.name:<12} {step.would}", markup=False)


def print_transition_event(event: TransitionEvent, *, quiet: bool) -> None:
    """A line a step, unless quiet; what is continued on standard error."""
    from ace.operations.transition import Resumed

    if isinstance(event, Resumed):
        stderr.print(f"continuing what was started on {event.begun}", markup=False)
    elif not quiet:
        stdout.print(f"  {event.name:<12} {event.did}", markup=False)


def print_next(commands: Sequence[str]) -> None:
    """What to type next."""
    stdout.print("Next:", style="bold")
    for line in commands:
        stdout.print(f"  {line}", markup=False)


def _member_json(one: ListedMember) -> dict[str, Any]:
    member = one.member
    return {
        "country": member.stack,
        "name": member.name.en,
        "status": str(member.status),
        "status_since": str(one.status_since),
        "member_since": str(member.since),
        "example": member.example,
        "data_centres": len(member.data_centres),
        "last_transition": transition_json(one.last) if one.last else None,
        "overdue": one.overdue,
    }
