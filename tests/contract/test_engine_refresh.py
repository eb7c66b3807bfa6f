"""A refresh changes nothing by itself: what a cloud does not give back stays as the state has it, on both engines."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ace.engine.contract import Op, Resource
from ace.engine.deployment import from_deployment, secrets_of
from tests.contract.engine_bench import PASSPHRASE, Bench, ops
from tests.contract.files_provider import TOKEN, sha1

PROGRAM = """
a = file("a", "one", key=pulumi.Output.secret("hush-hush"), protect=True)
b = file("b", "two", key="loud", near=a.id)
file("c", "three", near=a.size, label="third")
"""


def resources(bench: Bench) -> dict[str, Resource]:
    """The files in the state by name, without the engine's clock, and without dependencies on nothing (Pulumi drops those)."""
    deployment = bench.engine.export(bench.stack)
    found = from_deployment(deployment, secrets_of(deployment, PASSPHRASE)).resources

    def bare(one: Resource) -> Resource:
        needs = {key: urns for key, urns in one.property_dependencies.items() if urns}
        return replace(one, created="", modified="", property_dependencies=needs)

    return {one.name: bare(one) for one in found if one.type == TOKEN}


def key_of(bench: Bench, name: str) -> object:
    return resources(bench)[name].outputs["key"]


def refreshed_too_often(bench: Bench, times: int) -> None:
    """The state as earlier releases left it after that many refreshes."""
    deployment = copy.deepcopy(bench.engine.export(bench.stack))
    for resource in deployment["deployment"]["resources"]:
        if resource["urn"].endswith("::b"):
            for _ in range(times):
                resource["outputs"]["key"] = sha1(resource["outputs"]["key"])
    # Past whatever puts it right on its way in: as an earlier release has it in its store.
    unaware = bench.engine
    unaware._providers = {}
    unaware.import_(bench.stack, deployment)


def test_refreshing_any_number_of_times_leaves_the_state_as_up_made_it(either: Bench) -> None:
    either.up(PROGRAM)
    made = resources(either)
    for round_ in ("first", "second", "third"):
        assert ops(either.refresh()) == {}, round_
        assert resources(either) == made, round_
    assert ops(either.preview()) == {}
    assert ops(either.up()) == {}
    assert resources(either) == made


def test_refreshing_writes_no_byte_where_nothing_changed(bench: Bench) -> None:
    bench.up(PROGRAM)
    state = bench.root / "state" / "state.json"
    made = state.read_bytes()
    bench.refresh()
    bench.refresh()
    assert state.read_bytes() == made


def test_what_is_taken_in_by_its_id_is_kept_as_a_create_would_have_kept_it(bench: Bench) -> None:
    bench.up('file("a", "one", key="loud")')
    id_ = bench.files["one"]["id"]
    bench.up('file("a", "one", key="loud", retain_on_delete=True)')
    bench.up("", force=True)
    bench.up(f'file("b", "one", key="loud", import_={id_!r})')
    assert bench.files["one"]["id"] == id_
    assert key_of(bench, "b") == sha1("loud")
    bench.refresh()
    assert key_of(bench, "b") == sha1("loud")
    assert ops(bench.preview('file("b", "one", key="loud")')) == {}


def as_stored(either: Bench) -> dict[str, Any]:
    """The record of `b` as it lies in the store: by an engine that knows no type, and so puts nothing right."""
    unaware = either.engine
    unaware._providers = {}
    [kept] = [r for r in unaware.export(either.stack)["deployment"]["resources"] if r["urn"].endswith("::b")]
    return dict(kept)


@pytest.mark.parametrize("times", [1, 7])
def test_a_state_that_an_earlier_release_hashed_over_is_put_right_and_replaces_nothing(
    either: Bench, times: int
) -> None:
    either.up(PROGRAM)
    id_, before = either.files["two"]["id"], resources(either)
    refreshed_too_often(either, times)
    either.events.clear()
    stored = as_stored(either)
    assert ops(either.preview()) == {}
    assert as_stored(either) == stored, "a preview writes nothing"
    said = [text for text in either.said("warning") if "was corrected" in text]
    assert len(said) == 1
    assert "(b)" in said[0]
    assert ops(either.up()) == {}
    assert either.files["two"]["id"] == id_
    assert resources(either) == before
    either.events.clear()
    assert ops(either.up()) == {}
    assert not any("was corrected" in text for text in either.said("warning")), "it is right, and said once"


def test_a_state_that_was_hashed_over_is_put_right_by_a_refresh_and_by_an_export(either: Bench) -> None:
    either.up(PROGRAM)
    before = resources(either)
    refreshed_too_often(either, 3)
    assert resources(either) == before, "an export gives it as it ought to be"
    assert either.refresh().count(Op.UPDATE) == 0
    assert as_stored(either)["outputs"]["key"] == sha1("loud"), "and a refresh has written it"


def test_a_state_that_was_hashed_over_is_put_right_when_it_is_taken_in(either: Bench) -> None:
    either.up(PROGRAM)
    before = resources(either)
    deployment = copy.deepcopy(either.engine.export(either.stack))
    for resource in deployment["deployment"]["resources"]:
        if resource["urn"].endswith("::b"):
            resource["outputs"]["key"] = sha1(sha1(resource["outputs"]["key"]))
    either.engine.import_(either.stack, deployment, either.events.append)
    assert any("was corrected" in text for text in either.said("warning"))
    assert resources(either) == before


def test_another_key_is_still_another_key(either: Bench) -> None:
    either.up(PROGRAM)
    id_ = either.files["two"]["id"]
    assert ops(either.preview(PROGRAM.replace('"loud"', '"louder"'))) == {"b": "replace"}
    either.up(force=True)
    assert either.files["two"]["id"] != id_
    assert key_of(either, "b") == sha1("louder")


def test_a_key_is_nowhere_in_the_folder(bench: Bench, tmp_path: Path) -> None:
    """The scenarios would prove nothing if the cloud gave it back."""
    bench.up(PROGRAM)
    texts = [path.read_text() for path in (tmp_path / "cloud").glob("*.json")]
    assert len(texts) == 3
    assert not any("loud" in text or sha1("loud") in text or "key" in text for text in texts)
