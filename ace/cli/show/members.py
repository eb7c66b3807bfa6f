"""Members and their transitions for people and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ace.cli.show.output import stderr, stdout
from ace.files import timestamp
from ace.spec.values import MemberStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.membership.log import Transition
    from ace.operations.member_list import ListedMember, MemberList
    from ace.operations.transition import TransitionEvent, TransitionPlan

_STYLES = {"suspended": "yellow", "leaving": "yellow", "left": "dim", "candidate": "cyan"}


@dataclass(frozen=True, slots=True)
class TransitionDocument:
    """A line of the log of transitions."""

    at: str
    from_: MemberStatus
    to: MemberStatus
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class MemberDocument:
    """A member and its status."""

    country: str
    name: str
    status: MemberStatus
    status_since: date
    member_since: date
    example: bool
    """Whether it is an illustration, no real member."""
    data_centres: int
    last_transition: TransitionDocument | None
    overdue: str
    """What is overdue; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class MembersDocument:
    """Every member."""

    members: tuple[MemberDocument, ...]


@dataclass(frozen=True, slots=True)
class TransitionStepDocument:
    """A step of a transition."""

    step: str
    would: str | None = None
    """What it would do, in a dry run."""
    did: str | None = None
    """What it did."""


@dataclass(frozen=True, slots=True)
class CarriedOutDocument:
    """A transition of a member: what was done, or would be."""

    country: str
    verb: str
    reason: str
    dry_run: bool
    steps: tuple[TransitionStepDocument, ...]
    transition: TransitionDocument | None = None
    """What was written into the log."""
    next: tuple[str, ...] | None = None
    """Commands that come next; not in a dry run."""


def members_document(found: MemberList) -> MembersDocument:
    """Every member, as JSON."""
    return MembersDocument(tuple(_member(one) for one in found.members))


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


def transition_plan_document(plan: TransitionPlan, *, dry_run: bool) -> CarriedOutDocument:
    """A transition as JSON: its steps, of a dry run; else none yet."""
    steps = tuple(TransitionStepDocument(step.name, would=step.would) for step in plan.steps) if dry_run else ()
    return CarriedOutDocument(
        plan.here.member.stack, str(plan.intent.verb), plan.intent.reason, dry_run=dry_run, steps=steps
    )


def transition_document(one: Transition) -> TransitionDocument:
    """A line of the log as JSON."""
    return TransitionDocument(timestamp(one.at), one.origin, one.to, one.by, one.reason)


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


def _member(one: ListedMember) -> MemberDocument:
    member = one.member
    return MemberDocument(
        member.stack,
        member.name.en,
        member.status,
        one.status_since,
        member.since,
        member.example,
        len(member.data_centres),
        transition_document(one.last) if one.last else None,
        one.overdue,
    )
