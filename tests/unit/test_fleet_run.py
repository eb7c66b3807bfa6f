"""Many countries at once: nobody waits for a failing one, an interrupt loses nothing, the report says what happened."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ace.documents import plain
from ace.engine.contract import RunOptions, Stack
from ace.errors import ExitCode, RefusedError, UserError
from ace.fleet.report import SCHEMA, SCHEMA_FILE, Action, RunReport
from ace.fleet.run import CountryEnded, CountryStarted, Excluded, Result
from ace.fleet.stacks import FleetEvent, FleetRun, StackJob, default_parallel, run_stacks
from tests.unit.fleet_engines import FolderEngine, a_stack


def go(action: Action, *jobs: StackJob, parallel: int = 8, options: RunOptions | None = None, **more: Any) -> FleetRun:
    more.setdefault("cancel", threading.Event())
    more.setdefault("sink", lambda _event: None)
    return run_stacks(action, jobs, options or RunOptions(), parallel=parallel, **more)


def results(done: FleetRun) -> dict[str, str]:
    return {name: str(country.result) for name, country in done.report.countries.items()}


def validate(report: RunReport) -> None:
    jsonschema.validate(
        {"schema": SCHEMA, **plain(report.document)},
        json.loads(SCHEMA_FILE.read_text(encoding="utf-8")),
        cls=jsonschema.Draft202012Validator,
    )


def test_counts_are_of_real_resources_and_a_second_up_is_unchanged(tmp_path: Path) -> None:
    job = StackJob(a_stack(tmp_path, "tn", "a", "b"), FolderEngine())
    first, second = go(Action.UP, job), go(Action.UP, job)
    assert results(first) == {"tn": "succeeded"}
    assert (first.report.countries["tn"].counts.create, first.report.countries["tn"].counts.same) == (2, 0)
    assert results(second) == {"tn": "unchanged"}
    assert second.report.countries["tn"].counts.same == 2, "the stack itself is not counted"
    assert second.report.exit_code == ExitCode.OK


def test_a_country_that_fails_leaves_the_others_going_and_says_why(tmp_path: Path) -> None:
    done = go(
        Action.UP,
        StackJob(a_stack(tmp_path, "tn", "a", "?b", "c"), FolderEngine()),
        StackJob(a_stack(tmp_path, "ug", "a"), FolderEngine()),
        parallel=1,
        diagnose=lambda stack, _known: f"cloud {stack.name}-1 does not answer",
    )
    assert results(done) == {"tn": "failed", "ug": "succeeded"}
    failed = done.report.countries["tn"]
    assert failed.cause == "cloud tn-1 does not answer; ?b: the cloud says: quota exceeded"
    assert (failed.reason, failed.counts.create) == ("steps-failed", 2)
    assert done.countries["tn"].hint == "ask for more"
    assert done.report.exit_code == ExitCode.FAILED
    validate(done.report)


class Raising(FolderEngine):
    """Ends before anything ran."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def up(self, stack: Stack, *_: Any) -> Any:
        raise self._error


@pytest.mark.parametrize(
    ("error", "exit_code", "reason"),
    [
        (UserError("locked by 42", code="locked", hint="wait"), ExitCode.FAILED, "locked"),
        (RefusedError("another cloud", code="another-cloud"), ExitCode.REFUSED, "another-cloud"),
        (ZeroDivisionError("oops"), ExitCode.FAILED, "bug"),
    ],
)
def test_what_an_engine_raises_ends_its_country_alone(
    tmp_path: Path, error: Exception, exit_code: ExitCode, reason: str
) -> None:
    done = go(
        Action.UP,
        StackJob(a_stack(tmp_path, "rw", "a"), Raising(error)),
        StackJob(a_stack(tmp_path, "tn", "a"), FolderEngine()),
    )
    assert results(done) == {"rw": "failed", "tn": "succeeded"}
    assert done.report.countries["rw"].reason == reason
    assert done.report.exit_code == exit_code
    assert bool(done.countries["rw"].bug) is (reason == "bug")
    validate(done.report)


def test_a_failure_outweighs_a_refusal(tmp_path: Path) -> None:
    done = go(
        Action.UP,
        StackJob(a_stack(tmp_path, "rw", "a"), Raising(RefusedError("no"))),
        StackJob(a_stack(tmp_path, "tn", "?a"), FolderEngine()),
    )
    assert done.report.exit_code == ExitCode.FAILED


def test_an_interrupt_finishes_what_is_in_flight_and_begins_nothing_new(tmp_path: Path) -> None:
    cancel = threading.Event()

    def interrupt(_stack: Stack, name: str) -> None:
        if name == "b":
            cancel.set()

    engine = FolderEngine(interrupt)
    first, second = a_stack(tmp_path, "tn", "a", "b", "c"), a_stack(tmp_path, "ug", "a")
    done = go(Action.UP, StackJob(first, engine), StackJob(second, engine), parallel=1, cancel=cancel)
    assert results(done) == {"tn": "early_exit", "ug": "early_exit"}
    assert sorted(path.name for path in first.state_dir.iterdir()) == ["a", "b"], "b was in flight"
    assert list(second.state_dir.iterdir()) == []
    assert done.report.countries["ug"].started is None
    assert done.report.exit_code == ExitCode.INTERRUPTED
    validate(done.report)


def test_no_more_than_so_many_run_at_once_and_all_of_them_do(tmp_path: Path) -> None:
    lock, now, most = threading.Lock(), 0, 0
    both = threading.Barrier(2, timeout=30)

    def count(_stack: Stack, _name: str) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        both.wait()
        with lock:
            now -= 1
        both.wait()

    engine = FolderEngine(count)
    jobs = [StackJob(a_stack(tmp_path, name, "a"), engine) for name in ("tn", "ug", "rw", "mu")]
    done = go(Action.UP, *jobs, parallel=2)
    assert set(results(done).values()) == {"succeeded"}
    assert most == 2


def test_preview_and_drift_say_by_their_code_whether_anything_differs(tmp_path: Path) -> None:
    job = StackJob(a_stack(tmp_path, "tn", "a"), FolderEngine())
    assert go(Action.PREVIEW, job).report.exit_code == ExitCode.DIFFERENCES
    assert list(job.stack.state_dir.iterdir()) == [], "a preview makes nothing"
    go(Action.UP, job)
    assert go(Action.PREVIEW, job).report.exit_code == ExitCode.OK
    (job.stack.state_dir / "a").unlink()
    drift = go(Action.DRIFT, job)
    assert drift.report.exit_code == ExitCode.DIFFERENCES
    assert [step.name for step in drift.countries["tn"].steps if step.custom] == ["a"]


def test_a_protected_resource_is_refused_until_it_is_named(tmp_path: Path) -> None:
    job = StackJob(a_stack(tmp_path, "tn", "!a"), FolderEngine())
    go(Action.UP, job)
    refused = go(Action.DOWN, job)
    assert refused.report.exit_code == ExitCode.REFUSED
    assert "!a" in refused.report.countries["tn"].cause
    assert results(go(Action.DOWN, job, options=RunOptions(unprotect=("*",)))) == {"tn": "succeeded"}


def test_a_country_that_cannot_be_run_is_in_the_report_with_its_reason(tmp_path: Path) -> None:
    events: list[FleetEvent] = []
    job = StackJob(a_stack(tmp_path, "tn", "a"), FolderEngine())
    not_run = {"zw": Excluded("not-active", "ZW is suspended"), "ug": UserError("no passphrase", code="no-passphrase")}
    done = go(Action.UP, job, not_run=not_run, sink=events.append)
    assert done.report.countries["zw"].result is Result.EXCLUDED
    assert done.report.countries["ug"].result is Result.FAILED
    assert done.report.exit_code == ExitCode.FAILED
    assert done.report.countries["zw"].cause == "ZW is suspended"
    assert {event.country for event in events if isinstance(event, CountryEnded)} == {"tn", "ug", "zw"}
    assert {event.country for event in events if isinstance(event, CountryStarted)} == {"tn"}
    validate(done.report)


def test_a_report_is_written_whole_for_its_owner_only_and_is_of_the_published_form(tmp_path: Path) -> None:
    done = go(Action.UP, StackJob(a_stack(tmp_path, "tn", "a"), FolderEngine()))
    file = done.report.write_into(tmp_path / ".ace" / "runs")
    assert file.name == f"{done.report.started:%Y%m%dT%H%M%SZ}-up-{done.report.id}.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file], "no temporary file stays"
    written = json.loads(file.read_text(encoding="utf-8"))
    assert written == {"schema": SCHEMA, **plain(done.report.document)}
    validate(done.report)


def test_the_published_form_accepts_no_country_that_failed_without_a_cause(tmp_path: Path) -> None:
    done = go(Action.UP, StackJob(a_stack(tmp_path, "tn", "?a"), FolderEngine()))
    body = {"schema": SCHEMA, **plain(done.report.document)}
    body["countries"]["tn"]["cause"] = ""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(body, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))


def test_by_default_there_is_at_least_one_at_a_time_and_never_more_than_countries() -> None:
    assert default_parallel(1) == 1
    assert 1 <= default_parallel(50) <= 50
