"""What a person sees while countries are under way: live lines on a terminal, plain lines with the time elsewhere."""

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

from ace.cli.steps import SIGNS, kind
from ace.engine.contract import Message, Op, Phase, Step, StepFinished, StepStarted
from ace.errors import ExitCode
from ace.fleet.report import Result
from ace.fleet.run import CountryEnded, CountryRun, CountryStarted, FleetEvent, FleetSink

GLYPHS = {
    Result.SUCCEEDED: ("✓", "green"),
    Result.UNCHANGED: ("✓", "green"),
    Result.FAILED: ("✗", "bold red"),
    Result.EXCLUDED: ("–", "dim"),
    Result.EARLY_EXIT: ("!", "yellow"),
}
_NOISE = ("using pulumi-resource-",)
"""The CLI says it whenever plugins are found on PATH."""
_LOUD = ("warning",)
"""Errors are told by the step that failed, and at the end."""
_REFRESH_PER_S = 8


@dataclass
class Line:
    """How far one country is."""

    code: str
    phase: str = "waiting"
    done: int = 0
    total: int | None = None
    in_flight: dict[str, Step] = field(default_factory=dict)
    failed: int = 0
    started: float | None = None
    ended: float | None = None
    result: Result | None = None

    @property
    def elapsed_s(self) -> float:
        """Since its start, up to its end."""
        return 0.0 if self.started is None else (self.ended or time.monotonic()) - self.started


class Board:
    """How far every country is; takes events from many threads."""

    def __init__(self, countries: Sequence[str]) -> None:
        self.lines = {code: Line(code) for code in countries}
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def take(self, event: FleetEvent) -> None:
        """Follow one event."""
        with self.lock:
            line = self.lines.setdefault(event.stack, Line(event.stack))
            match event:
                case CountryStarted():
                    line.started, line.phase = time.monotonic(), "starting"
                case Phase():
                    line.phase, line.total, line.done = event.name, event.total, 0
                    line.in_flight.clear()
                case StepStarted():
                    if event.step.custom:
                        line.in_flight[event.step.urn] = event.step
                case StepFinished():
                    line.in_flight.pop(event.step.urn, None)
                    line.done += event.error is None
                    line.failed += event.error is not None
                case CountryEnded():
                    line.ended, line.result = time.monotonic(), event.run.report.result
                    line.phase = word(event.run)
                    line.in_flight.clear()
                case Message():
                    pass

    def waiting_for(self) -> str:
        """What is in flight, for somebody who is impatient."""
        with self.lock:
            told = [
                f"{line.code} ({_flying(line)})" if line.in_flight else line.code
                for line in self.lines.values()
                if line.started is not None and line.ended is None
            ]
        return ", ".join(told)


class LiveProgress:
    """One line a country, and one for all, drawn anew a few times a second."""

    def __init__(self, board: Board, verbose: bool) -> None:
        self._board = board
        self._verbose = verbose
        self._spinner = Spinner("dots", style="cyan")
        self.live: Live | None = None

    def __call__(self, event: FleetEvent) -> None:
        self._board.take(event)
        text = _told(event, verbose=self._verbose)
        if text and self.live is not None and not isinstance(event, (CountryStarted, CountryEnded, Phase)):
            self.live.console.print(text, markup=False)

    def __rich__(self) -> RenderableType:
        table = Table.grid(padding=(0, 2), expand=True)
        for column in ("", "code", "phase", "done", "elapsed"):
            table.add_column(no_wrap=True, justify="right" if column in ("done", "elapsed") else "left")
        table.add_column(no_wrap=True, ratio=1)  # what is in flight: gets what room there is left
        with self._board.lock:
            lines = [line for line in self._board.lines.values() if line.result is not Result.EXCLUDED]
            for line in lines:
                table.add_row(
                    self._glyph(line),
                    line.code,
                    line.phase,
                    _progress(line),
                    _duration(line.elapsed_s) if line.started is not None else "",
                    Text(_flying(line), style="dim", overflow="ellipsis"),
                )
            return Group(table, Text(self._total(lines), style="dim"))

    def _glyph(self, line: Line) -> RenderableType:
        if line.result is not None:
            glyph, style = GLYPHS[line.result]
            return Text(glyph, style=style)
        return self._spinner if line.started is not None else Text("·", style="dim")

    def _total(self, lines: Sequence[Line]) -> str:
        ended = sum(line.result is not None for line in lines)
        running = sum(line.started is not None and line.ended is None for line in lines)
        noun = "country" if len(lines) == 1 else "countries"
        elapsed = _duration(time.monotonic() - self._board.began)
        return f"{ended} of {len(lines)} {noun} done, {running} running, {elapsed}"


class PlainProgress:
    """A line with the time for each start, phase, failure and end; with `verbose` for each step too."""

    def __init__(self, board: Board, say: Callable[[str], None], verbose: bool) -> None:
        self._board = board
        self._say = say
        self._verbose = verbose

    def __call__(self, event: FleetEvent) -> None:
        self._board.take(event)
        if text := _told(event, verbose=self._verbose):
            self._say(f"{datetime.now():%H:%M:%S} {text}")


@contextmanager
def following(board: Board, console: Console, *, verbose: bool) -> Iterator[FleetSink]:
    """Show a run on this console as it goes; gives the sink for its events."""
    if console.is_terminal and not console.is_dumb_terminal:
        progress = LiveProgress(board, verbose)
        with Live(progress, console=console, refresh_per_second=_REFRESH_PER_S, transient=True) as live:
            progress.live = live
            yield progress
    else:
        yield PlainProgress(board, lambda line: console.print(escape(line)), verbose)


def word(country: CountryRun) -> str:
    """How a country ended, in a word or two."""
    if country.exit_code is ExitCode.REFUSED:
        return "refused"
    return str(country.report.result).replace("_", " ")


def _told(event: FleetEvent, *, verbose: bool) -> str:
    """The event as one line for a log; empty when it is not worth one."""
    match event:
        case CountryStarted():
            return f"{event.stack}: started, engine {event.engine}"
        case CountryEnded() if event.run.report.result is not Result.EXCLUDED:
            report = event.run.report
            took = f" in {_duration(report.seconds)}" if report.started else ""
            return f"{event.stack}: {word(event.run)}{took}"
        case Phase():
            return f"{event.stack}: {event.name}" + (f", {event.total} resources" if event.total else "")
        case StepFinished() if event.error is not None:
            return f"{event.stack}: FAILED {kind(event.step.type)} {event.step.name}: {event.error}"
        case StepFinished() if verbose and event.step.op is not Op.SAME and event.step.custom:
            return f"{event.stack}: {SIGNS[event.step.op]} {kind(event.step.type)} {event.step.name}"
        case Message() if (verbose or event.level in _LOUD) and not event.text.startswith(_NOISE):
            return f"{event.stack}: {event.level}: {event.text}"
    return ""


def _progress(line: Line) -> str:
    if line.result is not None or line.started is None:
        return ""
    if line.total:
        return f"{min(line.done, line.total)}/{line.total}"
    return str(line.done) if line.done else ""


def _flying(line: Line) -> str:
    steps = list(line.in_flight.values())
    if not steps:
        return ""
    first = f"{SIGNS[steps[0].op]} {kind(steps[0].type)} {steps[0].name}"
    return first if len(steps) == 1 else f"{first} and {len(steps) - 1} more"


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"
