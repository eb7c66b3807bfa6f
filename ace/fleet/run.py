"""Run an action over many stacks: a thread each, at most so many at once, a failing one leaves the others going."""

from __future__ import annotations

import os
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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
from ace.errors import ExitCode, InterruptedByUser, RefusedError, UserError, worst
from ace.fleet.report import Action, CountryReport, Counts, Result, RunReport, new_id

MEMORY_PER_STACK_MB: Final = 600
"""What a stack's program, its engine and their plugins take while they run (measured with the Pulumi CLI)."""
STACKS_PER_CORE: Final = 2
"""A stack mostly waits for its cloud."""
_ASKED_EVERY_S: Final = 0.1
_NOT_BEGUN: Final = "not begun: the run was interrupted"
_INTERRUPTED: Final = "interrupted: what was in flight was finished and saved, the rest was not begun"
_ABANDONED: Final = "interrupted, and stopped at once: the next run finds out how what was in flight ended"


@dataclass(frozen=True, slots=True)
class Job:
    """One country's stack and the engine that runs it."""

    stack: Stack
    engine: Engine


@dataclass(frozen=True, slots=True)
class Left:
    """Why a country is not run: a stable word, and a sentence for a person."""

    reason: str
    cause: str


@dataclass(frozen=True, slots=True)
class CountryRun:
    """What came of one country: its record, and what only this process needs to know."""

    report: CountryReport
    exit_code: ExitCode = ExitCode.OK
    steps: tuple[Step, ...] = ()
    failures: tuple[Failure, ...] = ()
    hint: str = ""
    bug: str = ""
    """The traceback when it was no fault of the user's or the cloud's."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a run."""

    report: RunReport
    countries: Mapping[str, CountryRun]
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""


@dataclass(frozen=True, slots=True)
class CountryStarted:
    """A country's turn has come."""

    stack: str
    engine: str


@dataclass(frozen=True, slots=True)
class CountryEnded:
    """A country is done with, one way or another."""

    stack: str
    run: CountryRun


FleetEvent = Event | CountryStarted | CountryEnded
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


def run(
    action: Action,
    jobs: Sequence[Job],
    options: RunOptions,
    sink: FleetSink,
    cancel: threading.Event,
    *,
    parallel: int,
    not_run: Mapping[str, Left | UserError] | None = None,
    diagnose: Diagnose = lambda _stack, _known: "",
) -> Run:
    """Run the action on every stack and wait for the end.

    Setting `cancel` lets what is in flight finish; stacks that were not begun end as `early_exit`. An `Interrupt` that
    insists is not kept waiting: engines that cannot stop at once are left where they are, and told of as far as is known.

    Args:
        action: What to do.
        jobs: The stacks, each with its engine.
        options: How; the same for all.
        sink: Told of everything, from many threads.
        cancel: Set by whoever wants it to stop.
        parallel: At most so many stacks at once.
        not_run: Countries that are only reported, by name: excluded, or failed by that error before they began.
        diagnose: Asked about a stack that failed.
    """
    started = _now()
    countries: dict[str, CountryRun] = {}
    under_way = {job.stack.name: _UnderWay() for job in jobs}

    def turn(job: Job) -> CountryRun:
        if cancel.is_set():
            done = CountryRun(
                CountryReport(Result.EARLY_EXIT, "interrupted", _NOT_BEGUN, engine=job.engine.name),
                ExitCode.INTERRUPTED,
            )
        else:
            sink(CountryStarted(job.stack.name, job.engine.name))
            done = _one(action, job, options, under_way[job.stack.name].following(sink), cancel, diagnose)
        sink(CountryEnded(job.stack.name, done))
        return done

    for name, why in (not_run or {}).items():
        countries[name] = _not_run(why)
        sink(CountryEnded(name, countries[name]))
    pool = ThreadPoolExecutor(max(1, parallel), thread_name_prefix="ace-fleet")
    ending = {pool.submit(turn, job): job for job in jobs}
    waiting = set(ending)
    while waiting and not (urgency(cancel) >= Urgency.STOP and not any(_stops_at_once(ending[one]) for one in waiting)):
        _, waiting = wait(waiting, timeout=_ASKED_EVERY_S, return_when=FIRST_COMPLETED)
    pool.shutdown(wait=not waiting, cancel_futures=True)
    for future, job in ending.items():
        known = under_way[job.stack.name]
        countries[job.stack.name] = known.abandoned(job) if future in waiting else future.result()
    codes = [country.exit_code for country in countries.values()]
    if cancel.is_set():
        codes.append(ExitCode.INTERRUPTED)
    report = RunReport(
        id=new_id(),
        action=action,
        started=started,
        ended=_now(),
        exit_code=worst(codes),
        countries={name: country.report for name, country in countries.items()},
    )
    return Run(report, countries, abandoned=bool(waiting))


@dataclass(slots=True)
class _UnderWay:
    """What is known of a stack that has not ended yet."""

    steps: list[Step] = field(default_factory=list)
    since: datetime | None = None

    def following(self, sink: EventSink) -> EventSink:
        """The sink, and we listen."""
        self.since = _now()

        def hear(event: Event) -> None:
            if isinstance(event, Phase) and event.name == "planning":
                self.steps.clear()  # what a refresh found before is not what the run did
            elif isinstance(event, StepFinished) and event.error is None:
                self.steps.append(event.step)
            sink(event)

        return hear

    def abandoned(self, job: Job) -> CountryRun:
        """Its record, when nobody waits for its end."""
        steps = tuple(self.steps)
        ended, cause = (_now(), _ABANDONED) if self.since else (None, _NOT_BEGUN)
        report = CountryReport(
            Result.EARLY_EXIT, "interrupted", cause, self.since, ended, counts(steps), job.engine.name
        )
        return CountryRun(report, ExitCode.INTERRUPTED, steps)


def _stops_at_once(job: Job) -> bool:
    """Whether its engine ends by itself, soon and with a word, when it is told to stop at once."""
    return bool(getattr(job.engine, "stops_at_once", False))


def _one(
    action: Action,
    job: Job,
    options: RunOptions,
    sink: EventSink,
    cancel: threading.Event,
    diagnose: Diagnose,
) -> CountryRun:
    """One country, from its start to its record; raises nothing."""
    begun = CountryReport(Result.SUCCEEDED, started=_now(), engine=job.engine.name)
    try:
        outcome = _act(action, job, options, sink, cancel)
    except InterruptedByUser:
        outcome = Outcome(job.stack.name, (), interrupted=True)
    except UserError as error:
        said = "" if isinstance(error, RefusedError) else diagnose(job.stack, error.message)
        cause = _sentences(said, error.message)
        report = replace(begun, result=Result.FAILED, reason=error.code, cause=cause, ended=_now())
        return CountryRun(report, error.exit_code, hint=error.hint)
    except Exception as error:  # a bug in one country's run must not stop the others'
        report = replace(
            begun, result=Result.FAILED, reason="bug", cause=f"{type(error).__name__}: {error}", ended=_now()
        )
        return CountryRun(report, ExitCode.FAILED, bug=traceback.format_exc())
    begun = replace(begun, ended=_now(), counts=counts(outcome.steps))
    if any(failure.urn or not outcome.interrupted for failure in outcome.failures):  # else it only says "interrupted"
        told = _told(outcome.failures)
        cause = _sentences(diagnose(job.stack, told), told)
        hint = next((failure.hint for failure in outcome.failures if failure.hint), "")
        report = replace(begun, result=Result.FAILED, reason="steps-failed", cause=cause)
        code = ExitCode.INTERRUPTED if outcome.interrupted else ExitCode.FAILED
        return CountryRun(report, code, outcome.steps, outcome.failures, hint)
    if outcome.interrupted:
        cause = _ABANDONED if urgency(cancel) >= Urgency.STOP else _INTERRUPTED
        report = replace(begun, result=Result.EARLY_EXIT, reason="interrupted", cause=cause)
        return CountryRun(report, ExitCode.INTERRUPTED, outcome.steps)
    differs = any(step.op is not Op.SAME for step in outcome.steps if step.custom)
    report = replace(begun, result=Result.SUCCEEDED if differs else Result.UNCHANGED)
    code = ExitCode.DIFFERENCES if differs and not action.acts else ExitCode.OK
    return CountryRun(report, code, outcome.steps)


def _not_run(why: Left | UserError) -> CountryRun:
    if isinstance(why, Left):
        return CountryRun(CountryReport(Result.EXCLUDED, why.reason, why.cause))
    return CountryRun(CountryReport(Result.FAILED, why.code, why.message), why.exit_code, hint=why.hint)


def _act(action: Action, job: Job, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome:
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


def _told(failures: Sequence[Failure]) -> str:
    """The first failure with the resource's name, and how many more there are."""
    first = failures[0]
    name = first.urn.rsplit("::", 1)[-1]
    more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
    return f"{name}: {first.message}{more}" if name else f"{first.message}{more}"


def _sentences(*parts: str) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part)) or "it failed without a message"


def _now() -> datetime:
    return datetime.now(UTC)
