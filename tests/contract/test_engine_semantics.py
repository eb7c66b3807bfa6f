"""Pulumi's rules as the embedded engine keeps them: identity of resources, providers, options, order, what is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ace.engine.contract import UNKNOWN, Op, Phase, Secret, StepFinished
from ace.errors import RefusedError, UserError
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import TOKEN


def urns(bench: Bench) -> list[str]:
    return [resource["urn"] for resource in bench.engine.export(bench.stack)["deployment"]["resources"]]


def test_urns_carry_the_types_of_all_parents_but_the_stack(either: Bench) -> None:
    either.up('outer = Group("outer")\ninner = Group("inner", on(parent=outer))\nfile("a", "one", parent=inner)')
    assert "urn:pulumi:tn::ace::test:index:Group$test:index:Group$files:index:File::a" in urns(either)


def test_two_resources_of_one_urn_are_refused_by_name(either: Bench) -> None:
    with pytest.raises(UserError, match="File::a"):
        either.up('file("a", "one")\nfile("a", "two")')


def test_children_of_a_renamed_component_stay_what_they_are(either: Bench) -> None:
    either.up('g = Group("g")\na = file("a", "one", parent=g)\nfile("b", "two", parent=g, near=a.id)')
    before = {content: body["id"] for content, body in either.files.items()}
    renamed = 'g = Group("h", on(aliases=[pulumi.Alias(name="g")]))\n'
    outcome = either.up(renamed + 'a = file("a", "one", parent=g)\nfile("b", "two", parent=g, near=a.id)')
    assert ops(outcome) == {}
    assert {content: body["id"] for content, body in either.files.items()} == before
    assert either.up().count(Op.DELETE) == 0


def test_a_file_that_moves_to_another_parent_stays_what_it_is(either: Bench) -> None:
    groups = 'g = Group("g")\nh = Group("h")\n'
    either.up(groups + 'a = file("a", "one", parent=g)\nfile("b", "two", near=a.id)')
    id_ = either.files["one"]["id"]
    moved = 'a = file("a", "one", parent=h, aliases=[pulumi.Alias(parent=g)])\nfile("b", "two", near=a.id)'
    assert ops(either.up(groups + moved)) == {}
    assert either.files["one"]["id"] == id_
    assert "urn:pulumi:tn::ace::test:index:Group$files:index:File::a" in urns(either)
    assert either.up(force=True).count(Op.DELETE) == 0


def test_a_renamed_resource_is_known_by_its_new_name_to_what_hangs_on_it_even_when_the_run_fails(either: Bench) -> None:
    either.up('a = file("a", "one")\nfile("b", "two", near=a.id)')
    either.up(
        'a = file("x", "one", aliases=[pulumi.Alias(name="a")])\n'
        'if not pulumi.runtime.is_dry_run(): raise KeyError("surprise")'
    )
    known = set(urns(either))
    for resource in either.engine.export(either.stack)["deployment"]["resources"]:
        assert set(resource.get("dependencies", [])) <= known


def test_another_name_for_the_same_cloud_rebuilds_nothing(either: Bench) -> None:
    either.up('file("a", "one")')
    id_ = either.files["one"]["id"]
    outcome = either.up('folder = Provider("renamed", os.environ["FILES_FOLDER"])\nfile("a", "one")')
    assert ops(outcome) == {}
    assert either.files["one"]["id"] == id_
    assert either.up().count(Op.SAME) == 4, "stack, two providers, the file"


def test_a_file_moved_to_another_cloud_is_made_there_and_deleted_here(either: Bench) -> None:
    (either.root / "second").mkdir()
    two = 'second = Provider("second", os.environ["SECOND_FOLDER"])\n'
    either.up(two + 'file("a", "one")')
    outcome = either.up(two + 'File("a", on(provider=second), content="one")', force=True)
    assert ops(outcome) == {"a": "replace"}
    assert either.files == {}
    assert len(list((either.root / "second").glob("*.json"))) == 1


def test_protection_taken_away_in_the_program_lets_a_replacement_go_through(either: Bench) -> None:
    either.up('file("a", "one", kind="x", protect=True)')
    with pytest.raises(RefusedError, match="File::a"):
        either.up('file("a", "one", kind="y", protect=True)')
    assert ops(either.up('file("a", "one", kind="y")', force=True)) == {"a": "replace"}


def test_protection_and_order_changed_alone_are_written_without_a_step(either: Bench) -> None:
    either.up('g = Group("g")\nfile("a", "one", parent=g)\nfile("b", "two")')
    outcome = either.up(
        'g = Group("g", on(protect=True))\na = file("a", "one", parent=g)\nfile("b", "two", depends_on=[a])'
    )
    assert ops(outcome) == {}
    exported = {r["urn"].rsplit("::")[-1]: r for r in either.engine.export(either.stack)["deployment"]["resources"]}
    assert exported["g"].get("protect")
    assert [urn.rsplit("::")[-1] for urn in exported["b"]["dependencies"]] == ["a"]


def test_delete_before_replace_is_had_by_asking_for_it(bench: Bench) -> None:
    program = 'file("a", {0!r}, kind={1!r}, delete_before_replace=True)'
    bench.up(program.format("one", "x"))
    (bench.root / "cloud" / "after-create").write_text("uno")
    bench.up_killed(program.format("uno", "y"))
    assert set(bench.files) == {"uno"}, "the old one went before the new one was made"


def test_a_dependent_whose_property_changes_in_place_is_not_taken_down(either: Bench) -> None:
    program = (
        'a = file("a", "one", kind={0!r}, delete_before_replace=True)\n'
        'file("b", "two", near=a.id)\nfile("c", "three", depends_on=[a])'
    )
    either.up(program.format("x"))
    ids = {content: body["id"] for content, body in either.files.items()}
    assert ops(either.up(program.format("y"), force=True)) == {"a": "replace", "b": "update"}
    assert either.files["two"]["id"] == ids["two"]
    assert either.files["three"]["id"] == ids["three"]


def test_outputs_alone_are_saved(either: Bench) -> None:
    either.up('file("a", "one")\npulumi.export("x", 1)')
    outcome = either.up('file("a", "one")\npulumi.export("x", {"deep": [1, 2.5, None, True]})')
    assert ops(outcome) == {}
    assert either.engine.outputs(either.stack) == {"x": {"deep": [1, 2.5, None, True]}}


def test_a_preview_shows_what_is_not_known_yet_and_hides_secrets(either: Bench) -> None:
    either.up('a = file("a", "one", kind="x")\nfile("b", pulumi.Output.secret("hush"), near=a.id)')
    plan = either.preview('a = file("a", "one", kind="y")\nfile("b", pulumi.Output.secret("still"), near=a.id)')
    changes = {step.name: {change.path: change for change in step.changes} for step in plan.steps}
    assert changes["a"]["kind"].forces_replacement
    assert changes["b"]["near"].after is UNKNOWN
    assert isinstance(changes["b"]["content"].after, Secret)
    assert str(changes["b"]["content"].before) == "***"


def test_settings_of_the_stack_reach_the_program(either: Bench) -> None:
    (either.root / "Pulumi.tn.yaml").write_text("config:\n  ace:word: hello\n  files:deep:\n    a: [1]\n")
    outcome = either.up(
        'c = pulumi.Config()\npulumi.export("word", c.require("word"))\n'
        'pulumi.export("deep", pulumi.Config("files").require_object("deep"))\n'
        'pulumi.export("who", [pulumi.get_stack(), pulumi.get_project(), pulumi.get_organization()])\n'
        'pulumi.export("where", [os.getcwd(), __file__])'
    )
    folder = either.root / "program"
    assert outcome.outputs["word"] == "hello"
    assert outcome.outputs["deep"] == {"a": [1]}
    assert outcome.outputs["who"] == ["tn", "ace", "organization"]
    assert outcome.outputs["where"][0] == str(folder)


def test_what_the_program_prints_is_told_as_it_is_said(either: Bench) -> None:
    either.up('print("from afar")\nimport sys\nprint("careful", file=sys.stderr)\npulumi.warn("mind the gap")')
    assert "from afar" in either.said("info")
    assert {"careful", "mind the gap"} <= set(either.said("warning"))


def test_unchanged_resources_are_told_one_by_one_and_the_total_comes_from_the_plan(bench: Bench) -> None:
    bench.up('file("a", "one")\nfile("b", "two")')
    bench.events.clear()
    bench.up()
    assert [e.step.name for e in bench.events if isinstance(e, StepFinished) and e.step.type == TOKEN] in (
        ["a", "b"],
        ["b", "a"],
    )
    bench.events.clear()
    bench.up('file("a", "one")\nfile("b", "dos")')
    assert [e.total for e in bench.events if isinstance(e, Phase) and e.name == "applying"] == [4]


def test_look_ups_are_answered_in_a_preview_too(either: Bench) -> None:
    either.up('file("a", "one")')
    plan = either.preview(
        'file("a", "one")\n'
        'n = pulumi.runtime.invoke("files:index:count", {}, pulumi.InvokeOptions(provider=folder)).value["count"]\n'
        'file("b", f"there are {int(n)}")'
    )
    assert ops(plan) == {"b": "create"}
    outcome = either.up()
    assert "there are 1" in either.files, outcome


def test_a_secret_deep_in_an_input_is_hidden_in_outputs_and_events(either: Bench) -> None:
    either.up(
        'a = file("a", "one", near={"deep": [pulumi.Output.secret("hush-hush")]})\npulumi.export("near", a.near)'.replace(
            "a.near", "pulumi.Output.all(a.content)"
        )
    )
    assert either.found_in_state("hush-hush") == []
    assert "hush-hush" not in str(either.events)


def test_a_removed_provider_goes_after_what_it_made(either: Bench) -> None:
    (either.root / "second").mkdir()
    either.up('second = Provider("second", os.environ["SECOND_FOLDER"])\nFile("b", on(provider=second), content="two")')
    outcome = either.up("", force=True)
    order = [step.name for step in outcome.steps if step.op is Op.DELETE]
    assert order == ["b", "second"]
    assert not list((either.root / "second").glob("*.json"))


def test_an_emptied_program_takes_all_down_and_a_second_teardown_is_nothing(either: Bench) -> None:
    either.up('file("a", "one")')
    either.up("", force=True)
    assert either.files == {}
    assert either.down().failures == ()
    assert either.down().steps == ()
    shutil.rmtree(either.root / "cloud")
    assert either.down().steps == (), "nothing in the state, nobody to ask"


def test_only_targets_are_touched(either: Bench) -> None:
    either.up('file("a", "one")\nfile("b", "two")')
    target = "urn:pulumi:tn::ace::files:index:File::b"
    outcome = either.up('file("a", "uno")\nfile("b", "dos")\nfile("c", "three")', targets=(target,))
    assert ops(outcome) == {"b": "update"}
    assert set(either.files) == {"one", "dos"}


def test_an_existing_file_is_imported_and_then_made_what_the_program_says(either: Bench) -> None:
    either.up('file("a", "one")')
    id_ = "0123456789abcdef0123456789abcdef"
    there = {"content": "there", "kind": "plain", "id": id_, "size": 5}
    (either.root / "cloud" / f"{id_}.json").write_text(json.dumps(there))
    program = 'file("a", "one")\nFile("b", on(provider=folder, import_={0!r}), content={1!r})'
    outcome = either.up(program.format(id_, "there"))
    assert outcome.failures == ()
    assert ops(outcome) == {"b": "import"}
    assert either.files["there"] == there
    assert ops(either.up(program.format(id_, "there"))) == {}
    (either.root / "cloud" / "other.json").write_text(json.dumps({**there, "content": "other", "id": "other"}))
    both = program.format(id_, "there") + '\nFile("c", on(provider=folder, import_="other"), content="mine")'
    steps = [str(step.op) for step in either.up(both).steps if step.name == "c"]
    assert steps == ["import", "update"]
    assert either.files["mine"]["id"] == "other"


def test_what_is_imported_must_be_there(either: Bench) -> None:
    with pytest.raises(UserError, match=r"nowhere|does not exist"):
        either.up('File("a", on(provider=folder, import_="nowhere"), content="one")')
    assert either.files == {}


@pytest.mark.pulumi
@pytest.mark.parametrize(("first", "second"), [("embedded", "pulumi"), ("pulumi", "embedded")])
def test_a_stack_goes_from_one_engine_to_the_other_and_on(tmp_path: Path, first: str, second: str) -> None:
    program = (
        'g = Group("g")\na = file("a", "one", parent=g, protect=True)\nb = file("b", "two", near=a.id, depends_on=[g])\n'
        'file("c", pulumi.Output.secret({0!r}), kind=b.id)\npulumi.export("it", pulumi.Output.secret("hush"))'
    )
    bench = Bench(tmp_path, driver=first)
    bench.up(program.format("three"))
    deployment = bench.engine.export(bench.stack)
    shutil.rmtree(bench.root / "state")
    other = bench.driven_by(second)
    other.engine.import_(other.stack, deployment)
    assert ops(other.preview()) == {}
    assert other.engine.outputs(other.stack) == {"it": Secret("hush")}
    assert ops(other.up(program.format("drei"))) == {"c": "update"}
    assert other.refresh().failures == ()
    with pytest.raises(RefusedError, match="File::a"):
        other.down()
    assert other.down(unprotect=("*",)).failures == ()
    assert other.files == {}


def test_what_agreed_before_is_not_asked_again_unless_something_changed(bench: Bench) -> None:
    program = (
        'open(os.environ["FILES_FOLDER"] + "/ran", "a").write("x")\nfile("a", "one", kind="x")\npulumi.export("n", 1)'
    )
    ran = bench.root / "cloud" / "ran"

    def asked(**options: object) -> bool:
        ran.write_text("")
        outcome = bench.up(**options)
        assert outcome.failures == ()
        assert outcome.outputs == {"n": 1}
        assert outcome.count(Op.SAME) == 3
        return ran.read_text() != ""

    bench.fingerprint = "as it was"
    bench.up(program)
    assert not asked()
    assert asked(no_skip=True)
    assert asked(refresh=True)
    assert not asked()
    bench.fingerprint = "as it is"
    assert asked()
    assert not asked()
    state = bench.root / "state" / "state.json"
    state.write_text(state.read_text() + "\n")
    assert asked(), "somebody touched the state"
    shutil.rmtree(bench.root / "cloud")
    (bench.root / "cloud").mkdir()
    with pytest.raises(RefusedError, match="not the cloud"):
        bench.up()


def test_an_up_that_is_skipped_writes_nothing_into_the_state(bench: Bench) -> None:
    bench.fingerprint = "as it was"
    bench.up('file("a", "one", kind="x")')

    def written() -> dict[str, int]:
        files = (bench.root / "state").rglob("*")
        return {file.name: file.stat().st_ino for file in files if file.is_file() and file.name != "lock"}

    before = written()
    assert bench.up().count(Op.SAME) == 3
    assert written() == before


def test_a_run_that_failed_is_never_skipped(bench: Bench) -> None:
    bench.fingerprint = "the same"
    bench.up('file("a", "one")\nfile("b", "no")')
    assert bench.up().failures
    (bench.root / "cloud" / "after-create").write_text("two")
    bench.fingerprint = "another"
    assert bench.up_killed('file("a", "one")\nfile("b", "two")') == 9
    bench.up()
    assert set(bench.files) == {"one", "two"}
