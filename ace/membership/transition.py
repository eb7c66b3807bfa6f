"""One change of a member's status: which files change, what is noted while it is under way, and how it is carried out.

A transition is a few steps that can each be repeated. What is done is noted after each; a process that dies is followed
by one that goes on with the first step that is not noted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from ace.errors import UserError
from ace.files import put
from ace.membership import edits
from ace.membership.lifecycle import Verb, after
from ace.membership.log import FILE, Transition, appended
from ace.membership.writing import Change, text_of
from ace.spec.load import REGISTER
from ace.spec.values import Member, MemberStatus

NOTE: Final = "transition.json"


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody has set out to do. `facts` is what steps need to remember of each other."""

    verb: Verb
    country: str
    reason: str
    by: str
    begun: str
    options: Mapping[str, Any] = field(default_factory=dict)
    done: Mapping[str, str] = field(default_factory=dict)
    """Step -> what it did, in a sentence."""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """What a step did, and what later steps should know."""

    told: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a transition; `act` may be run again after a crash at any point of it."""

    name: str
    would: str
    """What it would do, for a dry run."""
    act: Callable[[Intent], Done]


def carry_out(folder: Path, intent: Intent, steps: Sequence[Step], report: Callable[[str, str], None]) -> Intent:
    """Run the steps that are not done yet, noting each; the note goes at the end.

    Args:
        folder: Where the country's note is kept.
        intent: What is to be done, as read from the note or fresh.
        steps: In order.
        report: Called with each step's name and what it did.

    Raises:
        UserError: A step did not succeed; unless it was the first, the note stays, and the same command goes on there.
    """
    note(folder, intent)
    for step in steps:
        if step.name in intent.done:
            report(step.name, f"{intent.done[step.name]} (done before)")
            continue
        try:
            done = step.act(intent)
        except UserError:
            if not intent.done:  # refused before anything was done: there is nothing to go on with
                (folder / NOTE).unlink()
            raise
        intent = replace(intent, done={**intent.done, step.name: done.told}, facts={**intent.facts, **done.facts})
        note(folder, intent)
        report(step.name, done.told)
    (folder / NOTE).unlink()
    return intent


def note(folder: Path, intent: Intent) -> None:
    """Write down what is under way."""
    put(folder / NOTE, json.dumps(asdict(intent), ensure_ascii=False, indent=1) + "\n", durable=True)


def under_way(folder: Path) -> Intent | None:
    """What was begun and not finished, if anything.

    Raises:
        UserError: The note is damaged.
    """
    file = folder / NOTE
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        return Intent(**{**body, "verb": Verb(body["verb"])})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(
            f"{file} is damaged: {error}",
            hint="see in `git status` and `ace member list` how far it got, remove the note, and run the command again",
            code="damaged-note",
        ) from None


def begin(unfinished: Intent | None, fresh: Intent, who: str) -> Intent:
    """The intent to carry out: the unfinished one if it is the same, else the fresh one.

    Raises:
        UserError: Something else is under way.
    """
    if unfinished is None:
        return fresh
    if unfinished.verb is not fresh.verb:
        raise UserError(
            f"`{unfinished.verb}` of {who} was begun by {unfinished.by} on {unfinished.begun} and not finished",
            hint=f"finish it first: `ace member {unfinished.verb} {who}`",
            code="other-transition",
        )
    return unfinished


def changes(
    spec_dir: Path,
    member: Member,
    verb: Verb,
    *,
    by: str,
    at: datetime,
    reason: str,
    evidence: Mapping[str, Any],
    today: date,
    approvals: Sequence[tuple[str, str]] = (),
) -> tuple[Change, ...]:
    """The files of a transition: the member's status, the log, and the register when a country has left.

    Raises:
        UserError: The table knows no such way, or a file is not laid out so that it can be edited.
    """
    root, top = spec_dir.parent, spec_dir.name
    to = after(verb, member.status, member.stack)
    text, log = text_of(root, member.file) or "", text_of(root, f"{top}/{FILE}")
    transition = Transition(at, member.stack, member.status, to, by, reason, evidence)
    register = text_of(root, f"{top}/{REGISTER}") or ""
    try:
        edited = (
            edits.with_status(text, to)
            if member.status is not MemberStatus.SUSPENDED
            else edits.with_status(edits.without_suspension(text), to)
        )
        if to is MemberStatus.SUSPENDED:
            edited = edits.with_suspension(edited, today, reason, approvals)
        left = edits.with_left(register, member.code, today) if to is MemberStatus.LEFT else register
    except ValueError as error:
        raise UserError(f"{member.file} cannot be edited: {error}", hint="edit it by hand", code="layout") from None
    made = (
        Change(member.file, text, edited),
        Change(f"{top}/{FILE}", log, appended(log or "", transition)),
        Change(f"{top}/{REGISTER}", register, left),
    )
    return tuple(change for change in made if change.before != change.after)


def now() -> datetime:
    """The moment, to the second, in UTC."""
    return datetime.now(UTC).replace(microsecond=0)
