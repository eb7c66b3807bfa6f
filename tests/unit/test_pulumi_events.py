"""Pulumi's engine events, as its CLI logs them, read into steps and failures."""

from __future__ import annotations

from typing import Any

from ace.engine.contract import Message, Op, PropertyChange, Secret, StepFinished, StepStarted
from ace.engine.pulumi_cli.events import Reading

URN = "urn:pulumi:tn::ace::openstack:compute/quotaSetV2:QuotaSetV2::tunis-1.education.quota"
TYPE = "openstack:compute/quotaSetV2:QuotaSetV2"


def event(kind: str, op: str, **metadata: Any) -> dict[str, Any]:
    side = {"type": TYPE, "urn": URN, "custom": True, "inputs": {}, "outputs": {}}
    body = {"op": op, "urn": URN, "type": TYPE, "old": side, "new": side, "detailedDiff": None, **metadata}
    return {"sequence": 1, "timestamp": 1, kind: {"metadata": body, "planning": False}}


def diagnostic(severity: str, message: str, urn: str = "") -> dict[str, Any]:
    return {"diagnosticEvent": {"urn": urn, "message": message, "severity": severity, "color": "never"}}


def test_a_planned_update_tells_what_changes_and_hides_secrets() -> None:
    reading = Reading("tn")
    old = {"custom": True, "outputs": {"cores": 20, "password": "[secret]", "routes": [{"to": "a"}]}}
    new = {"custom": True, "inputs": {"cores": 40, "password": "[secret]", "routes": [{"to": "b"}]}}
    diff = {
        "cores": {"diffKind": "update"},
        "password": {"diffKind": "update-replace"},
        "routes[0].to": {"diffKind": "update"},
    }
    assert reading.read(event("resourcePreEvent", "update", old=old, new=new, detailedDiff=diff), planning=True) == []
    (step,) = reading.steps
    assert (step.op, step.name, step.custom) == (Op.UPDATE, "tunis-1.education.quota", True)
    assert step.changes == (
        PropertyChange("cores", 20, 40),
        PropertyChange("password", Secret(None), Secret(None), forces_replacement=True),
        PropertyChange("routes[0].to", "a", "b"),
    )


def test_the_halves_of_a_replacement_are_no_steps_of_their_own() -> None:
    planned, applied = Reading("tn"), Reading("tn")
    for op in ("create-replacement", "replace", "delete-replaced"):
        planned.read(event("resourcePreEvent", op), planning=True)
        applied.read(event("resOutputsEvent", op), planning=False)
    assert [step.op for step in planned.steps] == [step.op for step in applied.steps] == [Op.REPLACE]


def test_a_run_tells_the_beginning_and_the_end_of_what_acts() -> None:
    reading = Reading("tn")
    begun = reading.read(event("resourcePreEvent", "create"), planning=False)
    ended = reading.read(event("resOutputsEvent", "create"), planning=False)
    assert [type(told) for told in (*begun, *ended)] == [StepStarted, StepFinished]
    assert reading.read(event("resourcePreEvent", "same"), planning=False) == []


def test_a_failed_step_carries_the_providers_words() -> None:
    reading = Reading("tn")
    reading.read(diagnostic("error", "Quota exceeded for resources: ['network']\n", URN), planning=False)
    reading.read(event("resOpFailedEvent", "create"), planning=False)
    reading.read(
        diagnostic("error", "update failed", "urn:pulumi:tn::ace::pulumi:pulumi:Stack::ace-tn"), planning=False
    )
    assert [(failure.urn, failure.message) for failure in reading.failures] == [
        (URN, "Quota exceeded for resources: ['network']")
    ]
    assert reading.unclaimed_errors() == []


def test_a_programs_own_error_belongs_to_no_step() -> None:
    reading = Reading("tn")
    told = reading.read(diagnostic("error", "<{%reset%}>no member 'xx'<{%reset%}>\n"), planning=True)
    assert told == [Message("tn", "error", "no member 'xx'")]
    assert [(failure.urn, failure.message) for failure in reading.unclaimed_errors()] == [("", "no member 'xx'")]


def test_refresh_tells_the_gone_from_the_changed_and_the_same() -> None:
    reading = Reading("tn")
    same = {"outputs": {"cores": 1}}
    reading.read(event("resOutputsEvent", "refresh", old=same, new=None), planning=False)
    reading.read(event("resOutputsEvent", "refresh", old=same, new={"outputs": {"cores": 2}}), planning=False)
    reading.read(event("resOutputsEvent", "refresh", old=same, new=same), planning=False)
    assert [step.op for step in reading.steps] == [Op.DELETE, Op.UPDATE, Op.SAME]
