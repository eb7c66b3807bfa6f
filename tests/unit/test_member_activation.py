"""A candidate is activated: by a check that was run here, or by the country's signed report."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ace.documents import text
from ace.errors import RefusedError
from ace.membership import log, transition
from ace.membership.activation import require_fit
from ace.membership.fitness.checking import NAMESPACE, SCHEMA, Report, digest_of
from ace.membership.fitness.contract import Assessment, FitnessResult
from ace.signatures.ssh import make_key, sign
from ace.spec import load
from ace.spec.values import MemberStatus
from ace.verdict import Verdict
from tests.unit.member_root import SC, Root, a_root, checked

S = MemberStatus
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Root:
    made = a_root(tmp_path, capsys)
    made.json("member", "add", "SC", "--answers", str(SC))
    return made


def test_a_fit_candidate_goes_live_and_only_its_status_and_the_log_change(root: Root) -> None:
    checked(root)
    before = root.texts()
    said = root.json("member", "activate", "sc", "--reason", "decided by the board")
    after_ = root.texts()
    assert {name for name in after_ if after_[name] != before.get(name)} == {
        "ecosystem/members/sc.yaml",
        "ecosystem/transitions.jsonl",
    }
    text = after_["ecosystem/members/sc.yaml"]
    assert text.replace("status: active", "status: candidate") == before["ecosystem/members/sc.yaml"]
    line = json.loads(after_["ecosystem/transitions.jsonl"])
    assert (line["country"], line["from"], line["to"]) == ("sc", "candidate", "active")
    assert line["reason"] == "decided by the board"
    assert "@" in line["by"]
    assert said["transition"]["to"] == "active"
    assert not (root.path / ".ace" / "members" / "sc" / transition.NOTE).exists()


@pytest.mark.parametrize(
    ("verdict", "age", "message"),
    [
        (Verdict.FAIL, timedelta(0), "victoria-1 extensions"),
        (Verdict.ABORT, timedelta(0), "victoria-1 extensions"),
        (Verdict.PASS, timedelta(days=31), "more than 30 days ago"),
    ],
)
def test_who_is_not_fit_now_does_not_go_live(root: Root, verdict: Verdict, age: timedelta, message: str) -> None:
    checked(root, verdict, age)
    before = root.texts()
    assert message in root.run("member", "activate", "sc", expect=3)
    assert root.texts() == before


def test_who_was_never_checked_does_not_go_live(root: Root) -> None:
    said = root.run("member", "activate", "sc", expect=3)
    assert "has not been checked here" in said
    assert "ace member check sc" in said


def test_a_check_of_something_else_does_not_count(root: Root) -> None:
    checked(root)
    file = root.spec / "members" / "sc.yaml"
    file.write_text(file.read_text().replace("size: small", "size: large"))
    assert "for other data centres or tenants" in root.run("member", "activate", "sc", expect=3)


def test_a_real_member_goes_live_with_its_own_keys_only(root: Root) -> None:
    member = replace(load(root.spec).member("SC"), example=False)
    with pytest.raises(RefusedError, match="victoria-1: admin_key"):
        require_fit(member, None, NOW)


@pytest.fixture
def key(root: Root) -> Path:
    """Seychelles' signing key, named in its file."""
    file = root.path / ".ace" / "key"
    public = make_key(file, "sc")
    member = root.spec / "members" / "sc.yaml"
    text = re.sub(r"(?m)^  - key: .*$", f"  - key: {public}", member.read_text())
    member.write_text(text)
    return file


def handed_in(root: Root, key: Path, country: str = "sc") -> Path:
    """A report as the country would send it."""
    outcomes = (FitnessResult("extensions", "victoria-1", "", Assessment(Verdict.PASS, "")),)
    report = Report(country, datetime.now(UTC), digest_of(load(root.spec).member("SC")), outcomes)
    file = root.path / ".ace" / "report.json"
    file.write_text(text(SCHEMA, report.document))
    file.with_name("report.json.sig").write_text(sign(file.read_bytes(), key, NAMESPACE))
    return file


def test_the_region_activates_by_the_countrys_signed_report_without_asking_its_clouds(root: Root, key: Path) -> None:
    file = handed_in(root, key)
    root.json("member", "activate", "sc", "--report", str(file))
    line = json.loads((root.spec / log.FILE).read_text())
    assert line["evidence"]["signed"] is True
    assert load(root.spec).member("SC").status is S.ACTIVE


def test_an_altered_report_is_refused(root: Root, key: Path) -> None:
    file = handed_in(root, key)
    file.write_text(file.read_text().replace("victoria-1", "victoria-2"))
    assert "is not signed by Seychelles" in root.run("member", "activate", "sc", "--report", str(file), expect=3)


def test_a_report_signed_by_somebody_else_is_refused(root: Root, key: Path) -> None:
    other = root.path / ".ace" / "other"
    make_key(other, "eve")
    file = handed_in(root, other)
    assert "is not signed by Seychelles" in root.run("member", "activate", "sc", "--report", str(file), expect=3)


def test_a_report_about_another_country_is_refused(root: Root, key: Path) -> None:
    file = handed_in(root, key, country="mu")
    assert "is about mu" in root.run("member", "activate", "sc", "--report", str(file), expect=3)


def test_a_report_without_a_signature_is_refused(root: Root, key: Path) -> None:
    file = handed_in(root, key)
    file.with_name("report.json.sig").unlink()
    assert "--key KEY" in root.run("member", "activate", "sc", "--report", str(file), expect=1)


def test_a_dry_run_says_what_would_be_done(root: Root) -> None:
    checked(root)
    before = root.texts()
    said = root.json("member", "activate", "sc", "--dry-run")
    assert said["steps"][0]["step"] == "status"
    assert root.texts() == before


def test_an_active_member_is_not_activated_again(root: Root) -> None:
    assert "ke is active" in root.run("member", "activate", "ke", expect=3)


def test_the_list_tells_status_age_and_what_is_overdue(root: Root) -> None:
    entries = {entry["country"]: entry for entry in root.json("member", "list")["members"]}
    assert (entries["ke"]["status"], entries["ke"]["status_since"]) == ("active", "2026-11-09")
    assert (entries["sc"]["status"], entries["sc"]["overdue"]) == ("candidate", "")
    later = {entry["country"]: entry for entry in root.json("member", "list", "--as-of", "2030-01-01")["members"]}
    assert "longer than 2 months" in later["sc"]["overdue"]
    assert later["ke"]["overdue"] == ""
