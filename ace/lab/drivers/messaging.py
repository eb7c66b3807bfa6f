"""Messages inside a process arrive at once.

oslo.messaging's `fake://` transport looks for messages 20 times a second in each of its listeners: a server's way
through Nova takes six looks, and idle clouds keep the machine busy. Here listeners sleep until a message comes.
"""

from __future__ import annotations

import threading
import time
from typing import Any

from oslo_messaging._drivers import base, impl_fake

LOOK_ANYWAY_S = 5.0


class _Arrivals:
    """Counts messages and wakes those who wait for the next."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    def tell(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, seen: int, seconds: float) -> None:
        """Wait until there is another message than the first `seen`, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._count != seen, seconds)


def install() -> None:
    """Make the transport of this process so; call once, before services start."""
    arrivals = _Arrivals()
    deliver, stop = impl_fake.FakeExchange.deliver_message, impl_fake.FakeListener.stop

    def deliver_message(self: Any, *arguments: Any, **named: Any) -> None:
        deliver(self, *arguments, **named)
        arrivals.tell()

    def stop_listening(self: Any) -> None:
        stop(self)
        arrivals.tell()

    @base.batch_poll_helper
    def poll(self: Any, timeout: float | None = None) -> Any:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._stopped.is_set():
            seen = arrivals.count
            for target in self._targets:
                exchange = self._exchange_manager.get_exchange(target.exchange)
                context, message, reply_queue, requeue = exchange.poll(target, self._pool)
                if message is not None:
                    return impl_fake.FakeIncomingMessage(context, message, reply_queue, requeue)
            left = LOOK_ANYWAY_S if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            arrivals.wait(seen, min(left, LOOK_ANYWAY_S))
        return None

    impl_fake.FakeExchange.deliver_message = deliver_message
    impl_fake.FakeListener.stop = stop_listening
    impl_fake.FakeListener.poll = poll
