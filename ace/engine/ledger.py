"""What one run knows and does: the living state in memory, each change journalled, steps and failures reported."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ace.engine import graph
from ace.engine.clouds import SilentCloudError
from ace.engine.contract import (
    CloudError,
    EventSink,
    Failure,
    OperationKind,
    Resource,
    Snapshot,
    StateStore,
    Step,
    StepFinished,
    StepStarted,
)
from ace.engine.wire import holds_secret


@dataclass(frozen=True, slots=True)
class Doubt:
    """A resource that this run took in, or asked about again: the cloud may yet take it back, or make it late.

    `is_create`: a create whose answer was lost, which may have made two. `since`: when the cloud was last asked (monotonic).
    """

    resource: Resource
    is_create: bool
    since: float


@dataclass
class Ledger:
    """Thread-safe. Without a `store` nothing is written: a plan."""

    stack: str
    snapshot: Snapshot
    store: StateStore | None
    sink: EventSink
    cancel: threading.Event
    parallel: int
    steps: list[Step] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    """What is to be read once more before the run is called a success."""
    failures: list[Failure] = field(default_factory=list)
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.live: dict[str, Resource] = {r.urn: r for r in self.snapshot.resources if not r.delete}
        self.doomed: list[Resource] = [r for r in self.snapshot.resources if r.delete]
        """Replaced, to be deleted at the end."""
        self.written: dict[str, Resource] = {}
        """In order of completion: what this run has registered."""
        self._lock = threading.RLock()
        self._slots = threading.Semaphore(self.parallel)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for one of the run's slots: no more operations than `parallel` are under way in the clouds."""
        with self._slots:
            yield

    @contextmanager
    def step(self, step: Step) -> Iterator[None]:
        """Report a step that acts, in a slot of its own; a `CloudError` becomes its failure and is raised."""
        with self.slot(), self.telling(step, time.monotonic()):
            yield

    @contextmanager
    def telling(self, step: Step, since: float) -> Iterator[None]:
        """Report a step that acts since then; a `CloudError` becomes its failure and is raised."""
        self.sink(StepStarted(self.stack, step))
        try:
            yield
        except CloudError as error:
            self.fail(step.urn, error)
            self.sink(StepFinished(self.stack, step, error.message, time.monotonic() - since))
            raise
        self.done(step, time.monotonic() - since)

    def done(self, step: Step, seconds: float = 0.0) -> None:
        """Count a step and report it."""
        with self._lock:
            self.steps.append(step)
        self.sink(StepFinished(self.stack, step, seconds=seconds))

    def fail(self, urn: str, error: CloudError) -> None:
        """Note a failure; that a cloud gives no answer is noted once for all that is in it."""
        known = Failure(error.provider if isinstance(error, SilentCloudError) else urn, error.message, error.hint)
        with self._lock:
            if known not in self.failures:
                self.failures.append(known)

    def doubt(self, resource: Resource, *, is_create: bool) -> None:
        """Remember to read it once more at the end."""
        with self._lock:
            self.doubts.append(Doubt(resource, is_create, time.monotonic()))

    def stopping(self) -> bool:
        """Whether nothing new is to be begun; remembers that it was asked."""
        if self.store is not None and self.cancel.is_set():
            self.interrupted = True
            return True
        return False

    # ------------------------------------------------------------------------------------------------------------ state

    def begin(self, kind: OperationKind, resource: Resource) -> int:
        """Journal that an operation begins."""
        assert self.store is not None  # noqa: S101 - a plan begins nothing
        return self.store.begin(kind, resource)[0]

    def begin_all(self, kind: OperationKind, resources: Sequence[Resource]) -> Sequence[int]:
        """Journal that several begin in one request."""
        assert self.store is not None  # noqa: S101 - a plan begins nothing
        return self.store.begin(kind, *resources)

    def give_up(self, operation: int, error: CloudError) -> None:
        """The cloud refused: the operation is over. While it is unknown it stays pending, for the next run to settle."""
        assert self.store is not None  # noqa: S101 - a plan begins nothing
        if not error.is_unsure:
            self.store.end(operation)

    def put(self, resource: Resource, operation: int | None = None, doom: Resource | None = None) -> Resource:
        """Note a resource as it is now; `doom` is the one it replaces, to be deleted later."""
        stamped = _stamp(resource, self.live.get(resource.urn))
        if self.store is not None:
            if doom is not None:
                doomed = replace(doom, delete=True)
                self.store.end(operation, put=[doomed, stamped], drop=[doom])
            elif operation is not None or stamped is not self.live.get(resource.urn):
                self.store.end(operation, put=[stamped])
        with self._lock:
            if doom is not None:
                self.doomed.append(replace(doom, delete=True))
            self.live[resource.urn] = self.written[resource.urn] = stamped
        return stamped

    def doom(self, resource: Resource) -> None:
        """Note something that is there and has to be deleted."""
        if self.store is not None:
            self.store.end(None, put=[resource])
        with self._lock:
            self.doomed.append(resource)

    def drop(self, *resources: Resource, operation: int | None = None) -> None:
        """Note that resources are no more: all in one record."""
        if self.store is not None:
            self.store.end(operation, drop=resources)
        with self._lock:
            for resource in resources:
                if resource.delete:
                    self.doomed = [r for r in self.doomed if (r.urn, r.id) != (resource.urn, resource.id)]
                else:
                    self.live.pop(resource.urn, None)

    def hollow(self, resource: Resource, operation: int | None = None) -> None:
        """Note that a resource is gone from its cloud and is to be made anew; what hangs on it keeps its place."""
        hollowed = replace(resource, pending_replacement=True)
        if self.store is not None:
            self.store.end(operation, put=[hollowed])
        with self._lock:
            self.live[resource.urn] = hollowed

    def rename(self, old: Resource, urn: str) -> Resource:
        """Take over a resource under its new URN (an alias led to it), and what hangs on it with it."""
        renamed = replace(old, urn=urn)
        with self._lock:
            others = [*self.live.values(), *self.doomed]
            moved = [now for one in others if (now := graph.renamed(one, old.urn, urn)) is not one]
            if self.store is not None:
                self.store.end(None, put=[renamed, *moved], drop=[old])
            self.live.pop(old.urn, None)
            self.live |= {one.urn: one for one in (renamed, *moved) if not one.delete}
            doomed = {(one.urn, one.id): one for one in moved if one.delete}
            self.doomed = [doomed.get((one.urn, one.id), one) for one in self.doomed]
            self.written |= {one.urn: one for one in moved if one.urn in self.written}
        return renamed

    def living(self) -> list[Resource]:
        """What is live at this moment."""
        with self._lock:
            return list(self.live.values())

    def resources(self) -> list[Resource]:
        """All that is there now: what this run wrote, in its order, then the rest."""
        with self._lock:
            written = [self.live[urn] for urn in self.written if urn in self.live]
            return [*written, *(r for urn, r in self.live.items() if urn not in self.written), *self.doomed]


def _stamp(resource: Resource, before: Resource | None) -> Resource:
    """Created and modified times, as Pulumi keeps them; an unchanged resource keeps its own."""
    if before is not None and replace(resource, created=before.created, modified=before.modified) == before:
        return before
    now = datetime.now(UTC).isoformat()
    created = before.created if before is not None and before.id == resource.id else now
    return replace(resource, created=created or now, modified=now)


def secret_keys(*properties: Mapping[str, object]) -> set[str]:
    """The top-level keys that hold a secret anywhere."""
    return {key for mapping in properties for key, value in mapping.items() if holds_secret(value)}
