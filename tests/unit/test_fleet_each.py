"""The runner that everything country by country goes through, with an act that has neither engines nor hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ace.engine.interrupt import Interrupt
from ace.errors import ExitCode, InterruptedByUser, RefusedError, UserError
from ace.fleet.run import (
    ABANDONED,
    NOT_BEGUN,
    Act,
    CountryEnded,
    CountryOutcome,
    CountryStarted,
    Excluded,
    Ran,
    Result,
    run_each,
)

DEADLINE_S = 30


@dataclass(frozen=True)
class Task:
    country: str
    does: Callable[[], object] = lambda: None
    size: int = 0


@dataclass(frozen=True)
class Noted(CountryOutcome):
    note: str = ""


@dataclass
class Doing(Act[Task, Noted, str]):
    begun: list[str] = field(default_factory=list)

    def blank(self, job: Task | None, result: Result) -> Noted:
        return Noted(result, note="" if job is None else f"of {job.country}")

    def describe(self, job: Task) -> str:
        return f"size {job.size}"

    def weight(self, job: Task) -> int:
        return job.size

    def act(self, job: Task, sink: Callable[[str], None], cancel: threading.Event) -> Noted:
        self.begun.append(job.country)
        job.does()
        return Noted(Result.SUCCEEDED, note="done")


def go(*jobs: Task, act: Doing | None = None, cancel: threading.Event | None = None, **more: Any) -> Ran[Noted]:
    more.setdefault("sink", lambda _event: None)
    more.setdefault("parallel", 4)
    return run_each(jobs, act or Doing(), cancel=cancel or threading.Event(), **more)


def raising(error: Exception) -> Callable[[], None]:
    def does() -> None:
        raise error

    return does


def test_each_country_starts_once_and_ends_once_and_those_left_out_only_end() -> None:
    events: list[Any] = []
    ran = go(Task("tn", size=2), sink=events.append, not_run={"zw": Excluded("no-cloud", "it has none")})
    assert [type(event) for event in events] == [CountryEnded, CountryStarted, CountryEnded]
    assert events[1] == CountryStarted("tn", "size 2")
    assert events[2] == CountryEnded("tn", ran.countries["tn"])
    assert ran.countries["zw"] == Noted(Result.EXCLUDED, reason="no-cloud", cause="it has none")
    assert list(ran.countries) == ["zw", "tn"]


@pytest.mark.parametrize(
    ("error", "result", "reason", "code"),
    [
        (UserError("no", hint="do", code="locked"), Result.FAILED, "locked", ExitCode.FAILED),
        (RefusedError("no"), Result.FAILED, "refused", ExitCode.REFUSED),
        (InterruptedByUser("stopped"), Result.EARLY_EXIT, "interrupted", ExitCode.INTERRUPTED),
        (ZeroDivisionError("oops"), Result.FAILED, "bug", ExitCode.FAILED),
    ],
)
def test_what_is_raised_is_an_outcome_with_times_and_of_that_country_alone(
    error: Exception, result: Result, reason: str, code: ExitCode
) -> None:
    ran = go(Task("rw", raising(error)), Task("tn"))
    rw = ran.countries["rw"]
    assert (rw.result, rw.reason, rw.exit_code, rw.note) == (result, reason, code, "of rw")
    assert rw.started is not None
    assert rw.ended is not None
    assert bool(rw.bug) is (reason == "bug")
    assert ran.countries["tn"].result is Result.SUCCEEDED
    assert ran.exit_code is code


def test_the_heaviest_begin_first_where_several_run_at_once_and_none_is_moved_where_not() -> None:
    together, alone = Doing(), Doing()
    jobs = [Task("mu", size=1), Task("tn", size=3), Task("zm", size=2)]
    assert list(go(*jobs, act=alone, parallel=1).countries) == alone.begun == ["mu", "tn", "zm"]
    assert list(go(*jobs, act=together, parallel=2).countries) == ["mu", "tn", "zm"]
    assert together.begun[0] == "tn"


def test_after_a_cancel_nothing_begins() -> None:
    cancel = threading.Event()
    ran = go(Task("mu", cancel.set), Task("tn"), cancel=cancel, parallel=1)
    assert ran.countries["mu"].result is Result.SUCCEEDED
    tn = ran.countries["tn"]
    assert (tn.result, tn.cause, tn.started) == (Result.EARLY_EXIT, NOT_BEGUN, None)
    assert (ran.exit_code, ran.abandoned) == (ExitCode.INTERRUPTED, False)


def test_who_insists_is_not_kept_waiting() -> None:
    cancel, held = Interrupt(), threading.Event()

    def insist() -> None:
        cancel.insist()
        cancel.insist()
        held.wait(DEADLINE_S)

    ran = go(Task("mu", insist), Task("tn"), cancel=cancel, parallel=1)
    held.set()
    assert ran.abandoned
    assert (ran.countries["mu"].cause, ran.countries["mu"].note) == (ABANDONED, "of mu")
    assert ran.countries["tn"].cause == NOT_BEGUN


def test_what_stops_by_itself_is_waited_for_though_somebody_insists() -> None:
    class Stopping(Doing):
        def stops_at_once(self, job: Task) -> bool:
            return True

    cancel = Interrupt()

    def insist() -> None:
        cancel.insist()
        cancel.insist()

    ran = go(Task("mu", insist), act=Stopping(), cancel=cancel)
    assert not ran.abandoned
    assert ran.countries["mu"].note == "done"
