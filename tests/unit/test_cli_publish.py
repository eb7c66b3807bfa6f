"""publish, publication verify, and what the policies refuse, as people and pipelines see them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from ace.cli.main import app
from ace.engine.contract import Secret, Stack
from ace.membership.fitness.checking import Report, digest_of
from ace.membership.fitness.contract import Assessment, FitnessResult
from ace.operations.fitness import keep_report
from ace.signatures.ssh import make_key
from ace.spec import load
from ace.verdict import Verdict
from ace.workspace import engines
from tests import nobody
from tests.unit.fleet_engines import FolderEngine
from tests.unit.publications import a_publication, lab_root

CHECKOUT = Path(__file__).resolve().parents[2]
SECRET = "hunter2-in-the-clear"
AFTER_THE_LABEL = "2028-06-01"
SOON_BEFORE_THE_LABELS_END = "2027-05-15"

Ace = Callable[..., Result]


class PublishingEngine(FolderEngine):
    """Its stacks have a `publication`, and a secret wherever an output may hide one."""

    def outputs(self, stack: Stack) -> dict[str, Any]:
        gateways = [
            {"name": f"gw{n}.tunis-1.tn", "public_address": f"198.18.20.{16 + n}", "token": SECRET} for n in (1, 2)
        ]
        said = {"data_centres": [{"gateways": gateways, "note": SECRET}], "hubs": [], "password": Secret(SECRET)}
        return {"publication": said, "inventory": {"secret": Secret(SECRET)}, "password": Secret(SECRET)}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ROOT like a lab's with two countries; Tunisia's only signer is the key ROOT/key."""
    root = lab_root(tmp_path / "root", ("tn-tunis-1", "ug-kampala-1"), monkeypatch)
    public = make_key(root / "key", "tn")
    file = root / "ecosystem" / "members" / "tn.yaml"
    text, count = re.subn(r"(signers:\n  - key: ).*", rf"\g<1>{public}", file.read_text(encoding="utf-8"), count=1)
    assert count == 1
    file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def ace(root: Path, monkeypatch: pytest.MonkeyPatch) -> Ace:
    """Run `ace` in ROOT on engines whose clouds are folders."""
    monkeypatch.setattr(engines, "build", lambda _name: PublishingEngine(desired={"tn": ("a",), "ug": ("b",)}))

    def run(*arguments: str) -> Result:
        done = CliRunner().invoke(app, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done

    return run


def published(root: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (root / "publications").glob("*")}


def test_what_is_published_holds_no_planted_secret_and_is_of_the_published_schema(
    ace: Ace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OS_PASSWORD", SECRET)
    key = a_publication().gateways[0].wireguard_key
    told = {"gw1.tunis-1.tn": {"wireguard_public_key": key, "wireguard_private_key": SECRET}, SECRET: {"a": SECRET}}
    (root / ".ace" / "facts").mkdir()
    (root / ".ace" / "facts" / "tn.json").write_text(json.dumps(told), encoding="utf-8")
    (root / ".ace" / "state" / "tn").mkdir(parents=True)
    (root / ".ace" / "state" / "tn" / "state.json").write_text(SECRET, encoding="utf-8")

    done = ace("publish", "tn", "--key", "key")

    assert done.exit_code == 0
    assert set(published(root)) == {"tn.json", "tn.json.sig", "hub-tunis.json", "hub-tunis.json.sig"}
    assert not [name for name, raw in published(root).items() if SECRET.encode() in raw]
    assert SECRET not in done.output
    said = json.loads(published(root)["tn.json"])
    assert said["data_centres"][0]["gateways"][0]["wireguard_key"] == key
    assert said["data_centres"][0]["gateways"][0]["public_address"] == "198.18.20.17"
    assert said["data_centres"][0]["gateways"][1]["wireguard_key"] is None
    schemas = json.loads(ace("schema").stdout)
    assert set(schemas) == {"ecosystem", "member", "register", "publication", "hub-publication"}
    Draft202012Validator(schemas["publication"]).validate(said)
    Draft202012Validator(json.loads(ace("schema", "hub-publication").stdout)).validate(
        json.loads(published(root)["hub-tunis.json"])
    )


def test_a_key_that_may_not_sign_publishes_nothing(ace: Ace, root: Path) -> None:
    make_key(root / "stranger", "stranger")
    done = ace("publish", "tn", "--key", "stranger")
    assert done.exit_code == 3
    assert "may not sign for TN" in done.stderr
    assert not (root / "publications").exists()


def test_what_is_believed_is_remembered_and_what_is_altered_changes_nothing(ace: Ace, root: Path) -> None:
    assert ace("publish", "tn", "--key", "key").exit_code == 0
    assert ace("publication", "verify").exit_code == 0
    seen = (root / ".ace" / "seen.json").read_bytes()
    file = root / "publications" / "tn.json"
    file.write_bytes(file.read_bytes().replace(b"Tunis", b"Tunix"))
    done = ace("publication", "verify", "--format", "json")
    told = {entry["country"]: entry["reason"] for entry in json.loads(done.stdout)["publications"]}
    assert done.exit_code == 1
    assert (told["tn"], told["hub-tunis"], told["ug"]) == ("altered", "", "absent")
    assert (root / ".ace" / "seen.json").read_bytes() == seen


def test_a_damaged_memory_lets_nothing_through(ace: Ace, root: Path) -> None:
    ace("publish", "tn", "--key", "key")
    (root / ".ace" / "seen.json").write_text("{", encoding="utf-8")
    done = ace("publication", "verify")
    assert done.exit_code == 1
    assert "seen.json is damaged" in done.stderr
    assert (root / ".ace" / "seen.json").read_text(encoding="utf-8") == "{"


@pytest.mark.root  # only root can become another user
def test_the_region_verifies_as_a_user_who_can_read_nothing_else(ace: Ace, root: Path) -> None:
    ace("publish", "tn", "--key", "key")
    with nobody.region_of(root, "publications") as region:
        closed = [root / ".ace" / "lab" / "clouds.yaml"]
        done = nobody.ace(region, "publication", "verify", "--format", "json", closed=closed)
        assert done.returncode == 0, done.stderr
        told = {entry["country"]: entry["valid"] for entry in json.loads(done.stdout)["publications"]}
        assert {name for name, valid in told.items() if valid} == {"tn", "hub-tunis"}
        assert (region / ".ace" / "seen.json").stat().st_uid == nobody.NOBODY


def test_after_a_labels_end_preview_shows_and_up_and_publish_refuse_and_the_others_go_on(ace: Ace, root: Path) -> None:
    shown = ace("preview", "tn", "ug", "--as-of", AFTER_THE_LABEL, "--format", "json")
    assert shown.exit_code == 3
    body = json.loads(shown.stdout)
    assert set(body["refused"]) == {"tn"}
    assert "label-coverage" in body["refused"]["tn"]["message"]
    assert body["countries"]["tn"]["create"] == body["countries"]["ug"]["create"] == 1
    assert "have tn-g-cloud of tunis-1 renewed" in ace("preview", "tn", "--as-of", AFTER_THE_LABEL).stderr
    assert ace("preview", "tn", "ug").exit_code == 2

    done = ace("up", "tn", "ug", "--as-of", AFTER_THE_LABEL)
    assert done.exit_code == 3
    assert "label-coverage: tenant education" in done.stderr
    assert (root / ".ace" / "state" / "ug" / "b").exists()
    assert not (root / ".ace" / "state" / "tn" / "a").exists()

    assert ace("publish", "tn", "--key", "key", "--as-of", AFTER_THE_LABEL).exit_code == 3
    assert not (root / "publications").exists()


def test_preview_shows_the_findings_that_a_change_causes_and_those_that_it_cures(ace: Ace) -> None:
    def changes(*arguments: str) -> dict[str, set[tuple[str, str]]]:
        body = json.loads(ace("preview", "tn", *arguments, "--format", "json").stdout)
        return {kind: {(one["rule"], one["severity"]) for one in those} for kind, those in body["policy"]["tn"].items()}

    assert ace("up", "tn").exit_code == 0
    assert changes() == {"caused": set(), "cured": set()}
    later = changes("--as-of", AFTER_THE_LABEL)
    assert ("label-coverage", "error") in later["caused"]
    assert later["cured"] == set()
    assert (
        "tn  caused  error: label-coverage: tenant education" in ace("preview", "tn", "--as-of", AFTER_THE_LABEL).stdout
    )

    assert ace("up", "tn", "--as-of", SOON_BEFORE_THE_LABELS_END).exit_code == 0
    back = changes()
    assert ("label-ending", "warning") in back["cured"]
    assert back["caused"] == set()


def test_the_last_check_of_the_clouds_is_told_in_numbers_while_the_file_asks_the_same(ace: Ace, root: Path) -> None:
    member = load(root / "ecosystem").member("tn")
    outcomes = tuple(
        FitnessResult(f"test-{number}", "tunis-1", "something", Assessment(verdict, "secret detail", ""))
        for number, verdict in enumerate((Verdict.PASS, Verdict.PASS, Verdict.SKIP))
    )
    report = Report("tn", datetime(2026, 11, 20, 8, 30, 15, tzinfo=UTC), digest_of(member), outcomes)
    assert ace("up", "tn").exit_code == 0
    for kept, told in (
        (report, {"checked": "2026-11-20T08:30:15Z", "passed": 2, "failed": 0, "aborted": 0, "skipped": 1}),
        (replace(report, asked="0" * 64), None),
    ):
        keep_report(root, kept)
        assert ace("publish", "tn", "--key", "key").exit_code == 0
        raw = (root / "publications" / "tn.json").read_text()
        assert json.loads(raw)["fitness"] == told
        assert "secret detail" not in raw
