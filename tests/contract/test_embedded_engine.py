"""Programs run by the embedded engine on a provider whose cloud is a folder: steps, state and what exists afterwards."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter

import pytest

from ace.engine.contract import Event, Op, RunOptions, Secret, Stack, StepFinished
from ace.errors import RefusedError, UserError
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import TOKEN


def test_files_are_made_and_a_second_up_changes_nothing(either: Bench) -> None:
    made = either.up('a = file("a", "one")\nfile("b", "two", near=a.id)\npulumi.export("size", a.size)')
    assert made.failures == ()
    assert ops(made) == {"a": "create", "b": "create"}
    assert made.outputs == {"size": 3}
    assert either.files["two"]["near"] == either.files["one"]["id"]
    again = either.up()
    assert ops(again) == {}
    assert again.count(Op.SAME) == 4
    assert either.preview().changes == ()


def test_preview_says_what_up_then_does(either: Bench) -> None:
    before = 'a = file("a", "one")\nfile("b", "two", near=a.size)\nfile("c", "three")'
    after = 'a = file("a", "other", kind="x")\nfile("b", "two", near=a.size)\nfile("d", "four")'
    either.up(before)
    plan = either.preview(after)
    assert ops(plan) == {"a": "replace", "b": "update", "c": "delete", "d": "create"}
    assert set(either.files) == {"one", "two", "three"}, "a preview changes nothing"
    done = either.up(force=True)
    assert ops(done) == ops(plan)
    assert set(either.files) == {"other", "two", "four"}
    assert either.files["two"]["near"] == 5


def test_a_replaced_file_is_made_before_the_old_one_goes(either: Bench) -> None:
    either.up('a = file("a", "one")\nfile("b", "two", kind=a.id)')
    either.up('a = file("a", "uno", kind="x")\nfile("b", "two", kind=a.id)', force=True)
    assert either.deletes == ["two", "one"], "what hangs on it goes first"
    assert set(either.files) == {"uno", "two"}


def test_delete_before_replace_takes_down_what_would_be_replaced_with_it_first(either: Bench) -> None:
    program = (
        'a = file("a", {0!r}, kind={1!r}, label="same")\nb = file("b", "two", kind=a.id)\nfile("c", "three", near=a.id)'
    )
    either.up(program.format("one", "x"))
    plan = either.preview(program.format("uno", "y"))
    assert ops(plan) == {"a": "replace", "b": "replace", "c": "update"}
    done = either.up(force=True)
    assert ops(done) == ops(plan)
    assert either.deletes == ["two", "one"]
    assert either.files["two"]["kind"] == either.files["three"]["near"] == either.files["uno"]["id"]
    assert ops(either.up()) == {}


def test_a_failed_create_leaves_independent_files_going_and_its_dependents_out(either: Bench) -> None:
    outcome = either.up('a = file("a", "no")\nfile("b", "two", near=a.id)\nfile("c", "three")')
    assert set(either.files) == {"three"}
    assert [(failure.urn.rsplit("::")[-1], failure.message) for failure in outcome.failures] == [
        ("a", "the folder refuses this content (400)")
    ]
    healed = either.up('a = file("a", "yes")\nfile("b", "two", near=a.id)\nfile("c", "three")')
    assert ops(healed) == {"a": "create", "b": "create"}


def test_protected_files_are_named_and_refused_until_unprotected(either: Bench) -> None:
    either.up('file("a", "one", protect=True)\nfile("b", "two")')
    with pytest.raises(RefusedError, match="File::a"):
        either.up('file("b", "two")')
    with pytest.raises(RefusedError, match="File::a"):
        either.down()
    assert set(either.files) == {"one", "two"}
    either.down(unprotect=("*",))
    assert either.files == {}


def test_more_than_a_third_is_not_deleted_unless_forced(either: Bench) -> None:
    either.up("\n".join(f'file("f{n}", "text{n}")' for n in range(9)))
    fewer = "\n".join(f'file("f{n}", "text{n}")' for n in range(5))
    with pytest.raises(RefusedError, match="4 of 9"):
        either.up(fewer)
    assert len(either.files) == 9
    either.up(fewer, force=True)
    assert len(either.files) == 5


def test_secrets_are_nowhere_in_clear(either: Bench) -> None:
    outcome = either.up('a = file("a", pulumi.Output.secret("hush-hush"))\npulumi.export("it", a.content)')
    assert outcome.outputs == {"it": Secret("hush-hush")}
    assert either.found_in_state("hush-hush") == []
    assert "hush-hush" not in str(either.events)
    plan = either.preview('a = file("a", pulumi.Output.secret("another"))\npulumi.export("it", a.content)')
    assert "hush-hush" not in str(plan)
    assert "another" not in str(plan)
    with pytest.raises(UserError, match="passphrase"):
        either.engine.outputs(Stack("tn", either.root, either.root / "state", "wrong"))


def test_depends_on_and_components_order_deletes(either: Bench) -> None:
    chain = 'g = Group("g")\na = file("a", "one", parent=g)\nb = file("b", "two", depends_on=[a])\n'
    either.up(chain + 'file("c", "three", depends_on=[b])')
    either.down()
    assert either.deletes == ["three", "two", "one"]
    assert not either.engine.export(either.stack)["deployment"].get("resources")


def test_refresh_takes_in_what_changed_and_what_is_gone(either: Bench) -> None:
    program = 'a = file("a", "one")\nfile("b", "two", near=a.id)\nfile("c", "three")'
    either.up(program)
    cloud = either.root / "cloud"
    (cloud / f"{either.files['one']['id']}.json").unlink()
    changed = cloud / f"{either.files['three']['id']}.json"
    changed.write_text(json.dumps({**json.loads(changed.read_text()), "content": "altered"}))
    drift = either.engine.drift(either.stack, either.events.append, threading.Event())
    assert {(step.name, str(step.op)) for step in drift} == {("a", "delete"), ("c", "update")}
    refreshed = either.refresh()
    assert refreshed.count(Op.DELETE) == 1
    repaired = either.up(force=True)
    assert ops(repaired) == {"a": "create", "b": "update", "c": "update"}
    assert set(either.files) == {"one", "two", "three"}
    assert either.engine.drift(either.stack, either.events.append, threading.Event()) == ()


def test_another_cloud_is_refused_and_never_called_unchanged(either: Bench) -> None:
    either.up('file("a", "one")')
    shutil.rmtree(either.root / "cloud")
    (either.root / "cloud").mkdir()
    for act in (either.up, either.preview, either.refresh, either.down):
        with pytest.raises(RefusedError, match="not the cloud") as refused:
            act()
        assert str(either.root / "state") in refused.value.hint


def test_a_cloud_that_gives_no_answer_is_named_before_anything_runs(bench: Bench) -> None:
    bench.up('file("a", "one")')
    shutil.rmtree(bench.root / "cloud")
    with pytest.raises(UserError, match="gives no answer"):
        bench.up()


def test_an_alias_keeps_a_renamed_file(either: Bench) -> None:
    either.up('file("a", "one")')
    id_ = either.files["one"]["id"]
    renamed = either.up('file("b", "one", aliases=[pulumi.Alias(name="a")])')
    assert ops(renamed) == {}
    assert either.files["one"]["id"] == id_
    assert either.up().count(Op.DELETE) == 0


def test_ignored_changes_are_left_alone_and_a_retained_file_outlives_its_resource(either: Bench) -> None:
    either.up('file("a", "one", retain_on_delete=True)\nfile("b", "two")')
    outcome = either.up('file("b", "changed", ignore_changes=["content"])')
    assert ops(outcome) == {"a": "delete"}
    assert set(either.files) == {"one", "two"}


def test_a_change_may_be_made_to_replace(either: Bench) -> None:
    program = 'File("a", on(provider=folder, replace_on_changes=["content"]), content={0!r}, near={1!r})'
    either.up(program.format("one", "x"))
    assert ops(either.up(program.format("one", "y"))) == {"a": "update"}
    assert ops(either.up(program.format("two", "y"))) == {"a": "replace"}
    assert set(either.files) == {"two"}


def test_what_the_engine_has_not_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(UserError, match=r"reading a resource \(`.get`\)"):
        bench.up('File("a", on(provider=folder, id="x"), content="one")')
    assert bench.files == {}


def test_a_programs_own_error_is_told_with_its_place(either: Bench) -> None:
    with pytest.raises(UserError, match="surprise") as told:
        either.up('file("a", "one")\nraise KeyError("surprise")')
    assert "__main__.py" in told.value.hint
    assert either.files == {}, "a program that cannot be planned makes nothing"


@pytest.mark.parametrize("where", ["before-create", "after-create"])
def test_a_run_killed_around_a_create_is_finished_by_the_next_without_orphan_or_duplicate(
    bench: Bench, where: str
) -> None:
    (bench.root / "cloud" / where).write_text("two")
    assert bench.up_killed('a = file("a", "one")\nfile("b", "two", near=a.id)') == 9
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == {"one", "two"}
    assert ops(bench.up()) == {}


def test_a_cancelled_run_finishes_what_is_in_flight_and_says_so(bench: Bench) -> None:
    cancel = threading.Event()

    def stop_at_first(event: Event) -> None:
        if isinstance(event, StepFinished) and event.step.type == TOKEN:
            cancel.set()

    bench.program('a = file("a", "one")\nb = file("b", "two", near=a.id)\nfile("c", "three", near=b.id)')
    outcome = bench.engine.up(bench.stack, RunOptions(), stop_at_first, cancel)
    assert outcome.interrupted
    assert set(bench.files) == {"one"}
    assert ops(bench.up()) == {"b": "create", "c": "create"}


def test_a_second_run_at_the_same_time_is_told_who_holds_the_stack(bench: Bench) -> None:
    from ace.engine.embedded.lock import StackLock

    with StackLock(bench.stack.state_dir, "up"), pytest.raises(UserError, match="for `up`"):
        bench.up('file("a", "one")')


def test_many_files_are_made_side_by_side(either: Bench) -> None:
    outcome = either.up("\n".join(f'file("f{n}", "text{n}")' for n in range(60)))
    assert Counter(step.op for step in outcome.steps if step.type == TOKEN) == {Op.CREATE: 60}
    assert len(either.files) == 60


def test_state_survives_an_export_and_an_import(bench: Bench) -> None:
    bench.up('a = file("a", pulumi.Output.secret("hush"))\nfile("b", "two", near=a.id, protect=True)')
    deployment = bench.engine.export(bench.stack)
    shutil.rmtree(bench.root / "state")
    bench.engine.import_(bench.stack, deployment)
    assert bench.preview().changes == ()
    assert bench.engine.export(bench.stack)["deployment"]["resources"] == deployment["deployment"]["resources"]
