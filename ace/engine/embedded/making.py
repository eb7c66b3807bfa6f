"""Create resources, each once: what a lost answer, or a doubtful refusal, has left in the cloud is looked for first.

Creates that a type can send in one request, and that come at the same time, are sent in one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ace.engine import recovery
from ace.engine.clouds import Clouds
from ace.engine.contract import CloudError, Live, OperationKind, Resource
from ace.engine.embedded.desired import DesiredResource
from ace.engine.ledger import Ledger

_ATTEMPTS = 3
_PAUSE_S = 0.5
_GATHERED_FOR_S = 0.03
"""A request that may carry more waits as long as that after each that joined it."""
_MOST = 50


class StoppedError(Exception):
    """A stop was asked for before anything was begun."""


@dataclass(frozen=True)
class Making:
    """A create that has begun: its number in the journal, since when (monotonic), and what brings it about."""

    operation: int
    since: float
    make: Callable[[], Live]


@dataclass
class _Together:
    """Creates that go in one request. `sent`: nobody joins any more."""

    desired: list[DesiredResource] = field(default_factory=list)
    answers: list[Future[_Answer]] = field(default_factory=list)
    joined: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class _Answer:
    """What became of one of several: its operation in the journal, and what it is, or why it has still to be made alone."""

    operation: int
    begun: Resource
    live: Live | None = None
    error: CloudError | None = None


@dataclass
class Maker:
    """Makes the desired resources. Thread-safe."""

    ledger: Ledger
    clouds: Clouds
    _open: dict[Hashable, _Together] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def making(self, desired: DesiredResource, handle: object) -> Iterator[Making]:
        """Begin to make it, in a slot of the run's (which one request for many needs but once).

        Raises:
            StoppedError: A stop was asked for meanwhile.
        """
        together = self._key(desired)
        if together is None:
            with self.ledger.slot():
                begun = self._begun(desired)
                operation = self.ledger.begin(OperationKind.CREATING, begun)
                yield Making(operation, time.monotonic(), lambda: self._make(desired, handle, begun))
            return
        began = time.monotonic()
        answer = self._join((id(handle), desired.goal.type, together), desired, handle)
        if answer.live is not None or (answer.error is not None and answer.error.made is not None):
            yield Making(answer.operation, began, lambda: _given(answer))
            return
        with self.ledger.slot():
            yield Making(answer.operation, began, lambda: self._make(desired, handle, answer.begun, answer.error))

    # ------------------------------------------------------------------------------------------------------------ alone

    def _begun(self, desired: DesiredResource) -> Resource:
        """What the journal states of a create that begins now, by the cloud's clock."""
        return recovery.stamped(desired.resource("", {}), self.clouds.clock(desired.goal.provider))

    def _make(
        self, desired: DesiredResource, handle: object, begun: Resource, failed: CloudError | None = None
    ) -> Live:
        """Create it; when no answer shows whether that was done, look, and try again if not.

        Args:
            desired: What is to be made.
            handle: Its cloud.
            begun: What the journal has of it.
            failed: How an attempt ended that was made already, together with others: a refusal was of them all.

        Raises:
            CloudError: It was refused; or it is unknown (status 0), and the operation stays pending.
        """
        limited = self.clouds.within(begun, "create", handle)
        ends = time.monotonic() + (desired.goal.custom_timeouts.get("create") or float("inf"))
        for attempt in range(_ATTEMPTS):
            try:
                if failed is not None and attempt == 0:
                    raise failed
                return desired.kind.create(limited, desired.inputs)
            except CloudError as error:
                of_all = failed is not None and attempt == 0 and not error.is_unsure
                if error.made is not None or not (error.is_unsure or error.may_be_there or of_all):
                    raise
                if (found := self._lost(desired, handle, begun, error)) is not None:
                    self.ledger.doubt(begun, is_create=True)
                    return found
                if of_all:
                    continue
                if error.may_be_there:
                    raise self._naming(desired, handle, error) from None
                self.ledger.doubt(begun, is_create=True)
                last = attempt == _ATTEMPTS - 1 or time.monotonic() > ends
                if last or self.ledger.cancel.wait(_PAUSE_S * 2**attempt):
                    raise
        raise AssertionError("unreachable")

    def _lost(self, desired: DesiredResource, handle: object, begun: Resource, error: CloudError) -> Live | None:
        """What was made all the same; a look that fails leaves it unsure, and the operation pending."""
        try:
            return recovery.lost(desired.kind, handle, begun, desired.inputs, self.ledger)
        except CloudError as failed:
            if failed.made is not None:
                raise
            raise CloudError(error.message, hint=error.hint) from None

    @staticmethod
    def _naming(desired: DesiredResource, handle: object, error: CloudError) -> CloudError:
        """The refusal, with what may be in the way and is not certain to be ours."""
        try:
            alike = desired.kind.alike(handle, desired.inputs)
        except CloudError:
            return error
        if not alike:
            return error
        name = desired.goal.name
        there = " and ".join(f"{one.id} (made {one.made_at})" if one.made_at else one.id for one in alike[:3])
        return CloudError(
            f"{error.message}. {desired.goal.type.rpartition(':')[2]} {there} is there already, is not in the state of this "
            f"stack, and it is not certain that this run made it",
            status=error.status,
            hint=f"look at {alike[0].id} in the cloud: if it is of no use, delete it there and run again; if it is this "
            f'stack\'s, take it in: `import_="{alike[0].id}"` in the options of {name}, for one run',
        )

    # --------------------------------------------------------------------------------------------------------- together

    @staticmethod
    def _key(desired: DesiredResource) -> Hashable:
        together = getattr(desired.kind, "together", None)
        return None if together is None or desired.goal.custom_timeouts else together(desired.inputs)

    def _join(self, key: Hashable, desired: DesiredResource, handle: Any) -> _Answer:
        """Join those that wait to be sent with the same key, or be the first, who sends when nobody joins any more."""
        mine: Future[_Answer] = Future()
        with self._lock:
            group = self._open.get(key)
            first = group is None
            if group is None:
                group = self._open[key] = _Together()
            group.desired.append(desired)
            group.answers.append(mine)
            if len(group.desired) == _MOST:
                del self._open[key]
            group.joined.set()
        if first:
            try:
                self._send(key, group, handle)
            except BaseException as error:  # whatever it is, nobody may wait for ever
                for answer in group.answers:
                    if not answer.done():
                        answer.set_exception(error)
        return mine.result()

    def _send(self, key: Hashable, group: _Together, handle: Any) -> None:
        while group.joined.wait(_GATHERED_FOR_S):
            group.joined.clear()
        with self.ledger.slot():
            with self._lock:
                if self._open.get(key) is group:
                    del self._open[key]
            if self.ledger.stopping():
                raise StoppedError
            begun = [self._begun(one) for one in group.desired]
            numbers = self.ledger.begin_all(OperationKind.CREATING, begun)
            found: list[Live | CloudError | None] = [None] * len(numbers)
            if len(numbers) > 1:
                found = self._create_many(group, handle)
        for answer, number, record, one in zip(group.answers, numbers, begun, found, strict=True):
            live, error = (one, None) if isinstance(one, Live) else (None, one)
            answer.set_result(_Answer(number, record, live, error))

    @staticmethod
    def _create_many(group: _Together, handle: Any) -> list[Live | CloudError | None]:
        """What each became; an error without what was made is one after which nobody knows; None is to be made alone."""
        kind: Any = group.desired[0].kind
        try:
            return list(kind.create_many(handle, [one.inputs for one in group.desired]))
        except CloudError as error:
            return [error if error.is_unsure or error.may_be_there else None] * len(group.desired)


def _given(answer: _Answer) -> Live:
    if answer.live is None:
        assert answer.error is not None  # noqa: S101 - for mypy: one of the two is there
        raise answer.error
    return answer.live
