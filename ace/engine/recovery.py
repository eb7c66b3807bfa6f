"""Settle what an earlier run left under way: a crash may have cost us an answer, never a resource.

A delete is finished before anything is planned. A create or an update is looked for until the cloud has given the same
answer twice, some time apart: it may still be carrying it out, or taking it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ace.engine import graph
from ace.engine.clouds import Clouds, SilentCloudError
from ace.engine.contract import (
    CloudError,
    EventSink,
    Live,
    Message,
    OperationKind,
    PendingOperation,
    Phase,
    Properties,
    Resource,
    ResourceType,
    Snapshot,
)
from ace.engine.ledger import Ledger, secret_keys
from ace.engine.provider import UnsupportedError
from ace.engine.state_store import JournaledState
from ace.engine.wire import clear, wrapped
from ace.errors import UserError

_LOOKS = 10
"""A cloud that has not given the same answer twice running by then does not know itself."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What the cloud states of one pending operation: the resource as it is, or none; `refusal`: why it was not deleted."""

    now: Resource | None
    refusal: str = ""

    def agrees(self, other: _Look) -> bool:
        if self.now is None or other.now is None:
            return self.now is other.now
        return (self.now.id, self.now.outputs) == (other.now.id, other.now.outputs)


def settle(store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    """Finish each pending delete, then look for what each pending create and update became, and write the answers.

    What is in a silent cloud waits for another run, and so does what is left when a stop is asked for.

    Raises:
        UserError: A cloud does not know; nothing can be decided before it does.
    """
    pending = [one for one in ledger.snapshot.pending if _can_be_asked_about(one, clouds)]
    deletes = [one for one in pending if one.kind is OperationKind.DELETING]
    others = [one for one in pending if one.kind is not OperationKind.DELETING]
    if pending:
        ledger.sink(Phase(ledger.stack, "settling", len(pending)))
    for group in (deletes, others):
        _settle_all(group, store, ledger, clouds)


def foreseen(snapshot: Snapshot, stack: str, sink: EventSink) -> Snapshot:
    """The state as a run would have it that settles first: for plans. What is being deleted counts as gone."""
    by_key = {(one.urn, one.id, one.delete): one for one in snapshot.resources}
    for pending in snapshot.pending:
        resource = pending.resource
        key = (resource.urn, resource.id, resource.delete)
        text = (
            f"an earlier run was cut off while {pending.kind} {resource.name}; the next up or down completes that first"
        )
        sink(Message(stack, "warning", text, resource.urn))
        if pending.kind is OperationKind.DELETING and key in by_key:
            if not resource.delete and any(resource.urn in graph.needs(one) for one in by_key.values()):
                by_key[key] = replace(resource, pending_replacement=True)
            else:
                del by_key[key]
    return replace(snapshot, resources=tuple(by_key.values()))


def lost(kind: ResourceType, handle: object, resource: Resource, inputs: Properties, ledger: Ledger) -> Live | None:
    """What a create of this pending resource made though its answer was lost, or refused it; None if nothing.

    Args:
        kind: Its type.
        handle: Its cloud.
        resource: As the pending record has it; `created` is when it was begun, by the cloud's clock.
        inputs: What the create was given.
        ledger: Of this run; what it knows already is not it (what it was to replace, its twin).

    Raises:
        CloudError: The cloud does not know.
    """
    all_known = (*ledger.living(), *ledger.doomed)
    known = {one.id for one in all_known if (one.type, one.provider) == (resource.type, resource.provider)}
    live = kind.find(handle, inputs, begun_at(resource), known)
    return None if live is None or live.id in known else live


def begun_at(resource: Resource) -> float | None:
    """When a pending create was begun, by the cloud's clock; None where the record does not report (older releases, Pulumi)."""
    try:
        return datetime.fromisoformat(resource.created).timestamp()
    except ValueError:
        return None


def stamped(resource: Resource, begun: float) -> Resource:
    """The resource of a pending create that is begun at this time of the cloud's."""
    return replace(resource, created=datetime.fromtimestamp(begun, UTC).isoformat())


def _can_be_asked_about(pending: PendingOperation, clouds: Clouds) -> bool:
    try:
        clouds.resource_type(pending.resource.provider, pending.resource.type)
    except (SilentCloudError, UnsupportedError):
        return False
    return True


def _settle_all(pending: Sequence[PendingOperation], store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    waiting, before = list(pending), dict[str, _Look]()
    with ThreadPoolExecutor(max(1, ledger.parallel)) as pool:
        for _ in range(_LOOKS):
            if not waiting or ledger.cancel.is_set():
                return
            looks = list(pool.map(lambda one: _look_at(one, ledger, clouds), waiting))
            again = []
            for one, look in zip(waiting, looks, strict=True):
                key = f"{one.kind} {one.resource.urn} {one.resource.id}"
                if key in before and look.agrees(before[key]):
                    _take_in(one, look, store, ledger, clouds)
                else:
                    again.append(one)
                before[key] = look
            waiting = again
            if waiting:
                ledger.cancel.wait(max(clouds.settling_s(one.resource.provider) for one in waiting))
    if waiting and not ledger.cancel.is_set():
        first = waiting[0]
        raise UserError(
            f"an earlier run was cut off while {first.kind} {first.resource.name}, and the cloud reports something else "
            "each time it is asked",
            hint="run again when its services are at rest",
            code="cloud-unreachable",
        )


def _look_at(pending: PendingOperation, ledger: Ledger, clouds: Clouds) -> _Look:
    try:
        return _finished(pending, clouds) if pending.kind is OperationKind.DELETING else _ask(pending, ledger, clouds)
    except CloudError as error:
        raise UserError(
            f"an earlier run was cut off while {pending.kind} {pending.resource.name}, and the cloud cannot report "
            f"how it ended: {error.message}",
            hint=error.hint or "run again when it can",
            code="cloud-unreachable",
        ) from None


def _finished(pending: PendingOperation, clouds: Clouds) -> _Look:
    """Delete it again unless it is gone: the cloud may be deleting it, or have never heard of it."""
    resource = pending.resource
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    outputs = clear(resource.outputs)
    if kind.read(handle, resource.id, outputs) is None:
        return _Look(None)
    try:
        kind.delete(clouds.within(resource, "delete", handle), resource.id, outputs)
    except CloudError as error:
        if error.is_unsure:
            raise
        return _Look(_read(pending, kind, handle), error.message)
    return _Look(_read(pending, kind, handle))


def _ask(pending: PendingOperation, ledger: Ledger, clouds: Clouds) -> _Look:
    resource = pending.resource
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    if pending.kind is not OperationKind.CREATING:
        return _Look(_read(pending, kind, handle))
    errors: tuple[str, ...] = ()
    try:
        live = lost(kind, handle, resource, clear(resource.inputs), ledger)
    except CloudError as error:
        if error.made is None:
            raise
        live, errors = error.made, (error.message,)
    if live is None:
        return _Look(None)
    outputs = wrapped(live.outputs, _secrets(resource))
    return _Look(replace(resource, id=live.id, outputs=outputs, init_errors=errors))


def _read(pending: PendingOperation, kind: ResourceType, handle: object) -> Resource | None:
    resource = pending.resource
    live = kind.read(handle, resource.id, clear(resource.outputs))
    if live is None:
        return None
    secrets = _secrets(resource)
    inputs = wrapped(kind.inputs_of(live, clear(resource.inputs)), secrets)
    return replace(resource, id=live.id, inputs=inputs, outputs=wrapped(live.outputs, secrets))


def _secrets(resource: Resource) -> set[str]:
    return secret_keys(resource.inputs, resource.outputs) | set(resource.additional_secret_outputs)


def _take_in(pending: PendingOperation, look: _Look, store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    """Write what became of it, keep the run's own picture up to date, and report it."""
    before, now = pending.resource, look.now
    old = ledger.live.get(before.urn)
    if before.delete:
        store.settle(pending, now)
        if now is None:
            ledger.doomed = [r for r in ledger.doomed if (r.urn, r.id) != (before.urn, before.id)]
    elif pending.kind is OperationKind.CREATING:
        replaced = old if now is not None and old is not None and not old.pending_replacement else None
        store.settle(pending, now, replaced=replaced)
        if now is not None:
            ledger.live[before.urn] = now
        if replaced is not None:
            ledger.doomed.append(replace(replaced, delete=True))
    elif now is None:
        _gone(pending, store, ledger, clouds)
    else:
        store.settle(pending, now)
        ledger.live[before.urn] = now
    if pending.kind is OperationKind.CREATING or now is not None:
        ledger.doubt(now or before, is_create=pending.kind is OperationKind.CREATING)
    ledger.sink(Message(ledger.stack, "warning", _told(pending, look), before.urn))


def _gone(pending: PendingOperation, store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    """Forget it, and what went by itself with it; what else hangs on it must not hang in the air."""
    before = pending.resource
    riders = [one for one in ledger.living() if _rides(one, before, clouds)]
    gone = {before.urn, *(one.urn for one in riders)}
    if any(not gone.isdisjoint(graph.needs(one)) for one in ledger.living() if one.urn not in gone):
        hollowed = replace(before, pending_replacement=True)
        store.settle(pending, hollowed)
        ledger.live[before.urn] = hollowed
        return
    store.settle(pending, None, riders=riders)
    for urn in gone:
        ledger.live.pop(urn, None)


def _rides(resource: Resource, carrier: Resource, clouds: Clouds) -> bool:
    if resource.provider != carrier.provider or not resource.custom:
        return False
    try:
        kind, _ = clouds.resource_type(resource.provider, resource.type)
    except UnsupportedError:
        return False
    token, key = getattr(kind, "goes_with", ("", ""))
    return token == carrier.type and clear(resource.inputs.get(key)) == carrier.id


def _told(pending: PendingOperation, look: _Look) -> str:
    text = f"an earlier run was cut off while {pending.kind} {pending.resource.name}: "
    if pending.kind is OperationKind.DELETING:
        if look.now is None:
            return text + "its deletion is finished now"
        return text + "it is still there" + (f", since it cannot be deleted ({look.refusal})" if look.refusal else "")
    return text + ("it is there, and taken in" if look.now is not None else "it is not there")
