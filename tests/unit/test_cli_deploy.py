"""preview, up, down, refresh, drift, outputs and state as a pipeline sees them: exit codes, JSON, messages."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from ace.cli.main import app
from ace.fleet.report import SCHEMA, SCHEMA_FILE
from ace.workspace import engines
from ace.workspace.engines import EngineName
from tests.unit.fleet_engines import FolderEngine

CHECKOUT = Path(__file__).resolve().parents[2]
WANTED = {"tn": ("network", "!project"), "ug": ("network",), "rw": ("?server",)}


@dataclass
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.out)
        return body


Ace = Callable[..., Said]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ROOT with the shipped spec, and a clouds.yaml of three countries in place of a lab's."""
    for name in list(os.environ):
        if name.startswith(("OS_", "ACE_", "PULUMI_")):
            monkeypatch.delenv(name)
    shutil.copytree(CHECKOUT / "ecosystem", tmp_path / "ecosystem")
    entry = {"auth": {"auth_url": "http://127.0.0.1:9/v3"}}
    lab = tmp_path / ".ace" / "lab"
    lab.mkdir(parents=True)
    clouds = dict.fromkeys(("tn-tunis-1", "ug-kampala-1", "rw-kigali-1"), entry)
    (lab / "clouds.yaml").write_text(yaml.safe_dump({"clouds": clouds}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ace(root: Path, monkeypatch: pytest.MonkeyPatch) -> Ace:
    """Run `ace` in ROOT on engines whose clouds are folders."""
    monkeypatch.setattr(engines, "build", lambda _name: FolderEngine(desired=WANTED))

    def run(*arguments: str) -> Said:
        done = CliRunner().invoke(app, arguments)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    return run


def suspend(root: Path, country: str) -> None:
    file = root / "ecosystem" / "register.yaml"
    assert country.upper() in file.read_text(encoding="utf-8")
    member = root / "ecosystem" / "members" / f"{country}.yaml"
    text = member.read_text(encoding="utf-8")
    assert "status: active" in text
    member.write_text(text.replace("status: active", "status: suspended", 1), encoding="utf-8")


def test_preview_says_what_up_would_do_and_exits_2_then_0(ace: Ace) -> None:
    before = ace("preview", "TN", "--format", "json")
    assert before.code == 2
    assert before.json["schema"] == "ace/preview/v1"
    tn = before.json["countries"]["tn"]
    assert {key: tn[key] for key in ("create", "update", "replace", "delete", "same")} == {
        "create": 2, "update": 0, "replace": 0, "delete": 0, "same": 0,
    }  # fmt: skip
    assert set(tn["steps"][0]) == {"op", "urn", "type", "name", "diff"}
    assert ace("up", "tn").code == 0
    after = ace("preview", "tn")
    assert (after.code, after.out) == (0, "tn  unchanged (2 resources)\n")


def test_up_tells_each_country_and_writes_a_report_of_the_published_form(ace: Ace, root: Path) -> None:
    said = ace("up", "tn", "ug", "--format", "json", "--report", "report.json")
    assert said.code == 0
    assert {name: country["result"] for name, country in said.json["countries"].items()} == {
        "tn": "succeeded",
        "ug": "succeeded",
    }
    (kept,) = (root / ".ace" / "runs").iterdir()
    for file in (kept, root / "report.json"):
        written = json.loads(file.read_text(encoding="utf-8"))
        jsonschema.validate(written, json.loads(SCHEMA_FILE.read_text(encoding="utf-8")))
        assert written == {**said.json, "schema": SCHEMA}
    assert ace("up", "tn", "--format", "json").json["countries"]["tn"]["result"] == "unchanged"


def test_commands_that_act_say_first_which_clouds_they_mean(ace: Ace) -> None:
    said = ace("up", "tn")
    first, second, *_ = said.err.splitlines()
    assert first.endswith(".ace/lab/clouds.yaml (this folder's lab)")
    assert second.split() == ["tn", "tn-tunis-1", "http://127.0.0.1:9/v3"]


def test_a_country_that_fails_leaves_the_others_going_and_is_told_with_cause_and_retry(ace: Ace) -> None:
    said = ace("up", "tn", "rw")
    assert said.code == 1
    assert "tn  succeeded" in said.out
    assert "rw failed: cloud rw-kigali-1 does not answer at http://127.0.0.1:9/v3" in said.err
    assert "the cloud says: quota exceeded" in said.err
    assert "what to do: ask for more" in said.err
    assert "Traceback" not in said.err


def test_an_unnamed_country_without_a_cloud_is_left_out_and_a_named_one_fails(ace: Ace) -> None:
    everyone = ace("preview", "--format", "json").json["countries"]
    assert everyone["eg"]["result"] == "excluded"
    assert everyone["tn"]["create"] == 2
    named = ace("up", "tn", "eg", "--format", "json")
    assert named.code == 1
    assert named.json["countries"]["tn"]["result"] == "succeeded"
    assert named.json["countries"]["eg"]["reason"] == "no-cloud"
    assert "ace lab up eg" in named.err


def test_a_country_that_is_not_active_is_excluded_but_may_be_torn_down(ace: Ace, root: Path) -> None:
    ace("up", "ug")
    suspend(root, "ug")
    said = ace("up", "tn", "ug", "--format", "json")
    assert said.code == 0
    assert said.json["countries"]["ug"]["result"] == "excluded"
    assert "UG is suspended" in said.json["countries"]["ug"]["cause"]
    alone = ace("up", "ug")
    assert alone.code == 1
    assert "UG is suspended" in alone.err
    assert ace("down", "ug", "--yes").code == 0


def test_an_unknown_country_is_an_error_with_the_nearest(ace: Ace) -> None:
    said = ace("up", "tnn", "--format", "json")
    assert said.code == 1
    assert said.json["error"]["code"] == "no-such-member"
    assert said.json["error"]["hint"] == "is tn meant?"


def test_down_asks_and_with_nobody_to_ask_refuses(ace: Ace, root: Path) -> None:
    ace("up", "ug")
    said = ace("down", "ug")
    assert said.code == 1
    assert "ace down ug --yes" in said.err
    assert (root / ".ace/state/ug/network").exists()


def test_down_names_what_is_protected_and_takes_it_only_when_told(ace: Ace, root: Path) -> None:
    ace("up", "tn")
    refused = ace("down", "tn", "--yes")
    assert refused.code == 3
    assert "tn refused" in refused.err
    assert "!project" in refused.err
    assert (root / ".ace/state/tn/project").exists()
    done = ace("down", "tn", "--yes", "--unprotect", "*", "--format", "json")
    assert (done.code, done.json["countries"]["tn"]["delete"]) == (0, 2)


def test_drift_names_what_is_gone_and_changes_nothing(ace: Ace, root: Path) -> None:
    ace("up", "tn")
    assert ace("drift", "tn").code == 0
    (root / ".ace/state/tn/foreign").touch()
    said = ace("drift", "tn", "--format", "json")
    assert said.code == 2
    tn = said.json["countries"]["tn"]
    assert [found["name"] for found in tn["missing"]] == ["foreign"]
    assert (tn["changed"], tn["unmanaged"]) == ([], [])
    assert not any("-drift-" in file.name for file in (root / ".ace/runs").iterdir())


def test_outputs_mask_secrets_unless_asked(ace: Ace) -> None:
    ace("up", "tn")
    masked = ace("outputs", "tn", "--format", "json")
    assert masked.json["outputs"] == {"resources": ["network", "project"], "password": "***"}
    assert ace("outputs", "tn", "--show-secrets", "--format", "json").json["outputs"]["password"] == "hunter2"


@pytest.mark.parametrize("command", [("up",), ("refresh",), ("down", "tn", "--yes"), ("state", "import", "tn", "x")])
def test_a_command_that_acts_takes_no_date_before_today(ace: Ace, command: tuple[str, ...]) -> None:
    said = ace(*command, "--as-of", "2020-01-01")
    assert said.code == 3
    assert "before today" in said.err


def test_a_named_clouds_file_that_is_not_there_is_named(ace: Ace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", "/nowhere/clouds.yaml")
    said = ace("up", "tn")
    assert said.code == 1
    assert "OS_CLIENT_CONFIG_FILE names /nowhere/clouds.yaml" in said.err


def elsewhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clouds that are not this ROOT's lab."""
    shutil.copy(root / ".ace/lab/clouds.yaml", root / "clouds.yaml")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(root / "clouds.yaml"))


def test_outside_a_lab_a_country_without_a_passphrase_is_told_what_to_set(
    ace: Ace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(root, monkeypatch)
    said = ace("up", "tn")
    assert said.code == 1
    assert "PULUMI_CONFIG_PASSPHRASE" in said.err
    assert str(root / ".ace/passphrase/tn") in said.err


def test_outside_a_lab_countries_never_share_a_passphrase(
    ace: Ace, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere(root, monkeypatch)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "one for all")
    assert ace("up", "tn").code == 0
    shared = ace("up", "tn", "ug")
    assert shared.code == 1
    assert "each has its own" in shared.err
    assert "one for all" not in shared.err


def test_in_a_lab_a_passphrase_is_made_for_each_country_and_kept_private(ace: Ace, root: Path) -> None:
    ace("up", "tn", "ug")
    made = [root / ".ace/passphrase" / name for name in ("tn", "ug")]
    assert made[0].read_text() != made[1].read_text()
    assert {file.stat().st_mode & 0o777 for file in made} == {0o600}
    text = made[0].read_text()
    ace("up", "tn")
    assert made[0].read_text() == text


def test_a_country_stays_with_the_engine_that_holds_its_state(ace: Ace, root: Path) -> None:
    state = root / ".ace/state/tn"
    (state / "pulumi").mkdir(parents=True)
    (state / "pulumi" / "made").touch()
    assert engines.choose(EngineName.AUTO, "tn", state, has_backend=False) is EngineName.PULUMI
    said = ace("up", "tn", "--engine", "embedded")
    assert said.code == 1
    assert "ace state export tn tn.json" in said.err
    assert "ace state import tn tn.json --engine embedded" in said.err


def test_a_new_country_whose_backend_the_environment_names_is_not_planned_by_an_engine_that_does_not_reach_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = root / ".ace/state/tn"
    monkeypatch.setenv("PATH", "/nowhere")
    assert engines.choose(EngineName.AUTO, "tn", state, has_backend=False) is EngineName.EMBEDDED
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/states")
    assert engines.choose(EngineName.AUTO, "tn", state, has_backend=False) is EngineName.PULUMI
    assert engines.choose(EngineName.EMBEDDED, "tn", state, has_backend=False) is EngineName.EMBEDDED, "who says so"
    state.mkdir(parents=True)
    (state / "state.json").touch()
    assert engines.choose(EngineName.AUTO, "tn", state, has_backend=False) is EngineName.EMBEDDED, "it is there"


def test_a_state_here_of_a_country_whose_file_says_that_it_is_in_a_backend_is_refused(ace: Ace, root: Path) -> None:
    state = root / ".ace/state/tn"
    state.mkdir(parents=True)
    (state / "state.json").touch()
    file = root / "ecosystem/members/tn.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count("backend: local") == 1
    file.write_text(text.replace("backend: local", "backend: file:///srv/states"), encoding="utf-8")
    for action in ("preview", "up"):
        said = ace(action, "tn")
        assert said.code == 3
        assert "ace state import tn tn.json --engine pulumi" in said.err
    assert ace("state", "export", "tn", "tn.json").code == 0, "it can be read where it is, to be moved"


def test_a_state_goes_over_to_another_engine_and_the_old_one_is_kept(ace: Ace, root: Path) -> None:
    state = root / ".ace/state/tn"
    state.mkdir(parents=True)
    (state / "state.json").touch()
    ace("state", "export", "tn", "tn.json")
    said = ace("state", "import", "tn", "tn.json", "--engine", "pulumi", "--format", "json")
    assert (said.code, said.json["engine"]) == (0, "pulumi")
    assert not (state / "journal.jsonl").exists()
    (kept,) = state.glob("embedded-before-*")
    assert (kept / "state.json").exists()


def test_what_is_no_deployment_is_not_taken_in(ace: Ace, root: Path) -> None:
    (root / "x.json").write_text("[]", encoding="utf-8")
    said = ace("state", "import", "tn", "x.json")
    assert said.code == 1
    assert "no Pulumi deployment" in said.err


def test_a_report_that_has_no_place_stops_the_run_before_it_begins(ace: Ace, root: Path) -> None:
    assert ace("up", "tn", "--report", "no/such/folder/report.json").code == 1
    assert not (root / ".ace/runs").exists()


def test_help_neither_loads_pulumi_nor_the_spec() -> None:
    loaded = "[name for name in ('pulumi', 'pydantic', 'openstack', 'grpc') if name in sys.modules]"
    code = f"import sys; from ace.cli.main import app; print({loaded})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
