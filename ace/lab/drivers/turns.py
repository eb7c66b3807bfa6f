"""Who may write to a database next: those who wait go first come, first served.

SQLite has no queue: a writer that finds the file locked sleeps and tries again, up to its busy timeout
(https://www.sqlite.org/c3ref/busy_timeout.html). Of many writers on a busy machine some are then never the one that
tries at the right moment, and end with "database is locked", however short each transaction is. All writers of a
lab's database are threads of one process, so they can queue.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field


class NoTurnError(Exception):
    """The turn did not come; the message names who has it."""


@dataclass(eq=False)
class _Waiting:
    owner: object
    thread: threading.Thread
    came: threading.Event = field(default_factory=threading.Event)


class Turns:
    """The queue of one database. An owner is a connection; it has at most one turn at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: _Waiting | None = None
        self._since = 0.0
        self._waiting: deque[_Waiting] = deque()

    def take(self, owner: object, timeout_s: float) -> None:
        """Wait for the turn and take it; nothing happens if `owner` has it.

        Raises:
            NoTurnError: It did not come within `timeout_s` seconds, or never can: this very thread has it, by another owner.
        """
        mine = _Waiting(owner, threading.current_thread())
        with self._lock:
            if self._holder is None:
                self._give(mine)
                return
            if self._holder.owner is owner:
                return
            if self._holder.thread is mine.thread:
                raise NoTurnError("this thread is in another transaction that writes to the same database")
            self._waiting.append(mine)
        if mine.came.wait(timeout_s):
            return
        with self._lock:
            if self._holder is mine:
                return
            self._waiting.remove(mine)
            holder, held = self._holder, time.monotonic() - self._since
        name = holder.thread.name if holder else "nobody"
        raise NoTurnError(f"waited {timeout_s:.0f} s to write; {name} has been writing for {held:.0f} s")

    def leave(self, owner: object) -> None:
        """Hand the turn on; nothing happens if `owner` does not have it."""
        with self._lock:
            if self._holder is None or self._holder.owner is not owner:
                return
            self._holder = None
            if self._waiting:
                self._give(self._waiting.popleft())

    def _give(self, to: _Waiting) -> None:
        self._holder, self._since = to, time.monotonic()
        to.came.set()
