"""The log of transitions: one line of JSON each, only ever appended, each with the hash of the line before.

It lies in the spec folder, beside what it reports, and goes through the same review and version control.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ace.errors import UserError
from ace.files import timestamp
from ace.membership.lifecycle import is_way
from ace.spec.values import MemberStatus

FILE: Final = "transitions.jsonl"
NOTHING: Final = "0" * 64
"""The hash before the first line."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of a member's status: who made it, when (UTC), from what to what, and why."""

    at: datetime
    country: str
    origin: MemberStatus
    to: MemberStatus
    by: str
    reason: str
    evidence: Mapping[str, Any]
    """What it rests on: the check's report, the approvals."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that does not hold."""

    line: int
    message: str


def appended(text: str, transition: Transition) -> str:
    """The log with one more line.

    Raises:
        UserError: The log is damaged; nothing is built on it.
    """
    _, problems = read(text)
    if problems:
        first = problems[0]
        raise UserError(
            f"{FILE}:{first.line}: {first.message}",
            hint="`ace audit verify` lists all problems; bring the log back from version control",
            code="damaged-log",
        )
    lines = text.splitlines()
    body = {
        "n": len(lines) + 1,
        "at": timestamp(transition.at),
        "country": transition.country,
        "from": str(transition.origin),
        "to": str(transition.to),
        "by": transition.by,
        "reason": transition.reason,
        "evidence": dict(transition.evidence),
        "before": _hash(lines[-1]) if lines else NOTHING,
    }
    return text + json.dumps(body, ensure_ascii=False, separators=(", ", ": ")) + "\n"


def read(text: str) -> tuple[tuple[Transition, ...], tuple[Problem, ...]]:
    """The transitions, and everything that is wrong with the log: altered, missing or impossible lines."""
    transitions: list[Transition] = []
    problems: list[Problem] = []
    before, statuses = NOTHING, dict[str, MemberStatus]()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            body = json.loads(line)
            one = Transition(
                datetime.fromisoformat(body["at"]),
                body["country"],
                MemberStatus(body["from"]),
                MemberStatus(body["to"]),
                body["by"],
                body["reason"],
                body["evidence"],
            )
            place, stated = body["n"], body["before"]
        except (ValueError, KeyError, TypeError):
            problems.append(Problem(number, "this is no transition"))
            before = _hash(line)
            continue
        if stated != before:
            problems.append(Problem(number, "the line before was altered, removed or inserted"))
        elif place != number:
            problems.append(Problem(number, f"this line has number {place}"))
        if not is_way(one.origin, one.to):
            problems.append(Problem(number, f"no way leads from {one.origin} to {one.to}"))
        elif statuses.get(one.country, one.origin) is not one.origin:
            problems.append(Problem(number, f"{one.country} was {statuses[one.country]}, not {one.origin}"))
        statuses[one.country] = one.to
        transitions.append(one)
        before = _hash(line)
    if text and not text.endswith("\n"):
        problems.append(Problem(len(text.splitlines()), "the last line is torn"))
    return tuple(transitions), tuple(problems)


def disagreements(transitions: Sequence[Transition], statuses: Mapping[str, MemberStatus]) -> tuple[str, ...]:
    """Members whose file states something else than the last transition of theirs: edited by hand, or the log was cut."""
    last = {transition.country: transition.to for transition in transitions}
    return tuple(
        f"{country} is {statuses[country]} by its file and {to} by the log"
        for country, to in sorted(last.items())
        if country in statuses and statuses[country] is not to
    )


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
