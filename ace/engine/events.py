"""What a run reports while it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ace.engine.runs import Step


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the run begins: `settling`, `planning`, `applying`, `refreshing`, `deleting`; `total` steps if known."""

    stack: str
    name: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step that changes something begins."""

    stack: str
    step: Step


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; `error` is None when it did so well. SAME steps are reported too."""

    stack: str
    step: Step
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the program or the engine; `level` is debug, info, warning or error."""

    stack: str
    level: str
    text: str
    urn: str = ""


Event = Phase | StepStarted | StepFinished | Message
EventSink = Callable[[Event], None]
"""Called from any thread; must be quick and must not raise."""


def ignore_events(event: Event) -> None:
    """The sink of a caller that shows nothing."""
