"""What a person sees while hosts are configured: a line per host on a terminal; elsewhere, lines with the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ace.services.countries import (
    CountriesEvent,
    CountryBegan,
    CountryEnded,
    CountryOutcome,
    Doing,
    OnHost,
    Result,
    Sink,
)
from ace.services.results import HostCounts, Outcome, Said, TaskBegan, TaskEnded

GLYPHS = {
    Result.SUCCEEDED: ("✓", "green"),
    Result.UNCHANGED: ("✓", "green"),
    Result.DIFFERS: ("~", "yellow"),
    Result.FAILED: ("✗", "bold red"),
    Result.EXCLUDED: ("–", "dim"),
    Result.EARLY_EXIT: ("!", "yellow"),
}
_REFRESH_PER_S = 4
_TOLD = {Outcome.CHANGED: "changed", Outcome.FAILED: "FAILED", Outcome.UNREACHABLE: "UNREACHABLE"}


@dataclass
class HostLine:
    """How far a host is."""

    name: str
    task: str = ""
    ok: int = 0
    changed: int = 0
    bad: str = ""


@dataclass
class CountryLine:
    """How far a country is."""

    code: str
    phase: str = "waiting"
    hosts: dict[str, HostLine] = field(default_factory=dict)
    began: float | None = None
    ended: float | None = None
    outcome: CountryOutcome | None = None

    @property
    def elapsed_s(self) -> float:
        """Since its start, up to its end."""
        return 0.0 if self.began is None else (self.ended or time.monotonic()) - self.began


class HostBoard:
    """How far every host is; takes events from many threads."""

    def __init__(self, countries: Sequence[str]) -> None:
        self.lines = {code: CountryLine(code) for code in countries}
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def take(self, event: CountriesEvent) -> None:
        """Follow one event."""
        with self.lock:
            line = self.lines.setdefault(event.country, CountryLine(event.country))
            match event:
                case CountryBegan():
                    line.began, line.phase = time.monotonic(), "starting"
                    line.hosts = {host: HostLine(host) for host in event.hosts}
                case Doing():
                    line.phase = event.what
                case CountryEnded():
                    line.ended, line.outcome, line.phase = time.monotonic(), event.outcome, word(event.outcome)
                case OnHost(event=TaskBegan() | TaskEnded() as told):
                    line.phase = "running"
                    self._host(line.hosts.setdefault(told.host, HostLine(told.host)), told)
                case OnHost():
                    pass

    def waiting_for(self) -> str:
        """What is in flight, for somebody who is impatient."""
        with self.lock:
            return ", ".join(line.code for line in self.lines.values() if line.began is not None and line.ended is None)

    @staticmethod
    def _host(line: HostLine, told: TaskBegan | TaskEnded) -> None:
        match told:
            case TaskBegan():
                line.task = told.task
            case TaskEnded(outcome=Outcome.OK):
                line.ok += 1
            case TaskEnded(outcome=Outcome.CHANGED):
                line.changed += 1
            case TaskEnded(outcome=Outcome.FAILED | Outcome.UNREACHABLE):
                line.bad = f"{told.outcome}: {_first_line(told.message)}"
            case TaskEnded():
                pass


class LiveHosts:
    """A line per country and, while it is under way, one per host below it."""

    def __init__(self, board: HostBoard) -> None:
        self._board = board
        self._spinner = Spinner("dots", style="cyan")

    def __call__(self, event: CountriesEvent) -> None:
        self._board.take(event)

    def __rich__(self) -> RenderableType:
        table = Table.grid(padding=(0, 2), expand=True)
        for column in ("", "name", "ok", "changed"):
            table.add_column(no_wrap=True, justify="right" if column in ("ok", "changed") else "left")
        table.add_column(no_wrap=True, ratio=1)
        with self._board.lock:
            lines = list(self._board.lines.values())
            for line in lines:
                elapsed = f"  {line.elapsed_s:.0f} s" if line.began is not None else ""
                table.add_row(self._glyph(line), line.code, "", "", Text(f"{line.phase}{elapsed}"))
                if line.began is not None and line.ended is None:
                    for host in line.hosts.values():
                        self._add_host(table, host)
            ended = sum(line.ended is not None for line in lines)
            so_far = time.monotonic() - self._board.began
        noun = "country" if len(lines) == 1 else "countries"
        return Group(table, Text(f"{ended} of {len(lines)} {noun} done, {so_far:.0f} s", style="dim"))

    @staticmethod
    def _add_host(table: Table, host: HostLine) -> None:
        now = Text(host.bad or host.task, style="bold red" if host.bad else "dim", overflow="ellipsis")
        changed = Text(f"{host.changed} changed", style="yellow") if host.changed else Text("")
        table.add_row("", Text(f"  {host.name}"), f"{host.ok} ok" if host.ok else "", changed, now)

    def _glyph(self, line: CountryLine) -> RenderableType:
        if line.outcome is not None:
            glyph, style = GLYPHS[line.outcome.result]
            return Text(glyph, style=style)
        return self._spinner if line.began is not None else Text("·", style="dim")


class PlainHosts:
    """A line for what changed or failed on a host, and for each country's start and end; with `verbose` for all."""

    def __init__(self, board: HostBoard, say: Callable[[str], None], verbose: bool) -> None:
        self._board = board
        self._say = say
        self._verbose = verbose

    def __call__(self, event: CountriesEvent) -> None:
        self._board.take(event)
        if text := told(event, verbose=self._verbose):
            self._say(f"{datetime.now():%H:%M:%S} {text}")


@contextmanager
def following(board: HostBoard, console: Console, *, verbose: bool) -> Iterator[Sink]:
    """Show a run on this console as it goes; gives the sink for its events."""
    if console.is_terminal and not console.is_dumb_terminal:
        progress = LiveHosts(board)
        with Live(progress, console=console, refresh_per_second=_REFRESH_PER_S, transient=True):
            yield progress
    else:
        yield PlainHosts(board, lambda line: console.print(escape(line)), verbose)


def word(outcome: CountryOutcome) -> str:
    """How a country ended, in a word or two."""
    return "refused" if outcome.reason == "host-key-changed" else str(outcome.result).replace("_", " ")


def counts_of(counts: HostCounts) -> str:
    """`12 ok, 3 changed`."""
    numbers = (("ok", counts.ok), ("changed", counts.changed), ("failed", counts.failed))
    parts = [f"{number} {name}" for name, number in numbers if number]
    return "unreachable" if counts.unreachable else ", ".join(parts) or "nothing done"


def told(event: CountriesEvent, *, verbose: bool) -> str:
    """The event as one line for a log; empty when it is not worth one."""
    match event:
        case CountryBegan():
            return f"{event.country}: {len(event.hosts)} hosts"
        case Doing() if verbose or event.what.startswith("host keys"):
            return f"{event.country}: {event.what}"
        case CountryEnded():
            return f"{event.country}: {word(event.outcome)} in {event.outcome.seconds:.1f} s"
        case OnHost(event=TaskEnded() as ended) if ended.outcome in _TOLD:
            why = f": {_first_line(ended.message)}" if ended.message else ""
            return f"{event.country}: {ended.host} {_TOLD[ended.outcome]} {ended.task}{why}"
        case OnHost(event=TaskEnded() as ended) if verbose:
            return f"{event.country}: {ended.host} {ended.outcome} {ended.task}"
        case OnHost(event=Said() as said) if verbose or said.level == "error":
            return f"{event.country}: {said.level}: {_first_line(said.text)}"
    return ""


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0]
