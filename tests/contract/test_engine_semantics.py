"""Pulumi's rules as the embedded engine keeps them: identity of resources, providers, options, order, what is told."""

from __future__ import annotations

import shutil

import pytest

from ace.engine.contract import UNKNOWN, Op, Phase, Secret, StepFinished
from ace.errors import RefusedError, UserError
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_provider import TOKEN


def urns(bench: Bench) -> list[str]:
    return [resource["urn"] for resource in bench.engine.export(bench.stack)["deployment"]["resources"]]


def test_urns_carry_the_types_of_all_parents_but_the_stack(bench: Bench) -> None:
    bench.up('outer = Group("outer")\ninner = Group("inner", on(parent=outer))\nfile("a", "one", parent=inner)')
    assert "urn:pulumi:tn::ace::test:index:Group$test:index:Group$files:index:File::a" in urns(bench)


def test_two_resources_of_one_urn_are_refused_by_name(bench: Bench) -> None:
    with pytest.raises(UserError, match="File::a twice"):
        bench.up('file("a", "one")\nfile("a", "two")')


def test_children_of_a_renamed_component_stay_what_they_are(bench: Bench) -> None:
    bench.up('g = Group("g")\na = file("a", "one", parent=g)\nfile("b", "two", parent=g, near=a.id)')
    before = {content: body["id"] for content, body in bench.files.items()}
    renamed = 'g = Group("h", on(aliases=[pulumi.Alias(name="g")]))\n'
    outcome = bench.up(renamed + 'a = file("a", "one", parent=g)\nfile("b", "two", parent=g, near=a.id)')
    assert ops(outcome) == {}
    assert {content: body["id"] for content, body in bench.files.items()} == before
    assert bench.up().count(Op.DELETE) == 0


def test_a_renamed_resource_is_known_by_its_new_name_to_what_hangs_on_it_even_when_the_run_fails(bench: Bench) -> None:
    bench.up('a = file("a", "one")\nfile("b", "two", near=a.id)')
    bench.up(
        'a = file("x", "one", aliases=[pulumi.Alias(name="a")])\n'
        'if not pulumi.runtime.is_dry_run(): raise KeyError("surprise")'
    )
    known = set(urns(bench))
    for resource in bench.engine.export(bench.stack)["deployment"]["resources"]:
        assert set(resource.get("dependencies", [])) <= known


def test_another_name_for_the_same_cloud_rebuilds_nothing(bench: Bench) -> None:
    bench.up('file("a", "one")')
    id_ = bench.files["one"]["id"]
    outcome = bench.up('folder = Provider("renamed", os.environ["FILES_FOLDER"])\nfile("a", "one")')
    assert ops(outcome) == {}
    assert bench.files["one"]["id"] == id_
    assert bench.up().count(Op.SAME) == 4, "stack, two providers, the file"


def test_a_file_moved_to_another_cloud_is_made_there_and_deleted_here(bench: Bench) -> None:
    (bench.root / "second").mkdir()
    two = 'second = Provider("second", os.environ["SECOND_FOLDER"])\n'
    bench.up(two + 'file("a", "one")')
    outcome = bench.up(two + 'File("a", on(provider=second), content="one")', force=True)
    assert ops(outcome) == {"a": "replace"}
    assert bench.files == {}
    assert len(list((bench.root / "second").glob("*.json"))) == 1


def test_protection_taken_away_in_the_program_lets_a_replacement_go_through(bench: Bench) -> None:
    bench.up('file("a", "one", kind="x", protect=True)')
    with pytest.raises(RefusedError, match="File::a"):
        bench.up('file("a", "one", kind="y", protect=True)')
    assert ops(bench.up('file("a", "one", kind="y")', force=True)) == {"a": "replace"}


def test_protection_and_order_changed_alone_are_written_without_a_step(bench: Bench) -> None:
    bench.up('g = Group("g")\nfile("a", "one", parent=g)\nfile("b", "two")')
    outcome = bench.up(
        'g = Group("g", on(protect=True))\na = file("a", "one", parent=g)\nfile("b", "two", depends_on=[a])'
    )
    assert ops(outcome) == {}
    exported = {r["urn"].rsplit("::")[-1]: r for r in bench.engine.export(bench.stack)["deployment"]["resources"]}
    assert exported["g"]["protect"]
    assert [urn.rsplit("::")[-1] for urn in exported["b"]["dependencies"]] == ["a"]


def test_delete_before_replace_is_had_by_asking_for_it(bench: Bench) -> None:
    program = 'file("a", {0!r}, kind={1!r}, delete_before_replace=True)'
    bench.up(program.format("one", "x"))
    (bench.root / "cloud" / "after-create").write_text("uno")
    bench.up_killed(program.format("uno", "y"))
    assert set(bench.files) == {"uno"}, "the old one went before the new one was made"


def test_a_dependent_whose_property_changes_in_place_is_not_taken_down(bench: Bench) -> None:
    program = (
        'a = file("a", "one", kind={0!r}, delete_before_replace=True)\n'
        'file("b", "two", near=a.id)\nfile("c", "three", depends_on=[a])'
    )
    bench.up(program.format("x"))
    ids = {content: body["id"] for content, body in bench.files.items()}
    assert ops(bench.up(program.format("y"), force=True)) == {"a": "replace", "b": "update"}
    assert bench.files["two"]["id"] == ids["two"]
    assert bench.files["three"]["id"] == ids["three"]


def test_outputs_alone_are_saved(bench: Bench) -> None:
    bench.up('file("a", "one")\npulumi.export("x", 1)')
    outcome = bench.up('file("a", "one")\npulumi.export("x", {"deep": [1, 2.5, None, True]})')
    assert ops(outcome) == {}
    assert bench.engine.outputs(bench.stack) == {"x": {"deep": [1, 2.5, None, True]}}


def test_a_preview_shows_what_is_not_known_yet_and_hides_secrets(bench: Bench) -> None:
    bench.up('a = file("a", "one", kind="x")\nfile("b", pulumi.Output.secret("hush"), near=a.id)')
    plan = bench.preview('a = file("a", "one", kind="y")\nfile("b", pulumi.Output.secret("still"), near=a.id)')
    changes = {step.name: {change.path: change for change in step.changes} for step in plan.steps}
    assert changes["a"]["kind"].forces_replacement
    assert changes["b"]["near"].after is UNKNOWN
    assert isinstance(changes["b"]["content"].after, Secret)
    assert str(changes["b"]["content"].before) == "***"


def test_settings_of_the_stack_reach_the_program(bench: Bench) -> None:
    (bench.root / "Pulumi.tn.yaml").write_text("config:\n  ace:word: hello\n  files:deep:\n    a: [1]\n")
    outcome = bench.up(
        'c = pulumi.Config()\npulumi.export("word", c.require("word"))\n'
        'pulumi.export("deep", pulumi.Config("files").require_object("deep"))\n'
        'pulumi.export("who", [pulumi.get_stack(), pulumi.get_project(), pulumi.get_organization()])\n'
        'pulumi.export("where", [os.getcwd(), __file__])'
    )
    folder = bench.root / "program"
    assert outcome.outputs["word"] == "hello"
    assert outcome.outputs["deep"] == {"a": [1]}
    assert outcome.outputs["who"] == ["tn", "ace", "organization"]
    assert outcome.outputs["where"][0] == str(folder)


def test_what_the_program_prints_is_told_as_it_is_said(bench: Bench) -> None:
    bench.up('print("from afar")\nimport sys\nprint("careful", file=sys.stderr)\npulumi.warn("mind the gap")')
    assert "from afar" in bench.said("info")
    assert {"careful", "mind the gap"} <= set(bench.said("warning"))


def test_unchanged_resources_are_told_one_by_one_and_the_total_comes_from_the_plan(bench: Bench) -> None:
    bench.up('file("a", "one")\nfile("b", "two")')
    bench.events.clear()
    bench.up()
    assert [e.step.name for e in bench.events if isinstance(e, StepFinished) and e.step.type == TOKEN] == ["a", "b"]
    bench.events.clear()
    bench.up('file("a", "one")\nfile("b", "dos")')
    assert [e.total for e in bench.events if isinstance(e, Phase) and e.name == "applying"] == [4]


def test_look_ups_are_answered_in_a_preview_too(bench: Bench) -> None:
    bench.up('file("a", "one")')
    plan = bench.preview(
        'file("a", "one")\n'
        'n = pulumi.runtime.invoke("files:index:count", {}, pulumi.InvokeOptions(provider=folder)).value["count"]\n'
        'file("b", f"there are {int(n)}")'
    )
    assert ops(plan) == {"b": "create"}
    outcome = bench.up()
    assert "there are 1" in bench.files, outcome


def test_a_secret_deep_in_an_input_is_hidden_in_outputs_and_events(bench: Bench) -> None:
    bench.up(
        'a = file("a", "one", near={"deep": [pulumi.Output.secret("hush-hush")]})\npulumi.export("near", a.near)'.replace(
            "a.near", "pulumi.Output.all(a.content)"
        )
    )
    for path in (bench.root / "state").iterdir():
        assert "hush-hush" not in path.read_text(), path.name
    assert "hush-hush" not in str(bench.events)


def test_a_removed_provider_goes_after_what_it_made(bench: Bench) -> None:
    (bench.root / "second").mkdir()
    bench.up('second = Provider("second", os.environ["SECOND_FOLDER"])\nFile("b", on(provider=second), content="two")')
    outcome = bench.up("", force=True)
    order = [step.name for step in outcome.steps if step.op is Op.DELETE]
    assert order == ["b", "second"]
    assert not list((bench.root / "second").glob("*.json"))


def test_an_emptied_program_takes_all_down_and_a_second_teardown_is_nothing(bench: Bench) -> None:
    bench.up('file("a", "one")')
    bench.up("", force=True)
    assert bench.files == {}
    assert bench.down().failures == ()
    assert bench.down().steps == ()
    shutil.rmtree(bench.root / "cloud")
    assert bench.down().steps == (), "nothing in the state, nobody to ask"


def test_only_targets_are_touched(bench: Bench) -> None:
    bench.up('file("a", "one")\nfile("b", "two")')
    target = "urn:pulumi:tn::ace::files:index:File::b"
    outcome = bench.up('file("a", "uno")\nfile("b", "dos")\nfile("c", "three")', targets=(target,))
    assert ops(outcome) == {"b": "update"}
    assert set(bench.files) == {"one", "dos"}
