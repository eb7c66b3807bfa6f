"""What the embedded engine makes of crashes, refusals and clouds that give no answer: state true, nothing orphaned."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import psutil
import pytest

from ace.engine.contract import Event, Op, RunOptions, StepFinished
from ace.errors import UserError
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import TOKEN

TWO_CLOUDS = 'second = Provider("second", os.environ["SECOND_FOLDER"])\n'


def in_second(name: str, content: str, **given: str) -> str:
    extra = "".join(f", {key}={value}" for key, value in given.items())
    return f'File("{name}", on(provider=second), content="{content}"{extra})\n'


def contents(folder: Path) -> list[str]:
    import json

    return sorted(json.loads(path.read_text())["content"] for path in folder.glob("*.json"))


@pytest.mark.parametrize("at", range(2, 9))
def test_a_replacement_killed_at_any_record_of_its_journal_ends_with_one_file_of_each(bench: Bench, at: int) -> None:
    program = 'a = file("a", {0!r}, kind={1!r})\nfile("b", "two", kind=a.id)'
    bench.up(program.format("one", "x"))
    bench.up_killed(program.format("uno", "y"), at=at)
    healed = bench.up(force=True)
    assert healed.failures == ()
    assert contents(bench.root / "cloud") == ["two", "uno"]
    assert bench.files["two"]["kind"] == bench.files["uno"]["id"]
    assert bench.up().count(Op.SAME) == 4


def test_a_replacement_killed_right_after_its_create_leaves_no_old_file_behind(bench: Bench) -> None:
    bench.up('file("a", "one", kind="x")')
    (bench.root / "cloud" / "after-create").write_text("uno")
    assert bench.up_killed('file("a", "uno", kind="y")') == 9
    assert contents(bench.root / "cloud") == ["one", "uno"]
    bench.up(force=True)
    assert contents(bench.root / "cloud") == ["uno"]


def test_what_was_made_and_never_became_usable_is_kept_in_the_state_and_replaced(bench: Bench) -> None:
    failed = bench.up('a = file("a", "half")\nfile("b", "two", near=a.id)')
    assert [failure.message for failure in failed.failures] == ["it went to ERROR"]
    assert contents(bench.root / "cloud") == ["half"]
    plan = bench.preview('a = file("a", "whole")\nfile("b", "two", near=a.id)')
    assert ops(plan) == {"a": "replace", "b": "create"}
    healed = bench.up()
    assert ops(healed) == {"a": "replace", "b": "create"}
    assert contents(bench.root / "cloud") == ["two", "whole"]


def test_a_replacement_that_never_became_usable_is_replaced_and_the_first_one_goes(bench: Bench) -> None:
    bench.up('file("a", "one", kind="x")')
    assert bench.up('file("a", "half", kind="y")', force=True).failures
    assert bench.up('file("a", "whole", kind="y")', force=True).failures == ()
    assert contents(bench.root / "cloud") == ["whole"]


def test_a_failed_update_keeps_what_was_and_is_tried_again(bench: Bench) -> None:
    bench.up('file("a", "one")')
    assert bench.up('file("a", "no")').failures
    assert contents(bench.root / "cloud") == ["one"]
    assert ops(bench.up('file("a", "yes")')) == {"a": "update"}


def test_one_cloud_without_an_answer_leaves_the_others_work_going(bench: Bench) -> None:
    (bench.root / "second").mkdir()
    bench.up(TWO_CLOUDS + 'file("a", "one")\n' + in_second("b", "two"))
    shutil.move(bench.root / "second", bench.root / "away")
    after = TWO_CLOUDS + 'file("a", "uno")\n' + in_second("b", "dos") + in_second("c", "three")
    outcome = bench.up(after)
    assert ops(outcome) == {"a": "update"}
    assert [(failure.urn.rsplit("::")[-1], "gives no answer" in failure.message) for failure in outcome.failures] == [
        ("second", True)
    ]
    shutil.move(bench.root / "away", bench.root / "second")
    assert ops(bench.up(after)) == {"b": "update", "c": "create"}


def test_a_look_up_in_a_cloud_without_an_answer_leaves_out_only_what_hangs_on_it(bench: Bench) -> None:
    (bench.root / "second").mkdir()
    program = TWO_CLOUDS + (
        'found = pulumi.runtime.invoke_output("files:index:count", {{}}, pulumi.InvokeOptions(provider=second))\n'
        'file("a", {0!r})\nfile("b", "two", near=found["count"])\n'
    )
    bench.up(program.format("one"))
    shutil.move(bench.root / "second", bench.root / "away")
    outcome = bench.up(program.format("uno"))
    assert ops(outcome) == {"a": "update"}
    assert [failure.urn.rsplit("::")[-1] for failure in outcome.failures] == ["second"]


def test_a_teardown_with_one_cloud_silent_takes_down_the_rest_and_keeps_the_silent_ones_state(bench: Bench) -> None:
    (bench.root / "second").mkdir()
    bench.up(TWO_CLOUDS + 'file("a", "one")\n' + in_second("b", "two") + in_second("c", "three"))
    shutil.move(bench.root / "second", bench.root / "away")
    outcome = bench.down()
    assert len(outcome.failures) == 1, "the cause is told once, not for each resource"
    assert contents(bench.root / "cloud") == []
    shutil.move(bench.root / "away", bench.root / "second")
    assert bench.down().failures == ()
    assert contents(bench.root / "second") == []


def test_a_program_that_hangs_does_not_outlive_a_cancelled_run(bench: Bench) -> None:
    bench.program('import time\na = file("a", "one")\na.id.apply(lambda _: time.sleep(3600))')
    cancel = threading.Event()

    def stop_at_first(event: Event) -> None:
        if isinstance(event, StepFinished) and event.step.type == TOKEN:
            cancel.set()

    outcome = bench.engine.up(bench.stack, RunOptions(), stop_at_first, cancel)
    assert outcome.interrupted
    assert contents(bench.root / "cloud") == ["one"]


def test_a_plan_is_cancelled_at_once(bench: Bench) -> None:
    bench.up('file("a", "one")')
    cancel = threading.Event()
    cancel.set()
    bench.program('file("a", "uno")\nimport time\ntime.sleep(3600)')
    outcome = bench.engine.up(bench.stack, RunOptions(), bench.events.append, cancel)
    assert outcome.interrupted
    assert contents(bench.root / "cloud") == ["one"]


def test_the_program_dies_with_a_killed_engine(bench: Bench) -> None:
    (bench.root / "cloud" / "after-create").write_text("one")
    pid_file = bench.root / "pid"
    program = f'open({str(pid_file)!r}, "w").write(str(os.getpid()))\nfile("a", "one")'
    assert bench.up_killed(program) == 9
    pid, deadline = int(pid_file.read_text()), time.monotonic() + 20
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the program outlives its engine"
        threading.Event().wait(0.05)


def test_a_programs_own_complaint_after_something_was_made_is_an_outcome_not_a_refusal(bench: Bench) -> None:
    complaint = (
        'from ace.errors import UserError\na.id.apply(lambda _: (_ for _ in ()).throw(UserError("not so", hint="do")))'
    )
    outcome = bench.up('a = file("a", "one")\n' + complaint)
    assert ops(outcome) == {"a": "create"}
    assert [(failure.message, failure.hint) for failure in outcome.failures] == [("not so", "do")]


def test_a_programs_error_beside_a_failed_resource_is_told_too(bench: Bench) -> None:
    outcome = bench.up('file("a", "no")\nb = file("b", "two")\nb.id.apply(lambda _: 1 / 0)')
    told = " ".join(failure.message for failure in outcome.failures)
    assert "refuses this content" in told
    assert "division by zero" in told


def test_a_complaint_of_the_program_before_anything_runs_is_told_as_its_message_alone(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"^no such member$"):
        bench.up('from ace.errors import UserError\nraise UserError("no such member")')
