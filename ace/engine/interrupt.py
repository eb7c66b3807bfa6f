"""How urgently a run is asked to stop: a `cancel` event with degrees."""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from ace.engine.runs import Outcome, Stack
from ace.errors import InterruptedByUser

P = ParamSpec("P")


class Urgency(IntEnum):
    """What a person has asked for so far."""

    NONE = 0
    FINISH = 1
    """Finish what is in flight, save, begin nothing new: the first Ctrl-C."""
    STOP = 2
    """Do not wait for what is in flight; save what is known: the second."""
    KILL = 3
    """End the programs that were started, whatever they are doing: the third."""


class Interrupt(threading.Event):
    """The `cancel` of a run whose caller can insist. As an event it is set by the first request to stop."""

    def __init__(self) -> None:
        super().__init__()
        self.urgency = Urgency.NONE

    def set(self) -> None:
        """Ask to finish what is in flight and stop."""
        self.urgency = max(self.urgency, Urgency.FINISH)
        super().set()

    def insist(self) -> Urgency:
        """Ask once more, with more urgency; returns the new one."""
        self.urgency = Urgency(min(self.urgency + 1, Urgency.KILL))
        super().set()
        return self.urgency


def urgency(cancel: threading.Event) -> Urgency:
    """How urgently this event asks to stop; a plain event asks once."""
    if isinstance(cancel, Interrupt):
        return cancel.urgency
    return Urgency.FINISH if cancel.is_set() else Urgency.NONE


def stoppable(run: Callable[Concatenate[Any, Stack, P], Outcome]) -> Callable[Concatenate[Any, Stack, P], Outcome]:
    """For an engine's method: `InterruptedByUser` within it is an outcome in which nothing was done."""

    @wraps(run)
    def running(self: Any, stack: Stack, /, *args: P.args, **kwargs: P.kwargs) -> Outcome:
        try:
            return run(self, stack, *args, **kwargs)
        except InterruptedByUser:
            return Outcome(stack.name, (), interrupted=True)

    return running
