"""What Ctrl-C means while countries are under way."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any

from ace.errors import ExitCode

_PATIENCE = 2
"""Signals that are answered with words."""
_OVER = 0


@contextmanager
def interruptible(say: Callable[[str], None], waiting_for: Callable[[], str]) -> Iterator[threading.Event]:
    """Gives the event that SIGINT and SIGTERM set.

    The first lets what is in flight finish; the second says what is waited for; the third ends the process at once.

    Args:
        say: Shows a line to the person.
        waiting_for: What is still in flight, in a few words.
    """
    cancel = threading.Event()
    heard: SimpleQueue[int] = SimpleQueue()
    times = 0

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        # Runs between any two steps of the main thread, which may hold any lock, a stream's too: only a reentrant put.
        nonlocal times
        times += 1
        if times > _PATIENCE:
            os._exit(ExitCode.INTERRUPTED)
        heard.put(times)

    def act() -> None:
        while (time := heard.get()) != _OVER:
            if time == 1:
                cancel.set()
                say("interrupted: finishing what is in flight and saving; nothing new is begun")
            else:
                say(f"still waiting for {waiting_for() or 'the engines to save'}; once more ends hard, unsaved")

    acting = threading.Thread(target=act, name="ace-interrupt", daemon=True)
    acting.start()
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, on_signal)
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.put(_OVER)
        acting.join()
