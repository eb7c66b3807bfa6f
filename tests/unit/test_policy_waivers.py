"""Waivers: who may waive what, until when, and with whose signature."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ace.cli.main import main
from ace.policy import Kind, judge_spec
from ace.signatures.ssh import make_key
from ace.spec import load
from ace.spec.region import OperatorKind
from ace.spec.values import Approval, Contact, Spec, Waiver
from tests.unit.policy_cases import TODAY, a_waiver, an_approver, approved, having, told, with_centre
from tests.unit.publications import SPEC_DIR, shipped

AN_APPROVERS_KEY = shipped().region.approvers[0].key
AFTER = date(2027, 6, 1)
"""After the end of the label that the health tenant of Tunisia needs."""


def test_a_waiver_lets_one_through_until_its_end_and_no_longer() -> None:
    spec = having("tn", waivers=(a_waiver(until=date(2027, 8, 31)),))
    for day in (AFTER, date(2027, 8, 31)):
        judgement = judge_spec(spec, day)
        assert judgement.refused(Kind.TENANT) == {"tn/education", "tn/justice"}
        assert "tn-health-records" not in judgement.refused(Kind.SERVICE)
        [waived] = [finding for finding in judgement.findings if finding.waiver]
        assert "let through until 2027-08-31: renewal is late" in waived.message
    ended = judge_spec(spec, date(2027, 9, 1))
    assert ended.refused(Kind.TENANT) == {"tn/education", "tn/health", "tn/justice"}
    assert "warning waiver-valid waiver/tn/label-coverage" in told(ended)


@pytest.mark.parametrize(
    ("waiver", "severity", "why"),
    [
        (a_waiver(rule="no-such-rule"), "error", "there is no rule no-such-rule"),
        (a_waiver(subject="tenant/eg/health"), "error", "tenant/eg/health is not TN's"),
        (a_waiver(subject="region/all"), "error", "region/all is not TN's"),
        (a_waiver(until=date(2029, 1, 1)), "error", "more than a year after"),
        (a_waiver(until=date(2027, 5, 1)), "warning", "it ended on 2027-05-01"),
        (a_waiver(rule="waiver-valid", subject="member/tn"), "error", "waiver-valid can not be waived"),
        (a_waiver(rule="suspension-two-persons", subject="member/tn"), "error", "can not be waived"),
        (a_waiver(rule="operator-kind", subject="tenant/tn/justice"), "warning", "no approver has signed"),
    ],
)
def test_a_waiver_that_does_not_count_does_nothing_and_is_told(waiver: Waiver, severity: str, why: str) -> None:
    judgement = judge_spec(having("tn", waivers=(waiver,)), AFTER)
    assert judgement.refused(Kind.TENANT) == {"tn/education", "tn/health", "tn/justice"}
    [finding] = [finding for finding in judgement.findings if finding.rule == "waiver-valid"]
    assert (str(finding.severity), why in finding.fact) == (severity, True)


@pytest.fixture
def telecom() -> Spec:
    """Tunisia's data centre is run by a telecom operator, so that a rule of the region refuses its justice tenant."""
    operator = replace(shipped().member("tn").data_centres[0].operator, kind=OperatorKind.TELECOM)
    return with_centre("tn", operator=operator)


def waiving(spec: Spec, waiver: Waiver, *approvers: tuple[str, str]) -> list[str]:
    """What is refused with that waiver when those are the region's approvers."""
    region = replace(spec.region, approvers=tuple(an_approver(key, id_) for id_, key in approvers))
    return sorted(judge_spec(replace(having("tn", spec, waivers=(waiver,)), region=region), TODAY).refused(Kind.TENANT))


def test_a_rule_of_the_region_is_waived_only_with_an_approvers_signature(telecom: Spec, tmp_path: Path) -> None:
    key, other = make_key(tmp_path / "amina", "amina"), make_key(tmp_path / "other", "other")
    member = telecom.member("tn")
    waiver = a_waiver("operator-kind", "tenant/tn/justice")
    signed = approved(member, waiver, tmp_path / "amina")
    refused = ["tn/justice"]
    assert waiving(telecom, waiver, ("amina", key)) == refused
    assert waiving(telecom, signed, ("amina", key)) == []
    assert waiving(telecom, signed) == refused
    assert waiving(telecom, signed, ("amina", other)) == refused
    assert waiving(telecom, approved(member, waiver, tmp_path / "other"), ("amina", key)) == refused
    assert waiving(telecom, replace(signed, until=date(2027, 9, 30)), ("amina", key)) == refused
    assert waiving(telecom, replace(signed, reason="another reason"), ("amina", key)) == refused
    assert waiving(telecom, replace(signed, owner=Contact("x", "x@x.example")), ("amina", key)) == refused
    assert waiving(telecom, replace(signed, approval=Approval("amina", "U1NIU0lH" + "A" * 120)), ("amina", key)) == (
        refused
    )


def test_an_approvers_signature_counts_only_while_the_key_does(telecom: Spec, tmp_path: Path) -> None:
    key = make_key(tmp_path / "amina", "amina")
    signed = approved(telecom.member("tn"), a_waiver("operator-kind", "tenant/tn/justice"), tmp_path / "amina")
    spec = having("tn", telecom, waivers=(signed,))
    for since, until, counts in (
        (date(2026, 1, 1), date(2026, 11, 25), False),
        (date(2026, 11, 26), date(2028, 1, 1), False),
        (date(2026, 11, 25), date(2026, 11, 26), True),
    ):
        approver = replace(an_approver(key), since=since, until=until)
        judgement = judge_spec(replace(spec, region=replace(spec.region, approvers=(approver,))), TODAY)
        assert (judgement.errors == ()) is counts


def test_ace_policy_approve_prints_the_approval_that_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = make_key(tmp_path / "amina", "amina")
    spec_dir = tmp_path / "ecosystem"
    shutil.copytree(SPEC_DIR, spec_dir)
    _edit(spec_dir / "ecosystem.yaml", AN_APPROVERS_KEY, public)
    member = spec_dir / "members" / "tn.yaml"
    _edit(member, "kind: public_body}", "kind: telecom}")
    waiver = (
        "waivers:\n  - rule: operator-kind\n    subject: tenant/tn/justice\n    owner: {name: CIO, email: cio@j.tn.example}\n"
        "    reason: moving\n    until: 2027-03-31\n"
    )
    _edit(member, "data_centres:\n", f"{waiver}data_centres:\n")
    arguments = ["policy", "approve", "tn", "operator-kind", "tenant/tn/justice", "--key", str(tmp_path / "amina")]
    command = [*arguments, "--spec", str(spec_dir), "--as-of", str(TODAY), "--format", "json"]
    assert judge_spec(load(spec_dir), TODAY).refused(Kind.TENANT) == {"tn/justice"}
    with pytest.raises(SystemExit):
        main(command)
    approval = json.loads(capsys.readouterr().out)["approval"]
    assert approval["approver"] == "board-a"
    line = f"    approval: {{approver: board-a, signature: {approval['signature']}}}\n"
    _edit(member, "until: 2027-03-31\n", f"until: 2027-03-31\n{line}")
    assert judge_spec(load(spec_dir), TODAY).refused(Kind.TENANT) == frozenset()


def test_who_is_no_approver_approves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_key(tmp_path / "other", "other")
    arguments = ["policy", "approve", "tn", "--suspension", "--since", "2026-11-20", "--reason", "dues"]
    with pytest.raises(SystemExit) as exit_:
        main([*arguments, "--key", str(tmp_path / "other"), "--spec", str(SPEC_DIR)])
    assert exit_.value.code == 1
    assert "is the key of no approver of the region" in capsys.readouterr().err


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new), encoding="utf-8")
