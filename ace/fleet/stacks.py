"""Run an engine's action on the stacks of many countries, and write down what came of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

import psutil

from ace.engine.contract import (
    Drift,
    Engine,
    Event,
    EventSink,
    Failure,
    Op,
    Outcome,
    Phase,
    RunOptions,
    Stack,
    Step,
    StepFinished,
)
from ace.engine.interrupt import Urgency, urgency
from ace.errors import ExitCode, InterruptedByUser, RefusedError, UserError
from ace.fleet.report import Action, CountryReport, Counts, RunReport, new_id
from ace.fleet.run import (
    ABANDONED,
    INTERRUPTED,
    Act,
    CountryEnded,
    CountryOutcome,
    CountryStarted,
    Excluded,
    Result,
    run_each,
)

MEMORY_PER_STACK_MB: Final = 600
"""What a stack's program, its engine and their plugins take while they run (measured with the Pulumi CLI)."""
STACKS_PER_CORE: Final = 2
"""A stack mostly waits for its cloud."""
_SAVED: Final = "interrupted: what was in flight was finished and saved, the rest was not begun"


@dataclass(frozen=True, slots=True)
class StackJob:
    """One country's stack and the engine that runs it."""

    stack: Stack
    engine: Engine

    @property
    def country(self) -> str:
        """Its code in lower case, which is the stack's name."""
        return self.stack.name


@dataclass(frozen=True, slots=True)
class StackOutcome(CountryOutcome):
    """What came of one country's stack."""

    engine: str = ""
    steps: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def counts(self) -> Counts:
        """How many resources were (or would be) created, updated, ..."""
        return counts(self.steps)

    @property
    def report(self) -> CountryReport:
        """Its part of the run report."""
        return CountryReport(self.result, self.reason, self.cause, self.started, self.ended, self.counts, self.engine)


@dataclass(frozen=True, slots=True)
class FleetRun:
    """What came of a run over many stacks."""

    report: RunReport
    countries: Mapping[str, StackOutcome]
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""


FleetEvent = Event | CountryStarted | CountryEnded[StackOutcome]
FleetSink = Callable[[FleetEvent], None]
"""Called from any thread; must be quick and must not raise."""
Diagnose = Callable[[Stack, str], str]
"""Asked when a country failed, with what is known of it: what else is wrong around it (a cloud that does not answer), in
a sentence; empty if nothing."""


def default_parallel(stacks: int) -> int:
    """How many stacks at once suit this machine: by cores, and by the memory that is free now."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    room = psutil.virtual_memory().available // (MEMORY_PER_STACK_MB * 1024 * 1024)
    return max(1, min(stacks, STACKS_PER_CORE * cores, room))


def run_stacks(
    action: Action,
    jobs: Sequence[StackJob],
    options: RunOptions,
    sink: FleetSink,
    cancel: threading.Event,
    *,
    parallel: int,
    not_run: Mapping[str, Excluded | UserError] | None = None,
    diagnose: Diagnose = lambda _stack, _known: "",
) -> FleetRun:
    """Run the action on every stack and wait for the end (`run.run_each`).

    Args:
        action: What to do.
        jobs: The stacks, each with its engine.
        options: How; the same for all.
        sink: Called with every event, from many threads.
        cancel: Set by whoever wants it to stop.
        parallel: At most so many stacks at once.
        not_run: Countries that are only reported, by name: excluded, or failed by that error before they began.
        diagnose: Asked about a stack that failed.
    """
    act = _EngineAct(action, options, diagnose)
    ran = run_each(jobs, act, sink, cancel, parallel=parallel, not_run=not_run)
    report = RunReport(
        id=new_id(),
        action=action,
        started=ran.started,
        ended=ran.ended,
        exit_code=ran.exit_code,
        countries={name: country.report for name, country in ran.countries.items()},
    )
    return FleetRun(report, ran.countries, ran.abandoned)


@dataclass(frozen=True, slots=True)
class _EngineAct(Act[StackJob, StackOutcome, Event]):
    """An action of the engines."""

    action: Action
    options: RunOptions
    diagnose: Diagnose
    finished: dict[str, list[Step]] = field(default_factory=dict)
    """By stack: the steps that were carried out so far."""

    def blank(self, job: StackJob | None, result: Result) -> StackOutcome:
        return StackOutcome(result, engine="" if job is None else job.engine.name)

    def describe(self, job: StackJob) -> str:
        return f"engine {job.engine.name}"

    def known(self, job: StackJob) -> StackOutcome:
        return StackOutcome(
            Result.EARLY_EXIT, engine=job.engine.name, steps=tuple(self.finished.get(job.stack.name, ()))
        )

    def stops_at_once(self, job: StackJob) -> bool:
        return bool(getattr(job.engine, "stops_at_once", False))

    def act(self, job: StackJob, sink: EventSink, cancel: threading.Event) -> StackOutcome:
        try:
            outcome = _carry_out(self.action, job, self.options, self._following(job, sink), cancel)
        except InterruptedByUser:
            outcome = Outcome(job.stack.name, (), interrupted=True)
        except RefusedError:
            raise
        except UserError as error:
            found = self.diagnose(job.stack, error.message)
            raise UserError(_sentences(found, error.message), hint=error.hint, code=error.code) from error
        return self._outcome(job, outcome, cancel)

    def _following(self, job: StackJob, sink: EventSink) -> EventSink:
        """The sink, and we listen."""
        steps = self.finished.setdefault(job.stack.name, [])

        def follow(event: Event) -> None:
            if isinstance(event, Phase) and event.name == "planning":
                steps.clear()  # what a refresh found before is not what the run did
            elif isinstance(event, StepFinished) and event.error is None:
                steps.append(event.step)
            sink(event)

        return follow

    def _outcome(self, job: StackJob, outcome: Outcome, cancel: threading.Event) -> StackOutcome:
        """What an engine's outcome means for its country."""
        engine, steps, failures = job.engine.name, outcome.steps, outcome.failures
        if any(
            failure.urn or not outcome.interrupted for failure in failures
        ):  # else its message is only "interrupted"
            message = _message(failures)
            return StackOutcome(
                Result.FAILED,
                ExitCode.INTERRUPTED if outcome.interrupted else ExitCode.FAILED,
                "steps-failed",
                _sentences(self.diagnose(job.stack, message), message),
                next((failure.hint for failure in failures if failure.hint), ""),
                engine=engine,
                steps=steps,
                failures=failures,
            )
        if outcome.interrupted:
            cause = ABANDONED if urgency(cancel) >= Urgency.STOP else _SAVED
            return StackOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, INTERRUPTED, cause, engine=engine, steps=steps)
        differs = any(step.op is not Op.SAME for step in steps if step.custom)
        code = ExitCode.DIFFERENCES if differs and not self.action.acts else ExitCode.OK
        return StackOutcome(Result.SUCCEEDED if differs else Result.UNCHANGED, code, engine=engine, steps=steps)


def _carry_out(action: Action, job: StackJob, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
    stack, engine = job.stack, job.engine
    match action:
        case Action.PREVIEW:
            plan = engine.preview(stack, options, sink, cancel)
            return Outcome(stack.name, plan.steps, interrupted=cancel.is_set())
        case Action.UP:
            return engine.up(stack, options, sink, cancel)
        case Action.REFRESH:
            return engine.refresh(stack, options, sink, cancel)
        case Action.DOWN:
            return engine.destroy(stack, options, sink, cancel)
        case Action.DRIFT:
            return Outcome(stack.name, _drifting(engine).drift(stack, sink, cancel), interrupted=cancel.is_set())


def _drifting(engine: Engine) -> Drift:
    if not hasattr(engine, "drift"):
        raise UserError(f"the engine {engine.name} cannot compare with the live cloud", code="no-drift")
    return cast(Drift, engine)


def counts(steps: Sequence[Step]) -> Counts:
    """How many of these steps, of real resources, do what."""
    real = [step.op for step in steps if step.custom]
    return Counts(
        create=real.count(Op.CREATE),
        update=real.count(Op.UPDATE),
        replace=real.count(Op.REPLACE),
        delete=real.count(Op.DELETE),
        same=real.count(Op.SAME) + real.count(Op.IMPORT),
    )


def _message(failures: Sequence[Failure]) -> str:
    """The first failure with the resource's name, and how many more there are."""
    first = failures[0]
    name = first.urn.rsplit("::", 1)[-1]
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return f"{name}: {first.message}{more}" if name else f"{first.message}{more}"


def _sentences(*parts: str) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part)) or "it failed without a message"
