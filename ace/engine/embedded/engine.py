"""`EmbeddedEngine`: Pulumi's programs and state without Pulumi's CLI."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ace.engine import graph, reading, recovery, urns
from ace.engine.clouds import Clouds
from ace.engine.contract import (
    EventSink,
    Failure,
    JsonValue,
    Message,
    Op,
    Outcome,
    Phase,
    Plan,
    Properties,
    Provider,
    Resource,
    RunOptions,
    Snapshot,
    Stack,
    Step,
    ignore_events,
)
from ace.engine.deployment import from_deployment, secrets_of, to_deployment
from ace.engine.embedded import deletion, doubts, noop_cache, runner, targets
from ace.engine.embedded.lock import StackLock
from ace.engine.embedded.update import Update
from ace.engine.guards import refuse_protected, refuse_too_many
from ace.engine.interrupt import stoppable
from ace.engine.ledger import Ledger
from ace.engine.mending import mend, put_right
from ace.engine.state_store import JournaledState
from ace.errors import InterruptedByUser, RefusedError, UserError

_TIMES = 3
"""As often an up is done again when a cloud took back what it had made."""


class EmbeddedEngine:
    """Runs stacks in this process, their programs in processes of their own.

    Args:
        providers: What each Pulumi package can do, by package name.
    """

    name = "embedded"

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers

    # --------------------------------------------------------------------------------------------------------- Engine

    def preview(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Plan:
        """See `Engine.preview`. Takes no lock: it changes nothing, and another run's state is read whole.

        A cancelled preview gives the part of the plan that it had.
        """
        snapshot = recovery.foreseen(
            self._mended(stack, JournaledState(stack.state_dir, stack.passphrase), sink), stack.name, sink
        )
        clouds = self._clouds(stack, snapshot)
        clouds.open_all(snapshot.resources)
        options = self._with_needed(stack, options, snapshot, clouds, cancel)
        plan, update = self._plan(stack, options, snapshot, clouds, sink, cancel)
        if not cancel.is_set():
            clouds.require_answers(from_all=True)
            refuse_protected(stack.name, update.protected)
        return plan

    @stoppable
    def up(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """See `Engine.up`. Plans first: what a rule forbids is refused before anything is touched.

        Skips even that when program, spec and state are those that agreed last time, and each cloud is the one it was.
        """
        with self._run(stack, options, sink, cancel, "up") as (ledger, clouds):
            outcome = self._skip(stack, options, ledger, clouds) or self._up_surely(stack, options, ledger, clouds)
        if not (outcome.failures or outcome.interrupted or options.targets):
            noop_cache.remember(stack)
        return outcome

    def _skip(self, stack: Stack, options: RunOptions, ledger: Ledger, clouds: Clouds) -> Outcome | None:
        """The outcome when it is known that nothing would be done; else None."""
        if options.no_skip or options.refresh or clouds.silent or ledger.doubts or not noop_cache.is_current(stack):
            return None
        for resource in ledger.living():
            ledger.done(deletion.step_of(resource, Op.SAME))
        return _outcome(ledger)

    def _up_surely(self, stack: Stack, options: RunOptions, ledger: Ledger, clouds: Clouds) -> Outcome:
        """Up, and again while the clouds take back what had been found in them."""
        outcome = self._up(stack, options, ledger, clouds)
        for _ in range(_TIMES):
            if outcome.interrupted:
                return outcome
            changed = doubts.resolve(ledger, clouds)
            outcome = _outcome(ledger)
            if not changed or outcome.failures or outcome.interrupted:
                return outcome
            done, ledger.steps = ledger.steps, []
            try:
                outcome = self._up(stack, replace(options, refresh=False), ledger, clouds)
            except (RefusedError, UserError) as error:
                ledger.failures.append(Failure("", error.message, error.hint))
            ledger.steps = _together(done, ledger.steps)
            outcome = replace(outcome, steps=tuple(ledger.steps), failures=tuple(ledger.failures))
        ledger.failures.append(
            Failure(
                "", "a cloud takes back again and again what it was seen to have made", "run again when it is at rest"
            )
        )
        return _outcome(ledger)

    def _up(self, stack: Stack, options: RunOptions, ledger: Ledger, clouds: Clouds) -> Outcome:
        sink, cancel = ledger.sink, ledger.cancel
        if options.refresh:
            sink(Phase(stack.name, "refreshing", len(ledger.live)))
            found = reading.read_all(list(ledger.live.values()), clouds, ledger)
            reading.take_in(found, ledger)
            if ledger.failures or ledger.interrupted:
                return _outcome(ledger)
            ledger.steps.clear()
        options = self._with_needed(stack, options, Snapshot(tuple(ledger.resources())), clouds, cancel)
        plan, planned = self._plan(stack, options, Snapshot(tuple(ledger.resources())), clouds, sink, cancel)
        if cancel.is_set():
            return replace(_outcome(ledger), interrupted=True)
        clouds.require_answers(from_all=False)
        refuse_protected(stack.name, planned.protected)
        refuse_too_many(plan, force=options.force)
        if not plan.changes and not ledger.doomed and not clouds.silent and not planned.moved(ledger):
            for step in plan.steps:
                ledger.done(step)
            return _outcome(ledger)
        sink(Phase(stack.name, "applying", len(plan.steps)))
        update = Update(stack, options, clouds, ledger, dry_run=False)
        failure = self._run_program(stack, update)
        if failure is not None and not ledger.interrupted:
            ledger.failures.append(failure)
        if not ledger.failures and not ledger.stopping():
            doomed = update.unregistered()
            if doomed:
                sink(Phase(stack.name, "deleting", len(doomed)))
                deletion.delete_all(doomed, ledger, clouds)
        return _outcome(ledger)

    @stoppable
    def refresh(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """See `Engine.refresh`."""
        with self._run(stack, options, sink, cancel, "refresh") as (ledger, clouds):
            clouds.require_answers(from_all=False)
            sink(Phase(stack.name, "refreshing", len(ledger.live)))
            reading.take_in(reading.read_all(_targeted(ledger, options), clouds, ledger), ledger)
            doubts.resolve(ledger, clouds)
            return _outcome(ledger)

    @stoppable
    def destroy(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """See `Engine.destroy`. From the state alone: no program is run."""
        with self._run(stack, options, sink, cancel, "down") as (ledger, clouds):
            clouds.require_answers(from_all=False)
            resources = [*_targeted(ledger, options), *ledger.doomed]
            spared = options.unprotect
            protected = [r.urn for r in resources if r.protect and "*" not in spared and r.urn not in spared]
            refuse_protected(stack.name, protected)
            sink(Phase(stack.name, "deleting", len(resources)))
            deletion.delete_all(resources, ledger, clouds)
            doubts.resolve(ledger, clouds)
            return _outcome(ledger)

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        """See `Drift.drift`.

        Raises:
            UserError: A cloud could not be read.
        """
        snapshot = recovery.foreseen(
            self._mended(stack, JournaledState(stack.state_dir, stack.passphrase), sink), stack.name, sink
        )
        clouds = self._clouds(stack, snapshot)
        clouds.open_all(snapshot.resources)
        clouds.require_answers(from_all=True)
        ledger = Ledger(stack.name, snapshot, None, sink, cancel, RunOptions().parallel)
        sink(Phase(stack.name, "refreshing", len(ledger.live)))
        found = reading.read_all(list(ledger.live.values()), clouds, ledger)
        if ledger.failures:
            first = ledger.failures[0]
            raise UserError(first.message, hint=first.hint, code="cloud-unreachable")
        return tuple(one.step for one in found if one.step.op is not Op.SAME)

    def outputs(self, stack: Stack) -> Properties:
        """See `Engine.outputs`."""
        return _outputs(JournaledState(stack.state_dir, stack.passphrase).load().resources)

    def export(self, stack: Stack, sink: EventSink = ignore_events) -> dict[str, JsonValue]:
        """See `Engine.export`."""
        store = JournaledState(stack.state_dir, stack.passphrase)
        snapshot = self._mended(stack, store, sink)
        return to_deployment(replace(snapshot, resources=tuple(graph.ordered(snapshot.resources))), store.secrets)

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink = ignore_events) -> None:
        """See `Engine.import_`. Identities are asked for at the next run."""
        with StackLock(stack.state_dir, "state import"):
            store = JournaledState(stack.state_dir, stack.passphrase)
            store.load()
            secrets = secrets_of(deployment, stack.passphrase)
            snapshot = from_deployment(deployment, secrets)
            foreign = [r.urn for r in snapshot.resources if not r.urn.startswith(f"urn:pulumi:{stack.name}::")]
            if foreign:
                raise UserError(
                    f"this deployment is of another stack than {stack.name}: {foreign[0]}",
                    hint="name the country that it was exported from",
                    code="another-stack",
                )
            store.replace_all(self._with_right_outputs(stack, snapshot, sink)[0], secrets)

    # ---------------------------------------------------------------------------------------------------------- inside

    def _mended(self, stack: Stack, store: JournaledState, sink: EventSink) -> Snapshot:
        """The stack's state, for what writes none."""
        return self._with_right_outputs(stack, store.load(), sink)[0]

    def _with_right_outputs(self, stack: Stack, snapshot: Snapshot, sink: EventSink) -> tuple[Snapshot, list[Resource]]:
        """The snapshot, and of it what an earlier release had written wrongly; sends a message for each."""
        mended = mend(snapshot.resources, self._providers)
        if mended:
            sink(Message(stack.name, "warning", put_right([resource.name for resource in mended])))
        right = {(resource.urn, resource.id, resource.delete): resource for resource in mended}
        resources = tuple(right.get((one.urn, one.id, one.delete), one) for one in snapshot.resources)
        return replace(snapshot, resources=resources), mended

    def _clouds(self, stack: Stack, snapshot: Snapshot) -> Clouds:
        return Clouds(self._providers, stack.environment, stack.state_dir, snapshot.identities)

    @contextmanager
    def _run(
        self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event, purpose: str
    ) -> Iterator[tuple[Ledger, Clouds]]:
        """Hold the stack, know its clouds, settle what was left under way; save at the end, however it ends."""
        with StackLock(stack.state_dir, purpose):
            store = JournaledState(stack.state_dir, stack.passphrase)
            snapshot, mended = self._with_right_outputs(stack, store.load(), sink)
            clouds = self._clouds(stack, snapshot)
            clouds.open_all(snapshot.resources)
            if cancel.is_set():
                raise InterruptedByUser
            if mended:
                store.end(None, put=mended)
            ledger = Ledger(stack.name, snapshot, store, sink, cancel, options.parallel)
            recovery.settle(store, ledger, clouds)
            try:
                yield ledger, clouds
            finally:
                store.compact(graph.ordered(ledger.resources()))

    def _plan(
        self,
        stack: Stack,
        options: RunOptions,
        snapshot: Snapshot,
        clouds: Clouds,
        sink: EventSink,
        cancel: threading.Event,
    ) -> tuple[Plan, Update]:
        """Run the program without acting; what is in silent clouds is left out, and a cancelled run's plan is a part.

        Raises:
            UserError, RefusedError: The program, or a look-up, refuses; with the reason.
        """
        sink(Phase(stack.name, "planning", len(snapshot.resources) or None))
        ledger = Ledger(stack.name, snapshot, None, _only_messages(sink), cancel, options.parallel)
        update = Update(stack, options, clouds, ledger, dry_run=True)
        failures = [self._run_program(stack, update), *ledger.failures]
        if cancel.is_set():
            return Plan(stack.name, tuple(ledger.steps)), update
        for failure in failures:
            if failure is not None and failure.urn not in clouds.silent:
                raise UserError(failure.message, hint=failure.hint, code="program-failed")
        update.plan_deletes()
        return Plan(stack.name, tuple(ledger.steps)), update

    def _with_needed(
        self, stack: Stack, options: RunOptions, snapshot: Snapshot, clouds: Clouds, cancel: threading.Event
    ) -> RunOptions:
        """The options with the targets' needs as targets too, where those are not there yet; runs the program for that.

        Raises:
            UserError: A target does not exist, or the program refuses; with the reason.
        """
        if not options.targets:
            return options
        ledger = Ledger(stack.name, snapshot, None, lambda _event: None, cancel, options.parallel)
        every = Update(stack, replace(options, targets=()), clouds, ledger, dry_run=True)
        self._run_program(stack, every)
        if cancel.is_set():
            return options
        targets.require_known(stack.name, options.targets, {*every.needs, *(r.urn for r in snapshot.resources)})
        return replace(options, targets=targets.widened(options.targets, every.needs, every.was_there))

    def _run_program(self, stack: Stack, update: Update) -> Failure | None:
        """Run the program against this update.

        Returns:
            What it did wrong, when something was done before it did; else that is an exception.

        Raises:
            UserError, RefusedError: What must end all: it uses what this engine has not, or a cloud is another one.
        """
        # Loads Pulumi's SDK and gRPC: a third of a second that an up without anything to do need not spend.
        from ace.engine.embedded.monitor import serving  # noqa: PLC0415

        program = runner.read_program(stack)

        def on_line(level: str, text: str) -> None:
            update.log(level, text, "")

        with serving(update) as address:
            error = runner.run(stack, program, address, on_line, lambda: update.at_rest, dry_run=update.dry_run)
        if update.fatal is not None:
            raise update.fatal
        if error is None:
            return None
        begun = any(step.op is not Op.SAME and step.custom for step in update.ledger.steps)
        if not begun and error.kind == "refused":
            raise RefusedError(error.message, hint=error.hint, code=error.code)
        if not begun and error.kind == "user":
            raise UserError(error.message, hint=error.hint, code=error.code)
        return Failure("", error.message, error.hint)


def _only_messages(sink: EventSink) -> EventSink:
    """A plan's steps are no news; the plan is."""
    return lambda event: sink(event) if isinstance(event, Message) else None


def _together(before: Sequence[Step], after: Sequence[Step]) -> list[Step]:
    """The steps of a run that was done twice: what was made and then changed, or was the same, was made."""
    acted = {step.urn: step for step in before if step.op is not Op.SAME}
    again = {step.urn for step in after}
    gone = [step for urn, step in acted.items() if urn not in again]
    return [*gone, *(acted.get(step.urn, step) if step.op in (Op.SAME, Op.UPDATE) else step for step in after)]


def _targeted(ledger: Ledger, options: RunOptions) -> list[Resource]:
    targets.require_known(ledger.stack, options.targets, ledger.live)
    return [r for r in ledger.live.values() if not options.targets or r.urn in options.targets]


def _outcome(ledger: Ledger) -> Outcome:
    return Outcome(
        ledger.stack,
        tuple(ledger.steps),
        tuple(ledger.failures),
        interrupted=ledger.interrupted,
        outputs=_outputs(ledger.live.values()),
    )


def _outputs(resources: Iterable[Resource]) -> Properties:
    return next((r.outputs for r in resources if r.type == urns.STACK_TYPE), {})
