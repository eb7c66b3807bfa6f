"""How a step reads: in the field's words, secrets masked, replacements with the property that forces them."""

from __future__ import annotations

import json

from ace.cli.show import steps
from ace.documents import plain
from ace.engine.contract import UNKNOWN, Op, PropertyChange, Secret, Step
from ace.engine.values import KNOWN_LATER, masked


def a_step(op: Op, name: str, *changes: PropertyChange, kind: str = "openstack:networking/network:Network") -> Step:
    return Step(op, f"urn:pulumi:tn::ace::{kind}::{name}", kind, name, changes)


def test_a_changed_quota_reads_as_from_and_to() -> None:
    step = a_step(
        Op.UPDATE,
        "tunis-1.education.quota",
        PropertyChange("cores", 20, 40),
        kind="openstack:compute/quotaSetV2:QuotaSetV2",
    )
    assert steps.lines("tn", [step]) == [
        ("~ tn  compute quota  tunis-1.education.quota  cores: 20 → 40", "yellow"),
    ]


def test_a_replacement_says_which_property_forces_it_and_further_ones_stand_below() -> None:
    step = a_step(
        Op.REPLACE, "a", PropertyChange("cidr", "10.0.0.0/24", "10.0.1.0/24", True), PropertyChange("name", "x", None)
    )
    told = [line for line, _ in steps.lines("tn", [step])]
    assert told[0] == "± tn  network  a  cidr: 10.0.0.0/24 → 10.0.1.0/24  (forces replacement)"
    assert told[1].strip() == "name: x → (none)"
    assert told[1].index("name") == told[0].index("cidr")


def test_secrets_are_never_shown_and_unknown_values_say_so() -> None:
    step = a_step(
        Op.UPDATE,
        "a",
        PropertyChange("password", Secret("hunter2"), Secret("hunter3")),
        PropertyChange("tags", [Secret("hunter2")], UNKNOWN),
    )
    text = "\n".join(line for line, _ in steps.lines("tn", [step])) + json.dumps(plain(steps.step_documents([step])))
    assert "hunter" not in text
    assert "password: *** → ***" in text
    assert KNOWN_LATER in text
    assert masked({"a": Secret("hunter2")}, show_secrets=True) == {"a": "hunter2"}


def test_only_real_resources_that_change_are_told() -> None:
    component = Step(Op.CREATE, "urn:x::a", "ace:country:Tenant", "a", (), custom=False)
    told = [component, a_step(Op.SAME, "b"), a_step(Op.DELETE, "c")]
    assert [step.name for step in steps.step_documents(told)] == ["c"]
    assert [line for line, _ in steps.lines("tn", told)] == ["- tn  network  c"]


def test_long_values_are_cut_for_people_and_whole_for_machines() -> None:
    step = a_step(Op.UPDATE, "a", PropertyChange("userData", "x" * 500, "y"))
    assert len(steps.lines("tn", [step])[0][0]) < 150
    assert steps.step_documents([step])[0].diff[0].before == "x" * 500


def test_types_are_named_in_the_fields_words() -> None:
    names = {
        "openstack:networking/routerInterface:RouterInterface": "router interface",
        "openstack:networking/secGroupRule:SecGroupRule": "security group rule",
        "openstack:blockstorage/quoteSetV3:QuoteSetV3": "volume quota",
        "openstack:compute/instance:Instance": "server",
        "openstack:networking/routerRoutesV2:RouterRoutesV2": "router routes",
    }
    assert {token: steps.kind(token) for token in names} == names
