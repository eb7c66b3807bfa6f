"""Settle what an earlier run left under way: a crash may have cost us an answer, never a resource."""

from __future__ import annotations

from dataclasses import replace

from ace.engine.contract import CloudError, Message, OperationKind, PendingOperation, Resource, Secret
from ace.engine.embedded.clouds import Clouds
from ace.engine.embedded.ledger import Ledger, secret_keys
from ace.engine.embedded.state_store import JournaledState
from ace.engine.embedded.wire import clear
from ace.errors import UserError


def settle(store: JournaledState, ledger: Ledger, clouds: Clouds) -> None:
    """Ask the cloud about each pending operation, and write the answer.

    A create is looked for by all that identifies it: found, it is adopted; not found, it was never made. An update or
    delete is read back.

    Raises:
        UserError: A cloud gives no answer; nothing can be said before it does.
    """
    for pending in ledger.snapshot.pending:
        try:
            now = _ask(pending, clouds)
        except CloudError as error:
            raise UserError(
                f"an earlier run was cut off while {pending.kind} {pending.resource.name}, and the cloud cannot be asked "
                f"how it ended: {error.message}",
                hint=error.hint or "run again when it answers",
                code="cloud-unreachable",
            ) from None
        store.settle(pending, now)
        _note(pending, now, ledger)


def _ask(pending: PendingOperation, clouds: Clouds) -> Resource | None:
    resource = pending.resource
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    if pending.kind is OperationKind.CREATING:
        live = kind.find(handle, clear(resource.inputs))
    else:
        live = kind.read(handle, resource.id, clear(resource.outputs))
    if live is None:
        return None
    secrets = secret_keys(resource.inputs, resource.outputs) | set(resource.additional_secret_outputs)

    def wrapped(properties: dict[str, object]) -> dict[str, object]:
        return {k: Secret(v) if k in secrets and v not in (None, "") else v for k, v in properties.items()}

    inputs = resource.inputs
    if pending.kind is not OperationKind.CREATING:
        inputs = wrapped(dict(kind.inputs_of(live, clear(resource.inputs))))
    return replace(resource, id=live.id, inputs=inputs, outputs=wrapped(dict(live.outputs)))


def _note(pending: PendingOperation, now: Resource | None, ledger: Ledger) -> None:
    """Say what became of it, and keep the run's own picture true."""
    urn = pending.resource.urn
    if pending.resource.delete:
        if now is None:
            ledger.doomed = [r for r in ledger.doomed if (r.urn, r.id) != (urn, pending.resource.id)]
    elif now is not None:
        ledger.live[urn] = now
    elif pending.kind is not OperationKind.CREATING:
        ledger.live.pop(urn, None)
    became = "is there, and taken in" if now is not None else "is not there"
    text = f"an earlier run was cut off while {pending.kind} {pending.resource.name}: it {became}"
    ledger.sink(Message(ledger.stack, "warning", text, urn))
