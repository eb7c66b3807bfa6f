"""Former identities of resources: what a program states of them, and which of them the state still has (Pulumi's rules)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from ace.engine import urns
from ace.engine.contract import Resource
from ace.errors import UserError


@dataclass(frozen=True, slots=True)
class Alias:
    """What a resource once was. What is empty is as it is now; a `urn` stands for all of it."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass
class Aliases:
    """Finds the resources of one run in its state. Not thread-safe: whoever asks holds a lock.

    Args:
        stack: The stack's name.
        project: The project's.
        before: URNs that the state had when the run began.
    """

    stack: str
    project: str
    before: frozenset[str]
    _took: dict[str, str] = field(default_factory=dict)
    """By a resource's URN, the former one by which it was found."""
    _taken: dict[str, str] = field(default_factory=dict)
    """The same the other way round."""
    _known: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By URN, all that a resource may have been."""

    def find(
        self,
        urn: str,
        own: tuple[str, str, str],
        aliases: Sequence[Alias],
        live: Mapping[str, Resource],
        registered: Collection[str],
    ) -> Resource | None:
        """The resource as it was: by its own URN, else by a former one, which nobody else can then be found by.

        Args:
            urn: What it is now.
            own: Its type, its name, its parent's URN.
            aliases: Its former identities, as the program declares them.
            live: The state now.
            registered: URNs that the program has registered in this run, this one among them.

        Raises:
            UserError: Two resources of the program claim to be one.
        """
        if urn in self._taken:
            raise _claimed_twice(urn, self._taken[urn], urn)
        mine = self._of(own, aliases)
        inherited = self._inherited(own, mine)
        self._known[urn] = tuple(dict.fromkeys([*mine, *inherited]))
        if urn in live:
            return live[urn]
        for former in self._known[urn]:
            if former not in self.before:
                continue
            if former not in mine and inherited[former] and not _hangs_on(live.get(former), own[2]):
                continue
            if former in registered or former in self._taken:
                raise _claimed_twice(former, self._taken.get(former, former), urn)
            self._took[urn], self._taken[former] = former, urn
            return live.get(former)
        return None

    def _of(self, own: tuple[str, str, str], aliases: Sequence[Alias]) -> tuple[str, ...]:
        type_, name, parent = own
        found = []
        for alias in aliases:
            above = "" if alias.no_parent else self._took.get(alias.parent, alias.parent) or parent
            stack, project = alias.stack or self.stack, alias.project or self.project
            made = urns.make(stack, project, above, alias.type or type_, alias.name or name)
            found.append(alias.urn or made)
        return tuple(found)

    def _inherited(self, own: tuple[str, str, str], mine: Sequence[str]) -> dict[str, bool]:
        """What it was if its parent was something else.

        True for what is so only if the state records that it hangs on that parent: an earlier run found the parent by an
        alias, and was cut off before this one's turn came.
        """
        type_, name, parent = own
        identities = [(type_, name), *((urns.type_of(urn), urns.name_of(urn)) for urn in mine)]
        found: dict[str, bool] = {}
        took = self._took.get(parent)
        for above in sorted(self._known.get(parent, ()), key=lambda former: former != took):
            for its_type, its_name in identities:
                former = urns.make(self.stack, self.project, above, its_type, _renamed(its_name, parent, above))
                found.setdefault(former, above != took)
        return found


def _hangs_on(resource: Resource | None, parent: str) -> bool:
    return resource is not None and resource.parent == parent


def _renamed(name: str, parent: str, former_parent: str) -> str:
    """The name a child had: where it begins with its parent's, it began with the parent's former one."""
    begin = urns.name_of(parent)
    return urns.name_of(former_parent) + name.removeprefix(begin) if name.startswith(begin) else name


def _claimed_twice(former: str, one: str, other: str) -> UserError:
    return UserError(
        f"{other} and {one} both claim to be what the state has as {former}",
        hint="take the alias away from one of them, or give the other another name",
        code="program-failed",
    )
