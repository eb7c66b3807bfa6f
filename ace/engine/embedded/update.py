"""A program's run, planned or for real: each registration becomes a step (Pulumi's step generator, in small).

A failed or left-out resource is answered as failed; the SDK then registers what hangs on it with unknown inputs, and this
leaves those out in turn, while all else goes on.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ace.engine.contract import (
    UNKNOWN,
    CloudError,
    Diff,
    Message,
    Op,
    OperationKind,
    Properties,
    PropertyChange,
    Resource,
    ResourceType,
    RunOptions,
    Secret,
    Stack,
    Step,
)
from ace.engine.embedded import deletion, graph, urns
from ace.engine.embedded.clouds import Clouds
from ace.engine.embedded.ledger import Ledger, secret_keys
from ace.engine.embedded.monitor import Goal, Registered, UnsupportedError
from ace.engine.embedded.wire import clear
from ace.errors import RefusedError, UserError


@dataclass
class Update:
    """The `Handler` of one run of a program. `fatal` is what must end the run: a refusal, or a bug of ours."""

    stack: Stack
    options: RunOptions
    clouds: Clouds
    ledger: Ledger
    dry_run: bool
    fatal: BaseException | None = None
    protected: list[str] = field(default_factory=list)
    """In a plan: what would be deleted or replaced though it is protected."""
    outputs: dict[str, Properties] = field(default_factory=dict)
    """What components and the stack have given as outputs."""
    _registered: set[str] = field(default_factory=set)
    _left_out: set[str] = field(default_factory=set)
    _gone: dict[str, Resource] = field(default_factory=dict)
    """Deleted before what they depended on was replaced; their own registration makes them anew."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _replacing: threading.Lock = field(default_factory=threading.Lock)

    # --------------------------------------------------------------------------------------------------------- handler

    def register(self, goal: Goal) -> Registered:
        """One resource of the program; blocks until it is as wanted."""
        urn = urns.make(self.stack.name, self.stack.project, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self._registered:
                raise UnsupportedError(f"the program registers {urn} twice; give one of them another name")
            self._registered.add(urn)
            blocked = self.fatal is not None or not self._left_out.isdisjoint(self._needs(goal))
        if blocked or self.ledger.stopping():
            return self._leave_out(urn)
        try:
            return self._register(goal, urn)
        except CloudError as error:
            if not any(failure.urn == urn for failure in self.ledger.failures):
                self.ledger.fail(urn, error)
        except (RefusedError, UserError) as error:
            self._stop(error)
        except UnsupportedError:
            self._leave_out(urn)
            raise
        except Exception as error:  # a bug: it must reach the caller with its traceback, not the program
            self._stop(error)
        return self._leave_out(urn)

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """A component's (or the stack's) outputs."""
        with self._lock:
            resource = self.ledger.live.get(urn)
            if resource is None or urn in self._left_out:
                return
            self.outputs[urn] = outputs
        if not self.dry_run:
            self.ledger.put(replace(resource, outputs=outputs))

    def invoke(self, token: str, arguments: Properties, provider: str) -> Properties:
        """A look-up in a cloud."""
        return self.clouds.invoke(token, arguments, provider)

    def log(self, level: str, text: str, urn: str) -> None:
        """What the program says."""
        self.ledger.sink(Message(self.stack.name, level, text, urn))

    def refuse(self, error: UnsupportedError) -> None:
        """What this engine has not."""
        self._stop(UserError(f"{self.stack.name}: {error}", code="unsupported"))

    # --------------------------------------------------------------------------------------------------------- deletes

    def unregistered(self) -> list[Resource]:
        """What the state has and the program no longer wants, and what was replaced; after the program has ended."""
        with self._lock:
            kept = self._registered | self._gone.keys()
            wanted = {urn: self._targeted(urn) for urn in self.ledger.live}
            old = [r for r in self.ledger.live.values() if r.urn not in kept and wanted[r.urn]]
            return [*old, *self.ledger.doomed]

    def vanished(self) -> list[Resource]:
        """What was deleted to replace something else, and the program no longer wants."""
        return [resource for urn, resource in self._gone.items() if urn not in self._registered]

    def moved(self, ledger: Ledger) -> bool:
        """In a plan: whether the state itself would change though no resource does (protection, dependencies, outputs)."""
        planned = self.ledger.written
        return any(ledger.live.get(urn) != resource for urn, resource in planned.items() if resource.custom) or any(
            self.outputs.get(urn, ledger.live[urn].outputs) != ledger.live[urn].outputs for urn in planned
        )

    def plan_deletes(self) -> None:
        """In a plan: note the deletes as steps, and which of them are protected."""
        for resource in self.unregistered():
            if not resource.delete:  # the second half of a replacement is no step of its own
                self._check_protect(resource)
                self.ledger.done(deletion.step_of(resource))
        for resource in self.vanished():
            self.ledger.done(deletion.step_of(resource))

    # ---------------------------------------------------------------------------------------------------------- inside

    def _needs(self, goal: Goal) -> set[str]:
        needed = {goal.parent, urns.split_reference(goal.provider)[0], *goal.dependencies}
        for found in goal.property_dependencies.values():
            needed.update(found)
        return needed

    def _stop(self, error: BaseException) -> None:
        with self._lock:
            self.fatal = self.fatal or error

    def _leave_out(self, urn: str) -> Registered:
        with self._lock:
            self._left_out.add(urn)
        return Registered(urn, done=False)

    def _targeted(self, urn: str) -> bool:
        return not self.options.targets or urn in self.options.targets

    def _unprotected(self, urn: str) -> bool:
        return "*" in self.options.unprotect or urn in self.options.unprotect

    def _check_protect(self, resource: Resource) -> None:
        if resource.protect and not self._unprotected(resource.urn):
            with self._lock:
                self.protected.append(resource.urn)

    def _old(self, urn: str, aliases: Iterable[str]) -> Resource | None:
        """The resource as it was, found by its URN or by a former one."""
        with self._lock:
            if (found := self.ledger.live.get(urn)) is not None:
                return found
            for alias in aliases:
                if alias in self.ledger.live and alias not in self._registered:
                    return self.ledger.rename(self.ledger.live[alias], urn)
            return None

    def _register(self, goal: Goal, urn: str) -> Registered:
        old = self._old(urn, goal.aliases)
        if not goal.custom:
            return self._component(goal, urn, old)
        if goal.type.startswith(urns.PROVIDER_PREFIX):
            return self._provider(goal, urn, old)
        if not self._targeted(urn):
            if old is None:
                return self._leave_out(urn)
            self.ledger.done(Step(Op.SAME, urn, goal.type, goal.name))
            self.ledger.put(old)
            return Registered(urn, old.id, old.outputs)
        kind, handle = self.clouds.resource_type(goal.provider, goal.type)
        wanted = _Wanted.of(goal, urn, kind, old)
        with self._lock:
            gone = next((self._gone[name] for name in (urn, *goal.aliases) if name in self._gone), None)
        if old is None and gone is not None:
            changes = wanted.masked(self._diff(wanted, gone).changes, gone)
            return self._create(wanted, handle, Op.REPLACE, changes)
        if old is None:
            return self._create(wanted, handle, Op.CREATE, ())
        diff = self._diff(wanted, old)
        if not diff.changes:
            self.ledger.done(Step(Op.SAME, urn, goal.type, goal.name))
            same = self.ledger.put(wanted.resource(old.id, clear(old.outputs)))
            return Registered(urn, old.id, same.outputs)
        changes = wanted.masked(diff.changes, old)
        if diff.replaces:
            return self._replace(wanted, handle, old, diff, changes)
        return self._change(wanted, handle, old, changes)

    def _component(self, goal: Goal, urn: str, old: Resource | None) -> Registered:
        outputs = old.outputs if old is not None else {}
        made = Resource(
            urn,
            goal.type,
            custom=False,
            parent=goal.parent,
            inputs=goal.inputs if goal.type != urns.STACK_TYPE else {},
            outputs=outputs,
            dependencies=tuple(sorted(goal.dependencies)),
            protect=goal.protect,
        )
        self.ledger.put(made)
        self.ledger.done(Step(Op.SAME if old else Op.CREATE, urn, goal.type, goal.name, custom=False))
        return Registered(urn)

    def _provider(self, goal: Goal, urn: str, old: Resource | None) -> Registered:
        inputs = dict(goal.inputs) | ({"version": goal.version} if goal.version else {})
        self.clouds.open(urn, goal.type, inputs)
        identity = self.clouds.identify(urn)
        changed = old is not None and clear(old.inputs) != clear(inputs)
        made = Resource(
            urn,
            goal.type,
            custom=True,
            id=old.id if old is not None else str(uuid.uuid4()),
            parent=goal.parent,
            inputs=inputs,
            outputs=inputs,
            dependencies=tuple(sorted(goal.dependencies)),
            protect=goal.protect,
            additional_secret_outputs=goal.additional_secret_outputs,
        )
        op = Op.CREATE if old is None else Op.UPDATE if changed else Op.SAME
        if self.ledger.store is not None:
            self.ledger.store.record_identity(urn, identity)
        self.ledger.put(made)
        self.ledger.done(Step(op, urn, goal.type, goal.name, custom=False))
        return Registered(urn, made.id, made.outputs)

    def _diff(self, wanted: _Wanted, old: Resource) -> Diff:
        diff = wanted.kind.diff(wanted.inputs, clear(old.inputs), clear(old.outputs))
        if (before := urns.split_reference(old.provider)[0]) != (
            after := urns.split_reference(wanted.goal.provider)[0]
        ):
            moved = PropertyChange("provider", urns.name_of(before), urns.name_of(after), forces_replacement=True)
            diff = Diff((*diff.changes, moved), diff.delete_before_replace)
        if forcing := wanted.goal.replace_on_changes:
            changes = tuple(
                replace(c, forces_replacement=True) if "*" in forcing or root_of(c.path) in forcing else c
                for c in diff.changes
            )
            diff = replace(diff, changes=changes)
        if wanted.goal.delete_before_replace is not None:
            diff = replace(diff, delete_before_replace=wanted.goal.delete_before_replace)
        return diff

    def _create(
        self,
        wanted: _Wanted,
        handle: object,
        op: Op,
        changes: tuple[PropertyChange, ...],
        doom: Resource | None = None,
    ) -> Registered:
        step = Step(op, wanted.urn, wanted.goal.type, wanted.goal.name, changes)
        if self.dry_run:
            self.ledger.done(step)
            made = self.ledger.put(wanted.resource("", wanted.inputs))
            return Registered(wanted.urn, "", made.outputs)
        if self.ledger.stopping():
            return self._leave_out(wanted.urn)
        with self.ledger.step(step):
            operation = self.ledger.begin(OperationKind.CREATING, wanted.resource("", {}))
            try:
                live = wanted.kind.create(handle, wanted.inputs)
            except CloudError as error:
                self.ledger.give_up(operation, error)
                raise
            made = self.ledger.put(wanted.resource(live.id, live.outputs), operation, doom)
        return Registered(wanted.urn, made.id, made.outputs)

    def _change(
        self, wanted: _Wanted, handle: object, old: Resource, changes: tuple[PropertyChange, ...]
    ) -> Registered:
        step = Step(Op.UPDATE, wanted.urn, wanted.goal.type, wanted.goal.name, changes)
        if self.dry_run:
            self.ledger.done(step)
            made = self.ledger.put(wanted.resource(old.id, {**clear(old.outputs), **wanted.inputs}))
            return Registered(wanted.urn, old.id, made.outputs)
        if self.ledger.stopping():
            return self._leave_out(wanted.urn)
        with self.ledger.step(step):
            operation = self.ledger.begin(OperationKind.UPDATING, wanted.resource(old.id, clear(old.outputs)))
            try:
                live = wanted.kind.update(handle, old.id, wanted.inputs, clear(old.inputs), clear(old.outputs))
            except CloudError as error:
                self.ledger.give_up(operation, error)
                raise
            made = self.ledger.put(wanted.resource(live.id, live.outputs), operation)
        return Registered(wanted.urn, made.id, made.outputs)

    def _replace(
        self, wanted: _Wanted, handle: object, old: Resource, diff: Diff, changes: tuple[PropertyChange, ...]
    ) -> Registered:
        self._check_protect(old)
        if not diff.delete_before_replace:
            return self._create(wanted, handle, Op.REPLACE, changes, doom=old)
        if self.ledger.stopping():
            return self._leave_out(wanted.urn)
        with self._replacing:  # two roots may share dependents
            doomed = [*self._dependents(old), old]
            if not self.dry_run:
                unsettled = deletion.delete_all(doomed, self.ledger, self.clouds, quiet=True)
                if unsettled:
                    raise CloudError(
                        f"{urns.name_of(old.urn)} was not replaced: not all that hangs on it could be deleted"
                    )
        return self._create(wanted, handle, Op.REPLACE, changes)

    def _dependents(self, root: Resource) -> list[Resource]:
        """What must be deleted before `root` can be: dependents that its going would replace (Pulumi's rule)."""
        with self._lock:
            known = graph.ordered([r for r in self.ledger.live.values() if r.urn not in self._gone])
            found: dict[str, Resource] = {root.urn: root}
            for resource in graph.depending_on(known, root.urn, self._registered):
                if self._falls_with(resource, found.keys()):
                    self._check_protect(resource)
                    found[resource.urn] = resource
            del found[root.urn]
            self._gone.update(found)
            if self.dry_run:
                for urn in found:
                    self.ledger.live.pop(urn, None)
            return list(found.values())

    def _falls_with(self, resource: Resource, gone: Iterable[str]) -> bool:
        if not resource.custom or resource.type.startswith(urns.PROVIDER_PREFIX):
            return False
        lost = set(gone)
        hit = {key for key, found in resource.property_dependencies.items() if not lost.isdisjoint(found)}
        if not hit:
            return False
        kind, _ = self.clouds.resource_type(resource.provider, resource.type)
        inputs = {key: UNKNOWN if key in hit else value for key, value in clear(resource.inputs).items()}
        return kind.diff(inputs, clear(resource.inputs), clear(resource.outputs)).replaces


def root_of(path: str) -> str:
    """The property that a path such as `routes[0].to` begins with."""
    return path.partition(".")[0].partition("[")[0]


@dataclass(frozen=True)
class _Wanted:
    """A goal with its inputs checked; `inputs` without wrappers, `secrets` the keys that are wrapped in state."""

    goal: Goal
    urn: str
    kind: ResourceType
    inputs: Properties
    secrets: frozenset[str]

    @classmethod
    def of(cls, goal: Goal, urn: str, kind: ResourceType, old: Resource | None) -> _Wanted:
        given = dict(goal.inputs)
        for path in goal.ignore_changes:
            if any(mark in path for mark in ".[*"):
                raise UnsupportedError(f"ignore_changes of {urn}: {path!r}; the embedded engine takes whole properties")
            if old is not None:
                given.pop(path, None)
                if path in old.inputs:
                    given[path] = old.inputs[path]
        secrets = frozenset(secret_keys(given) | set(goal.additional_secret_outputs))
        return cls(goal, urn, kind, kind.check(clear(given)), secrets)

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
            inputs=self._wrapped(self.inputs),
            outputs=self._wrapped(outputs),
            dependencies=tuple(sorted(goal.dependencies)),
            property_dependencies={key: tuple(sorted(value)) for key, value in goal.property_dependencies.items()},
            additional_secret_outputs=goal.additional_secret_outputs,
            protect=goal.protect,
            retain_on_delete=goal.retain_on_delete,
            custom_timeouts=goal.custom_timeouts,
        )

    def masked(self, changes: tuple[PropertyChange, ...], old: Resource) -> tuple[PropertyChange, ...]:
        """The changes with secrets wrapped, so that nobody prints them."""
        hidden = self.secrets | secret_keys(old.inputs, old.outputs)

        def mask(change: PropertyChange) -> PropertyChange:
            if root_of(change.path) not in hidden:
                return change
            return replace(change, before=Secret(change.before), after=Secret(change.after))

        return tuple(mask(change) for change in changes)

    def _wrapped(self, properties: Properties) -> dict[str, object]:
        wrap = self.secrets
        return {k: Secret(v) if k in wrap and v not in (None, "") else v for k, v in properties.items()}
