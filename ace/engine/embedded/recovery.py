"""Settle what an earlier run left under way: a crash may have cost us an answer, never a resource."""

from __future__ import annotations

from dataclasses import replace

from ace.engine.contract import (
    CloudError,
    Live,
    Message,
    OperationKind,
    PendingOperation,
    Properties,
    Resource,
    ResourceType,
)
from ace.engine.embedded import graph
from ace.engine.embedded.clouds import Clouds, SilentCloudError
from ace.engine.embedded.ledger import Ledger, secret_keys
from ace.engine.embedded.state_store import JournaledState
from ace.engine.embedded.wire import clear, wrapped
from ace.errors import UserError


def settle(store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    """Ask the cloud about each pending operation, and write the answer.

    A create is looked for by all that identifies it: found, it is adopted; not found, it was never made. An update or
    delete is read back. What is in a silent cloud waits for another run.

    Raises:
        UserError: A cloud cannot tell; nothing can be said before it does.
    """
    for pending in ledger.snapshot.pending:
        try:
            now = _ask(pending, ledger, clouds)
        except SilentCloudError:
            continue
        except CloudError as error:
            raise UserError(
                f"an earlier run was cut off while {pending.kind} {pending.resource.name}, and the cloud cannot tell "
                f"how it ended: {error.message}",
                hint=error.hint or "run again when it can",
                code="cloud-unreachable",
            ) from None
        _take_in(pending, now, store, ledger)
        became = "is there, and taken in" if now is not None else "is not there"
        text = f"an earlier run was cut off while {pending.kind} {pending.resource.name}: it {became}"
        ledger.sink(Message(ledger.stack, "warning", text, pending.resource.urn))


def lost(kind: ResourceType, handle: object, token: str, inputs: Properties, ledger: Ledger) -> Live | None:
    """What a create with these inputs made though its answer never came; None if nothing.

    Raises:
        CloudError: The cloud cannot tell.
    """
    live = kind.find(handle, inputs)
    known = {one.id for one in (*ledger.living(), *ledger.doomed) if one.type == token}
    return None if live is None or live.id in known else live  # not what it was to replace, nor its twin


def _ask(pending: PendingOperation, ledger: Ledger, clouds: Clouds) -> Resource | None:
    resource = pending.resource
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    errors: tuple[str, ...] = ()
    if pending.kind is OperationKind.CREATING:
        try:
            live = lost(kind, handle, resource.type, clear(resource.inputs), ledger)
        except CloudError as error:
            if error.made is None:
                raise
            live, errors = error.made, (error.message,)
    else:
        live = kind.read(handle, resource.id, clear(resource.outputs))
    if live is None:
        return None
    secrets = secret_keys(resource.inputs, resource.outputs) | set(resource.additional_secret_outputs)
    inputs = resource.inputs
    if pending.kind is not OperationKind.CREATING:
        inputs = wrapped(kind.inputs_of(live, clear(resource.inputs)), secrets)
    return replace(resource, id=live.id, inputs=inputs, outputs=wrapped(live.outputs, secrets), init_errors=errors)


def _take_in(pending: PendingOperation, now: Resource | None, store: JournaledState, ledger: Ledger) -> None:
    """Write what became of it, and keep the run's own picture true."""
    before = pending.resource
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
    elif now is None and any(before.urn in graph.needs(one) for one in ledger.living()):
        hollowed = replace(before, pending_replacement=True)  # what hangs on it must not hang in the air
        store.settle(pending, hollowed)
        ledger.live[before.urn] = hollowed
    else:
        store.settle(pending, now)
        if now is not None:
            ledger.live[before.urn] = now
        else:
            ledger.live.pop(before.urn, None)
