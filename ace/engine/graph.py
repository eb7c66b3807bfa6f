"""Who depends on whom among resources: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from ace.engine.contract import Resource
from ace.engine.urns import split_reference


def needs(resource: Resource) -> set[str]:
    """URNs of what must exist for it: parent, provider, dependencies."""
    found = set(resource.dependencies)
    for urns in resource.property_dependencies.values():
        found.update(urns)
    found.add(resource.parent)
    found.add(split_reference(resource.provider)[0])
    found.discard("")
    return found


def ordered(resources: Sequence[Resource]) -> list[Resource]:
    """What is needed first, else as given: the order that Pulumi's snapshots keep."""
    by_urn: dict[str, list[int]] = {}
    for index, resource in enumerate(resources):
        by_urn.setdefault(resource.urn, []).append(index)
    done: dict[int, bool] = {}
    result: list[Resource] = []

    for start in range(len(resources)):
        stack: list[tuple[int, Iterator[int]]] = []
        _enter(start, resources, by_urn, done, stack)
        while stack:
            index, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                result.append(resources[index])
            else:
                _enter(following, resources, by_urn, done, stack)
    return result


def _enter(
    index: int,
    resources: Sequence[Resource],
    by_urn: dict[str, list[int]],
    done: dict[int, bool],
    stack: list[tuple[int, Iterator[int]]],
) -> None:
    if done.setdefault(index, False):
        return
    done[index] = True
    before = (needed for urn in sorted(needs(resources[index])) for needed in by_urn.get(urn, ()))
    stack.append((index, iter([needed for needed in before if not done.get(needed)])))


def depending_on(resources: Sequence[Resource], root: str, leave_out: Collection[str]) -> list[Resource]:
    """All that needs `root`, directly or not, in the order of `resources` (needed first), but what is left out."""
    found = {root}
    result = []
    for resource in resources:
        if resource.urn != root and resource.urn not in leave_out and not found.isdisjoint(needs(resource)):
            found.add(resource.urn)
            result.append(resource)
    return result


def forget(resource: Resource, gone: Collection[str]) -> Resource:
    """The resource without dependencies on what is gone; the very same one if it had none."""
    if needs(resource).isdisjoint(gone):
        return resource
    properties = {
        key: tuple(urn for urn in urns if urn not in gone) for key, urns in resource.property_dependencies.items()
    }
    return replace(
        resource,
        dependencies=tuple(urn for urn in resource.dependencies if urn not in gone),
        property_dependencies={key: urns for key, urns in properties.items() if urns},
    )


def renamed(resource: Resource, before: str, after: str) -> Resource:
    """The resource with every mention of one URN turned into another; the very same one if it had none."""
    if before not in needs(resource):
        return resource

    def now(urns: Iterable[str]) -> tuple[str, ...]:
        return tuple(after if urn == before else urn for urn in urns)

    provider, id_ = split_reference(resource.provider)
    return replace(
        resource,
        parent=after if resource.parent == before else resource.parent,
        provider=f"{after}::{id_}" if provider == before else resource.provider,
        dependencies=now(resource.dependencies),
        property_dependencies={key: now(urns) for key, urns in resource.property_dependencies.items()},
    )
