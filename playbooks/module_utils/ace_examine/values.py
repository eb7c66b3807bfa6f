"""Checks, and the means to ask."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
LONGEST_EVIDENCE = 300
PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
PATIENCE_S = 180
"""How long what may still be coming up is waited for, on a machine that may be busy."""
SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 3.0
AT_ONCE = 8
NO_REPLY = 9
"""dig's exit status where no server replied; any other but 0 is its own failure."""


class NoAnswerError(Exception):
    """What was asked gave no answer that could be assessed: the command failed, or took too long. The message is for people."""


@dataclass(frozen=True)
class Check:
    """One question, and the answer."""

    id: str
    verdict: str
    evidence: str

    def plain(self) -> dict[str, str]:
        """For Ansible."""
        return {"id": self.id, "verdict": self.verdict, "evidence": self.evidence[:LONGEST_EVIDENCE]}


def checked(check_id: str, good: bool, evidence: str) -> Check:
    """A check that passes or fails."""
    return Check(check_id, PASS if good else FAIL, " ".join(evidence.split()))


def skipped(check_id: str, why: str) -> Check:
    """A check that could not be made here, and why."""
    return Check(check_id, SKIP, " ".join(why.split()))


@dataclass(frozen=True)
class Output:
    """A command's output."""

    status: int
    out: str
    err: str


def ask(*command: str, limit_s: float = 20) -> Output:
    """The output of a command that comes to an end.

    Raises:
        NoAnswerError: It is not installed, or takes too long.
    """
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=limit_s, env=ENVIRONMENT, check=False
        )
    except FileNotFoundError:
        raise NoAnswerError(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise NoAnswerError(f"{command[0]} gave no answer in {limit_s:.0f} s") from None
    return Output(done.returncode, done.stdout, done.stderr)


def answered(output: Output, what: str) -> str:
    """What a command printed that succeeded.

    Raises:
        NoAnswerError: It failed: what it printed is not an answer, and nothing printed is not "none".
    """
    if output.status:
        raise NoAnswerError(
            f"`{what}` failed with exit status {output.status}: {output.err.strip() or output.out.strip()}"
        )
    return output.out


def fetch(url: str, limit_s: float = 10) -> Any:
    """The JSON that a web service answers.

    Raises:
        NoAnswerError: It does not answer, or not with JSON.
    """
    try:
        with urllib.request.urlopen(url, timeout=limit_s) as answer:  # noqa: S310 - our own, on this host
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise NoAnswerError(f"{url.split('?', maxsplit=1)[0]} gave no answer: {error}") from None


Question = Callable[[], Check]


def until(check_id: str, question: Question, within_s: float | None = None) -> Question:
    """A question that is asked again until the answer is good or it does not apply, or that time (`PATIENCE_S`) has passed.

    For what may not be there yet. The evidence has how long was waited.
    """
    return lambda: _waiting(check_id, question, within_s, final=False)


def asked(check_id: str, question: Question, within_s: float | None = None) -> Question:
    """A question whose first answer counts; it is asked again only while there is none (`NoAnswerError`)."""
    return lambda: _waiting(check_id, question, within_s, final=True)


def _waiting(check_id: str, question: Question, within_s: float | None, *, final: bool) -> Check:
    limit_s = PATIENCE_S if within_s is None else within_s
    began = time.monotonic()
    pause, again = SHORTEST_PAUSE_S, False
    while True:
        try:
            answer = question()
            stays = final or answer.verdict != FAIL
        except NoAnswerError as error:
            answer, stays = checked(check_id, False, str(error)), False
        waited = time.monotonic() - began
        if stays or waited > limit_s:
            after = f"{'still ' if answer.verdict == FAIL else ''}after {waited:.0f} s: "
            return replace(answer, evidence=after + answer.evidence) if again else answer
        time.sleep(pause)
        pause, again = min(LONGEST_PAUSE_S, 1.5 * pause), True


def together(questions: Sequence[Question]) -> list[Check]:
    """All answers, in order; many are asked at once, so that what is waited for keeps nothing else waiting."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda question: question(), questions))


@dataclass(frozen=True)
class Answer:
    """What a name server answered."""

    status: str
    """NOERROR, REFUSED, ...; empty: no answer."""
    flags: frozenset[str]
    records: tuple[tuple[str, ...], ...]
    """The answer section: name, TTL, class, type, data."""

    def of_type(self, kind: str) -> tuple[tuple[str, ...], ...]:
        """The answer's records of a type."""
        return tuple(record for record in self.records if len(record) > 3 and record[3] == kind)


def dig(name: str, kind: str, server: str | None = None, *options: str) -> Answer:
    """Ask for a name, with signatures."""
    at: Sequence[str] = (f"@{server}",) if server else ()
    output = ask("dig", "+dnssec", "+time=3", "+tries=2", "+nosplit", *options, name, kind, *at, limit_s=30)
    if output.status == NO_REPLY:
        return parsed("")
    return parsed(answered(output, f"dig {name} {kind} {server or ''}".strip()))


def transferred(zone: str, server: str, source: str) -> tuple[tuple[str, ...], ...]:
    """All records of a zone as a name server hands it over (AXFR) to that address of this host, the first SOA aside.

    Raises:
        NoAnswerError: It does not, or not whole. dig reports it in a comment ("; Transfer failed."), whatever its exit status.
    """
    output = ask(
        "dig", "+noall", "+answer", "+time=5", "+tries=1", "-b", source, "AXFR", zone, f"@{server}", limit_s=30
    )
    lines = [line.split() for line in output.out.splitlines() if line.strip()]
    records = tuple(tuple(line) for line in lines if not line[0].startswith(";"))
    ends = [record[3] for record in (*records[:1], *records[1:][-1:]) if len(record) > 3]
    if output.status or ends != ["SOA", "SOA"]:
        comments = " ".join(
            " ".join(line).strip("; ") for line in lines if line[0].startswith(";") and "<<>>" not in line
        )
        why = comments or output.err.strip() or f"{len(records)} records, not from SOA to SOA"
        raise NoAnswerError(f"{server} does not hand over {zone} to {source}: {why}")
    return records[1:]


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
