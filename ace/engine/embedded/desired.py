"""What a program declares of one resource, checked and completed by its type, and how it differs from what exists."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ace.engine import paths, urns
from ace.engine.clouds import Clouds
from ace.engine.contract import UNKNOWN, Diff, Properties, PropertyChange, Resource, ResourceType, Secret
from ace.engine.embedded.goals import Goal
from ace.engine.ledger import secret_keys
from ace.engine.wire import clear, wrapped


@dataclass(frozen=True)
class DesiredResource:
    """A goal with its inputs checked; `inputs` without wrappers, `secrets` the keys that are wrapped in state.

    `unkept` are the paths that were to be ignored and lead through what was added or removed.
    """

    goal: Goal
    urn: str
    kind: ResourceType
    inputs: Properties
    secrets: frozenset[str]
    unkept: tuple[str, ...] = ()

    @classmethod
    def of(cls, goal: Goal, urn: str, kind: ResourceType, old: Resource | None) -> DesiredResource:
        """The goal as its type completes it; what is to be ignored stays as it was."""
        given: Properties = goal.inputs
        unkept: list[str] = []
        if old is not None and goal.ignore_changes:
            given, unkept = paths.kept(goal.ignore_changes, old.inputs, given)
        secrets = frozenset(secret_keys(given) | set(goal.additional_secret_outputs))
        return cls(goal, urn, kind, kind.check(clear(given)), secrets, tuple(unkept))

    def resource(self, id_: str, outputs: Properties) -> Resource:
        """The state of it with this id and these outputs."""
        goal = self.goal
        return Resource(
            self.urn,
            goal.type,
            custom=True,
            id=id_,
            parent=goal.parent,
            provider=goal.provider,
            inputs=wrapped(self.inputs, self.secrets),
            outputs=wrapped(outputs, self.secrets),
            dependencies=tuple(sorted(goal.dependencies)),
            property_dependencies={key: tuple(sorted(value)) for key, value in goal.property_dependencies.items()},
            additional_secret_outputs=goal.additional_secret_outputs,
            protect=goal.protect,
            retain_on_delete=goal.retain_on_delete,
            ignore_changes=goal.ignore_changes,
            replace_on_changes=goal.replace_on_changes,
            custom_timeouts=goal.custom_timeouts,
        )

    def diff(self, old: Resource, clouds: Clouds) -> Diff:
        """How it differs from what is there, with what the program declares about replacements."""
        diff = self.kind.diff(self.inputs, clear(old.inputs), clear(old.outputs))
        if ignored := self.goal.ignore_changes:
            diff = replace(diff, changes=tuple(c for c in diff.changes if not paths.within(ignored, c)))
        before, after = (urns.split_reference(reference)[0] for reference in (old.provider, self.goal.provider))
        if not clouds.same(before, after):
            moved = PropertyChange("provider", urns.name_of(before), urns.name_of(after), forces_replacement=True)
            diff = Diff((*diff.changes, moved), diff.delete_before_replace)
        if forcing := self.goal.replace_on_changes:
            changes = tuple(
                replace(c, forces_replacement=True) if paths.touched(forcing, c) else c for c in diff.changes
            )
            diff = replace(diff, changes=changes)
        if self.goal.delete_before_replace is not None:
            diff = replace(diff, delete_before_replace=self.goal.delete_before_replace)
        if (
            old.taint
        ):  # something is wrong with it: like what never became usable, it is deleted before the new one is made
            anew = PropertyChange("id", old.id, UNKNOWN, forces_replacement=True)
            diff = Diff((*diff.changes, anew), self.goal.delete_before_replace is not False)
        if old.init_errors:  # what never became usable holds nothing that could be kept
            usable = PropertyChange("state", old.init_errors[0], "usable", forces_replacement=True)
            diff = Diff((*diff.changes, usable), delete_before_replace=True)
        return diff

    def masked(self, changes: tuple[PropertyChange, ...], old: Resource) -> tuple[PropertyChange, ...]:
        """The changes with secrets wrapped, so that nobody prints them."""
        hidden = self.secrets | secret_keys(old.inputs, old.outputs)

        def mask(change: PropertyChange) -> PropertyChange:
            if paths.root(change.path) not in hidden:
                return change
            return replace(change, before=Secret(change.before), after=Secret(change.after))

        return tuple(mask(change) for change in changes)
