"""What a person sees while countries are under way: live lines on a terminal, plain lines with the time elsewhere.

One board for every kind of run; what a line of it shows is a `Line` (`stack_line`, `host_line`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar, Literal

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ace.errors import ExitCode
from ace.fleet.run import CountryEnded, CountryOutcome, CountryStarted, Result

GLYPHS = {
    Result.SUCCEEDED: ("✓", "green"),
    Result.UNCHANGED: ("✓", "green"),
    Result.DIFFERS: ("~", "yellow"),
    Result.FAILED: ("✗", "bold red"),
    Result.EXCLUDED: ("–", "dim"),
    Result.EARLY_EXIT: ("!", "yellow"),
}
"""How an ended country is marked, and the style in which its result is shown."""
_REFRESH_PER_S = 8

Row = tuple[RenderableType, ...]


class Line:
    """How far one country is. A kind of run says in a subclass what its events mean and which columns it fills."""

    COLUMNS: ClassVar[Sequence[Literal["left", "right"]]] = ("left",)
    """How the columns after the mark and the name are justified; the last one gets what room there is left."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.phase = "waiting"
        self.started: float | None = None
        self.ended: float | None = None
        self.outcome: CountryOutcome | None = None

    @property
    def is_running(self) -> bool:
        """Whether it is under way."""
        return self.started is not None and self.ended is None

    @property
    def elapsed_s(self) -> float:
        """Since its start, up to its end."""
        return 0.0 if self.started is None else (self.ended or time.monotonic()) - self.started

    def take(self, event: Any) -> None:
        """Follow one event that is the kind's own."""

    def cells(self) -> Row:
        """Its columns."""
        return (Text(self.phase),)

    def rows_below(self) -> Iterable[tuple[str, Row]]:
        """Lines below it, each with its name and columns."""
        return ()

    def in_flight(self) -> str:
        """What it is at, for somebody who is impatient; empty if that is not known."""
        return ""

    @classmethod
    def log(cls, event: Any, *, verbose: bool) -> str:
        """The event as one line for a log, without the country; empty when it is not worth one."""
        del event, verbose
        return ""

    @classmethod
    def above(cls, event: Any, *, verbose: bool) -> str:
        """The event as one line above the live display; empty when the display shows enough."""
        del event, verbose
        return ""

    @classmethod
    def ending(cls, outcome: Any) -> str:
        """How a country ended, for a log."""
        return word(outcome) + (f" in {duration(outcome.seconds)}" if outcome.started else "")


class Board:
    """How far every country is; takes events from many threads."""

    def __init__(self, countries: Sequence[str], kind: type[Line]) -> None:
        self.kind = kind
        self.lines: dict[str, Line] = {code: kind(code) for code in countries}
        self.began = time.monotonic()
        self.lock = threading.Lock()

    def take(self, event: Any) -> None:
        """Follow one event."""
        with self.lock:
            code = country_of(event)
            line = self.lines.setdefault(code, self.kind(code))
            match event:
                case CountryStarted():
                    line.started, line.phase = time.monotonic(), "starting"
                case CountryEnded():
                    line.ended, line.outcome = time.monotonic(), event.outcome
                    line.phase = word(event.outcome)
                case _:
                    line.take(event)

    def waiting_for(self) -> str:
        """What is in flight, for somebody who is impatient."""
        with self.lock:
            running = [line for line in self.lines.values() if line.is_running]
            return ", ".join(f"{line.code} ({what})" if (what := line.in_flight()) else line.code for line in running)


class LiveProgress:
    """A line a country (and what its kind has below it), and one for all, drawn anew a few times a second."""

    def __init__(self, board: Board, verbose: bool) -> None:
        self._board = board
        self._verbose = verbose
        self._spinner = Spinner("dots", style="cyan")
        self.live: Live | None = None

    def __call__(self, event: Any) -> None:
        self._board.take(event)
        if self.live is None or isinstance(event, CountryStarted | CountryEnded):
            return
        if text := self._board.kind.above(event, verbose=self._verbose):
            self.live.console.print(f"{country_of(event)}: {text}", markup=False)

    def __rich__(self) -> RenderableType:
        table = Table.grid(padding=(0, 2), expand=True)
        columns = self._board.kind.COLUMNS
        for justify in ("left", "left", *columns[:-1]):
            table.add_column(no_wrap=True, justify=justify)
        table.add_column(no_wrap=True, ratio=1, justify=columns[-1])
        with self._board.lock:
            lines = [line for line in self._board.lines.values() if not _is_excluded(line)]
            for line in lines:
                table.add_row(self._glyph(line), line.code, *line.cells())
                for name, cells in line.rows_below() if line.is_running else ():
                    table.add_row("", Text(f"  {name}"), *cells)
            return Group(table, Text(self._total(lines), style="dim"))

    def _glyph(self, line: Line) -> RenderableType:
        if line.outcome is not None:
            glyph, style = GLYPHS[line.outcome.result]
            return Text(glyph, style=style)
        return self._spinner if line.started is not None else Text("·", style="dim")

    def _total(self, lines: Sequence[Line]) -> str:
        ended = sum(line.outcome is not None for line in lines)
        running = sum(line.is_running for line in lines)
        noun = "country" if len(lines) == 1 else "countries"
        elapsed = duration(time.monotonic() - self._board.began)
        return f"{ended} of {len(lines)} {noun} done, {running} running, {elapsed}"


class PlainProgress:
    """A line with the time for each start and end and for what the kind finds worth one; with `verbose` for more."""

    def __init__(self, board: Board, write: Callable[[str], None], verbose: bool) -> None:
        self._board = board
        self._write = write
        self._verbose = verbose

    def __call__(self, event: Any) -> None:
        self._board.take(event)
        if text := self._text(event):
            self._write(f"{datetime.now():%H:%M:%S} {country_of(event)}: {text}")

    def _text(self, event: Any) -> str:
        match event:
            case CountryStarted():
                return f"started, {event.what}"
            case CountryEnded() if event.outcome.result is Result.EXCLUDED:
                return ""
            case CountryEnded():
                return self._board.kind.ending(event.outcome)
        return self._board.kind.log(event, verbose=self._verbose)


@contextmanager
def following(board: Board, console: Console, *, verbose: bool) -> Iterator[Callable[[Any], None]]:
    """Show a run on this console as it goes; gives the sink for its events."""
    if console.is_terminal and not console.is_dumb_terminal:
        progress = LiveProgress(board, verbose)
        with Live(progress, console=console, refresh_per_second=_REFRESH_PER_S, transient=True) as live:
            progress.live = live
            yield progress
    else:
        yield PlainProgress(board, lambda line: console.print(escape(line)), verbose)


def country_of(event: Any) -> str:
    """The country that an event is about: the engines' events call it their stack."""
    return str(event.country if hasattr(event, "country") else event.stack)


def word(outcome: CountryOutcome) -> str:
    """How a country ended, in a word or two."""
    if outcome.exit_code is ExitCode.REFUSED:
        return "refused"
    return str(outcome.result).replace("_", " ")


def duration(seconds: float) -> str:
    """`3.1 s`, `2 min 5 s`."""
    return f"{seconds:.1f} s" if seconds < 60 else f"{int(seconds) // 60} min {int(seconds) % 60} s"


def _is_excluded(line: Line) -> bool:
    return line.outcome is not None and line.outcome.result is Result.EXCLUDED
