"""What Ctrl-C means while countries are under way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from ace.errors import ExitCode


@contextmanager
def interruptible(say: Callable[[str], None], waiting_for: Callable[[], str]) -> Iterator[threading.Event]:
    """Gives the event that SIGINT and SIGTERM set.

    The first lets what is in flight finish; the second says what is waited for; the third ends the process at once.

    Args:
        say: Shows a line to the person.
        waiting_for: What is still in flight, in a few words.
    """
    cancel = threading.Event()
    times = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        nonlocal times
        times += 1
        if times == 1:
            cancel.set()
            say("interrupted: finishing what is in flight and saving; nothing new is begun")
        elif times == 2:
            say(f"still waiting for {waiting_for() or 'the engines to save'}; once more ends hard, unsaved")
        else:
            os._exit(ExitCode.INTERRUPTED)

    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, on_signal)
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
