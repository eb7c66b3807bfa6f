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


def test_files_are_made_and_a_second_up_changes_nothing(bench: Bench) -> None:
    made = bench.up('a = file("a", "one")\nfile("b", "two", near=a.id)\npulumi.export("size", a.size)')
    assert made.failures == ()
    assert ops(made) == {"a": "create", "b": "create"}
    assert made.outputs == {"size": 3}
    assert bench.files["two"]["near"] == bench.files["one"]["id"]
    again = bench.up()
    assert ops(again) == {}
    assert again.count(Op.SAME) == 4
    assert bench.preview().changes == ()


def test_preview_says_what_up_then_does(bench: Bench) -> None:
    before = 'a = file("a", "one")\nfile("b", "two", near=a.size)\nfile("c", "three")'
    after = 'a = file("a", "other", kind="x")\nfile("b", "two", near=a.size)\nfile("d", "four")'
    bench.up(before)
    plan = bench.preview(after)
    assert ops(plan) == {"a": "replace", "b": "update", "c": "delete", "d": "create"}
    assert set(bench.files) == {"one", "two", "three"}, "a preview changes nothing"
    done = bench.up(force=True)
    assert ops(done) == ops(plan)
    assert set(bench.files) == {"other", "two", "four"}
    assert bench.files["two"]["near"] == 5


def test_a_replaced_file_is_made_before_the_old_one_goes(bench: Bench) -> None:
    bench.up('a = file("a", "one")\nfile("b", "two", kind=a.id)')
    bench.up('a = file("a", "uno", kind="x")\nfile("b", "two", kind=a.id)', force=True)
    assert bench.deletes == ["two", "one"], "what hangs on it goes first"
    assert set(bench.files) == {"uno", "two"}


def test_delete_before_replace_takes_down_what_would_be_replaced_with_it_first(bench: Bench) -> None:
    program = (
        'a = file("a", {0!r}, kind={1!r}, label="same")\nb = file("b", "two", kind=a.id)\nfile("c", "three", near=a.id)'
    )
    bench.up(program.format("one", "x"))
    plan = bench.preview(program.format("uno", "y"))
    assert ops(plan) == {"a": "replace", "b": "replace", "c": "update"}
    done = bench.up(force=True)
    assert ops(done) == ops(plan)
    assert bench.deletes == ["two", "one"]
    assert bench.files["two"]["kind"] == bench.files["three"]["near"] == bench.files["uno"]["id"]
    assert ops(bench.up()) == {}


def test_a_failed_create_leaves_independent_files_going_and_its_dependents_out(bench: Bench) -> None:
    outcome = bench.up('a = file("a", "no")\nfile("b", "two", near=a.id)\nfile("c", "three")')
    assert set(bench.files) == {"three"}
    assert [(failure.urn.rsplit("::")[-1], failure.message) for failure in outcome.failures] == [
        ("a", "the folder refuses this content (400)")
    ]
    healed = bench.up('a = file("a", "yes")\nfile("b", "two", near=a.id)\nfile("c", "three")')
    assert ops(healed) == {"a": "create", "b": "create"}


def test_protected_files_are_named_and_refused_until_unprotected(bench: Bench) -> None:
    bench.up('file("a", "one", protect=True)\nfile("b", "two")')
    with pytest.raises(RefusedError, match="File::a"):
        bench.up('file("b", "two")')
    with pytest.raises(RefusedError, match="File::a"):
        bench.down()
    assert set(bench.files) == {"one", "two"}
    bench.down(unprotect=("*",))
    assert bench.files == {}


def test_more_than_a_third_is_not_deleted_unless_forced(bench: Bench) -> None:
    bench.up("\n".join(f'file("f{n}", "text{n}")' for n in range(9)))
    fewer = "\n".join(f'file("f{n}", "text{n}")' for n in range(5))
    with pytest.raises(RefusedError, match="4 of 9"):
        bench.up(fewer)
    assert len(bench.files) == 9
    bench.up(fewer, force=True)
    assert len(bench.files) == 5


def test_secrets_are_nowhere_in_clear(bench: Bench) -> None:
    outcome = bench.up('a = file("a", pulumi.Output.secret("hush-hush"))\npulumi.export("it", a.content)')
    assert outcome.outputs == {"it": Secret("hush-hush")}
    for path in (bench.root / "state").iterdir():
        assert "hush-hush" not in path.read_text(), path.name
    assert "hush-hush" not in str(bench.events)
    plan = bench.preview('a = file("a", pulumi.Output.secret("another"))\npulumi.export("it", a.content)')
    assert "hush-hush" not in str(plan)
    assert "another" not in str(plan)
    with pytest.raises(UserError, match="passphrase"):
        bench.engine.outputs(Stack("tn", bench.root, bench.root / "state", "wrong"))


def test_depends_on_and_components_order_deletes(bench: Bench) -> None:
    chain = 'g = Group("g")\na = file("a", "one", parent=g)\nb = file("b", "two", depends_on=[a])\n'
    bench.up(chain + 'file("c", "three", depends_on=[b])')
    bench.down()
    assert bench.deletes == ["three", "two", "one"]
    assert bench.engine.export(bench.stack)["deployment"]["resources"] == []


def test_refresh_takes_in_what_changed_and_what_is_gone(bench: Bench) -> None:
    program = 'a = file("a", "one")\nfile("b", "two", near=a.id)\nfile("c", "three")'
    bench.up(program)
    cloud = bench.root / "cloud"
    (cloud / f"{bench.files['one']['id']}.json").unlink()
    changed = cloud / f"{bench.files['three']['id']}.json"
    changed.write_text(json.dumps({**json.loads(changed.read_text()), "content": "altered"}))
    drift = bench.engine.drift(bench.stack, bench.events.append, threading.Event())
    assert {(step.name, str(step.op)) for step in drift} == {("a", "delete"), ("c", "update")}
    refreshed = bench.refresh()
    assert refreshed.count(Op.DELETE) == 1
    repaired = bench.up(force=True)
    assert ops(repaired) == {"a": "create", "b": "update", "c": "update"}
    assert set(bench.files) == {"one", "two", "three"}
    assert bench.engine.drift(bench.stack, bench.events.append, threading.Event()) == ()


def test_another_cloud_is_refused_and_never_called_unchanged(bench: Bench) -> None:
    bench.up('file("a", "one")')
    shutil.rmtree(bench.root / "cloud")
    (bench.root / "cloud").mkdir()
    for act in (bench.up, bench.preview, bench.refresh, bench.down):
        with pytest.raises(RefusedError, match="not the cloud") as refused:
            act()
        assert str(bench.root / "state") in refused.value.hint


def test_a_cloud_that_gives_no_answer_is_named_before_anything_runs(bench: Bench) -> None:
    bench.up('file("a", "one")')
    shutil.rmtree(bench.root / "cloud")
    with pytest.raises(UserError, match="gives no answer"):
        bench.up()


def test_an_alias_keeps_a_renamed_file(bench: Bench) -> None:
    bench.up('file("a", "one")')
    id_ = bench.files["one"]["id"]
    renamed = bench.up('file("b", "one", aliases=[pulumi.Alias(name="a")])')
    assert ops(renamed) == {}
    assert bench.files["one"]["id"] == id_
    assert bench.up().count(Op.DELETE) == 0


def test_ignored_changes_are_left_alone_and_a_retained_file_outlives_its_resource(bench: Bench) -> None:
    bench.up('file("a", "one", retain_on_delete=True)\nfile("b", "two")')
    outcome = bench.up('file("b", "changed", ignore_changes=["content"])')
    assert ops(outcome) == {"a": "delete"}
    assert set(bench.files) == {"one", "two"}


def test_a_change_may_be_made_to_replace(bench: Bench) -> None:
    program = 'File("a", on(provider=folder, replace_on_changes=["content"]), content={0!r}, near={1!r})'
    bench.up(program.format("one", "x"))
    assert ops(bench.up(program.format("one", "y"))) == {"a": "update"}
    assert ops(bench.up(program.format("two", "y"))) == {"a": "replace"}
    assert set(bench.files) == {"two"}


def test_what_the_engine_has_not_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(UserError, match="option `import`"):
        bench.up('File("a", on(provider=folder, import_="x"), content="one")')
    assert bench.files == {}


def test_a_programs_own_error_is_told_with_its_place(bench: Bench) -> None:
    with pytest.raises(UserError, match="surprise") as told:
        bench.up('file("a", "one")\nraise KeyError("surprise")')
    assert "__main__.py" in told.value.hint
    assert bench.files == {}, "a program that cannot be planned makes nothing"


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


def test_many_files_are_made_side_by_side(bench: Bench) -> None:
    outcome = bench.up("\n".join(f'file("f{n}", "text{n}")' for n in range(60)))
    assert Counter(step.op for step in outcome.steps if step.type == TOKEN) == {Op.CREATE: 60}
    assert len(bench.files) == 60


def test_state_survives_an_export_and_an_import(bench: Bench) -> None:
    bench.up('a = file("a", pulumi.Output.secret("hush"))\nfile("b", "two", near=a.id, protect=True)')
    deployment = bench.engine.export(bench.stack)
    shutil.rmtree(bench.root / "state")
    bench.engine.import_(bench.stack, deployment)
    assert bench.preview().changes == ()
    assert bench.engine.export(bench.stack)["deployment"]["resources"] == deployment["deployment"]["resources"]
