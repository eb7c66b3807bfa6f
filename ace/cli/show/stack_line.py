"""A country's stack on the board: the phase of its engine, and the steps that are in flight."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from ace.cli.show.board import Line, Row, duration
from ace.cli.show.steps import SIGNS, kind
from ace.engine.contract import Message, Op, Phase, Step, StepFinished, StepStarted

_NOISE = ("using pulumi-resource-",)
"""The CLI prints it whenever plugins are found on PATH."""
_LOUD = ("warning",)
"""Errors are shown with the step that failed, and at the end."""


class StackLine(Line):
    """How far a country's stack is."""

    COLUMNS = ("left", "right", "right", "left")

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.done = 0
        self.total: int | None = None
        self.steps: dict[str, Step] = {}
        """In flight, by URN."""

    def take(self, event: Any) -> None:
        match event:
            case Phase():
                self.phase, self.total, self.done = event.name, event.total, 0
                self.steps.clear()
            case StepStarted():
                if event.step.custom:
                    self.steps[event.step.urn] = event.step
            case StepFinished():
                self.steps.pop(event.step.urn, None)
                self.done += event.error is None

    def cells(self) -> Row:
        elapsed = duration(self.elapsed_s) if self.started is not None else ""
        return self.phase, self._progress(), elapsed, Text(self.in_flight(), style="dim", overflow="ellipsis")

    def in_flight(self) -> str:
        if self.ended is not None or not self.steps:
            return ""
        first, *more = self.steps.values()
        text = f"{SIGNS[first.op]} {kind(first.type)} {first.name}"
        return f"{text} and {len(more)} more" if more else text

    def _progress(self) -> str:
        if not self.is_running:
            return ""
        if self.total:
            return f"{min(self.done, self.total)}/{self.total}"
        return str(self.done) if self.done else ""

    @classmethod
    def log(cls, event: Any, *, verbose: bool) -> str:
        match event:
            case Phase():
                return event.name + (f", {event.total} resources" if event.total else "")
            case StepFinished() if event.error is not None:
                return f"FAILED {kind(event.step.type)} {event.step.name}: {event.error}"
            case StepFinished() if verbose and event.step.op is not Op.SAME and event.step.custom:
                return f"{SIGNS[event.step.op]} {kind(event.step.type)} {event.step.name}"
            case Message() if (verbose or event.level in _LOUD) and not event.text.startswith(_NOISE):
                return f"{event.level}: {event.text}"
        return ""

    @classmethod
    def above(cls, event: Any, *, verbose: bool) -> str:
        return "" if isinstance(event, Phase) else cls.log(event, verbose=verbose)
