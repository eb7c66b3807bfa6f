"""Reading changes nothing by itself: for every resource type, n refreshes are one refresh are what the create put out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ace.engine.contract import Live, Properties
from tests.property.openstack_documents import TYPES
from tests.property.openstack_shapes import SHAPES, drawn

EACH_TYPE = pytest.mark.parametrize("token", SHAPES, ids=lambda token: token.partition(":")[0])
FEW = settings(max_examples=15)
"""For each of two dozen types: many together."""
FOREIGN = {"__meta": '{"e2bfb730":{"create":1800}}', "timeouts": {"create": "30m"}}
"""What Pulumi's bridge keeps in outputs, and no cloud tells."""


def stored(live: Live | None) -> bytes:
    """As the state keeps it, byte for byte; the order of an object's keys is the state's own."""
    assert live is not None
    return json.dumps([live.id, live.outputs], sort_keys=True).encode()


def reads(kind: Any, cloud: Any, id_: str, outputs: Properties) -> dict[str, Live]:
    """One by one and as a list: each as the state has it when it has come back from disk."""
    known = json.loads(json.dumps(outputs))
    one, listed = kind.read(cloud, id_, known), kind.read_many(cloud, [(id_, known)])
    return {"one by one": one, "in a list": listed[id_]}


def test_every_type_of_the_registry_has_documents() -> None:
    assert {f"openstack:{token}" for token in SHAPES} == set(TYPES)


@EACH_TYPE
@FEW
@given(data=st.data())
def test_reading_again_and_again_gives_what_the_create_gave(token: str, data: st.DataObject) -> None:
    kind: Any = TYPES[f"openstack:{token}"]
    case = data.draw(drawn(token))
    made = kind.create(case.cloud, case.inputs)
    outputs = made.outputs
    for _ in range(3):
        for how, read in reads(kind, case.cloud, made.id, outputs).items():
            assert stored(read) == stored(made), how
            outputs = read.outputs


@EACH_TYPE
@FEW
@given(data=st.data())
def test_a_refresh_finds_no_drift_and_leaves_the_inputs_in_their_form(token: str, data: st.DataObject) -> None:
    kind: Any = TYPES[f"openstack:{token}"]
    case = data.draw(drawn(token))
    made = kind.create(case.cloud, case.inputs)
    read = kind.read(case.cloud, made.id, made.outputs)
    assert kind.diff(case.inputs, case.inputs, made.outputs).changes == ()
    assert kind.diff(case.inputs, case.inputs, read.outputs).changes == ()
    assert kind.inputs_of(read, case.inputs) == case.inputs
    other = {key: {"name": "another", "tags": ["z"]}.get(key, value) for key, value in case.inputs.items()}
    once = kind.inputs_of(read, other)
    assert kind.inputs_of(read, once) == once
    assert kind.diff(once, once, read.outputs).changes == ()


@EACH_TYPE
@FEW
@given(data=st.data())
def test_what_another_engine_put_out_and_the_cloud_does_not_tell_stays(token: str, data: st.DataObject) -> None:
    kind: Any = TYPES[f"openstack:{token}"]
    case = data.draw(drawn(token))
    made = kind.create(case.cloud, case.inputs)
    theirs = Live(made.id, {**made.outputs, **FOREIGN})
    for how, read in reads(kind, case.cloud, made.id, theirs.outputs).items():
        assert stored(read) == stored(theirs), how


@EACH_TYPE
@FEW
@given(data=st.data())
def test_an_update_gives_what_a_read_then_gives(token: str, data: st.DataObject) -> None:
    kind: Any = TYPES[f"openstack:{token}"]
    case = data.draw(drawn(token))
    made = kind.create(case.cloud, case.inputs)
    updated = kind.update(case.cloud, made.id, case.inputs, case.inputs, made.outputs)
    assert stored(updated) == stored(made)
    for how, read in reads(kind, case.cloud, made.id, updated.outputs).items():
        assert stored(read) == stored(updated), how


@EACH_TYPE
@FEW
@given(data=st.data())
def test_what_a_search_finds_is_as_the_create_would_have_put_it_out(token: str, data: st.DataObject) -> None:
    kind: Any = TYPES[f"openstack:{token}"]
    case = data.draw(drawn(token))
    made = kind.create(case.cloud, case.inputs)
    found = kind.find(case.cloud, case.inputs)
    if found is not None:  # types whose create may be repeated look for nothing
        assert {key: found.outputs.get(key) for key in kind.hashed} == {
            key: made.outputs.get(key) for key in kind.hashed
        }
        assert found.outputs.keys() == made.outputs.keys()
        for how, read in reads(kind, case.cloud, made.id, found.outputs).items():
            assert stored(read) == stored(found), how
