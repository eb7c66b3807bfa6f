"""Delete before replace: what would be replaced along with a resource goes before it (Pulumi's rule), once, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field

from ace.engine import graph, paths, urns
from ace.engine.clouds import Clouds
from ace.engine.contract import UNKNOWN, CloudError, Resource
from ace.engine.embedded import deletion
from ace.engine.ledger import Ledger
from ace.engine.wire import clear


@dataclass
class Replacements:
    """Thread-safe. Several roots may share dependents: the first root takes them down, the others wait for that."""

    ledger: Ledger
    clouds: Clouds
    check_protect: Callable[[Resource], None]
    _claimed: dict[str, Future[bool]] = field(default_factory=dict)
    """What some root takes down, and whether it got it down."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clear_away(self, root: Resource, registered: Collection[str]) -> bool:
        """Delete `root`, after all that its going would replace; each stays in the state, to be made anew.

        Args:
            root: What is to be replaced.
            registered: URNs that the program has registered, which therefore cannot depend on it any more.

        Returns:
            False when a stop was asked for before all was gone.

        Raises:
            CloudError: Something that hangs on it could not be deleted.
        """
        with self._lock:
            falling = self._dependents(root, registered)
            mine = [r for r in falling if r.urn not in self._claimed]
            others = [self._claimed[r.urn] for r in falling if r.urn in self._claimed]
            claim: Future[bool] = Future()
            self._claimed |= dict.fromkeys([root.urn, *(r.urn for r in mine)], claim)
        if self.ledger.store is None:
            for resource in (*mine, root):
                self.ledger.hollow(resource)
            return True
        # What another root is taking down may wait in its cloud for what is ours (an interface for its router's routes): what
        # nobody else's needs goes at once, the rest when the others are done.
        own = {r.urn for r in mine}
        held = _needed_by([r for r in falling if r.urn not in own], [*falling, root])
        left: list[Resource] = [root]
        try:
            free = [r for r in mine if r.urn not in held]
            stuck = deletion.delete_all(free, self.ledger, self.clouds, to_replace=True)
            if all(other.result() for other in others) and not stuck:
                rest = [r for r in mine if r.urn in held]
                left = deletion.delete_all([*rest, root], self.ledger, self.clouds, to_replace=True)
        finally:
            claim.set_result(not left)
        if left and not self.ledger.stopping():
            raise CloudError(f"{urns.name_of(root.urn)} was not replaced: not all that hangs on it could be deleted")
        return not left

    def _dependents(self, root: Resource, registered: Collection[str]) -> list[Resource]:
        known = graph.ordered([r for r in self.ledger.living() if not r.pending_replacement])
        gone = {root.urn}
        found = []
        for resource in graph.depending_on(known, root.urn, registered):
            if self._falls_with(resource, gone):
                if resource.urn not in self._claimed:
                    self.check_protect(resource)
                gone.add(resource.urn)
                found.append(resource)
        return found

    def _falls_with(self, resource: Resource, gone: Collection[str]) -> bool:
        """Whether it would be replaced if what is gone came back as something else."""
        if not resource.custom or resource.type.startswith(urns.PROVIDER_PREFIX):
            return False
        hit = {key for key, found in resource.property_dependencies.items() if not set(found).isdisjoint(gone)}
        if not hit:
            return False
        kind, _ = self.clouds.resource_type(resource.provider, resource.type)
        before, outputs = clear(resource.inputs), clear(resource.outputs)
        inputs = {key: UNKNOWN if key in hit else value for key, value in before.items()}
        diff = kind.diff(inputs, before, outputs)
        forcing = resource.replace_on_changes
        return diff.replaces or any(paths.touched(forcing, change) for change in diff.changes)


def _needed_by(resources: Collection[Resource], among: Collection[Resource]) -> set[str]:
    """URNs of those `among` which these need, directly or not."""
    by_urn = {resource.urn: resource for resource in among}
    found: set[str] = set()
    waiting = list(resources)
    while waiting:
        for urn in graph.needs(waiting.pop()) & by_urn.keys() - found:
            found.add(urn)
            waiting.append(by_urn[urn])
    return found
