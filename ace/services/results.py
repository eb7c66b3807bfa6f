"""What a run of a playbook reported: values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class TaskOutcome(StrEnum):
    """How a task ended on a host."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    FAILED = "failed"
    IGNORED = "ignored"
    """It failed, and the playbook goes on."""
    UNREACHABLE = "unreachable"


class Ending(StrEnum):
    """How a run ended."""

    COMPLETE = "complete"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    BROKEN = "broken"
    """Ansible itself gave up: the playbook, the inventory or its settings are wrong."""


@dataclass(frozen=True)
class TaskBegan:
    """A host is at a task."""

    host: str
    task: str


@dataclass(frozen=True)
class TaskEnded:
    """A task came to its end on a host. `message` has the reason where it failed; `diff` what it changed."""

    host: str
    task: str
    outcome: TaskOutcome
    message: str = ""
    diff: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    key_refused: bool = False
    """Unreachable, because the host showed another key than the pinned one."""


@dataclass(frozen=True)
class PlayEnded:
    """The whole playbook came to its end, with Ansible's own counts."""

    counts: Mapping[str, HostCounts]


@dataclass(frozen=True)
class AnsibleMessage:
    """A warning or an error that belongs to no host."""

    level: str
    text: str


RunEvent = TaskBegan | TaskEnded | PlayEnded | AnsibleMessage


@dataclass(frozen=True)
class HostCounts:
    """How many tasks ended how; `ok` are those that changed nothing."""

    ok: int = 0
    changed: int = 0
    failed: int = 0
    unreachable: int = 0

    @property
    def is_well(self) -> bool:
        """Whether nothing went wrong."""
        return not self.failed and not self.unreachable


@dataclass(frozen=True)
class Change:
    """What a task changed on a host, or would change."""

    host: str
    task: str
    diff: str


@dataclass(frozen=True)
class Trouble:
    """What went wrong on a host, in which task, and why."""

    host: str
    task: str
    message: str
    unreachable: bool = False
    key_refused: bool = False


@dataclass(frozen=True)
class ServiceCheck:
    """One question to a running service, and what it answered (playbooks/verify.yml)."""

    host: str
    id: str
    verdict: str
    """PASS, FAIL or SKIP."""
    evidence: str


@dataclass(frozen=True)
class RunResult:
    """What came of a run."""

    ending: Ending
    hosts: Mapping[str, HostCounts]
    changes: tuple[Change, ...]
    troubles: tuple[Trouble, ...]
    public_facts: Mapping[str, Mapping[str, Any]]
    """By host: its public facts (keys' public halves)."""
    checks: tuple[ServiceCheck, ...]
    messages: tuple[AnsibleMessage, ...]
    artefacts: Path
    """The run's own folder."""
    seconds: float

    @property
    def changed(self) -> int:
        """Tasks that changed something, over all hosts."""
        return sum(counts.changed for counts in self.hosts.values())
