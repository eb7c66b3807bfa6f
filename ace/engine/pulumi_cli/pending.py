"""What a cut-off `pulumi` left pending, settled before the CLI runs again.

The CLI drops a pending delete or update as if it had never been sent, and asks nobody about a pending create. Here the
clouds are asked, as the embedded engine asks them: what was being deleted is deleted, what was made is taken in.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ace.engine import reading, recovery
from ace.engine.clouds import Clouds
from ace.engine.contract import (
    EventSink,
    Failure,
    JsonValue,
    Message,
    Op,
    Provider,
    Resource,
    RunOptions,
    Snapshot,
    Stack,
)
from ace.engine.deployment import from_deployment, resource_to_json, secrets_of
from ace.engine.ledger import Doubt, Ledger
from ace.engine.passphrase import PassphraseSecrets
from ace.engine.pulumi_cli.workspace import Workspace
from ace.engine.state_store import JournaledState

_Key = tuple[str, str, bool]


@dataclass(frozen=True, slots=True)
class Settled:
    """The deployment with nothing pending that could be settled, and what is to be read once more at the end."""

    deployment: Mapping[str, JsonValue]
    doubts: tuple[Doubt, ...]


def settle(
    deployment: Mapping[str, Any],
    workspace: Workspace,
    stack: Stack,
    providers: Mapping[str, Provider],
    sink: EventSink,
    cancel: threading.Event,
    parallel: int,
) -> Settled | None:
    """Ask the clouds about each pending operation; the deployment as it is then, None when nothing was settled.

    Raises:
        UserError: A cloud does not know how it ended.
    """
    if not (deployment.get("deployment") or {}).get("pending_operations"):
        return None
    secrets = secrets_of(deployment, stack.passphrase)
    before = from_deployment(deployment, secrets, of_any_feature=True)
    folder = workspace.folder / "settling"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        store = JournaledState(folder, stack.passphrase)
        store.replace_all(before, secrets)
        snapshot = store.load()
        clouds = Clouds(providers, workspace.environment, stack.state_dir, {})
        clouds.open_all(snapshot.resources)
        ledger = Ledger(stack.name, snapshot, store, sink, cancel, parallel)
        recovery.settle(store, ledger, clouds)
        after = JournaledState(folder, stack.passphrase).load()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if len(after.pending) == len(before.pending):
        return None
    return Settled(_rewritten(deployment, before, after, secrets), tuple(ledger.doubts))


def announce(deployment: Mapping[str, Any], stack: Stack, sink: EventSink) -> None:
    """Report each pending operation that a plan of the CLI's does not reckon with."""
    for raw in (deployment.get("deployment") or {}).get("pending_operations") or []:
        urn = raw["resource"]["urn"]
        text = (
            f"an earlier run was cut off while {raw['type']} {urn.rsplit('::', 1)[-1]}; the next up or down completes that "
            "first, and may have more to do than is shown here"
        )
        sink(Message(stack.name, "warning", text, urn))


def taken_back(
    doubts: Sequence[Doubt],
    deployment: Mapping[str, Any],
    workspace: Workspace,
    stack: Stack,
    providers: Mapping[str, Provider],
    cancel: threading.Event,
) -> tuple[Failure, ...]:
    """Read once more, when the clouds have settled, what a run took in at its start: failures for what is not as it was."""
    snapshot = from_deployment(deployment, secrets_of(deployment, stack.passphrase), of_any_feature=True)
    urns = {doubt.resource.urn for doubt in doubts}
    held = [one for one in snapshot.resources if one.urn in urns and not one.delete]
    if not held:
        return ()
    clouds = Clouds(providers, workspace.environment, stack.state_dir, {})
    clouds.open_all(snapshot.resources)
    settling_s = max(package.settling_s for package in providers.values())
    ready = max(one.since for one in doubts) + settling_s
    cancel.wait(max(0.0, ready - time.monotonic()))
    ledger = Ledger(stack.name, snapshot, None, lambda _event: None, cancel, RunOptions().parallel)
    found = reading.read_all(held, clouds, ledger)
    changed = (
        Failure(
            one.before.urn,
            f"{one.before.name} ({one.before.id}) was there after an answer was lost, and "
            + ("is gone again" if one.now is None else "has changed since"),
            f"`ace refresh {stack.name}`, then run again",
        )
        for one in found
        if one.step.op is not Op.SAME
    )
    return (*ledger.failures, *changed)


def _rewritten(
    deployment: Mapping[str, Any], before: Snapshot, after: Snapshot, secrets: PassphraseSecrets
) -> dict[str, JsonValue]:
    """The deployment with what has changed; what this release knows nothing of stays in it as it was."""
    old, new = ({_key(one): one for one in snapshot.resources} for snapshot in (before, after))
    body = dict(deployment["deployment"])
    kept = []
    for raw in body.get("resources") or []:
        key = (raw["urn"], raw.get("id") or "", bool(raw.get("delete")))
        if key in new:
            kept.append(raw if new[key] == old.get(key) else {**raw, **resource_to_json(new[key], secrets)})
    fresh = [resource_to_json(one, secrets) for key, one in new.items() if key not in old]
    left = {(str(one.kind), *_key(one.resource)) for one in after.pending}
    pending = [raw for raw in body.get("pending_operations") or [] if _pending_key(raw) in left]
    return {**deployment, "deployment": {**body, "resources": [*kept, *fresh], "pending_operations": pending}}


def _key(resource: Resource) -> _Key:
    return (resource.urn, resource.id, resource.delete)


def _pending_key(raw: Mapping[str, Any]) -> tuple[str, str, str, bool]:
    resource = raw["resource"]
    return (raw["type"], resource["urn"], resource.get("id") or "", bool(resource.get("delete")))
