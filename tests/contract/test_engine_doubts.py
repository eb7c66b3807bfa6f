"""What a cloud that is slow, forgetful or of two minds has done all the same: finished, found, or named; never believed early.

Everything is counted in the cloud, once it has come to rest.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest

from ace.engine.contract import Op, RunOptions
from ace.engine.pulumi_cli.process import run
from tests.contract.conftest import ENGINES
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import FileType, goes_in

THREE = 'a = file("a", "one")\nb = file("b", "two", near=a.id)\nfile("c", "three", near=b.id)\n'
ALL = {"one", "two", "three"}
UNIQUE = 'file("a", "one", alone="x")\n'


def mood(bench: Bench, name: str, says: str) -> Path:
    path = bench.root / "cloud" / name
    path.write_text(says)
    return path


def cut_off_in_a_delete(bench: Bench) -> None:
    """A down that is killed while the cloud is deleting."""
    process = bench.alone("down")
    while not bench.going:
        assert process.poll() is None, process.communicate()[1]
        threading.Event().wait(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert bench.going


# ------------------------------------------------------------------------------------------------------------ deletes


def test_a_delete_that_was_cut_off_is_finished_before_anything_is_planned(bench: Bench) -> None:
    bench.up(THREE)
    mood(bench, "slow-delete", "1.5")
    cut_off_in_a_delete(bench)
    outcome = bench.up(force=True)
    assert set(bench.files) == ALL, "what was being deleted is made again"
    assert ops(outcome) == {"c": "create"}
    assert bench.said("warning") == [
        "an earlier run was cut off while deleting c: its deletion is finished now",
    ]
    assert ops(bench.up()) == {}


def test_a_preview_after_a_cut_off_delete_shows_what_the_next_up_makes_again(bench: Bench) -> None:
    bench.up(THREE)
    mood(bench, "slow-delete", "1.5")
    cut_off_in_a_delete(bench)
    assert ops(bench.preview()) == {"c": "create"}
    assert "the next up or down completes that first" in bench.said("warning")[0]


def test_a_delete_that_never_reached_the_cloud_is_made_now(bench: Bench) -> None:
    bench.up(THREE)
    mood(bench, "before-delete", "three")
    assert bench.alone("down").wait(timeout=120) == 9
    assert set(bench.files) == ALL
    outcome = bench.up(force=True)
    assert ops(outcome) == {"c": "create"}
    assert set(bench.files) == ALL


def test_what_goes_with_a_file_is_gone_with_it_when_its_delete_was_cut_off(bench: Bench) -> None:
    program = 'box = file("box", "box")\nfor n in range(3):\n    file(f"f{n}", f"content-{n}", within=box.id)\n'
    bench.up(program)
    mood(bench, "slow-delete", "1.5")
    cut_off_in_a_delete(bench)
    outcome = bench.up(force=True)
    assert ops(outcome) == dict.fromkeys(("box", "f0", "f1", "f2"), "create")
    assert set(bench.files) == {"box", "content-0", "content-1", "content-2"}


def test_a_delete_that_is_refused_in_the_end_leaves_the_resource_in_the_state(bench: Bench) -> None:
    bench.up('file("a", "stuck")\n')
    mood(bench, "before-delete", "stuck")
    assert bench.alone("down").wait(timeout=120) == 9
    assert ops(bench.up()) == {}
    assert bench.said("warning") == [
        "an earlier run was cut off while deleting a: it is still there, since it cannot be deleted "
        "(the folder keeps this one (409))"
    ]


def test_a_stop_while_a_delete_is_being_settled_leaves_it_pending(bench: Bench) -> None:
    bench.up(THREE)
    mood(bench, "slow-delete", "1.5")
    cut_off_in_a_delete(bench)
    cancel = threading.Event()
    cancel.set()
    assert bench.engine.up(bench.stack, RunOptions(), bench.events.append, cancel).interrupted
    assert bench.up(force=True).failures == ()
    assert set(bench.files) == ALL


# ------------------------------------------------------------------------------------------------------------ creates


def test_what_was_found_after_a_lost_answer_and_taken_back_by_the_cloud_is_made_again(bench: Bench) -> None:
    mood(bench, "takes-back", "two")
    outcome = bench.up(THREE)
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "counted in the cloud, not in the state"
    assert ops(outcome) == dict.fromkeys("abc", "create")
    assert ops(bench.up()) == {}


def test_what_the_next_run_finds_and_the_cloud_then_takes_back_is_made_again(bench: Bench) -> None:
    (bench.root / "cloud" / "after-create").write_text("two")
    assert bench.up_killed(THREE) == 9
    made = next(path for path in (bench.root / "cloud").glob("*.json") if '"two"' in path.read_text())
    goes_in(bench.root / "cloud", made.stem, 0.9)  # seen twice, then gone
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == ALL
    assert ops(bench.up()) == {}


def test_a_create_that_is_carried_out_late_beside_the_one_sent_again_leaves_one_file(bench: Bench) -> None:
    mood(bench, "made-late", "two")
    outcome = bench.up(THREE)
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "and no two of one content"
    assert any("the one too many is deleted" in text for text in bench.said("warning"))
    assert ops(bench.up()) == {}


@pytest.mark.parametrize("status", [400, 409])
def test_a_create_that_was_carried_out_and_then_refused_is_taken_in(bench: Bench, status: int) -> None:
    mood(bench, "refuses-what-it-made", str(status))
    outcome = bench.up(THREE)
    assert outcome.failures == ()
    assert set(bench.files) == ALL
    assert ops(bench.up()) == {}


@pytest.mark.parametrize("status", [400, 409])
def test_creates_in_one_request_that_were_carried_out_and_then_refused_are_taken_in(bench: Bench, status: int) -> None:
    boxed = 'box = file("box", "box")\nfor n in range(4):\n    file(f"f{n}", f"content-{n}", within=box.id)\n'
    bench.up('box = file("box", "box")\n')
    mood(bench, "refuses-all-it-made", str(status))
    outcome = bench.up(boxed)
    assert outcome.failures == ()
    assert set(bench.files) == {"box", *(f"content-{n}" for n in range(4))}, "and no two of one content"


def test_a_refusal_that_another_file_is_the_cause_of_names_it_and_what_to_type(bench: Bench) -> None:
    """Somebody else's file, older than the create, is in the way: it is not taken in."""
    cloud = bench.root / "cloud"
    bench.up(UNIQUE)
    (made,) = bench.files.values()
    (bench.root / "state").rename(bench.root / "state.old")  # its state is lost
    outcome = bench.up(UNIQUE)
    (failure,) = outcome.failures
    assert str(made["id"]) in failure.message
    assert f'import_="{made["id"]}"' in failure.hint
    assert len(list(cloud.glob("*.json"))) == 1
    healed = bench.up(f'file("a", "one", alone="x", import_="{made["id"]}")\n')
    assert healed.failures == ()
    assert ops(bench.up(UNIQUE)) == {}


def test_an_older_file_of_the_same_kind_is_not_taken_for_a_lost_create(bench: Bench) -> None:
    bench.up('file("a", "one")\n')
    (bench.root / "state").rename(bench.root / "state.old")
    (bench.root / "cloud" / "before-create").write_text("one")
    assert bench.up_killed('file("a", "one")\n') == 9
    bench.up()
    assert len(list((bench.root / "cloud").glob("*.json"))) == 2, "nobody else's file is taken in"


def test_a_refused_create_of_an_earlier_release_is_healed_by_the_next_up(bench: Bench) -> None:
    """The state forgot it, and the cloud has it: every up is refused until it is taken in."""
    bench.up('box = file("box", "box")\n')
    boxed = 'box = file("box", "box")\nfile("f", "content", within=box.id, alone="x")\n'
    box = bench.files["box"]["id"]
    FileType().create(bench.root / "cloud", {"kind": "plain", "content": "content", "within": box, "alone": "x"})
    outcome = bench.up(boxed)
    assert outcome.failures == ()
    assert set(bench.files) == {"box", "content"}
    assert bench.up().count(Op.SAME) == 4


# ----------------------------------------------------------------------------------------------------------- Pulumi CLI


@pytest.mark.parametrize("cli", ENGINES[1:])
def test_a_refused_create_that_was_carried_out_is_named_with_the_command_that_takes_it_in(
    cli: str, tmp_path: Path
) -> None:
    bench = Bench(tmp_path, driver=cli)
    refuses = mood(bench, "refuses-what-it-made", "409")
    (failure,) = [one for one in bench.up('file("a", "one")\n').failures if one.urn.endswith("::a")]
    (made,) = bench.files.values()
    assert str(made["id"]) in failure.message
    refuses.unlink()
    command = failure.hint.partition("type: ")[2].partition("; if not")[0]
    typed = subprocess.run(
        ["sh", "-c", command],
        env={**bench.workspace.environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert typed.returncode == 0, typed.stderr + typed.stdout
    outcome = bench.up()
    assert outcome.failures == ()
    assert ops(outcome) == {}
    assert len(bench.files) == 1


@pytest.mark.parametrize("driver", ENGINES)
def test_a_delete_that_was_cut_off_is_settled_by_either_engine(driver: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path, driver=driver)
    bench.up(THREE)
    mood(bench, "slow-delete", "1.5")
    process = bench.down_alone()
    while not bench.going:
        assert process.poll() is None, process.communicate()[1]
        threading.Event().wait(0.01)
    for one in [process, *psutil.Process(process.pid).children(recursive=True)]:
        one.kill()
    process.communicate()
    assert bench.going
    if driver == "pulumi":
        run(bench.workspace, "cancel", "--yes", "--stack", bench.stack.name)
    outcome = bench.up(force=True)
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "what was being deleted is made again"
    assert "an earlier run was cut off while deleting c: its deletion is finished now" in bench.said("warning")
    assert ops(bench.up()) == {}
