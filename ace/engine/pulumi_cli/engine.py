"""`PulumiCliEngine`: the contract's `Engine`, by driving the Pulumi CLI."""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ace.engine.contract import (
    EventSink,
    Failure,
    JsonValue,
    Op,
    Outcome,
    Phase,
    Plan,
    Properties,
    Provider,
    RunOptions,
    Secret,
    Stack,
    Step,
)
from ace.engine.guards import refuse_protected, refuse_too_many
from ace.engine.pulumi_cli.events import SECRET_TEXT, Reading
from ace.engine.pulumi_cli.identity import IdentityRecord
from ace.engine.pulumi_cli.process import Finished, follow, run
from ace.engine.pulumi_cli.words import protected_in
from ace.engine.pulumi_cli.workspace import Workspace, prepare
from ace.errors import UserError

Sweep = Callable[[Sequence[Mapping[str, Any]], Mapping[str, str]], None]
"""Called with the destroyed resources (as exported) and the environment."""

_init = threading.Lock()
"""Stacks are made one at a time: `pulumi stack init` shares files under PULUMI_HOME."""


class PulumiCliEngine:
    """Runs stacks by the `pulumi` on PATH. `providers` serve only to ask clouds who they are."""

    name = "pulumi"

    def __init__(self, providers: Mapping[str, Provider], sweep: Sweep = lambda _resources, _environment: None) -> None:
        """Take the providers to ask, and what to call after a destroy to remove what clouds made by themselves."""
        self._providers = providers
        self._sweep = sweep

    def preview(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Plan:
        """What `up` would do, by `pulumi preview`."""
        session = self._begin(stack, options, sink, cancel)
        return session.plan()

    def up(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Preview, guards, then `pulumi up`."""
        session = self._begin(stack, options, sink, cancel)
        _unprotect(session.workspace, stack, options.unprotect)
        if options.refresh:
            refreshed = session.act("refreshing", "refresh", None)
            if refreshed.failures or refreshed.interrupted:
                return replace(refreshed, outputs=self.outputs(stack))
        plan = session.plan()
        refuse_too_many(plan, force=options.force)
        if cancel.is_set():
            return Outcome(stack.name, (), interrupted=True, outputs=self.outputs(stack))
        # A plan without changes is carried out too: outputs, protection and order may differ, which no event tells.
        outcome = session.act("applying", "up", len(plan.steps))
        self._clouds(session.workspace).record(
            _resources(_export(session.workspace, stack)), session.workspace.environment
        )
        return replace(outcome, outputs=self.outputs(stack))

    def refresh(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Take the cloud's truth into the state, by `pulumi refresh`."""
        outcome = self._begin(stack, options, sink, cancel).act("refreshing", "refresh", None)
        return replace(outcome, outputs=self.outputs(stack))

    def destroy(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
        """Take everything down, by `pulumi destroy`; protected resources are named and refused first."""
        session = self._begin(stack, options, sink, cancel)
        _unprotect(session.workspace, stack, options.unprotect)
        resources = _resources(_export(session.workspace, stack))
        refuse_protected(stack.name, [resource["urn"] for resource in resources if resource.get("protect")])
        outcome = session.act("deleting", "destroy", len(resources))
        if not outcome.failures and not outcome.interrupted:
            self._sweep(resources, session.workspace.environment)
        return outcome

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        """What differs in the cloud, by `pulumi refresh --preview-only`."""
        return self._begin(stack, RunOptions(), sink, cancel).compare()

    def outputs(self, stack: Stack) -> Properties:
        """The stack's outputs, secrets as `Secret`."""
        workspace = _open(stack)
        clear = run(workspace, "stack", "output", "--json", "--show-secrets", "--stack", stack.name)
        masked = run(workspace, "stack", "output", "--json", "--stack", stack.name)
        for finished in (clear, masked):
            _require_success(finished, "stack output")
        marked: Properties = _mark(json.loads(clear.stdout), json.loads(masked.stdout))
        return marked

    def export(self, stack: Stack) -> dict[str, JsonValue]:
        """The state as Pulumi has it, secrets encrypted."""
        return _export(_open(stack), stack)

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue]) -> None:
        """Replace the stack's state; the present one is kept beside it."""
        workspace = _open(stack)
        present = _export(workspace, stack)
        if _resources(present):
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
            backup = workspace.folder / f"before-import-{stamp}.json"
            backup.touch(mode=0o600)
            backup.write_text(json.dumps(present, indent=2), encoding="utf-8")
        with tempfile.TemporaryDirectory(prefix="ace-pulumi-") as scratch:
            file = Path(scratch) / "deployment.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(deployment), encoding="utf-8")
            finished = run(workspace, "stack", "import", "--file", str(file), "--stack", stack.name)
        _require_success(finished, "stack import")
        self._clouds(workspace).record(_resources(_export(workspace, stack)), workspace.environment)

    def _begin(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> _Session:
        """Open the stack and make sure that its clouds are those that its state was written for."""
        workspace = _open(stack)
        resources = _resources(_export(workspace, stack))
        self._clouds(workspace).require_same(resources, workspace.environment, stack)
        return _Session(workspace, stack, options, sink, cancel)

    def _clouds(self, workspace: Workspace) -> IdentityRecord:
        return IdentityRecord(workspace.folder, self._providers)


@dataclass(frozen=True, slots=True)
class _Session:
    """One run of one stack."""

    workspace: Workspace
    stack: Stack
    options: RunOptions
    sink: EventSink
    cancel: threading.Event

    def plan(self) -> Plan:
        """Run `pulumi preview`.

        Raises:
            UserError: The program, or the CLI, says that it cannot be.
        """
        self.sink(Phase(self.stack.name, "planning"))
        reading, finished = self._follow("preview", planning=True)
        if finished.code != 0:
            failures = (*reading.failures, *reading.unclaimed_errors())
            text = "\n".join(failure.message for failure in failures) or finished.text
            refuse_protected(self.stack.name, protected_in(text))
            raise _explained(text, self.stack, hint=reading.trace)
        return Plan(self.stack.name, tuple(reading.steps))

    def compare(self) -> tuple[Step, ...]:
        """Run `pulumi refresh` without writing its findings down.

        Raises:
            UserError: A cloud could not be read.
        """
        self.sink(Phase(self.stack.name, "comparing"))
        reading, finished = self._follow("refresh", "--preview-only", planning=False)
        if finished.code != 0:
            failures = (*reading.failures, *reading.unclaimed_errors())
            raise _explained("\n".join(failure.message for failure in failures) or finished.text, self.stack)
        return tuple(step for step in reading.steps if step.op is not Op.SAME)

    def act(self, phase: str, command: str, total: int | None) -> Outcome:
        """Run `pulumi up`, `refresh` or `destroy`; failed steps are in the outcome."""
        self.sink(Phase(self.stack.name, phase, total))
        flags = ["--yes", "--skip-preview", "--parallel", str(self.options.parallel)]
        if command != "refresh":
            flags.append("--continue-on-error")  # a failed step leaves independent ones going
        reading, finished = self._follow(command, *flags, planning=False)
        failures = (*reading.failures, *reading.unclaimed_errors())
        if finished.code != 0 and not failures and not self.cancel.is_set():
            if "currently locked" in finished.text:
                raise _explained(finished.text, self.stack)
            failures = (Failure("", finished.text or f"pulumi {command} ended with {finished.code}"),)
        return Outcome(
            self.stack.name,
            tuple(reading.steps),
            failures if finished.code != 0 else (),
            interrupted=self.cancel.is_set() and finished.code != 0,
        )

    def _follow(self, command: str, *flags: str, planning: bool) -> tuple[Reading, Finished]:
        reading = Reading(self.stack.name)

        def on_event(event: Mapping[str, Any]) -> None:
            for told in reading.read(event, planning=planning):
                self.sink(told)

        targets = [flag for urn in self.options.targets for flag in ("--target", urn)]
        arguments = [command, "--stack", self.stack.name, *flags, *targets]
        return reading, follow(self.workspace, arguments, on_event, self.cancel)


def _open(stack: Stack) -> Workspace:
    """The stack's workspace; the stack is made in its backend if it is not there."""
    workspace = prepare(stack)
    marker = workspace.folder / "made"
    if marker.exists() and marker.read_text(encoding="utf-8") == workspace.backend_url:
        return workspace
    with _init:
        finished = run(workspace, "stack", "init", stack.name, "--no-select", "--secrets-provider", "passphrase")
        if "already exists" not in finished.text:
            _require_success(finished, "stack init")
        marker.write_text(workspace.backend_url, encoding="utf-8")
    return workspace


def _unprotect(workspace: Workspace, stack: Stack, urns: tuple[str, ...]) -> None:
    if not urns:
        return
    arguments = ("--all",) if "*" in urns else urns
    _require_success(
        run(workspace, "state", "unprotect", *arguments, "--yes", "--stack", stack.name), "state unprotect"
    )


def _export(workspace: Workspace, stack: Stack) -> dict[str, JsonValue]:
    finished = run(workspace, "stack", "export", "--stack", stack.name)
    _require_success(finished, "stack export")
    deployment: dict[str, JsonValue] = json.loads(finished.stdout)
    return deployment


def _resources(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((deployment.get("deployment") or {}).get("resources") or [])


def _mark(clear: Any, masked: Any) -> Any:
    """The clear values, with `Secret` around what the masked ones hide."""
    if masked == SECRET_TEXT and clear != SECRET_TEXT:
        return Secret(clear)
    if isinstance(clear, dict) and isinstance(masked, dict):
        return {key: _mark(value, masked.get(key)) for key, value in clear.items()}
    if isinstance(clear, list) and isinstance(masked, list):
        return [_mark(a, b) for a, b in zip(clear, masked, strict=True)]
    return clear


def _require_success(finished: Finished, command: str) -> None:
    if finished.code != 0:
        raise UserError(f"`pulumi {command}` failed: {finished.text}", code="pulumi-failed")


def _explained(text: str, stack: Stack, hint: str = "") -> UserError:
    """What the CLI said, with what to do where we know it; else the hint given."""
    if "currently locked" in text:
        return UserError(
            f"{stack.name}: {text}",
            hint="wait for the other run; if it is dead, look at who holds the lock and type `pulumi cancel`",
            code="locked",
        )
    if "incorrect passphrase" in text:
        return UserError(
            f"{stack.name}: the passphrase does not open this state",
            hint="check PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
            code="wrong-passphrase",
        )
    return UserError(f"{stack.name}: {text.strip()}", hint=hint, code="program-failed")
