"""A country's hosts on the board: what Ansible is at, and a line per host below while it is under way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from ace.cli.show.board import Line, Row, duration
from ace.services.country_run import Doing, HostsChosen, OnHost
from ace.services.results import AnsibleMessage, HostCounts, TaskBegan, TaskEnded, TaskOutcome

_LOGGED = {TaskOutcome.CHANGED: "changed", TaskOutcome.FAILED: "FAILED", TaskOutcome.UNREACHABLE: "UNREACHABLE"}


@dataclass
class HostProgress:
    """How far a host is."""

    name: str
    task: str = ""
    ok: int = 0
    changed: int = 0
    bad: str = ""

    def take(self, event: TaskBegan | TaskEnded) -> None:
        """Follow one event."""
        match event:
            case TaskBegan():
                self.task = event.task
            case TaskEnded(outcome=TaskOutcome.OK):
                self.ok += 1
            case TaskEnded(outcome=TaskOutcome.CHANGED):
                self.changed += 1
            case TaskEnded(outcome=TaskOutcome.FAILED | TaskOutcome.UNREACHABLE):
                self.bad = f"{event.outcome}: {_first_line(event.message)}"
            case TaskEnded():
                pass

    def cells(self) -> Row:
        """Its columns."""
        now = Text(self.bad or self.task, style="bold red" if self.bad else "dim", overflow="ellipsis")
        changed = Text(f"{self.changed} changed", style="yellow") if self.changed else Text("")
        return f"{self.ok} ok" if self.ok else "", changed, now


class HostsLine(Line):
    """How far the hosts of a country are."""

    COLUMNS = ("right", "right", "left")

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.hosts: dict[str, HostProgress] = {}

    def take(self, event: Any) -> None:
        match event:
            case HostsChosen():
                self.hosts = {host: HostProgress(host) for host in event.hosts}
            case Doing():
                self.phase = event.what
            case OnHost(event=TaskBegan() | TaskEnded() as task):
                self.phase = "running"
                self.hosts.setdefault(task.host, HostProgress(task.host)).take(task)

    def cells(self) -> Row:
        elapsed = f"  {duration(self.elapsed_s)}" if self.started is not None else ""
        return "", "", Text(f"{self.phase}{elapsed}")

    def rows_below(self) -> Iterable[tuple[str, Row]]:
        return [(host.name, host.cells()) for host in self.hosts.values()]

    @classmethod
    def log(cls, event: Any, *, verbose: bool) -> str:
        match event:
            case Doing() if verbose or event.what.startswith("host keys"):
                return event.what
            case OnHost(event=TaskEnded() as task) if task.outcome in _LOGGED:
                why = f": {_first_line(task.message)}" if task.message else ""
                return f"{task.host} {_LOGGED[task.outcome]} {task.task}{why}"
            case OnHost(event=TaskEnded() as task) if verbose:
                return f"{task.host} {task.outcome} {task.task}"
            case OnHost(event=AnsibleMessage() as message) if verbose or message.level == "error":
                return f"{message.level}: {_first_line(message.text)}"
        return ""


def counts_of(counts: HostCounts) -> str:
    """`12 ok, 3 changed`."""
    numbers = (("ok", counts.ok), ("changed", counts.changed), ("failed", counts.failed))
    parts = [f"{number} {name}" for name, number in numbers if number]
    return "unreachable" if counts.unreachable else ", ".join(parts) or "nothing done"


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
