"""ansible-runner's events as typed values, and their sum: pure."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ace.services.results import (
    AnsibleMessage,
    Change,
    Ending,
    HostCounts,
    PlayEnded,
    RunEvent,
    RunResult,
    ServiceCheck,
    TaskBegan,
    TaskEnded,
    TaskOutcome,
    Trouble,
)

PUBLIC_FACTS = "ace_public_facts"
CHECKS = "ace_checks"
_KEY_REFUSED = ("Host key verification failed", "REMOTE HOST IDENTIFICATION HAS CHANGED")
_ENDED = {
    "runner_on_ok": TaskOutcome.OK,
    "runner_on_failed": TaskOutcome.FAILED,
    "runner_on_skipped": TaskOutcome.SKIPPED,
    "runner_on_unreachable": TaskOutcome.UNREACHABLE,
}
_LONGEST_MESSAGE = 2_000
_LONGEST_DIFF = 20_000
_PRIVATE = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.S)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_NOISE = ("Shared connection to", "Warning: Permanently added", "mux_client")


def read(event: Mapping[str, Any]) -> RunEvent | None:
    """One event of ansible-runner's; None for those that state nothing new."""
    kind, data = str(event.get("event", "")), event.get("event_data") or {}
    host, task = str(data.get("host") or ""), str(data.get("task") or "")
    if kind == "runner_on_start" and host:
        return TaskBegan(host, task)
    if kind in _ENDED and host:
        return _ended(_ENDED[kind], host, task, data)
    if kind == "playbook_on_stats":
        return PlayEnded(_stats(data))
    if kind in ("warning", "error"):
        text = clean(str(event.get("stdout") or "")).strip()
        return AnsibleMessage(kind, text) if text else None
    return None


def clean(text: str) -> str:
    """Text for people: no control characters, no private key that something printed by mistake."""
    return _CONTROL.sub("", _PRIVATE.sub("(a private key, not shown)", text))


def message(result: Mapping[str, Any]) -> str:
    """Why a task failed, in as few lines as possible."""
    if result.get("censored"):
        return "its output is kept secret (no_log)"
    parts = [str(result.get(key) or "").strip() for key in ("msg", "stderr", "module_stderr")]
    if not parts[1] and result.get("rc") not in (None, 0):
        parts[1] = str(result.get("stdout") or "").strip()
    items = [item for item in result.get("results") or () if isinstance(item, dict) and item.get("failed")]
    parts += [f"{item.get('item', '')}: {message(item)}" for item in items]
    reported: list[str] = []
    for part in parts:
        kept = "\n".join(line for line in part.splitlines() if line.strip() and not line.startswith(_NOISE))
        if kept and not any(kept in before for before in reported):
            reported.append(kept)
    text = clean("\n".join(reported)).strip() or "it failed without a message"
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:_LONGEST_MESSAGE]} …"


def diff(of: Any) -> str:
    """A task's diff as a unified one; empty if it has none."""
    parts = of if isinstance(of, list) else [of]
    text = "".join(_one_diff(part) for part in parts if isinstance(part, dict))
    text = clean(text)
    return text if len(text) <= _LONGEST_DIFF else f"{text[:_LONGEST_DIFF]}\n… (the diff continues)\n"


@dataclass
class Tally:
    """Events summed up as they come."""

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    final: Mapping[str, HostCounts] | None = None
    changes: list[Change] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    checks: dict[str, list[ServiceCheck]] = field(default_factory=dict)
    messages: list[AnsibleMessage] = field(default_factory=list)

    def take(self, event: RunEvent) -> None:
        """Add one."""
        match event:
            case TaskEnded():
                self._end(event)
            case PlayEnded():
                self.final = event.counts
            case AnsibleMessage():
                self.messages.append(event)
            case TaskBegan():
                self.counts.setdefault(event.host, {})

    def result(self, ending: Ending, hosts: Iterable[str], artefacts: Path, seconds: float) -> RunResult:
        """The sum. Ansible's own counts if the playbook came to its end, else those of the events."""
        counted = {host: HostCounts(**counts) for host, counts in self.counts.items()}
        if self.final is not None:
            counted |= self.final
        return RunResult(
            ending=ending,
            hosts={host: counted.get(host, HostCounts()) for host in hosts},
            changes=tuple(self.changes),
            troubles=tuple(self.troubles),
            public_facts=self.facts,
            checks=tuple(check for host in sorted(self.checks) for check in self.checks[host]),
            messages=tuple(self.messages),
            artefacts=artefacts,
            seconds=seconds,
        )

    def _end(self, event: TaskEnded) -> None:
        counts = self.counts.setdefault(event.host, {})
        if event.outcome not in (TaskOutcome.SKIPPED, TaskOutcome.IGNORED):
            counts[event.outcome.value] = counts.get(event.outcome.value, 0) + 1
        if event.outcome is TaskOutcome.CHANGED:
            self.changes.append(Change(event.host, event.task, event.diff))
        if event.outcome in (TaskOutcome.FAILED, TaskOutcome.UNREACHABLE):
            unreachable = event.outcome is TaskOutcome.UNREACHABLE
            self.troubles.append(Trouble(event.host, event.task, event.message, unreachable, event.key_refused))
        if isinstance(reported := event.facts.get(PUBLIC_FACTS), dict):
            self.facts.setdefault(event.host, {}).update(reported)
        if isinstance(checks := event.facts.get(CHECKS), list):
            self.checks[event.host] = [*_checks(event.host, checks)]


def _ended(outcome: TaskOutcome, host: str, task: str, data: Mapping[str, Any]) -> TaskEnded:
    result = data.get("res") if isinstance(data.get("res"), dict) else {}
    assert isinstance(result, dict)  # noqa: S101 - for the type checker; see above
    if outcome is TaskOutcome.OK and result.get("changed"):
        outcome = TaskOutcome.CHANGED
    if outcome is TaskOutcome.FAILED and data.get("ignore_errors"):
        outcome = TaskOutcome.IGNORED
    bad = outcome in (TaskOutcome.FAILED, TaskOutcome.UNREACHABLE, TaskOutcome.IGNORED)
    why = message(result) if bad else ""
    facts = result.get("ansible_facts")
    return TaskEnded(
        host,
        task,
        outcome,
        message=why,
        diff=_all_diffs(result) if outcome is TaskOutcome.CHANGED else "",
        facts=facts if isinstance(facts, dict) else {},
        key_refused=outcome is TaskOutcome.UNREACHABLE and any(pattern in why for pattern in _KEY_REFUSED),
    )


def _all_diffs(result: Mapping[str, Any]) -> str:
    """The diff of a task, and those of its items where it is a loop."""
    items = [item.get("diff") for item in result.get("results") or () if isinstance(item, dict) and item.get("changed")]
    return "".join(diff(of) for of in (result.get("diff"), *items))


def _stats(data: Mapping[str, Any]) -> dict[str, HostCounts]:
    """Ansible's `ok` counts what changed, too; ours does not."""
    hosts = data.get("processed") or {}
    count = {key: data.get(key) or {} for key in ("ok", "changed", "failures", "dark")}
    return {
        str(host): HostCounts(
            ok=max(0, int(count["ok"].get(host, 0)) - int(count["changed"].get(host, 0))),
            changed=int(count["changed"].get(host, 0)),
            failed=int(count["failures"].get(host, 0)),
            unreachable=int(count["dark"].get(host, 0)),
        )
        for host in hosts
    }


def _checks(host: str, reported: Iterable[Any]) -> Iterable[ServiceCheck]:
    for check in reported:
        if isinstance(check, dict):
            yield ServiceCheck(
                host,
                clean(str(check.get("id", ""))),
                clean(str(check.get("verdict", "FAIL"))),
                clean(str(check.get("evidence", ""))),
            )


def _one_diff(part: Mapping[str, Any]) -> str:
    if prepared := part.get("prepared"):
        return str(prepared).rstrip("\n") + "\n"
    before, after = _text(part.get("before")), _text(part.get("after"))
    if before == after:
        return ""
    names = (str(part.get("before_header") or "before"), str(part.get("after_header") or "after"))
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="")
    return "\n".join(lines) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, default=str)
