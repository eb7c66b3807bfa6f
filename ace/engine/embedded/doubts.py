"""Read once more, before a run is called a success, what it took in or asked about again.

A cloud may take back what was found half-made, and may carry out late a create whose answer was lost.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from ace.engine import reading, recovery
from ace.engine.clouds import Clouds, SilentCloudError
from ace.engine.contract import CloudError, Failure, Message, Op, Phase, Resource
from ace.engine.embedded import deletion
from ace.engine.ledger import Doubt, Ledger, secret_keys
from ace.engine.wire import clear, wrapped


def resolve(ledger: Ledger, clouds: Clouds) -> bool:
    """Wait until the clouds have settled, read it all, and make the state match what is there.

    What is gone or was changed is reported, and left for the caller to do again; a second one, made late by a create that was
    sent twice, is deleted. A request that fails is a failure of the run.

    Returns:
        Whether anything is gone or was changed.
    """
    doubts = list({one.resource.urn: one for one in ledger.doubts if not _is_silent(one, clouds)}.values())
    ledger.doubts.clear()
    if not doubts or ledger.stopping():
        return False
    ledger.sink(Phase(ledger.stack, "settling", len(doubts)))
    ready = max(one.since + clouds.settling_s(one.resource.provider) for one in doubts)
    ledger.cancel.wait(max(0.0, ready - time.monotonic()))
    if ledger.stopping():
        return False
    changed = _read_again(doubts, ledger, clouds)
    failed = {failure.urn for failure in ledger.failures}  # what is pending still is the next run's to settle
    made = [one.resource for one in doubts if one.is_create and one.resource.urn not in failed]
    twins = [twin for resource in made for twin in _twins(resource, ledger, clouds)]
    deletion.delete_all(twins, ledger, clouds)
    return changed


def _is_silent(doubt: Doubt, clouds: Clouds) -> bool:
    try:
        clouds.of(doubt.resource.provider)
    except SilentCloudError:
        return True
    return False


def _read_again(doubts: Sequence[Doubt], ledger: Ledger, clouds: Clouds) -> bool:
    urns = {one.resource.urn for one in doubts}
    found = reading.read_all([one for one in ledger.living() if one.urn in urns], clouds, ledger)
    differing = [one for one in found if one.step.op is not Op.SAME]
    reading.note(found, ledger)
    for one in differing:
        became = "is gone again" if one.now is None else "has changed since"
        text = f"{one.before.name} ({one.before.id}) was there after an answer was lost, and {became}: it is made right"
        ledger.sink(Message(ledger.stack, "warning", text, one.before.urn))
    return bool(differing)


def _twins(resource: Resource, ledger: Ledger, clouds: Clouds) -> list[Resource]:
    """Of a create that was asked about again: what it made besides, in the state from now on, to be deleted.

    It must be known to be younger than that create; else it is a failure that names it.
    """
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    try:
        live = recovery.lost(kind, handle, resource, clear(resource.inputs), ledger)
    except CloudError as error:
        if error.made is None:
            ledger.fail(resource.urn, error)
            return []
        live = error.made
    if live is None:
        return []
    if not live.made_at or recovery.begun_at(resource) is None:
        failure = Failure(
            resource.urn,
            f"{resource.name} may have been made twice: {live.id} looks like it, and is not in the state",
            f"look at {live.id} in the cloud, and delete it if it is not in use",
        )
        ledger.failures.append(failure)
        return []
    secrets = secret_keys(resource.inputs) | set(resource.additional_secret_outputs)
    twin = replace(resource, id=live.id, outputs=wrapped(live.outputs, secrets), delete=True)
    text = f"{resource.name} was made once more ({live.id}) after its answer was lost: the one too many is deleted"
    ledger.sink(Message(ledger.stack, "warning", text, resource.urn))
    ledger.doom(twin)
    return [twin]
