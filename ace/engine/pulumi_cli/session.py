"""One run of one stack by the Pulumi CLI: what it plans, what it does, and how that ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from ace.engine.contract import (
    Event,
    EventSink,
    Failure,
    JsonValue,
    Message,
    Op,
    Outcome,
    Phase,
    Plan,
    Provider,
    RunOptions,
    Stack,
    Step,
    StepFinished,
)
from ace.engine.guards import refuse_protected
from ace.engine.interrupt import Urgency, urgency
from ace.engine.ledger import Doubt
from ace.engine.pulumi_cli import endings, pending, refused
from ace.engine.pulumi_cli.cli_state import explained, export, resources_of
from ace.engine.pulumi_cli.events import Reading
from ace.engine.pulumi_cli.messages import protected_in
from ace.engine.pulumi_cli.planning import copy_of
from ace.engine.pulumi_cli.process import Finished, follow
from ace.engine.pulumi_cli.protection import Marked, as_unprotected
from ace.engine.pulumi_cli.targets import MoreTargetsError, require_complete
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import InterruptedByUser, UserError

Found = TypeVar("Found")
Left = Callable[[endings.Resources, Sequence[Step]], Sequence[str]]
"""Of the state after a run, and the steps that it carried out: URNs of what it was to do and has not."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run of one stack, begun: its clouds are those that its state was written for."""

    workspace: Workspace
    stack: Stack
    options: RunOptions
    sink: EventSink
    cancel: threading.Event
    before: dict[str, JsonValue]
    """The state at its begin."""
    providers: Mapping[str, Provider]
    doubts: tuple[Doubt, ...] = ()
    """What was taken in at its begin."""
    is_mended: bool = False
    """Whether `before` puts right what an earlier release wrote wrongly into the store: looks run on a copy of it."""

    @property
    def resources(self) -> list[dict[str, Any]]:
        """What the state has at its begin."""
        return resources_of(self.before)

    def plan(self, unprotected: Sequence[Marked] = ()) -> Plan:
        """Run `pulumi preview`; a cancelled one gives the part of the plan that it had.

        Args:
            unprotected: What is planned as if it were not protected; the state is not changed for that.

        Raises:
            UserError: The program or the CLI refuses.
            InterruptedByUser: It was cancelled before it began.
        """
        self.sink(Phase(self.stack.name, "planning"))
        with self._stage(unprotected) as stage:
            reading, finished = self._follow(stage, "preview", planning=True)
        if finished.code != 0 and not self._is_interrupted(reading):
            failures = (*reading.failures, *reading.unclaimed_errors())
            text = "\n".join(failure.message for failure in failures) or finished.text
            refuse_protected(self.stack.name, protected_in(text))
            require_complete(self.stack.name, self.options.targets, text)
            raise explained(text, self.workspace, self.stack, hint=reading.trace)
        return self._whole(reading, Plan(self.stack.name, tuple(reading.steps)))

    def planned(self, unprotected: Sequence[Marked] = ()) -> tuple[Session, Plan]:
        """The plan, and this session with all that the targets need as targets too."""
        session = self
        while True:
            try:
                return session, session.plan(unprotected)
            except MoreTargetsError as error:
                targets = (*session.options.targets, *error.urns)
                session = replace(session, options=replace(session.options, targets=targets))

    def compare(self) -> tuple[Step, ...]:
        """Run `pulumi refresh` without writing its findings down; a cancelled one gives what it had found.

        Raises:
            UserError: A cloud could not be read.
        """
        self.sink(Phase(self.stack.name, "comparing"))
        with self._stage() as stage:
            reading, finished = self._follow(stage, "refresh", "--preview-only", planning=False)
        if finished.code != 0 and not self._is_interrupted(reading):
            failures = (*reading.failures, *reading.unclaimed_errors())
            raise explained(
                "\n".join(failure.message for failure in failures) or finished.text, self.workspace, self.stack
            )
        return self._whole(reading, tuple(step for step in reading.steps if step.op is not Op.SAME))

    def refresh(self, *, only_what_is_there: bool = False) -> Outcome:
        """Run `pulumi refresh`.

        Args:
            only_what_is_there: Whether targets that the state does not hold yet are no mistake, and are left out.
        """
        if only_what_is_there and self.options.targets:
            there = {one["urn"] for one in self.resources}
            known = tuple(urn for urn in self.options.targets if urn in there)
            if not known:
                return Outcome(self.stack.name, ())
            return replace(self, options=replace(self.options, targets=known)).refresh()

        def left(_after: endings.Resources, steps: Sequence[Step]) -> Sequence[str]:
            return endings.left_of_refresh(self.resources, steps, self.options.targets)

        return self._act("refreshing", "refresh", None, left)

    def up(self, plan: Plan) -> Outcome:
        """Run `pulumi up`."""

        def left(after: endings.Resources, _steps: Sequence[Step]) -> Sequence[str]:
            return endings.left_of_up(after, plan.steps, self.options.targets)

        return self._act("applying", "up", len(plan.steps), left)

    def destroy(self) -> Outcome:
        """Run `pulumi destroy`."""

        def left(after: endings.Resources, _steps: Sequence[Step]) -> Sequence[str]:
            return endings.left_of_destroy(after, self.options.targets)

        return self._act("deleting", "destroy", len(self.resources), left)

    def _act(self, phase: str, command: str, total: int | None, left: Left) -> Outcome:
        """Run what changes the stack; failed steps are in the outcome, and whether it came to its end.

        Raises:
            UserError: Another run holds the stack; or it is unknown how it ended.
        """
        if self.cancel.is_set():
            raise InterruptedByUser
        self.sink(Phase(self.stack.name, phase, total))
        flags = ["--yes", "--skip-preview", "--parallel", str(self.options.parallel)]
        if command != "refresh":
            flags.append("--continue-on-error")  # a failed step leaves independent ones going
        reading, finished = self._follow(self.workspace, command, *flags, planning=False)
        if self._is_interrupted(reading):
            return self._interrupted(reading, finished, left)
        failures = (*self._named(reading), *reading.unclaimed_errors())
        if finished.code != 0:
            if not failures and "currently locked" in finished.text:
                raise explained(finished.text, self.workspace, self.stack)
            failures = failures or (Failure("", finished.text or f"pulumi {command} ended with {finished.code}"),)
            return Outcome(self.stack.name, tuple(reading.steps), failures)
        after = export(self.workspace, self.stack)
        failures = _unfinished(command, left(resources_of(after), reading.steps))
        if self.doubts and not failures:
            failures = pending.taken_back(self.doubts, after, self.workspace, self.stack, self.providers, self.cancel)
        return Outcome(self.stack.name, tuple(reading.steps), failures, interrupted=self.cancel.is_set())

    def _named(self, reading: Reading) -> list[Failure]:
        """The failures, those of refused creates with what is there all the same."""
        if not reading.refused:
            return reading.failures
        resources = resources_of(export(self.workspace, self.stack))
        return [
            refused.named(one, step, resources, self.workspace, self.providers, self.stack.name)
            if (step := reading.refused.get(one.urn))
            else one
            for one in reading.failures
        ]

    def _interrupted(self, reading: Reading, finished: Finished, left: Left) -> Outcome:
        """What a run did that was asked to stop: all of it, if the request came too late."""
        steps = tuple(reading.steps)
        undone: Sequence[str] = ("unknown",)
        with suppress(UserError):  # no state to look at: then nothing is known to be done
            after = resources_of(export(self.workspace, self.stack))
            steps = endings.as_left(steps, self.resources, after)
            undone = left(after, steps)
        return Outcome(self.stack.name, steps, tuple(reading.failures), interrupted=bool(finished.code != 0 or undone))

    def _whole(self, reading: Reading, found: Found) -> Found:
        """What was found, unless somebody else than our caller stopped the CLI: it would pass for all that there is.

        Raises:
            InterruptedByUser: So it was.
        """
        if reading.cancelled and not self.cancel.is_set():
            raise InterruptedByUser
        return found

    def _is_interrupted(self, reading: Reading) -> bool:
        return self.cancel.is_set() or reading.cancelled

    @contextmanager
    def _stage(self, unprotected: Sequence[Marked] = ()) -> Iterator[Workspace]:
        """Where to look from: the stack itself, or a copy where its state is to be seen otherwise than it is stored."""
        if not unprotected and not self.is_mended:
            yield self.workspace
            return
        with copy_of(self.workspace, self.stack, as_unprotected(self.before, unprotected), self.cancel) as copy:
            yield copy

    def _follow(self, workspace: Workspace, command: str, *flags: str, planning: bool) -> tuple[Reading, Finished]:
        if self.cancel.is_set():
            raise InterruptedByUser
        reading = Reading(self.stack.name)

        def on_event(event: Mapping[str, Any]) -> None:
            known = len(reading.failures)
            for reported in reading.read(event, planning=planning):
                if self._is_interrupted(reading) and self._is_echo(reported):
                    del reading.failures[known:]
                    continue
                self.sink(reported)

        targets = [flag for urn in self.options.targets for flag in ("--target", urn)]
        arguments = [command, "--stack", self.stack.name, *flags, *targets]
        return reading, follow(workspace, arguments, on_event, self.cancel)

    def _is_echo(self, reported: Event) -> bool:
        """Whether it only reports that the run was stopped: the program's last messages, a step whose request was cut off."""
        if isinstance(reported, StepFinished) and reported.error is not None:
            return urgency(self.cancel) >= Urgency.STOP or endings.is_cancellation(reported.error)
        return isinstance(reported, Message) and reported.level in ("warning", "error")


def _unfinished(command: str, undone: Sequence[str]) -> tuple[Failure, ...]:
    """The CLI reported that all went well, and it is not so."""
    if not undone:
        return ()
    message = f"pulumi {command} ended as if all were done, and {len(undone)} resources are left: {undone[0]}"
    more = f" and {len(undone) - 1} more" if len(undone) > 1 else ""
    return (Failure("", message + more, "run the same command again"),)
