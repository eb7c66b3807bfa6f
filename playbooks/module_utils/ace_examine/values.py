"""Checks, and the means to ask."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
LONGEST_EVIDENCE = 300
PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"


@dataclass(frozen=True)
class Check:
    """One question, and the answer."""

    id: str
    verdict: str
    evidence: str

    def plain(self) -> dict[str, str]:
        """For Ansible."""
        return {"id": self.id, "verdict": self.verdict, "evidence": self.evidence[:LONGEST_EVIDENCE]}


def judged(check_id: str, good: bool, evidence: str) -> Check:
    """A check that passes or fails."""
    return Check(check_id, PASS if good else FAIL, " ".join(evidence.split()))


def skipped(check_id: str, why: str) -> Check:
    """A check that could not be made here, and why."""
    return Check(check_id, SKIP, " ".join(why.split()))


@dataclass(frozen=True)
class Said:
    """What a command said."""

    status: int
    out: str
    err: str


def ask(*command: str, limit_s: float = 20) -> Said:
    """Run a command; one that is not installed has status 127, one that takes too long 124."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit_s, env=ENVIRONMENT, check=False
        )
    except FileNotFoundError:
        return Said(127, "", f"{command[0]} is not installed")
    except subprocess.TimeoutExpired:
        return Said(124, "", f"{command[0]} gave no answer in {limit_s} s")
    return Said(done.returncode, done.stdout, done.stderr)


def fetch(url: str, limit_s: float = 10) -> Any:
    """The JSON that a web service answers; None if it does not answer (with) any."""
    try:
        with urllib.request.urlopen(url, timeout=limit_s) as answer:  # noqa: S310 - our own, on this host
            return json.load(answer)
    except (OSError, ValueError):
        return None


def until(question: Callable[[], Check], within_s: float) -> Check:
    """The answer as soon as it is good or the question does not apply, or the last one after that time."""
    deadline = time.monotonic() + within_s
    while True:
        answer = question()
        if answer.verdict != FAIL or time.monotonic() > deadline:
            return answer
        time.sleep(1)


@dataclass(frozen=True)
class Answer:
    """What a name server said."""

    status: str
    """NOERROR, REFUSED, ...; empty: it said nothing."""
    flags: frozenset[str]
    records: tuple[tuple[str, ...], ...]
    """The answer section: name, TTL, class, type, data."""

    def of_type(self, kind: str) -> tuple[tuple[str, ...], ...]:
        """The answer's records of a type."""
        return tuple(record for record in self.records if len(record) > 3 and record[3] == kind)


def dig(name: str, kind: str, server: str | None = None, *options: str) -> Answer:
    """Ask for a name, with signatures."""
    at: Sequence[str] = (f"@{server}",) if server else ()
    said = ask("dig", "+dnssec", "+time=3", "+tries=2", "+nosplit", *options, name, kind, *at, limit_s=30)
    return parsed(said.out)


def parsed(output: str) -> Answer:
    """What dig printed, as an answer."""
    status, flags, records, inside = "", frozenset[str](), [], False
    for line in output.splitlines():
        if "->>HEADER<<-" in line and "status: " in line:
            status = line.split("status: ", 1)[1].split(",", 1)[0]
        elif line.startswith(";; flags:"):
            flags = frozenset(line.split(":", 1)[1].split(";", 1)[0].split())
        elif line.startswith(";; ANSWER SECTION"):
            inside = True
        elif not line.strip():
            inside = False
        elif inside and not line.startswith(";"):
            records.append(tuple(line.split()))
    return Answer(status, flags, tuple(records))
