"""`ace lab` as people and scripts meet it, as far as no cloud is needed."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from ace.cli.main import main
from ace.cli.show.lab import servers
from ace.lab import CloudRequest
from ace.lab.folder import LabFolder, Memory
from ace.operations.lab import server_kind

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(CHECKOUT / "ecosystem", tmp_path / "ecosystem")
    monkeypatch.chdir(tmp_path)
    for name in ("ACE_SPEC", "ACE_LAB_PORT", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["lab", *arguments])
    return int(ended.value.code or 0)


def test_a_country_that_is_no_member_is_named_with_those_that_are(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("up", "xx") == 1
    assert "'XX' is no member of the ecosystem; members: cd, eg" in capsys.readouterr().err
    assert not (root / ".ace").exists()


def test_a_real_member_is_not_played_by_a_lab(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = root / "ecosystem" / "members" / "tn.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("example: true", "example: false", 1), encoding="utf-8")
    assert run("up", "Tn") == 1
    assert "ecosystem/members/tn.yaml: TN is a real member" in capsys.readouterr().err
    assert not (root / ".ace").exists()


def test_all_and_names_exclude_each_other(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("up", "--all", "tn") == 1
    assert "exclude each other" in capsys.readouterr().err


def test_without_a_lab_status_is_empty_and_env_says_how_to_start_one(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("status", "--format", "json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["clouds"], said["hosts"], said["env"]) == ("ace/lab-status/v1", {}, {}, {})
    assert run("env") == 1
    assert "ace lab up" in capsys.readouterr().err


def test_a_lab_whose_processes_are_all_gone_is_told_cloud_by_cloud(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = LabFolder(root / ".ace" / "lab")
    folder.make()
    request = CloudRequest(name="tn-tunis-1", country="tn", region="tn-tunis-1", numeric=788)
    folder.remember(Memory(8123).with_cloud(request))
    assert run("status", "--format", "json") == 1
    said = json.loads(capsys.readouterr().out)
    cloud = said["clouds"]["tn-tunis-1"]
    assert cloud["auth_url"] == "http://127.103.20.10:8123/identity/v3"
    assert (cloud["country"], cloud["region"], cloud["ready"]) == ("tn", "tn-tunis-1", False)
    assert {"nursery", "zygote/nova", "tn-tunis-1/front"} <= set(said["down"])
    assert run("down", "eg") == 1
    assert "no clouds of eg; it has those of tn" in capsys.readouterr().err
    assert run("down", "TN", "--wipe") == 0
    assert not (root / ".ace").exists()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        (
            None,
            "Servers are fake (real hosts need root): they are scheduled, counted and ACTIVE, but nothing runs in them.",
        ),
        (False, "Servers are fake (as asked for): they are scheduled, counted and ACTIVE, but nothing runs in them."),
    ],
)
def test_fake_servers_are_told_with_the_reason(monkeypatch: pytest.MonkeyPatch, wish: bool | None, said: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    assert servers(server_kind(wish)) == said
