"""Do something in many countries: a thread each, at most so many at once, a failing country leaves the others going."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Generic, Protocol, TypeVar

from ace.engine.interrupt import Urgency, urgency
from ace.errors import ExitCode, InterruptedByUser, UserError, worst

INTERRUPTED: Final = "interrupted"
"""The reason of a country that was stopped, or not begun."""
NOT_BEGUN: Final = "not begun: the run was interrupted"
ABANDONED: Final = "interrupted, and stopped at once: the next run finds out how what was in flight ended"
_ASKED_EVERY_S: Final = 0.1


class Result(StrEnum):
    """How a country's part of a run ended."""

    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"
    """Only compared: something would change."""
    FAILED = "failed"
    EXCLUDED = "excluded"
    """It was not for this run: not active, no cloud."""
    EARLY_EXIT = "early_exit"
    """The run was interrupted before this country was begun, or while it was under way."""

    @property
    def went_well(self) -> bool:
        """Whether all that was asked for is done."""
        return self in (Result.SUCCEEDED, Result.UNCHANGED)


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why a country takes no part in a run: a stable kebab-case word, and a sentence for a person."""

    reason: str
    cause: str


@dataclass(frozen=True, slots=True)
class CountryOutcome:
    """What came of a country's part; each kind of run adds what it alone knows. Times are UTC (None: never begun)."""

    result: Result
    exit_code: ExitCode = ExitCode.OK
    reason: str = ""
    """A stable kebab-case word; empty when it went well."""
    cause: str = ""
    """A sentence for a person; empty when it went well."""
    hint: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    bug: str = ""
    """The traceback when it was no fault of the user's, the cloud's or a host's."""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0


class Job(Protocol):
    """A country's part of a run, not begun."""

    @property
    def country(self) -> str:
        """Its code in lower case."""


J = TypeVar("J", bound=Job)
J_contra = TypeVar("J_contra", bound=Job, contravariant=True)
O = TypeVar("O", bound=CountryOutcome)  # noqa: E741 - an outcome, not a number
O_co = TypeVar("O_co", bound=CountryOutcome, covariant=True)
E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True, slots=True)
class CountryStarted:
    """A country's turn has come."""

    country: str
    what: str
    """With what or on what it runs, in a few words: an engine, so many hosts."""


@dataclass(frozen=True, slots=True)
class CountryEnded(Generic[O_co]):
    """A country is done with, one way or another."""

    country: str
    outcome: O_co


Sink = Callable[[E | CountryStarted | CountryEnded[O]], None]
"""Takes a run's events. Called from any thread; must be quick and must not raise."""


class Act(Protocol[J_contra, O_co, E_co]):
    """What is done in each country. What `act` raises is that country's alone: `run_each` makes its outcome of it."""

    def blank(self, job: J_contra | None, result: Result) -> O_co:
        """An outcome of its kind without more than the result; None: of a country that is only reported."""

    def describe(self, job: J_contra) -> str:
        """With what or on what it runs, in a few words."""

    def act(self, job: J_contra, sink: Callable[[E_co], None], cancel: threading.Event) -> O_co:
        """Do it. It heeds `cancel` by itself, and may raise anything.

        Raises:
            UserError: The country failed, and why.
            InterruptedByUser: It was stopped.
        """

    def known(self, job: J_contra) -> O_co:
        """What is known of a country that is under way and is not waited for any longer."""
        return self.blank(job, Result.EARLY_EXIT)

    def stops_at_once(self, job: J_contra) -> bool:
        """Whether it ends by itself, soon and with an outcome, when it is asked to stop at once."""
        del job
        return False

    def weight(self, job: J_contra) -> int:
        """How much there is to do; where several run at once the heaviest begin first."""
        del job
        return 0


@dataclass(frozen=True, slots=True)
class Ran(Generic[O]):
    """What came of a run, by country. Times are UTC."""

    countries: Mapping[str, O]
    exit_code: ExitCode
    started: datetime
    ended: datetime
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""


def run_each(
    jobs: Sequence[J],
    act: Act[J, O, E],
    sink: Sink[E, O],
    cancel: threading.Event,
    *,
    parallel: int,
    not_run: Mapping[str, Excluded | UserError] | None = None,
) -> Ran[O]:
    """Do it in every country and wait for the end; raises nothing that concerns one country alone.

    Setting `cancel` lets what is in flight finish; countries that were not begun end as `early_exit`. An `Interrupt` that
    insists is not kept waiting: what cannot stop at once is left where it is, and reported as far as is known.

    Args:
        jobs: One a country.
        act: What is done.
        sink: Called with every event, from many threads.
        cancel: Set by whoever wants it to stop.
        parallel: At most so many countries at once.
        not_run: Countries that are only reported, by name: excluded, or failed by that error before they began.
    """
    started = _now()
    countries: dict[str, O] = {}
    for name, why in (not_run or {}).items():
        countries[name] = _not_run(act, why)
        sink(CountryEnded(name, countries[name]))
    turns = [_Turn(job, act, sink, cancel) for job in jobs]
    ordered = sorted(turns, key=lambda turn: -act.weight(turn.job)) if parallel > 1 else turns
    pool = ThreadPoolExecutor(max(1, parallel), thread_name_prefix="ace-fleet")
    ending = {pool.submit(turn.take): turn for turn in ordered}
    waiting = set(ending)
    while waiting and not _insists(cancel, act, [ending[one].job for one in waiting]):
        _, waiting = wait(waiting, timeout=_ASKED_EVERY_S, return_when=FIRST_COMPLETED)
    pool.shutdown(wait=not waiting, cancel_futures=True)
    by_job = {id(turn): future for future, turn in ending.items()}
    for turn in turns:
        countries[turn.job.country] = turn.outcome(by_job[id(turn)], waiting)
    return Ran(countries, exit_code_of(countries, cancel), started, _now(), abandoned=bool(waiting))


def exit_code_of(countries: Mapping[str, CountryOutcome], cancel: threading.Event) -> ExitCode:
    """How a run with these outcomes ends, which may have been cancelled."""
    codes = [country.exit_code for country in countries.values()]
    return worst([*codes, ExitCode.INTERRUPTED] if cancel.is_set() else codes)


@dataclass(slots=True)
class _Turn(Generic[J, O, E]):
    """One country, from its start to its outcome."""

    job: J
    act: Act[J, O, E]
    sink: Sink[E, O]
    cancel: threading.Event
    started: datetime | None = field(default=None, init=False)

    def take(self) -> O:
        """Do it, or do not begin any more; raises nothing."""
        if self.cancel.is_set():
            done = self._not_begun()
        else:
            self.started = _now()
            self.sink(CountryStarted(self.job.country, self.act.describe(self.job)))
            done = replace(self._guarded(), started=self.started, ended=_now())
        self.sink(CountryEnded(self.job.country, done))
        return done

    def outcome(self, future: Future[O], waiting: set[Future[O]]) -> O:
        """What came of it, or what is known if nobody waits for its end."""
        if future not in waiting:
            return future.result()
        if self.started is None:
            return self._not_begun()
        return replace(
            self.act.known(self.job),
            result=Result.EARLY_EXIT,
            exit_code=ExitCode.INTERRUPTED,
            reason=INTERRUPTED,
            cause=ABANDONED,
            started=self.started,
            ended=_now(),
        )

    def _guarded(self) -> O:
        try:
            return self.act.act(self.job, self.sink, self.cancel)
        except InterruptedByUser as error:
            return self._stopped(error.message)
        except UserError as error:
            return _failed(self.act.blank(self.job, Result.FAILED), error)
        except Exception as error:  # a bug in one country's run must not stop the others'
            cause = f"{type(error).__name__}: {error}"
            return replace(
                self.act.blank(self.job, Result.FAILED),
                exit_code=ExitCode.FAILED,
                reason="bug",
                cause=cause,
                bug=traceback.format_exc(),
            )

    def _not_begun(self) -> O:
        return self._stopped(NOT_BEGUN)

    def _stopped(self, cause: str) -> O:
        blank = self.act.blank(self.job, Result.EARLY_EXIT)
        return replace(blank, exit_code=ExitCode.INTERRUPTED, reason=INTERRUPTED, cause=cause)


def _insists(cancel: threading.Event, act: Act[J, O, E], jobs: Sequence[J]) -> bool:
    """Whether somebody wants an end now, and no country that is not done yet comes to one by itself."""
    return urgency(cancel) >= Urgency.STOP and not any(act.stops_at_once(job) for job in jobs)


def _not_run(act: Act[J, O, E], why: Excluded | UserError) -> O:
    if isinstance(why, Excluded):
        return replace(act.blank(None, Result.EXCLUDED), reason=why.reason, cause=why.cause)
    return _failed(act.blank(None, Result.FAILED), why)


def _failed(blank: O, error: UserError) -> O:
    return replace(blank, exit_code=error.exit_code, reason=error.code, cause=error.message, hint=error.hint)


def _now() -> datetime:
    return datetime.now(UTC)
