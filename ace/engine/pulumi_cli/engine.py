"""`PulumiCliEngine`: the contract's `Engine`, by driving the Pulumi CLI."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from ace.engine.contract import (
    EventSink,
    JsonValue,
    Message,
    Op,
    Outcome,
    Plan,
    Properties,
    Provider,
    RunOptions,
    Secret,
    Stack,
    Step,
    ignore_events,
)
from ace.engine.guards import refuse_protected, refuse_too_many
from ace.engine.interrupt import Urgency, stoppable, urgency
from ace.engine.ledger import Doubt
from ace.engine.mending import mend_deployment, put_right
from ace.engine.pulumi_cli import pending, protection, removed
from ace.engine.pulumi_cli.cli_state import export, put, require_success, resources_of
from ace.engine.pulumi_cli.events import SECRET_TEXT
from ace.engine.pulumi_cli.identity import IdentityRecord
from ace.engine.pulumi_cli.opening import Purpose, opened
from ace.engine.pulumi_cli.process import run
from ace.engine.pulumi_cli.session import Session
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import InterruptedByUser, UserError
from ace.files import timestamp_in_name

Found = TypeVar("Found")
Sweep = Callable[[Sequence[Mapping[str, Any]], Mapping[str, str]], None]
"""Called with the destroyed resources (as exported) and the environment."""


class PulumiCliEngine:
    """Runs stacks by the `pulumi` on PATH. `providers` serve only to ask clouds who they are."""

    name = "pulumi"
    stops_at_once = True
    """Its runs are processes: one that is asked to stop at once does, and names what it had done."""

    def __init__(self, providers: Mapping[str, Provider], sweep: Sweep = lambda _resources, _environment: None) -> None:
        """Take the providers to ask, and what to call after a destroy to remove what clouds made by themselves."""
        self._providers = providers
        self._sweep = sweep

    def preview(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Plan:
        """What `up` would do, by `pulumi preview`. A cancelled one gives the part of the plan that it had."""
        try:
            with opened(stack, Purpose.LOOK) as workspace:
                session = self._begin(workspace, stack, options, sink, cancel, acts=False)
                return session.planned(protection.to_lift(session.resources, options.unprotect))[1]
        except InterruptedByUser:
            return _if_ours(cancel, Plan(stack.name, ()))

    @stoppable
    def up(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Preview, guards, then `pulumi up`. What it may delete is unprotected once the guards have let it pass."""
        with opened(stack, Purpose.MAKE, sink) as workspace:
            return self._up(workspace, stack, options, sink, cancel)

    def _up(
        self, workspace: Workspace, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event
    ) -> Outcome:
        session = self._begin(workspace, stack, options, sink, cancel, acts=True)
        if options.refresh:
            refreshed = session.refresh(only_what_is_there=True)
            if refreshed.failures or refreshed.interrupted:
                return self._with_outputs(refreshed, stack, cancel)
            session = replace(session, before=export(session.workspace, stack, cancel))
        lift = protection.to_lift(session.resources, options.unprotect)
        session, plan = session.planned(lift)
        if cancel.is_set():
            raise InterruptedByUser
        refuse_too_many(plan, force=options.force)
        # A plan without changes is carried out too: outputs, protection and order may differ, which no event reports.
        with protection.lifted(session.workspace, stack, lift, sink) as lifted:
            outcome = session.up(plan)
            if not outcome.failures and not outcome.interrupted:
                lifted.settled |= {step.urn for step in outcome.steps if step.op is not Op.DELETE}
        if urgency(cancel) < Urgency.STOP:
            resources = resources_of(export(session.workspace, stack))
            removed.note(session.workspace.folder, session.resources, resources)
            self._clouds(session.workspace).record(resources, session.workspace.environment)
        return self._with_outputs(outcome, stack, cancel)

    @stoppable
    def refresh(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Take the cloud's truth into the state, by `pulumi refresh`."""
        with opened(stack, Purpose.CHANGE, sink) as workspace:
            outcome = self._begin(workspace, stack, options, sink, cancel, acts=True).refresh()
        return self._with_outputs(outcome, stack, cancel)

    @stoppable
    def destroy(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Take everything down, by `pulumi destroy`; protected resources are named and refused first."""
        with opened(stack, Purpose.CHANGE, sink) as workspace:
            return self._destroy(workspace, stack, options, sink, cancel)

    def _destroy(
        self, workspace: Workspace, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event
    ) -> Outcome:
        session = self._begin(workspace, stack, options, sink, cancel, acts=True)
        going = [one for one in session.resources if not options.targets or one["urn"] in options.targets]
        refuse_protected(stack.name, protection.still_protected(going, options.unprotect))
        with protection.lifted(session.workspace, stack, protection.to_lift(going, options.unprotect), sink):
            outcome = session.destroy()
        folder = session.workspace.folder
        if not outcome.failures and not outcome.interrupted and not options.targets:  # then nothing is left
            self._sweep(removed.swept_with(folder, session.resources), session.workspace.environment)
            removed.forget(folder)
        else:
            with suppress(UserError):  # how it ended is reported already
                removed.note(folder, session.resources, resources_of(export(session.workspace, stack)))
        return outcome

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        """What differs in the cloud, by `pulumi refresh --preview-only`."""
        try:
            with opened(stack, Purpose.LOOK) as workspace:
                return self._begin(workspace, stack, RunOptions(), sink, cancel, acts=False).compare()
        except InterruptedByUser:
            return _if_ours(cancel, ())

    def outputs(self, stack: Stack) -> Properties:
        """The stack's outputs, secrets as `Secret`."""
        with opened(stack, Purpose.LOOK) as workspace:
            clear = run(workspace, "stack", "output", "--json", "--show-secrets", "--stack", stack.name)
            masked = run(workspace, "stack", "output", "--json", "--stack", stack.name)
        for finished in (clear, masked):
            require_success(finished, "stack output")
        marked: Properties = _mark(json.loads(clear.stdout), json.loads(masked.stdout))
        return marked

    def export(self, stack: Stack, sink: EventSink = ignore_events) -> dict[str, JsonValue]:
        """The state as Pulumi has it, secrets encrypted; protected is what was so before a run that was cut off."""
        with opened(stack, Purpose.LOOK) as workspace:
            found = protection.as_protected(export(workspace, stack), protection.left(workspace))
        return dict(self._mended(stack, found, sink))

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink = ignore_events) -> None:
        """Replace the stack's state; the present one is kept beside it."""
        with opened(stack, Purpose.REPLACE) as workspace:
            self._import(workspace, stack, deployment, sink)

    def _import(self, workspace: Workspace, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink) -> None:
        present = export(workspace, stack)
        if resources_of(present):
            stamp = timestamp_in_name(datetime.now(UTC))
            backup = workspace.folder / f"before-import-{stamp}.json"
            backup.touch(mode=0o600)
            backup.write_text(json.dumps(present, indent=2), encoding="utf-8")
        put(workspace, stack, self._mended(stack, deployment, sink))
        (workspace.folder / protection.FILE).unlink(missing_ok=True)  # it spoke of the state that was
        self._clouds(workspace).record(resources_of(export(workspace, stack)), workspace.environment)

    def _begin(
        self,
        workspace: Workspace,
        stack: Stack,
        options: RunOptions,
        sink: EventSink,
        cancel: threading.Event,
        *,
        acts: bool,
    ) -> Session:
        """Make sure that the stack's clouds are those that its state was written for.

        Raises:
            InterruptedByUser: `cancel` was set.
        """
        if cancel.is_set():
            raise InterruptedByUser
        before = export(workspace, stack, cancel)
        self._clouds(workspace).require_same(resources_of(before), workspace.environment, stack)
        doubts: tuple[Doubt, ...] = ()
        if not acts:
            pending.announce(before, stack, sink)
        elif settled := pending.settle(before, workspace, stack, self._providers, sink, cancel, options.parallel):
            put(workspace, stack, settled.deployment)
            before, doubts = export(workspace, stack, cancel), settled.doubts
        if acts and protection.restore_left(workspace, stack, sink):
            before = export(workspace, stack, cancel)
        elif left := protection.left(workspace):
            text = f"an earlier run was cut off: {len(left)} resources may be unprotected until the next up or refresh"
            sink(Message(stack.name, "warning", text))
        right = self._mended(stack, before, sink)
        is_mended = right is not before
        if is_mended and acts:
            put(workspace, stack, right)
            before, is_mended = export(workspace, stack, cancel), False
        if cancel.is_set():
            raise InterruptedByUser
        return Session(
            workspace,
            stack,
            options,
            sink,
            cancel,
            dict(right) if is_mended else before,
            self._providers,
            doubts,
            is_mended,
        )

    def _with_outputs(self, outcome: Outcome, stack: Stack, cancel: threading.Event) -> Outcome:
        """With the stack's outputs, unless somebody is waiting for us to end."""
        return outcome if urgency(cancel) >= Urgency.STOP else replace(outcome, outputs=self.outputs(stack))

    def _mended(self, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink) -> Mapping[str, JsonValue]:
        """The very deployment, or one in which what an earlier release wrote wrongly is corrected; sends a message for it."""
        right, names = mend_deployment(deployment, stack.passphrase, self._providers)
        if names:
            sink(Message(stack.name, "warning", put_right(names)))
        return right

    def _clouds(self, workspace: Workspace) -> IdentityRecord:
        return IdentityRecord(workspace.folder, self._providers)


def _if_ours(cancel: threading.Event, found: Found) -> Found:
    """What a cancelled look found; that it was cancelled goes on up where our caller does not know it yet."""
    if not cancel.is_set():
        raise InterruptedByUser
    return found


def _mark(clear: Any, masked: Any) -> Any:
    """The clear values, with `Secret` around what the masked ones hide."""
    if masked == SECRET_TEXT and clear != SECRET_TEXT:
        return Secret(clear)
    if isinstance(clear, dict) and isinstance(masked, dict):
        return {key: _mark(value, masked.get(key)) for key, value in clear.items()}
    if isinstance(clear, list) and isinstance(masked, list):
        return [_mark(a, b) for a, b in zip(clear, masked, strict=True)]
    return clear
