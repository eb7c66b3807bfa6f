"""Delete many resources: what hangs on others first, side by side where nothing forbids it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from ace.engine.contract import CloudError, Op, OperationKind, Resource, Step
from ace.engine.embedded import graph, urns
from ace.engine.embedded.clouds import Clouds
from ace.engine.embedded.ledger import Ledger
from ace.engine.embedded.wire import clear


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
    waiting = list(resources)
    running: dict[Future[None], Resource] = {}
    failed: list[Resource] = []
    with ThreadPoolExecutor(max(1, ledger.parallel)) as pool:
        while True:
            if not ledger.stopping():
                ready = [resource for resource in waiting if not needed[resource.urn]]
                waiting = [resource for resource in waiting if needed[resource.urn]]
                running |= {pool.submit(_delete, resource, ledger, clouds, to_replace): resource for resource in ready}
            if not running:
                return [*waiting, *failed]
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                resource = running.pop(future)
                try:
                    future.result()
                except CloudError:  # noted already; what it needs stays as it is
                    failed.append(resource)
                else:
                    needed.subtract(graph.needs(resource))


def _delete(resource: Resource, ledger: Ledger, clouds: Clouds, to_replace: bool) -> None:
    step = step_of(resource)
    if not step.custom or resource.retain_on_delete or resource.pending_replacement:
        if to_replace:
            ledger.hollow(resource)
            return
        ledger.drop(resource)
        if not resource.delete:
            ledger.done(step)
    elif to_replace or resource.delete:  # half of a replacement, which is the step that counts
        with ledger.slot():
            try:
                _act(resource, ledger, clouds, to_replace)
            except CloudError as error:
                ledger.fail(resource.urn, error)
                raise
    else:
        with ledger.step(step):
            _act(resource, ledger, clouds, to_replace)


def _act(resource: Resource, ledger: Ledger, clouds: Clouds, to_replace: bool) -> None:
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
        ledger.drop(resource, operation)
