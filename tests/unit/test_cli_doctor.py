"""`ace doctor` on machines and folders that lack something: it says what, and how to mend it."""

from __future__ import annotations

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ace.cli.main import app

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ROOT with the shipped spec, without clouds, and an environment that names none."""
    for name in list(os.environ):
        if name.startswith(("OS_", "ACE_", "PULUMI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(CHECKOUT / "ecosystem", tmp_path / "ecosystem")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def with_clouds(root: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    entry = {
        "auth": {"auth_url": "http://127.0.0.1:9/v3", "username": "ace", "password": "hunter2", "project_name": "ace"}
    }
    (root / "clouds.yaml").write_text(yaml.safe_dump({"clouds": dict.fromkeys(names, entry)}), encoding="utf-8")
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(root / "clouds.yaml"))


def doctor() -> tuple[int, dict[str, dict[str, Any]], str]:
    done = CliRunner().invoke(app, ["doctor", "--format", "json"])
    body = json.loads(done.stdout)
    assert body["schema"] == "ace/doctor/v1"
    return done.exit_code, {check["id"]: check for check in body["checks"]}, done.stdout


def test_every_thing_is_looked_at_and_what_is_wrong_has_a_fix(root: Path) -> None:
    code, checks, _ = doctor()
    assert set(checks) == {"python", "engine", "spec", "clouds", "passphrase", "disk", "lab", "hosts", "clock"}
    assert (code, checks["clouds"]["verdict"]) == (1, "FAIL")
    assert "ace lab up" in checks["clouds"]["fix"]
    assert (checks["lab"]["verdict"], checks["passphrase"]["verdict"]) == ("SKIP", "SKIP")
    assert all(check["fix"] for check in checks.values() if check["verdict"] in ("FAIL", "WARN"))
    assert (checks["python"]["verdict"], checks["disk"]["verdict"]) == ("PASS", "PASS")


def test_a_cloud_that_does_not_answer_is_named_and_its_password_is_not(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_clouds(root, monkeypatch, "tn-tunis-1")
    code, checks, text = doctor()
    assert code == 1
    assert "tn-tunis-1 at http://127.0.0.1:9/v3" in checks["clouds"]["detail"]
    assert "hunter2" not in text


def test_a_clouds_file_of_somebody_else_is_told_by_what_it_has(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_clouds(root, monkeypatch, "devstack")
    _, checks, _ = doctor()
    assert checks["clouds"]["verdict"] == "FAIL"
    assert "devstack" in checks["clouds"]["fix"]


def test_outside_a_lab_each_country_with_a_cloud_needs_a_passphrase_that_nobody_else_reads(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_clouds(root, monkeypatch, "tn-tunis-1")
    _, checks, _ = doctor()
    assert (checks["passphrase"]["verdict"], checks["passphrase"]["detail"]) == ("FAIL", "none for tn")
    file = root / ".ace" / "passphrase" / "tn"
    file.parent.mkdir(parents=True)
    file.write_text("a secret", encoding="utf-8")
    file.chmod(0o644)
    _, checks, _ = doctor()
    assert checks["passphrase"]["fix"] == f"chmod 600 {file}"
    file.chmod(0o600)
    _, checks, _ = doctor()
    assert checks["passphrase"]["verdict"] == "PASS"


def test_a_broken_spec_is_told_with_its_first_error(root: Path) -> None:
    (root / "ecosystem" / "members" / "tn.yaml").write_text("code: [", encoding="utf-8")
    code, checks, _ = doctor()
    assert (code, checks["spec"]["verdict"]) == (1, "FAIL")
    assert "ecosystem/members/tn.yaml:" in checks["spec"]["detail"]


def test_without_a_spec_the_machine_is_still_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACE_SPEC", raising=False)
    monkeypatch.chdir(tmp_path)
    code, checks, _ = doctor()
    assert (code, checks["spec"]["verdict"]) == (1, "FAIL")
    assert checks["disk"]["verdict"] == "PASS"


def pulumi_of(root: Path, monkeypatch: pytest.MonkeyPatch, said: str, *others: str) -> Path:
    """A PATH with programs that say these versions: `pulumi`, and others as `name=version`."""
    folder = root / "bin"
    folder.mkdir()
    for name, answer in (("pulumi", said), *(tuple(other.split("=", 1)) for other in others)):
        (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(root / "pulumi-home"))
    return folder


HOST = "pulumi-language-python="
WANTED = version("pulumi-openstack")


@pytest.mark.parametrize("said", ["3.276.0", "v3.260.0", "v3.277.0-dev.0+g1234"])
@pytest.mark.parametrize("provider", [WANTED, f"v{WANTED}"])
def test_a_cli_is_known_with_and_without_a_v_and_so_is_its_provider(
    root: Path, monkeypatch: pytest.MonkeyPatch, said: str, provider: str
) -> None:
    folder = pulumi_of(root, monkeypatch, said, HOST, f"pulumi-resource-openstack={provider}")
    check = doctor()[1]["engine"]
    assert check["verdict"] == "PASS", check
    assert f"Pulumi CLI {said.removeprefix('v')}" in check["detail"]
    assert f"openstack {WANTED} ({folder / 'pulumi-resource-openstack'})" in check["detail"]


@pytest.mark.parametrize("said", ["v2.25.2", "30.1.0", "", "command not understood"])
def test_what_is_no_pulumi_of_version_3_is_told(root: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    pulumi_of(root, monkeypatch, said, HOST)
    check = doctor()[1]["engine"]
    assert (check["verdict"], check["detail"]) == ("FAIL", f"`pulumi version` prints {said or 'nothing'}")


def test_a_cli_without_a_language_host_is_told_unless_it_lies_beside_the_cli(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pulumi_of(root, monkeypatch, "3.276.0", HOST, f"pulumi-resource-openstack={WANTED}")
    linked = root / "linked"
    linked.mkdir()
    (linked / "pulumi").symlink_to(folder / "pulumi")
    (linked / "pulumi-resource-openstack").symlink_to(folder / "pulumi-resource-openstack")
    monkeypatch.setenv("PATH", f"{linked}:/usr/bin:/bin")
    assert doctor()[1]["engine"]["verdict"] == "PASS"
    (folder / "pulumi-language-python").unlink()
    check = doctor()[1]["engine"]
    assert (check["verdict"], "pulumi-language-python" in check["detail"]) == ("FAIL", True)


def test_a_provider_that_is_not_there_or_another_is_told_with_the_version_that_the_stacks_want(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pulumi_of(root, monkeypatch, "3.276.0", HOST)
    check = doctor()[1]["engine"]
    assert check["verdict"] == "WARN"
    assert f"without its provider openstack; the stacks need {WANTED}" in check["detail"]
    assert f"pulumi plugin install resource openstack {WANTED}" in check["fix"]

    def cached(number: str) -> None:
        place = root / "pulumi-home" / "plugins" / f"resource-openstack-v{number}"
        place.mkdir(parents=True)
        (place / "pulumi-resource-openstack").write_text("")

    cached("5.4.0")
    check = doctor()[1]["engine"]
    assert (check["verdict"], "openstack is 5.4.0 (" in check["detail"]) == ("WARN", True)
    cached(WANTED)
    assert doctor()[1]["engine"]["verdict"] == "PASS"
    (folder / "pulumi-resource-openstack").write_text("#!/bin/sh\necho 5.0.0\n")
    (folder / "pulumi-resource-openstack").chmod(0o755)
    check = doctor()[1]["engine"]
    assert (check["verdict"], "openstack is 5.0.0 (" in check["detail"]) == ("WARN", True), "the CLI takes that on PATH"
