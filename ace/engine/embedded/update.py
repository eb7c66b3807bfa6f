"""A program's run, planned or for real: each registration becomes a step (Pulumi's step generator, in small).

A failed or left-out resource is answered as failed; the SDK then registers what hangs on it with unknown inputs, and this
leaves those out in turn, while all else goes on.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field, replace

from ace.engine import urns
from ace.engine.clouds import Clouds
from ace.engine.contract import (
    CloudError,
    Diff,
    Message,
    Op,
    OperationKind,
    Properties,
    PropertyChange,
    Resource,
    RunOptions,
    Stack,
    Step,
)
from ace.engine.embedded import deletion
from ace.engine.embedded.aliases import Aliases
from ace.engine.embedded.desired import DesiredResource
from ace.engine.embedded.goals import Goal, Registered
from ace.engine.embedded.making import Maker, Making, StoppedError
from ace.engine.embedded.replacing import Replacements
from ace.engine.ledger import Ledger
from ace.engine.provider import UnsupportedError
from ace.engine.wire import clear, holds_unknown
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
    needs: dict[str, set[str]] = field(default_factory=dict)
    """What each resource of the program needs, by URN: parent, provider, dependencies."""
    was_there: set[str] = field(default_factory=set)
    """URNs of those that the state holds, under that name or a former one."""
    _registered: set[str] = field(default_factory=set)
    _left_out: set[str] = field(default_factory=set)
    _under_way: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._replacements = Replacements(self.ledger, self.clouds, self._check_protect)
        self._maker = Maker(self.ledger, self.clouds)
        self._aliases = Aliases(self.stack.name, self.stack.project, frozenset(self.ledger.live))

    # --------------------------------------------------------------------------------------------------------- handler

    def register(self, goal: Goal) -> Registered:
        """One resource of the program; blocks until the cloud has it as declared."""
        urn = urns.make(self.stack.name, self.stack.project, goal.parent, goal.type, goal.name)
        with self._lock:
            if urn in self._registered:
                raise UnsupportedError(f"the program registers {urn} twice; give one of them another name")
            self._registered.add(urn)
            self.needs[urn] = self._needs(goal)
            lacks = self._is_meant(goal, urn) and not self._left_out.isdisjoint(self.needs[urn])
            if self.fatal is not None or lacks or self.ledger.stopping():
                return self._leave_out(urn)
            self._under_way += 1
        try:
            return self._register(goal, urn)
        except CloudError as error:
            self.ledger.fail(urn, error)
        except (RefusedError, UserError) as error:
            self._stop(error)
        except UnsupportedError:
            self._leave_out(urn)
            raise
        except Exception as error:  # a bug: it must reach the caller with its traceback, not the program
            self._stop(error)
        finally:
            with self._lock:
                self._under_way -= 1
        return self._leave_out(urn)

    @property
    def at_rest(self) -> bool:
        """Whether a stop was asked for and nothing is under way any more."""
        with self._lock:
            return self.ledger.cancel.is_set() and not self._under_way

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """A component's (or the stack's) outputs."""
        with self._lock:
            resource = self.ledger.live.get(urn)
            if resource is None or urn in self._left_out:
                return
            self.outputs[urn] = outputs
        if not self.dry_run:
            self.ledger.put(replace(resource, outputs=outputs))

    def invoke(self, token: str, arguments: Properties, provider: str) -> Properties | None:
        """A look-up in a cloud; None when it gives no answer, and all that hangs on it is left out."""
        return self.clouds.invoke(token, arguments, provider)

    def log(self, level: str, text: str, urn: str) -> None:
        """A message of the program."""
        self.ledger.sink(Message(self.stack.name, level, text, urn))

    def refuse(self, error: UnsupportedError) -> None:
        """What this engine has not."""
        self._stop(UserError(f"{self.stack.name}: {error}", code="unsupported"))

    # --------------------------------------------------------------------------------------------------------- deletes

    def unregistered(self) -> list[Resource]:
        """What the state has and the program no longer wants, and what was replaced; after the program has ended."""
        with self._lock:
            old = [r for r in self.ledger.living() if r.urn not in self._registered and self._targeted(r.urn)]
            return [*old, *self.ledger.doomed]

    def moved(self, ledger: Ledger) -> bool:
        """In a plan: whether the state itself would change though no resource does (protection, dependencies, outputs)."""
        planned = self.ledger.written
        return any(ledger.live.get(urn) != resource for urn, resource in planned.items()) or any(
            self.outputs.get(urn, ledger.live[urn].outputs) != ledger.live[urn].outputs for urn in planned
        )

    def plan_deletes(self) -> None:
        """In a plan: note the deletes as steps, and which of them are protected."""
        for resource in self.unregistered():
            if not resource.delete:  # the second half of a replacement is no step of its own
                self._check_protect(resource)
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

    def _is_meant(self, goal: Goal, urn: str) -> bool:
        """Whether the run is about it: as with the CLI, the stack itself and providers are always targets."""
        return self._targeted(urn) or goal.type == urns.STACK_TYPE or goal.type.startswith(urns.PROVIDER_PREFIX)

    def _unprotected(self, urn: str) -> bool:
        return "*" in self.options.unprotect or urn in self.options.unprotect

    def _check_protect(self, resource: Resource) -> None:
        spared = resource.init_errors or resource.pending_replacement  # nothing there to be protected
        if resource.protect and not spared and not self._unprotected(resource.urn):
            with self._lock:
                self.protected.append(resource.urn)

    def _old(self, goal: Goal, urn: str) -> Resource | None:
        """The resource as it was, found by its URN or by a former one."""
        own = (goal.type, goal.name, goal.parent)
        with self._lock:
            found = self._aliases.find(urn, own, goal.aliases, self.ledger.live, self._registered)
            if found is not None:
                self.was_there.add(urn)
            return found if found is None or found.urn == urn else self.ledger.rename(found, urn)

    def _register(self, goal: Goal, urn: str) -> Registered:
        old = self._old(goal, urn)
        if not self._is_meant(goal, urn):
            if old is None:
                return self._leave_out(urn)
            self.ledger.done(Step(Op.SAME, urn, goal.type, goal.name, custom=goal.custom))
            self.ledger.put(old)
            return Registered(urn, old.id, old.outputs)
        if not goal.custom:
            return self._component(goal, urn, old)
        if goal.type.startswith(urns.PROVIDER_PREFIX):
            return self._provider(goal, urn, old)
        kind, handle = self.clouds.resource_type(goal.provider, goal.type)
        desired = DesiredResource.of(goal, urn, kind, old)
        if not self.dry_run and holds_unknown(desired.inputs):  # of a look-up that had no answer
            return self._leave_out(urn)
        if old is None and not goal.import_id:
            return self._create(desired, handle, Op.CREATE, ())
        imported = old is None
        if old is None:
            old = self._import(desired, handle)
            desired = DesiredResource.of(goal, urn, kind, old)
        if desired.unkept:
            self.log(
                "info", f"cannot ignore changes where something was added or removed: {', '.join(desired.unkept)}", urn
            )
        if goal.import_id not in ("", old.id):
            raise UnsupportedError(f"{urn} is {old.id} already; to import {goal.import_id}, give it another name")
        diff = desired.diff(old, self.clouds)
        changes = desired.masked(diff.changes, old)
        if old.pending_replacement:
            return self._create(desired, handle, Op.REPLACE, changes)
        if not changes:
            if not imported:
                self.ledger.done(Step(Op.SAME, urn, goal.type, goal.name))
            same = self.ledger.put(replace(desired.resource(old.id, clear(old.outputs)), other=old.other))
            return Registered(urn, old.id, same.outputs)
        if diff.replaces:
            return self._replace(desired, handle, old, diff, changes)
        return self._change(desired, handle, old, changes)

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
            other=old.other if old is not None else {},
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
            other=old.other if old is not None else {},
        )
        op = Op.CREATE if old is None else Op.UPDATE if changed else Op.SAME
        if self.ledger.store is not None:
            self.ledger.store.record_identity(urn, identity)
        self.ledger.put(made)
        self.ledger.done(Step(op, urn, goal.type, goal.name, custom=False))
        return Registered(urn, made.id, made.outputs)

    def _create(
        self,
        desired: DesiredResource,
        handle: object,
        op: Op,
        changes: tuple[PropertyChange, ...],
        doom: Resource | None = None,
    ) -> Registered:
        step = Step(op, desired.urn, desired.goal.type, desired.goal.name, changes)
        if self.dry_run:
            self.ledger.done(step)
            made = self.ledger.put(desired.resource("", desired.inputs))
            return Registered(desired.urn, "", made.outputs)
        if self.ledger.stopping():
            return self._leave_out(desired.urn)
        try:
            with self._maker.making(desired, handle) as making, self.ledger.telling(step, making.since):
                made = self._made(desired, making, doom)
        except StoppedError:
            return self._leave_out(desired.urn)
        return Registered(desired.urn, made.id, made.outputs)

    def _made(self, desired: DesiredResource, making: Making, doom: Resource | None) -> Resource:
        try:
            live = making.make()
        except CloudError as error:
            if error.made is None:
                self.ledger.give_up(making.operation, error)
            else:
                half = desired.resource(error.made.id, error.made.outputs)
                self.ledger.put(replace(half, init_errors=(error.message,)), making.operation, doom)
            raise
        return self.ledger.put(desired.resource(live.id, live.outputs), making.operation, doom)

    def _import(self, desired: DesiredResource, handle: object) -> Resource:
        """Take in what is there, as it is there; what the program wants otherwise is changed next, as Pulumi does."""
        name, id_ = desired.goal.name, desired.goal.import_id
        with self.ledger.step(Step(Op.IMPORT, desired.urn, desired.goal.type, name)):
            live = desired.kind.read(handle, id_, desired.kind.kept(desired.inputs))
            if live is None:
                raise CloudError(
                    f"there is no {id_} to import as {name}", status=404, hint="check its id and its cloud"
                )
            found = replace(desired, inputs=desired.kind.inputs_of(live, desired.inputs))
            return self.ledger.put(found.resource(live.id, live.outputs))

    def _change(
        self, desired: DesiredResource, handle: object, old: Resource, changes: tuple[PropertyChange, ...]
    ) -> Registered:
        step = Step(Op.UPDATE, desired.urn, desired.goal.type, desired.goal.name, changes)
        if self.dry_run:
            self.ledger.done(step)
            made = self.ledger.put(desired.resource(old.id, {**clear(old.outputs), **desired.inputs}))
            return Registered(desired.urn, old.id, made.outputs)
        if self.ledger.stopping():
            return self._leave_out(desired.urn)
        with self.ledger.step(step):
            old_to_be = desired.resource(old.id, clear(old.outputs))
            operation = self.ledger.begin(OperationKind.UPDATING, old_to_be)
            try:
                limited = self.clouds.within(old_to_be, "update", handle)
                live = desired.kind.update(limited, old.id, desired.inputs, clear(old.inputs), clear(old.outputs))
            except CloudError as error:
                self.ledger.give_up(operation, error)
                raise
            made = self.ledger.put(desired.resource(live.id, live.outputs), operation)
        return Registered(desired.urn, made.id, made.outputs)

    def _replace(
        self, desired: DesiredResource, handle: object, old: Resource, diff: Diff, changes: tuple[PropertyChange, ...]
    ) -> Registered:
        if desired.goal.protect:  # else the program has just given its consent
            self._check_protect(old)
        if not diff.delete_before_replace:
            return self._create(desired, handle, Op.REPLACE, changes, doom=old)
        if self.ledger.stopping() or not self._replacements.clear_away(old, self._registered):
            return self._leave_out(desired.urn)
        return self._create(desired, handle, Op.REPLACE, changes)
