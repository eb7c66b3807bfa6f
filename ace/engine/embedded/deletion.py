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


def step_of(resource: Resource) -> Step:
    """The step that deletes it."""
    is_state_only = not resource.custom or resource.type.startswith(urns.PROVIDER_PREFIX)
    return Step(Op.DELETE, resource.urn, resource.type, urns.name_of(resource.urn), custom=not is_state_only)


def delete_all(resources: Sequence[Resource], ledger: Ledger, clouds: Clouds, *, quiet: bool = False) -> list[Resource]:
    """Delete them; returns those that are still there because one failed, or a stop was asked for.

    `quiet`: they are halves of replacements, and no steps of their own.
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
                running |= {pool.submit(_delete, resource, ledger, clouds, quiet): resource for resource in ready}
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


def _delete(resource: Resource, ledger: Ledger, clouds: Clouds, quiet: bool) -> None:
    step = step_of(resource)
    if not step.custom or resource.retain_on_delete:
        ledger.drop(resource)
        if not resource.delete and not quiet:
            ledger.done(step)
        return
    kind, handle = clouds.resource_type(resource.provider, resource.type)
    if quiet or resource.delete:
        step = Step(Op.REPLACE, step.urn, step.type, step.name)

    def act() -> None:
        operation = ledger.begin(OperationKind.DELETING, resource)
        try:
            kind.delete(handle, resource.id, clear(resource.outputs))
        except CloudError as error:
            ledger.give_up(operation, error)
            raise
        ledger.drop(resource, operation)

    if quiet or resource.delete:  # the replacement itself is the step that counts
        try:
            act()
        except CloudError as error:
            ledger.fail(resource.urn, error)
            raise
    else:
        with ledger.step(step):
            act()
