"""Runs that are interrupted, refused or fail: what is said of them is what is left, and protection stays where it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from ace.engine.contract import Op, Outcome, Plan, RunOptions, Step
from ace.engine.interrupt import Interrupt
from ace.engine.pulumi_cli import cli_state, protection
from ace.engine.pulumi_cli.cli_state import resources_of
from ace.engine.pulumi_cli.engine import PulumiCliEngine
from ace.errors import RefusedError
from tests.contract.conftest import ENGINES
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import TOKEN, FilesProvider

CHAIN = 'a = file("a", "one")\nb = file("b", "two", near=a.id)\nfile("c", "three", near=b.id)\n'
"""Made in this order, deleted in the other."""
HANGING = 'import time\nopen(os.environ["FILES_FOLDER"] + "/held", "w").close()\ntime.sleep(3600)\n'
"""A program that never ends; it says that it runs."""
DEADLINE_S = 300

Ended = TypeVar("Ended")


def wait_for(path: Path) -> None:
    """Until the file is there."""
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path.name}"
        threading.Event().wait(0.02)


def hold(bench: Bench, what: str) -> None:
    """Have the cloud keep this request waiting: `delete two`."""
    (bench.root / "cloud" / "hold").write_text(what)


def let_go(bench: Bench) -> None:
    (bench.root / "cloud" / "hold").unlink(missing_ok=True)


def interrupted(bench: Bench, run: Callable[[Interrupt], Ended], *, times: int = 1) -> Ended:
    """Run, stop it that often once a request is held (or the program hangs), and let the request go on."""
    cancel, cloud = Interrupt(), bench.root / "cloud"
    (cloud / "held").unlink(missing_ok=True)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(run, cancel)
        try:
            wait_for(cloud / "held")
            (cloud / "cancelled").unlink(missing_ok=True)  # a plan's plugin was told so when the plan was done
            for _ in range(times):
                cancel.insist()
            if times == 1 and bench.driver == "pulumi" and (cloud / "hold").exists():
                wait_for_pulumi_to_know(cloud, ending)
            if times > 1:
                return ending.result(DEADLINE_S)  # while the request is still held
        finally:
            let_go(bench)
        return ending.result(DEADLINE_S)


def wait_for_pulumi_to_know(cloud: Path, ending: Any) -> None:
    """Until the CLI has told its plugin that it stops; what is held in ACE itself (`identity`) is not the CLI's."""
    if (cloud / "hold").read_text() != "identity":
        wait_for(cloud / "cancelled")
    assert not ending.done(), "it did not wait for what was in flight"


def destroying(bench: Bench, **options: Any) -> Callable[[Interrupt], Outcome]:
    return lambda cancel: bench.engine.destroy(bench.stack, RunOptions(**options), bench.events.append, cancel)


def deploying(bench: Bench, program: str, **options: Any) -> Callable[[Interrupt], Outcome]:
    bench.program(program)
    return lambda cancel: bench.engine.up(bench.stack, RunOptions(**options), bench.events.append, cancel)


def in_state(bench: Bench) -> dict[str, bool]:
    """The files that the state knows, by name, and whether they are protected."""
    if bench.driver == "pulumi":  # what the CLI itself has, not what the engine would hand over
        resources = resources_of(cli_state.export(bench.workspace, bench.stack))
    else:
        resources = resources_of(bench.engine.export(bench.stack))
    return {r["urn"].rsplit("::", 1)[-1]: bool(r.get("protect")) for r in resources if r["type"] == TOKEN}


def urn(name: str) -> str:
    return f"urn:pulumi:tn::ace::{TOKEN}::{name}"


def nothing_loud(bench: Bench) -> None:
    """No traceback, no last words of a program that was stopped: the person asked for it."""
    said = [*bench.said("error"), *bench.said("warning")]
    assert [text for text in said if not text.startswith("using pulumi-resource-")] == []


# ------------------------------------------------------------------------------------------------------ before the start


@pytest.mark.parametrize("action", ["up", "refresh", "destroy"])
def test_a_run_cancelled_before_its_start_does_nothing_and_is_interrupted(either: Bench, action: str) -> None:
    either.up(CHAIN)
    either.program("")
    cancel = threading.Event()
    cancel.set()
    outcome = getattr(either.engine, action)(either.stack, RunOptions(force=True), either.events.append, cancel)
    assert outcome.interrupted
    assert outcome.steps == ()
    assert set(either.files) == {"one", "two", "three"}


@pytest.mark.parametrize("action", ["up", "destroy"])
def test_an_empty_stack_is_not_called_unchanged_when_its_run_was_cancelled(either: Bench, action: str) -> None:
    either.program("")
    cancel = threading.Event()
    cancel.set()
    assert getattr(either.engine, action)(either.stack, RunOptions(), either.events.append, cancel).interrupted


def test_a_stop_while_the_clouds_are_asked_who_they_are_touches_nothing(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "identity")
    outcome = interrupted(either, destroying(either))
    assert (outcome.interrupted, outcome.steps, outcome.failures) == (True, (), ())
    assert set(either.files) == {"one", "two", "three"}
    nothing_loud(either)


# -------------------------------------------------------------------------------------------------------------- planning


def test_a_stop_while_planning_is_an_interruption_and_says_nothing_of_the_program(either: Bench) -> None:
    either.up(CHAIN)
    outcome = interrupted(either, deploying(either, CHAIN + HANGING))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert set(either.files) == {"one", "two", "three"}
    nothing_loud(either)


def test_a_preview_is_stopped_and_says_nothing_of_the_program(either: Bench) -> None:
    either.program(CHAIN + HANGING)

    def preview(cancel: threading.Event) -> Plan:
        return either.engine.preview(either.stack, RunOptions(), either.events.append, cancel)

    assert {step.op for step in interrupted(either, preview).steps} <= {Op.CREATE}
    nothing_loud(either)


# ------------------------------------------------------------------------------------------------- reading and comparing


def test_a_stop_while_refreshing_is_an_interruption_and_loses_nothing(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "read two")

    def refresh(cancel: threading.Event) -> Outcome:
        return either.engine.refresh(either.stack, RunOptions(parallel=1), either.events.append, cancel)

    outcome = interrupted(either, refresh)
    assert outcome.failures == ()
    assert outcome.interrupted or {"a", "b", "c"} <= {step.name for step in outcome.steps}
    assert set(in_state(either)) == {"a", "b", "c"}
    nothing_loud(either)


def test_a_stop_during_an_up_that_refreshes_first_makes_nothing(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "read two")
    outcome = interrupted(either, deploying(either, CHAIN + 'file("d", "four")\n', refresh=True))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert set(either.files) == {"one", "two", "three"}
    nothing_loud(either)


def test_a_comparison_is_stopped_without_a_complaint(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "read two")

    def drift(cancel: threading.Event) -> tuple[Step, ...]:
        return either.engine.drift(either.stack, either.events.append, cancel)

    assert interrupted(either, drift) == ()
    nothing_loud(either)


# -------------------------------------------------------------------------------------------------- making and unmaking


def test_a_stop_in_the_middle_of_an_up_finishes_what_is_in_flight_and_tells_what_was_made(either: Bench) -> None:
    hold(either, "create two")
    outcome = interrupted(either, deploying(either, CHAIN))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert ops(outcome) == {"a": "create", "b": "create"}
    assert set(either.files) == {"one", "two"}
    nothing_loud(either)
    assert ops(either.up()) == {"c": "create"}


def test_a_stop_while_an_up_deletes_is_an_interruption(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "delete two")
    outcome = interrupted(either, deploying(either, "", force=True))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert ops(outcome) == {"c": "delete", "b": "delete"}
    assert set(either.files) == {"one"}
    nothing_loud(either)


def test_a_stop_in_the_middle_of_a_teardown_is_no_success(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "delete two")
    outcome = interrupted(either, destroying(either))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert ops(outcome) == {"c": "delete", "b": "delete"}
    assert set(either.files) == {"one"}
    nothing_loud(either)
    assert either.down().failures == ()
    assert either.files == {}


def test_a_stop_in_the_middle_of_a_teardown_of_targets_is_no_success(either: Bench) -> None:
    either.up(CHAIN + 'file("d", "four")\n')
    hold(either, "delete two")
    outcome = interrupted(either, destroying(either, targets=(urn("a"), urn("b"), urn("c"))))
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert ops(outcome) == {"c": "delete", "b": "delete"}
    assert set(either.files) == {"one", "four"}


def test_a_teardown_of_targets_that_was_stopped_at_its_last_one_is_done(either: Bench) -> None:
    either.up(CHAIN)
    hold(either, "delete three")
    outcome = interrupted(either, destroying(either, targets=(urn("c"),)))
    assert (outcome.interrupted, outcome.failures) == (False, ())
    assert set(either.files) == {"one", "two"}


# ------------------------------------------------------------------------------------------------ only the Pulumi engine


@pytest.fixture(params=ENGINES[1:])
def cli(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """The stack on the Pulumi CLI; what the embedded engine does when a person insists is its process's matter."""
    return Bench(tmp_path, driver=request.param)


@pytest.mark.parametrize("times", [2, 3])
def test_a_person_who_insists_does_not_wait_and_is_told_what_is_left(cli: Bench, times: int) -> None:
    cli.up(CHAIN)
    hold(cli, "delete two")
    outcome = interrupted(cli, destroying(cli), times=times)
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert ops(outcome) == {"c": "delete"}
    assert set(in_state(cli)) == {"a", "b"}
    nothing_loud(cli)


@pytest.mark.parametrize("times", [2, 3])
def test_a_person_who_insists_while_planning_does_not_wait(cli: Bench, times: int) -> None:
    outcome = interrupted(cli, deploying(cli, CHAIN + HANGING), times=times)
    assert (outcome.interrupted, outcome.failures) == (True, ())
    assert cli.files == {}
    nothing_loud(cli)


def test_nothing_is_swept_until_the_stack_is_empty_and_then_all_that_it_had(cli: Bench) -> None:
    cli.up(CHAIN + 'file("d", "four", retain_on_delete=True)\n')
    swept: list[list[str]] = []
    engine = PulumiCliEngine(
        {"files": FilesProvider()},
        lambda resources, _environment: swept.append([one["urn"] for one in resources if one["type"] == TOKEN]),
    )
    hold(cli, "delete two")
    interrupted(cli, lambda cancel: engine.destroy(cli.stack, RunOptions(), cli.events.append, cancel))
    assert swept == []
    engine.destroy(cli.stack, RunOptions(targets=(urn("a"),)), cli.events.append, threading.Event())
    assert swept == []
    engine.destroy(cli.stack, RunOptions(), cli.events.append, threading.Event())
    assert [sorted(urns) for urns in swept] == [[urn("a"), urn("b"), urn("c")]], "d is kept in its cloud"


# ------------------------------------------------------------------------------------------------------------ protection

GUARDED = 'a = file("a", "one", protect=True)\n' + "".join(f'file("f{n}", "text{n}")\n' for n in range(9))


def test_what_a_guard_refuses_stays_protected(either: Bench) -> None:
    either.up(GUARDED)
    with pytest.raises(RefusedError, match="of 10"):
        either.up('file("f0", "text0")\n', unprotect=("*",))
    assert in_state(either)["a"]
    assert len(either.files) == 10
    either.program("")
    with pytest.raises(RefusedError, match="protected"):
        either.up(force=True)


def test_what_another_protected_resource_keeps_from_going_stays_protected(either: Bench) -> None:
    program = 'file("a", "one", protect=True)\nfile("b", "two", protect=True)\nfile("c", "three")\n'
    either.up(program)
    for refused in (lambda: either.down(unprotect=(urn("a"),)), lambda: either.up("", unprotect=(urn("a"),))):
        with pytest.raises(RefusedError, match="File::b"):
            refused()
        assert in_state(either) == {"a": True, "b": True, "c": False}


def test_what_is_unprotected_is_planned_as_what_it_becomes(either: Bench) -> None:
    either.up(GUARDED)
    plan = either.preview(GUARDED.replace('a = file("a", "one", protect=True)\n', ""), unprotect=(urn("a"),))
    assert ops(plan) == {"a": "delete"}
    assert in_state(either)["a"]


def test_a_step_that_fails_leaves_what_it_was_to_delete_protected(either: Bench) -> None:
    either.up('file("a", "stuck", protect=True)\nfile("b", "two", protect=True)\n')
    assert either.up("", unprotect=("*",)).failures
    assert in_state(either) == {"a": True}
    assert either.down(unprotect=("*",)).failures
    assert in_state(either) == {"a": True}
    assert set(either.files) == {"stuck"}


def test_a_program_that_fails_leaves_what_was_to_go_protected(either: Bench) -> None:
    either.up('file("a", "one", protect=True)\nfile("b", "two")\n')
    failing = 'file("b", "two")\nif not pulumi.runtime.is_dry_run():\n    raise ValueError("not today")\n'
    assert either.up(failing, unprotect=("*",)).failures
    assert in_state(either)["a"]


@pytest.mark.parametrize("action", ["up", "down"])
def test_a_run_that_is_stopped_leaves_what_is_still_there_protected(either: Bench, action: str) -> None:
    either.up(CHAIN.replace('"one"', '"one", protect=True').replace('"two"', '"two", protect=True'))
    hold(either, "delete two")
    run = destroying(either, unprotect=("*",)) if action == "down" else deploying(either, "", unprotect=("*",))
    outcome = interrupted(either, run)
    assert outcome.interrupted
    assert in_state(either) == {"a": True}


def test_what_a_killed_run_had_unprotected_is_protected_by_the_next(cli: Bench) -> None:
    cli.up('file("a", "one", protect=True)\nfile("b", "two")\n')
    resources = cli.engine.export(cli.stack)["deployment"]["resources"]
    with pytest.raises(KeyboardInterrupt):
        place = cli.workspace
        taken = protection.lifted(place, cli.stack, protection.to_lift(resources, ("*",)), cli.events.append)
        taken.__enter__()  # and dies: nothing gives it back
        raise KeyboardInterrupt
    assert in_state(cli) == {"a": False, "b": False}
    handed_over = resources_of(cli.engine.export(cli.stack))
    assert [r["urn"] for r in handed_over if r.get("protect")] == [urn("a")], "what is handed over is what was meant"
    with pytest.raises(RefusedError, match="File::a"):
        cli.down()
    assert "protected again" in " ".join(cli.said("warning"))
    assert in_state(cli) == {"a": True, "b": False}


def test_what_was_let_go_and_still_is_wanted_is_as_the_program_says(either: Bench) -> None:
    either.up('file("a", "one", protect=True)\nfile("b", "two", protect=True)\n')
    outcome = either.up('file("a", "one")\nfile("b", "two", protect=True)\n', unprotect=("*",))
    assert outcome.failures == ()
    assert in_state(either) == {"a": False, "b": True}
