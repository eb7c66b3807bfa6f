"""What Ctrl-C means while countries are under way."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ace.errors import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible(
    say: Callable[[str], None],
    waiting_for: Callable[[], str],
    stopping: str = "interrupted: finishing what is in flight and saving; nothing new is begun",
) -> Iterator[threading.Event]:
    """Gives the event that SIGINT and SIGTERM set; to be used in the main thread.

    The first lets what is in flight finish and says what that is; the second ends the process at once: what was pending
    stays so in the journal, and the next run settles it.

    A thread hears of signals through `signal.set_wakeup_fd`: Python's own handlers would run in the main thread, between
    any two of its steps, while it holds who knows what lock, or not at all while it waits for one.

    Args:
        say: Shows a line to the person; called from another thread.
        waiting_for: What is still in flight, in a few words.
        stopping: What the first signal means.
    """
    cancel = threading.Event()
    hearing, telling = socket.socketpair()
    telling.setblocking(False)

    def act() -> None:
        while number := hearing.recv(1):
            if number[0] not in _SIGNALS:
                continue
            if cancel.is_set():
                os._exit(ExitCode.INTERRUPTED)
            cancel.set()
            say(stopping)
            say(
                f"waiting for {waiting_for() or 'the engines to save'}; once more stops now, and the next run settles it"
            )

    acting = threading.Thread(target=act, name="ace-interrupt", daemon=True)
    acting.start()
    woken_before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    handled_before = {number: signal.signal(number, lambda _number, _frame: None) for number in _SIGNALS}
    try:
        yield cancel
    finally:
        for number, handler in handled_before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(woken_before)
        telling.close()
        acting.join()
        hearing.close()
