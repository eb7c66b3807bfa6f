"""`ace validate` and `ace schema` as people, pipelines and editors use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ace.cli.main import main

from .spec_cases import base_spec


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of `ace` with these arguments."""
    with pytest.raises(SystemExit) as exit_:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(exit_.value.code or 0), out, err


def test_a_good_spec_is_summed_up_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "validate", "--spec", str(base_spec(tmp_path)), "--as-of", "2026-11-24")
    assert (code, err) == (0, "")
    assert out == (
        "The spec of A small region is valid: 2 members (2 active), 2 data centres, 4 tenants, 2 services, 2 hubs.\n"
    )


def test_warnings_are_told_and_do_not_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "validate", "--spec", str(base_spec(tmp_path)), "--as-of", "2027-05-26")
    assert code == 0
    assert out.splitlines()[0] == (
        "ecosystem/members/tn.yaml:25:22: data_centres[0].labels[0].valid_until: label-ending: "
        "label tn-g-cloud of tunis-1 ends on 2027-05-31, in 5 days; renew it now [warning]"
    )


def test_what_the_policies_refuse_exits_3_with_rule_fact_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "validate", "--spec", str(base_spec(tmp_path)), "--as-of", "2027-06-01")
    assert code == 3
    assert (
        "ecosystem/members/tn.yaml:44:18: tenants[0].data_centre: label-coverage: tenant education of TN holds personal "
        "data on tunis-1, whose labels do not allow it on 2027-06-01: tn-g-cloud ended on 2027-05-31; have tn-g-cloud or "
        "tn-n-cloud of tunis-1 renewed by The agency, move the tenant, or waive this with an end date "
        "(goes with it: service/tn-e-learning, "
    ) in out
    assert "refused: the policies refuse the spec: 3 findings of severity error" in err


def test_machines_get_what_the_policies_refuse_with_its_rule_as_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("validate", "--spec", str(base_spec(tmp_path)), "--as-of", "2027-06-01", "--format", "json")
    code, out, _ = run(capsys, *arguments)
    body = json.loads(out)
    assert code == 3
    assert body["error"]["code"] == "refused-by-policy"
    assert {(f["code"], f["severity"]) for f in body["findings"]} == {
        ("label-coverage", "error"),
        ("label-ending", "warning"),
    }


def test_a_bad_spec_exits_1_with_every_finding_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec_dir = base_spec(tmp_path)
    (spec_dir / "members/tn.yaml").unlink()
    (spec_dir / "members/et.yaml").write_text("")
    code, out, err = run(capsys, "validate", "--spec", str(spec_dir))
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "ecosystem/members/et.yaml: the file is empty",
        "ecosystem/register.yaml:3:15: members[0].country: TN is in the register, but members/tn.yaml is missing; "
        "bring the file back, or let the country leave with `ace member remove`",
        "2 errors in the spec",
        "what to do: correct them and run `ace validate`",
    ]


def test_machines_get_findings_and_the_error_as_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec_dir = base_spec(tmp_path)
    path = spec_dir / "members/tn.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("scheme: tn-g-cloud", "scheme: tn-x"), encoding="utf-8")
    code, out, _ = run(capsys, "validate", "--spec", str(spec_dir), "--format", "json")
    body = json.loads(out)
    assert code == 1
    assert body["schema"] == "ace/validate/v1"
    assert body["findings"] == [
        {
            "file": "ecosystem/members/tn.yaml",
            "line": 23,
            "column": 17,
            "path": "data_centres[0].labels[0].scheme",
            "code": "unknown-reference",
            "severity": "error",
            "message": "unknown label scheme 'tn-x'; known: tn-g-cloud, tn-n-cloud",
        }
    ]
    assert body["error"]["code"] == "invalid-spec"


def test_machines_get_a_summary_of_a_good_spec(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("validate", "--spec", str(base_spec(tmp_path)), "--format", "json", "--as-of", "2026-11-24")
    code, out, _ = run(capsys, *arguments)
    body = json.loads(out)
    assert code == 0
    assert body["findings"] == []
    assert body["summary"]["data_centres"] == 2


def test_a_folder_that_is_not_there_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "validate", "--spec", str(tmp_path / "nowhere"))
    assert code == 1
    assert "no such spec folder" in err


def test_the_schemas_come_together_or_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "schema")
    together = json.loads(out)
    assert code == 0
    assert list(together) == ["ecosystem", "member", "register", "publication", "hub-publication"]
    _, out, _ = run(capsys, "schema", "member")
    assert json.loads(out) == together["member"]
