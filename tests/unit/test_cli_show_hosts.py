"""What `ace configure` and `ace verify` show at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ace.cli.show import hosts as show
from ace.documents import Failure
from ace.errors import ExitCode
from ace.fleet.run import Result
from ace.services.country_run import HostsOutcome
from ace.services.results import Ending, HostCounts, RunResult, ServiceCheck, Trouble

GW, SVC = "gw1.ebene-1.mu", "svc1.ebene-1.mu"
BEGAN = datetime(2026, 11, 25, tzinfo=UTC)


def an_outcome(result: Result, *checks: ServiceCheck, troubles: tuple[Trouble, ...] = ()) -> HostsOutcome:
    hosts = {GW: HostCounts(ok=3, changed=1), SVC: HostCounts(ok=2)}
    ran = RunResult(Ending.COMPLETE, hosts, (), troubles, {}, checks, (), Path("/run"), 1.0)
    failed = result is Result.FAILED
    return HostsOutcome(
        result,
        ExitCode.FAILED if failed else ExitCode.OK,
        "hosts-failed" if failed else "",
        f"1 of 2 hosts: {SVC}" if failed else "",
        started=BEGAN,
        ended=BEGAN + timedelta(seconds=61.5),
        run=ran,
    )


def checks(passed: int, skipped: int, failed: int = 0) -> list[ServiceCheck]:
    verdicts = ["PASS"] * passed + ["SKIP"] * skipped + ["FAIL"] * failed
    return [ServiceCheck(GW, f"check-{number}", verdict, "evidence") for number, verdict in enumerate(verdicts)]


def test_verify_ends_with_how_many_checks_passed_in_all_countries(capsys: pytest.CaptureFixture[str]) -> None:
    countries = {
        "mu": an_outcome(Result.UNCHANGED, *checks(30, 5)),
        "tn": an_outcome(Result.UNCHANGED, *checks(25, 4)),
    }
    show.print_checks(countries, 61.5, all_=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "mu  30 passed, 5 skipped  61.5 s"
    assert lines[-1] == "verify: 55 passed, 9 skipped in 1 min 1 s"
    assert len(lines) == 2 + 5 + 4 + 1, "what passed is not listed"


def test_a_failed_check_is_counted_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    show.print_checks({"mu": an_outcome(Result.FAILED, *checks(1, 0, failed=1))}, 3.0, all_=False)
    assert capsys.readouterr().out.splitlines() == [
        "mu  1 passed, 1 failed  61.5 s",
        f"  FAIL  {GW}  check-1  evidence",
        "verify: 1 passed, 1 failed in 3.0 s",
    ]


def test_progress_of_verify_has_the_counts_and_not_that_nothing_changed() -> None:
    assert show.VerifyLine.ending(an_outcome(Result.UNCHANGED, *checks(55, 9))) == "55 passed, 9 skipped in 1 min 1 s"
    assert show.VerifyLine.ending(HostsOutcome(Result.EARLY_EXIT)) == "early exit"


def test_configure_ends_with_a_line_a_country_and_one_a_host(capsys: pytest.CaptureFixture[str]) -> None:
    countries = {"mu": an_outcome(Result.SUCCEEDED), "ke": HostsOutcome(Result.EXCLUDED, reason="no-cloud", cause="x")}
    show.print_results(countries)
    assert capsys.readouterr().out.splitlines() == [
        "mu  succeeded  61.5 s",
        f"  {GW:<15}  3 ok, 1 changed",
        f"  {SVC}  2 ok",
        "left out: ke (not deployed here; name one for details)",
    ]


def test_a_failure_is_shown_with_host_task_cause_and_retry(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = an_outcome(Result.FAILED, troubles=(Trouble(SVC, "dns : Knot", "no zone"),))
    stopped = HostsOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, "interrupted", "not begun")
    show.print_failures({"mu": outcome, "tn": stopped}, "ace configure")
    assert capsys.readouterr().err.splitlines() == [
        "",
        f"mu failed: 1 of 2 hosts: {SVC}",
        f"  {SVC}  dns : Knot",
        "    no zone",
        "what to do: fix that and run `ace configure mu`",
        "",
        "interrupted. To continue: `ace configure tn`",
    ]
    assert show.failure({"mu": outcome}, "ace configure") == Failure(
        "hosts-failed", f"mu: 1 of 2 hosts: {SVC}", "`ace configure mu`"
    )
