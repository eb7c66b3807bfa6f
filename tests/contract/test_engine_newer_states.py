"""Deployments as newer CLIs write them, on either engine: taint is obeyed, what else they say is kept or refused by name."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ace.engine.contract import Op
from ace.errors import RefusedError, UserError
from tests.contract.engine_bench import Bench, ops

PROGRAM = 'a = file("a", "one")\nb = file("b", "two", near=a.id)\nfile("c", "three", kind=a.id)\nfile("d", "four")'


def record(deployment: dict[str, Any], name: str) -> dict[str, Any]:
    """The record of one file in a deployment."""
    resources = deployment["deployment"]["resources"]
    found: dict[str, Any] = next(r for r in resources if r["urn"].rpartition("::")[2] == name)
    return found


def tainted(bench: Bench, *names: str) -> dict[str, Any]:
    """The stack's state as `pulumi state taint` leaves it."""
    deployment = bench.engine.export(bench.stack)
    for name in names:
        record(deployment, name)["taint"] = True
    return {**deployment, "version": 4, "features": ["taint"]}


def test_what_is_tainted_is_replaced_once_and_then_tainted_no_more(either: Bench) -> None:
    either.up(PROGRAM)
    before = {content: body["id"] for content, body in either.files.items()}
    either.engine.import_(either.stack, tainted(either, "d"))
    assert ops(either.preview()) == {"d": "replace"}
    done = either.up()
    assert (done.failures, ops(done)) == ((), {"d": "replace"})
    after = {content: body["id"] for content, body in either.files.items()}
    assert after.pop("four") != before.pop("four")
    assert after == before
    exported = either.engine.export(either.stack)
    assert (exported["version"], exported.get("features") or []) == (3, [])
    assert "taint" not in record(exported, "d")
    assert ops(either.up()) == {}


def test_what_hangs_on_a_tainted_file_follows_it_as_in_any_replacement(either: Bench) -> None:
    either.up(PROGRAM)
    either.engine.import_(either.stack, tainted(either, "a"))
    plan = either.preview()
    assert ops(plan) == {"a": "replace", "b": "update", "c": "replace"}
    assert ops(either.up(force=True)) == ops(plan)
    assert either.files["two"]["near"] == either.files["three"]["kind"] == either.files["one"]["id"]
    assert ops(either.up()) == {}


def test_a_taint_is_kept_through_an_export_a_refresh_and_what_is_not_targeted(either: Bench) -> None:
    either.up(PROGRAM)
    deployment = tainted(either, "d")
    either.engine.import_(either.stack, deployment)
    either.refresh()
    either.up(
        'file("a", "uno")\n' + PROGRAM.partition("\n")[2].replace("a.id", '"x"'),
        targets=(record(deployment, "a")["urn"],),
    )
    exported = either.engine.export(either.stack)
    assert (exported["version"], exported["features"]) == (4, ["taint"])
    assert record(exported, "d")["taint"] is True
    assert either.down().failures == ()
    assert either.files == {}


def test_what_is_tainted_and_protected_is_named_and_refused(either: Bench) -> None:
    either.up('file("a", "one", protect=True)')
    either.engine.import_(either.stack, tainted(either, "a"))
    with pytest.raises(RefusedError, match="File::a"):
        either.up()
    assert set(either.files) == {"one"}


def test_a_killed_run_does_not_forget_a_taint(bench: Bench) -> None:
    bench.up(PROGRAM)
    bench.engine.import_(bench.stack, tainted(bench, "d"))
    (bench.root / "cloud" / "after-create").write_text("five")
    assert bench.up_killed(PROGRAM + '\nx = file("e", "five")\nfile("f", "six", near=x.id)') == 9
    assert bench.up(force=True).failures == ()
    assert set(bench.files) == {"one", "two", "three", "four", "five", "six"}
    assert bench.engine.export(bench.stack)["version"] == 3


def test_what_a_deployment_says_besides_is_written_back_as_it_was(bench: Bench) -> None:
    bench.up(PROGRAM)
    deployment = tainted(bench, "d")
    record(deployment, "b").update(
        {
            "sourcePosition": "project:///__main__.py#12,4",
            "stackTrace": [{"sourcePosition": "project:///__main__.py#12"}],
            "importID": "0123",
            "deletedWith": record(deployment, "a")["urn"],
            "hideDiff": ["near"],
            "replacementTrigger": {"of": ["some", 1]},
            "customTimeouts": {"create": 60, "update": 0, "delete": 0},
        }
    )
    given = copy.deepcopy(deployment)
    bench.engine.import_(bench.stack, deployment)
    exported = bench.engine.export(bench.stack)
    assert exported["deployment"]["resources"] == given["deployment"]["resources"]
    assert (exported["version"], exported["features"]) == (4, ["taint"])
    assert ops(bench.up()) == {"d": "replace"}
    kept = record(bench.engine.export(bench.stack), "b")
    assert kept["sourcePosition"] == "project:///__main__.py#12,4"


@pytest.mark.parametrize(
    ("where", "value", "feature"),
    [
        ("features", ["hooks"], "hooks"),
        ("features", ["taint", "not-invented-yet"], "not-invented-yet"),
        ("refreshBeforeUpdate", True, "refreshBeforeUpdate"),
        ("viewOf", "urn:pulumi:tn::ace::files:index:File::a", "views"),
        ("resourceHooks", {"beforeCreate": ["mine"]}, "hooks"),
        ("replaceWith", ["urn:pulumi:tn::ace::files:index:File::a"], "replaceWith"),
        ("extensionRef", "1", "extensionParameterization"),
        ("snippetID", "1", "snippets-prototype"),
        ("snippets", [{"uuid": "1"}], "snippets-prototype"),
    ],
)
def test_a_feature_that_is_not_known_is_named_and_the_state_stays(
    bench: Bench, where: str, value: object, feature: str
) -> None:
    bench.up(PROGRAM)
    before = bench.engine.export(bench.stack)
    deployment: dict[str, Any] = {**copy.deepcopy(before), "version": 4, "features": ["taint"]}
    if where == "features":
        deployment["features"] = value
    elif where == "snippets":
        deployment["deployment"][where] = value
    else:
        record(deployment, "b")[where] = value
    with pytest.raises(UserError, match=feature):
        bench.engine.import_(bench.stack, deployment)
    assert bench.engine.export(bench.stack)["deployment"]["resources"] == before["deployment"]["resources"]


def test_a_component_or_a_provider_that_is_tainted_changes_nothing_in_the_cloud(bench: Bench) -> None:
    bench.up('g = Group("g")\nfile("a", "one", parent=g)')
    bench.engine.import_(bench.stack, tainted(bench, "g", "folder"))
    outcome = bench.up()
    assert (outcome.failures, ops(outcome), outcome.count(Op.REPLACE)) == ((), {}, 0)
    assert bench.engine.export(bench.stack)["version"] == 3
