"""`ace preview` of a country whose cloud is not here yet: by the real engine and the real program, and nobody asked."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ace.cli.main import app

CHECKOUT = Path(__file__).resolve().parents[2]
Ace = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ace:
    """Run `ace ... --format json` in a ROOT that has a spec, and on a machine that has no clouds.yaml."""
    for name in list(os.environ):
        if name.startswith(("OS_", "ACE_", "PULUMI_")):
            monkeypatch.delenv(name)
    shutil.copytree(CHECKOUT / "ecosystem", tmp_path / "ecosystem")
    monkeypatch.setattr("ace.workspace.clouds_file.OPENSTACK_PLACES", ("clouds.yaml",))
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, dict[str, Any]]:
        done = CliRunner().invoke(app, [*arguments, "--format", "json"])
        return done.exit_code, json.loads(done.stdout)

    return run


def test_a_new_country_is_previewed_without_a_cloud(ace: Ace, tmp_path: Path) -> None:
    code, said = ace("preview", "ug")
    assert code == 2
    uganda = said["countries"]["ug"]
    assert uganda["without_clouds"] == ["ug-kampala-1"]
    assert (uganda["update"], uganda["replace"], uganda["delete"]) == (0, 0, 0)
    made = {step["type"] for step in uganda["steps"]}
    assert {"openstack:compute/instance:Instance", "openstack:identity/project:Project"} <= made
    assert not (tmp_path / ".ace" / "passphrase").exists()
    assert not (tmp_path / ".ace" / "state" / "ug").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("preview",),
        ("up", "ug"),
        ("drift", "ug"),
        ("down", "ug", "--yes"),
    ],
)
def test_nothing_else_goes_without_a_cloud(ace: Ace, arguments: tuple[str, ...]) -> None:
    code, said = ace(*arguments)
    assert (code, said["error"]["code"]) == (1, "no-clouds-file")


def test_a_country_that_has_a_state_is_compared_with_its_cloud_or_not_at_all(ace: Ace, tmp_path: Path) -> None:
    state = tmp_path / ".ace" / "state" / "ug"
    state.mkdir(parents=True)
    (state / "state.json").write_text("{}", encoding="utf-8")
    code, said = ace("preview", "ug")
    assert (code, said["error"]["code"]) == (1, "no-cloud")
    assert "ug-kampala-1" in said["error"]["message"]


def test_the_pulumi_cli_plans_with_the_cloud_alone(ace: Ace) -> None:
    code, said = ace("preview", "ug", "--engine", "pulumi")
    assert (code, said["error"]["code"]) == (1, "no-cloud")
