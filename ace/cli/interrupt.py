"""What Ctrl-C means while countries are under way."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ace.engine.interrupt import Interrupt, Urgency
from ace.errors import ExitCode

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
FINISHING = "interrupted: finishing what is in flight and saving; nothing new is begun"
_PATIENCE_S = 20
"""How long a run that is to end its programs now may take to report that."""


@contextmanager
def interruptible(
    write: Callable[[str], None],
    waiting_for: Callable[[], str],
    stopping: str = FINISHING,
    *,
    insisting: bool = False,
) -> Iterator[Interrupt]:
    """Gives the event that SIGINT and SIGTERM set; to be used in the main thread.

    The first lets what is in flight finish and names it. The second stops at once: what was pending stays so in the
    journal, and the next run resolves it. Either the process ends there and then, or, where the caller knows how to
    (`insisting`), the run ends without waiting and reports what is known; a third then kills what was started, a fourth all.

    A thread hears of signals through `signal.set_wakeup_fd`: Python's own handlers would run in the main thread, between
    any two of its steps, while it holds who knows what lock, or not at all while it waits for one.

    Args:
        write: Shows a line to the person; called from another thread.
        waiting_for: What is still in flight, in a few words.
        stopping: What the first signal means.
        insisting: Whether the run that is given the event acts on its urgency.
    """
    cancel = Interrupt()
    hearing, telling = socket.socketpair()
    telling.setblocking(False)

    def act() -> None:
        while number := hearing.recv(1):
            if number[0] not in _SIGNALS:
                continue
            if cancel.is_set() and (not insisting or cancel.urgency is Urgency.KILL):
                os._exit(ExitCode.INTERRUPTED)
            match cancel.insist():
                case Urgency.FINISH:
                    now = waiting_for() or "the engines to save"
                    write(
                        f"{stopping}; waiting for {now}; once more stops now, and the next run resolves what is pending"
                    )
                case Urgency.STOP:
                    write("stopping now; once more kills what still runs")
                case _:
                    last = threading.Timer(_PATIENCE_S, os._exit, (ExitCode.INTERRUPTED,))
                    last.daemon = True
                    last.start()

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
