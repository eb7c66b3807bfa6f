"""Compare a state with the live clouds: what changed there, and what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from ace.engine import graph, paths, urns
from ace.engine.clouds import Clouds
from ace.engine.contract import (
    CloudError,
    Live,
    Op,
    PropertyChange,
    Resource,
    ResourceType,
    Secret,
    Step,
)
from ace.engine.ledger import Ledger, secret_keys
from ace.engine.wire import clear, wrapped


@dataclass(frozen=True, slots=True)
class Found:
    """One resource of the state beside what the cloud has; `now` is None when it is gone there."""

    before: Resource
    now: Resource | None
    changes: tuple[PropertyChange, ...] = ()

    @property
    def step(self) -> Step:
        """UPDATE for what changed, DELETE for what is gone, else SAME."""
        op = Op.DELETE if self.now is None else Op.UPDATE if self.changes else Op.SAME
        return Step(op, self.before.urn, self.before.type, urns.name_of(self.before.urn), self.changes)


def read_all(resources: Sequence[Resource], clouds: Clouds, ledger: Ledger) -> list[Found]:
    """Ask the clouds for all of these, in as few requests as their types can, `parallel` at a time.

    What a request that fails was to report is noted as a failure, and left out. So is what has no being in a cloud.
    """
    groups: dict[tuple[str, str], list[Resource]] = {}
    for resource in resources:
        state_only = not resource.custom or resource.type.startswith(urns.PROVIDER_PREFIX)
        if not state_only and not resource.pending_replacement:
            groups.setdefault((resource.provider, resource.type), []).append(resource)
    requests = [
        request
        for (reference, token), members in groups.items()
        for request in _requests(reference, token, members, clouds, ledger)
    ]

    def read(request: _Request) -> list[Found]:
        if ledger.stopping() or ledger.cancel.is_set():  # a comparison, which writes nothing, is stopped too
            return []
        try:
            live = request.read()
        except CloudError as error:
            for member in request.members:
                ledger.fail(member.urn, error)
            return []
        return [_compare(request.kind, member, live.get(member.id)) for member in request.members]

    with ThreadPoolExecutor(max(1, ledger.parallel)) as pool:
        found = [one for group in pool.map(read, requests) for one in group]
    ranks = {resource.urn: rank for rank, resource in enumerate(resources)}
    return sorted(found, key=lambda one: ranks[one.before.urn])


@dataclass(frozen=True, slots=True)
class _Request:
    """Resources of one type in one cloud that are read at one go."""

    kind: ResourceType
    handle: Any
    members: Sequence[Resource]

    def read(self) -> Mapping[str, Live]:
        read_many = getattr(self.kind, "read_many", None)
        if read_many is not None:
            many: Mapping[str, Live] = read_many(self.handle, [(m.id, clear(m.outputs)) for m in self.members])
            return many
        found = ((m.id, self.kind.read(self.handle, m.id, clear(m.outputs))) for m in self.members)
        return {id_: live for id_, live in found if live is not None}


def _requests(
    reference: str, token: str, members: Sequence[Resource], clouds: Clouds, ledger: Ledger
) -> Iterable[_Request]:
    """One request for all where the type can do that, else one each."""
    try:
        kind, handle = clouds.resource_type(reference, token)
    except CloudError as error:
        ledger.fail(members[0].urn, error)
        return []
    if hasattr(kind, "read_many"):
        return [_Request(kind, handle, members)]
    return [_Request(kind, handle, [member]) for member in members]


def _compare(kind: ResourceType, before: Resource, live: Live | None) -> Found:
    if live is None:
        return Found(before, None)
    secrets = secret_keys(before.inputs, before.outputs) | set(before.additional_secret_outputs)
    inputs = kind.inputs_of(live, clear(before.inputs))
    diff = kind.diff(clear(before.inputs), inputs, live.outputs)
    changes = tuple(
        # The diff reports how the cloud would have to change; drift reports how it has changed.
        PropertyChange(change.path, _masked(change.after, change, secrets), _masked(change.before, change, secrets))
        for change in diff.changes
    )
    now = replace(
        before,
        inputs=wrapped(inputs, secrets),
        outputs=wrapped(live.outputs, secrets),
        init_errors=before.init_errors if changes else (),  # everything is as declared: it has become usable
    )
    return Found(before, now, changes)


def _masked(value: Any, change: PropertyChange, secrets: Iterable[str]) -> Any:
    return Secret(value) if paths.root(change.path) in secrets else value


def take_in(found: Sequence[Found], ledger: Ledger) -> None:
    """Write what the clouds state into the state, each a step."""
    note(found, ledger)
    for one in found:
        ledger.done(one.step)


def note(found: Sequence[Found], ledger: Ledger) -> None:
    """Write what the clouds state into the state; what hung on what is gone forgets it."""
    gone = {one.before.urn for one in found if one.now is None}
    for one in found:
        if one.now is None:
            ledger.drop(one.before)
        elif graph.forget(one.now, gone) != one.before:
            ledger.put(graph.forget(one.now, gone))
    for resource in list(ledger.live.values()):
        if (rid := graph.forget(resource, gone)) is not resource:
            ledger.put(rid)
