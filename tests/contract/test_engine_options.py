"""Resource options on either engine: former identities, parts that are ignored or force a replacement, how long it may take."""

from __future__ import annotations

import pytest

from ace.engine.contract import Outcome
from ace.errors import UserError
from tests.contract.engine_bench import Bench, ops

TEAM = """
class Team(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Team", name, None, opts)
"""


def ids(bench: Bench) -> dict[str, object]:
    return {content: body["id"] for content, body in bench.files.items()}


def urns(bench: Bench) -> list[str]:
    return [resource["urn"] for resource in bench.engine.export(bench.stack)["deployment"]["resources"]]


# ------------------------------------------------------------------------------------------------------------- aliases


def test_a_component_of_another_type_keeps_what_is_in_it_and_in_its_components(either: Bench) -> None:
    inside = 'h = Group("h", on(parent=g))\na = file("a", "one", parent=h)\nfile("b", "two", parent=g, near=a.id)'
    either.up(TEAM + 'g = Group("g")\n' + inside)
    before = ids(either)
    now = TEAM + 'g = Team("g", on(aliases=[pulumi.Alias(type_="test:index:Group")]))\n' + inside
    assert ops(either.up(now)) == {}
    assert ids(either) == before
    assert "urn:pulumi:tn::ace::test:index:Team$test:index:Group$files:index:File::a" in urns(either)
    assert ops(either.up(now)) == {}, "the alias may stay"


def test_children_named_after_a_renamed_component_are_renamed_with_it(either: Bench) -> None:
    either.up('g = Group("old")\nfile("old-a", "one", parent=g)\nfile("b", "two", parent=g)')
    before = ids(either)
    now = 'g = Group("new", on(aliases=[pulumi.Alias(name="old")]))\n'
    assert ops(either.up(now + 'file("new-a", "one", parent=g)\nfile("b", "two", parent=g)')) == {}
    assert ids(either) == before


def test_a_child_renamed_inside_a_renamed_component_stays_what_it_is(either: Bench) -> None:
    either.up('g = Group("old")\nfile("old-a", "one", parent=g)')
    before = ids(either)
    now = 'g = Group("new", on(aliases=[pulumi.Alias(name="old")]))\n'
    assert ops(either.up(now + 'file("x", "one", parent=g, aliases=[pulumi.Alias(name="new-a")])')) == {}
    assert ids(either) == before


def test_a_file_comes_out_of_its_parent_and_out_of_another_project(either: Bench) -> None:
    either.up('g = Group("g")\nfile("a", "one", parent=g)')
    before = ids(either)
    out = 'g = Group("g")\nfile("a", "one", aliases=[pulumi.Alias(parent=g)])'
    assert ops(either.up(out)) == {}
    back = 'g = Group("g")\nfile("a", "one", parent=g, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])'
    assert ops(either.up(back)) == {}
    assert ids(either) == before
    by_urn = "urn:pulumi:tn::ace::test:index:Group$files:index:File::a"
    assert ops(either.up(f'g = Group("g")\nfile("b", "one", aliases=["{by_urn}"])')) == {}
    assert ids(either) == before


def test_an_alias_of_what_never_was_is_no_matter(either: Bench) -> None:
    program = 'file("a", "one")\nfile("b", "two", aliases=[pulumi.Alias(name="a"), pulumi.Alias(name="z", stack="eg")])'
    assert ops(either.up(program)) == {"a": "create", "b": "create"}
    assert ops(either.up(program)) == {}


@pytest.mark.parametrize(
    "program",
    [
        'file("b", "one", aliases=[pulumi.Alias(name="a")])\nfile("c", "two", aliases=[pulumi.Alias(name="a")])',
        'file("a", "one")\nfile("b", "two", aliases=[pulumi.Alias(name="a")])',
    ],
    ids=["two-heirs", "still-there"],
)
def test_two_that_claim_to_be_one_are_refused_before_anything_is_touched(either: Bench, program: str) -> None:
    either.up('file("a", "one")')
    before = ids(either)
    with pytest.raises(UserError, match=r"File::a"):
        either.up(program, force=True)
    assert ids(either) == before


def test_children_are_found_even_when_the_run_that_renamed_their_parent_was_cut_off(bench: Bench) -> None:
    bench.up(
        TEAM
        + 'g = Group("old")\nfile("old-a", "one", parent=g)\nh = Group("h", on(parent=g))\nfile("b", "two", parent=h)'
    )
    before = ids(bench)
    parent = TEAM + 'g = Team("new", on(aliases=[pulumi.Alias(name="old", type_="test:index:Group")]))\n'
    cut = "if not pulumi.runtime.is_dry_run():\n    g.urn.apply(lambda urn: os._exit(1))\n    import time; time.sleep(60)\n"
    children = 'file("new-a", "one", parent=g)\nh = Group("h", on(parent=g))\nfile("b", "two", parent=h)'
    assert bench.up(parent + cut + children).failures
    assert "urn:pulumi:tn::ace::test:index:Team::new" in urns(bench)
    outcome = bench.up(parent + children)
    assert ops(outcome) == {}
    assert ids(bench) == before


# ---------------------------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    ("path", "before", "after", "expected"),
    [
        ("near.a", {"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 1, "b": 2}),
        ('near["x.y"]', {"x.y": 1}, {"x.y": 2, "z": 2}, {"x.y": 1, "z": 2}),
        ("near.list[0]", {"list": ["a", "x"]}, {"list": ["b", "y"]}, {"list": ["a", "y"]}),
        (
            "near.rules[*].port",
            {"rules": [{"port": 1, "to": 1}]},
            {"rules": [{"port": 2, "to": 2}]},
            {"rules": [{"port": 1, "to": 2}]},
        ),
        ("near.*", {"a": 1}, {"a": 2, "b": 2}, {"a": 1}),
    ],
)
def test_a_part_of_a_property_can_be_left_as_it_is(
    either: Bench, path: str, before: object, after: object, expected: object
) -> None:
    either.up(f'file("a", "one", near={before!r})')
    outcome = either.up(f'file("a", "one", near={after!r}, ignore_changes=[{path!r}])')
    assert outcome.failures == ()
    assert ops(outcome) == ({} if expected == before else {"a": "update"})
    assert either.files["one"]["near"] == expected
    assert ops(either.up()) == {}


def test_what_cannot_be_ignored_because_it_was_added_is_said_and_done(either: Bench) -> None:
    either.up('file("a", "one", near=["x"])')
    outcome = either.up('file("a", "one", near=["y", "z"], ignore_changes=["near[1]"])')
    assert ops(outcome) == {"a": "update"}
    assert either.files["one"]["near"] == ["y", "z"]
    assert any("cannot ignore changes" in text and "near[1]" in text for text in either.said("info"))


def test_a_secret_that_is_ignored_stays_a_secret(either: Bench) -> None:
    either.up('file("a", "one", near=pulumi.Output.secret({"word": "hush-hush"}))')
    either.up('file("a", "uno", near={"word": "other"}, ignore_changes=["near.word"])')
    assert either.files["uno"]["near"] == {"word": "hush-hush"}
    assert either.found_in_state("hush-hush") == []


def test_what_is_imported_may_differ_where_changes_are_ignored(either: Bench) -> None:
    either.up('file("a", "one", near={"x": 1, "y": 1}, retain_on_delete=True)')
    id_ = either.files["one"]["id"]
    either.up("", force=True)
    program = f'file("b", "one", near={{"x": 2, "y": 1}}, ignore_changes=["near.x"], import_={id_!r})'
    assert ops(either.up(program)) == {"b": "import"}
    assert either.files["one"]["near"] == {"x": 1, "y": 1}
    assert ops(either.up()) == {}


@pytest.mark.parametrize(
    ("path", "op"), [("near.a", "replace"), ("near.b", "update"), ("near", "replace"), ("*", "replace")]
)
def test_a_part_of_a_property_can_force_a_replacement(either: Bench, path: str, op: str) -> None:
    either.up('file("a", "one", near={"a": 1, "b": 1})')
    outcome = either.up(f'file("a", "one", near={{"a": 2, "b": 1}}, replace_on_changes=[{path!r}])', force=True)
    assert ops(outcome) == {"a": op}


# ------------------------------------------------------------------------------------------------------------- timeouts

SLOW = 'file("a", {0!r}, custom_timeouts=pulumi.CustomTimeouts(create="300ms", update="0.3s", delete=".3s"))'


def too_long(outcome: Outcome) -> None:
    assert [failure.urn.rpartition("::")[2] for failure in outcome.failures if failure.urn] == ["a"]
    assert "longer than it may" in str(outcome.failures)


def test_an_operation_may_take_as_long_as_the_program_says_and_no_longer(either: Bench) -> None:
    latency = either.root / "cloud" / "latency"
    latency.write_text("30")
    too_long(either.up(SLOW.format("one")))
    assert either.files == {}
    latency.unlink()
    assert either.up().failures == ()
    latency.write_text("30")
    too_long(either.up(SLOW.format("two")))
    too_long(either.down())
    assert set(either.files) == {"one"}, "what was not done is not forgotten"
    latency.unlink()
    outcome = either.up()
    assert outcome.failures == ()
    assert ops(outcome) == {"a": "create" if either.driver == "embedded" else "update"}, (
        "a delete without answer is finished"
    )
    assert set(either.files) == {"two"}
    assert either.down().failures == ()
    assert either.files == {}
    assert ops(either.up('file("a", "one", custom_timeouts=pulumi.CustomTimeouts(create="1m0.5s"))')) == {"a": "create"}


def test_a_timeout_that_is_none_is_refused_by_name(bench: Bench) -> None:
    with pytest.raises(UserError, match="soon"):
        bench.up('file("a", "one", custom_timeouts=pulumi.CustomTimeouts(create="soon"))')
