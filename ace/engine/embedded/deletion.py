"""Delete many resources: what hangs on others first, side by side where nothing forbids it.

What goes by itself with another (a rule with its group, a subnet with its network) costs no request of its own when that other
goes too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ace.engine import graph, urns
from ace.engine.clouds import Clouds
from ace.engine.contract import CloudError, Op, OperationKind, Resource, Step
from ace.engine.ledger import Ledger
from ace.engine.wire import clear

_Key = tuple[str, str, bool]


def step_of(resource: Resource, op: Op = Op.DELETE) -> Step:
    """The step that does this to a resource of the state."""
    is_state_only = not resource.custom or resource.type.startswith(urns.PROVIDER_PREFIX)
    return Step(op, resource.urn, resource.type, urns.name_of(resource.urn), custom=not is_state_only)


def delete_all(
    resources: Sequence[Resource], ledger: Ledger, clouds: Clouds, *, to_replace: bool = False
) -> list[Resource]:
    """Delete them; returns those that are still there because one failed, or a stop was asked for.

    `to_replace`: they stay in the state, to be made anew, and their going is no step of its own.
    """
    needed = Counter(urn for resource in resources for urn in graph.needs(resource))
    carriers = {} if to_replace else _carriers(resources, clouds)
    riders: dict[_Key, list[Resource]] = defaultdict(list)
    waiting = list(resources)
    running: dict[Future[None], Resource] = {}
    failed: list[Resource] = []
    with ThreadPoolExecutor(max(1, ledger.parallel)) as pool:
        while True:
            if waiting and not ledger.stopping():
                while boarding := [r for r in waiting if not needed[r.urn] and _key(r) in carriers]:
                    for resource in boarding:
                        riders[carriers.pop(_key(resource))].append(resource)
                        needed.subtract(graph.needs(resource))
                    aboard = {_key(resource) for resource in boarding}
                    waiting = [resource for resource in waiting if _key(resource) not in aboard]
                ready = [resource for resource in waiting if not needed[resource.urn]]
                waiting = [resource for resource in waiting if needed[resource.urn]]
                running |= {
                    pool.submit(_delete, resource, riders.get(_key(resource), []), ledger, clouds, to_replace): resource
                    for resource in ready
                }
            if not running:
                left_behind = [rider for resource in waiting for rider in riders.get(_key(resource), [])]
                return [*waiting, *left_behind, *failed]
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                resource = running.pop(future)
                try:
                    future.result()
                except CloudError:  # noted already; what it needs stays as it is
                    failed += [resource, *riders.get(_key(resource), [])]
                else:
                    needed.subtract(graph.needs(resource))


def _key(resource: Resource) -> _Key:
    return (resource.urn, resource.id, resource.delete)


def _carriers(resources: Sequence[Resource], clouds: Clouds) -> dict[_Key, _Key]:
    """Of each that goes by itself with another of these: which other."""
    acting = [r for r in resources if _acts(r) and not r.delete]
    by_id = {(r.provider, r.type, r.id): r for r in acting}
    found = {}
    for resource in acting:
        try:
            kind, _ = clouds.resource_type(resource.provider, resource.type)
        except CloudError:
            continue
        token, key = getattr(kind, "goes_with", ("", ""))
        carrier = by_id.get((resource.provider, token, str(clear(resource.inputs.get(key)))))
        if carrier is not None and carrier.urn in graph.needs(resource):
            found[_key(resource)] = _key(carrier)
    return found


def _acts(resource: Resource) -> bool:
    """Whether its going is a matter of the cloud's."""
    return step_of(resource).custom and not resource.retain_on_delete and not resource.pending_replacement


def _delete(resource: Resource, riders: Sequence[Resource], ledger: Ledger, clouds: Clouds, to_replace: bool) -> None:
    if not _acts(resource):
        if to_replace:
            ledger.hollow(resource)
            return
        ledger.drop(resource)
        if not resource.delete:
            ledger.done(step_of(resource))
    elif to_replace or resource.delete:  # half of a replacement, which is the step that counts
        with ledger.slot():
            try:
                _act(resource, (), ledger, clouds, to_replace)
            except CloudError as error:
                ledger.fail(resource.urn, error)
                raise
    else:
        with ledger.step(step_of(resource)):
            _act(resource, riders, ledger, clouds, to_replace)
        for rider in riders:
            ledger.done(step_of(rider))


def _act(resource: Resource, riders: Sequence[Resource], ledger: Ledger, clouds: Clouds, to_replace: bool) -> None:
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    operation = ledger.begin(OperationKind.DELETING, resource)
    try:
        kind.delete(clouds.within(resource, "delete", handle), resource.id, clear(resource.outputs))
    except CloudError as error:
        ledger.give_up(operation, error)
        raise
    if to_replace:
        ledger.hollow(resource, operation)
    else:
        ledger.drop(resource, *riders, operation=operation)
