"""`ace publish` signs with a key that only ssh-agent or a PKCS#11 token holds, and the region believes it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ace.cli.main import app
from ace.signatures.ssh import agent_keys, make_key
from ace.workspace import engines
from tests.needs import TOKENS
from tests.unit.fleet_engines import FolderEngine
from tests.unit.publications import lab_root
from tests.unit.test_cli_publish import PublishingEngine

CHECKOUT = Path(__file__).resolve().parents[2]
PIN = "1234"
MODULE = next((path for path in TOKENS if path.exists()), None)
pytestmark = pytest.mark.ssh


@dataclass(frozen=True)
class Agent:
    """A running ssh-agent, and a ROOT like a lab's in which its keys may be named."""

    root: Path

    def name(self, public: str) -> None:
        """Make a key Tunisia's only signer."""
        today = date.today()
        file = self.root / "ecosystem" / "members" / "tn.yaml"
        text = file.read_text(encoding="utf-8")
        block = text[text.index("signers:") : text.index("\nstate:")]
        dates = f"    from: {today - timedelta(days=9)}\n    until: {today + timedelta(days=99)}\n"
        file.write_text(text.replace(block, f"signers:\n  - key: {public}\n{dates}"), encoding="utf-8")

    def ace(self, *arguments: str) -> Result:
        done = CliRunner().invoke(app, [*arguments, "--spec", str(self.root / "ecosystem")])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Agent]:
    root = lab_root(tmp_path / "root", ("tn-tunis-1",), monkeypatch)
    engine: FolderEngine = PublishingEngine(desired={"tn": ("a",)})
    monkeypatch.setattr(engines, "build", lambda _name: engine)
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    socket = tmp_path / "agent"
    running = subprocess.Popen(
        ["ssh-agent", "-D", "-a", str(socket), "-P", "/usr/lib/*"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert running.stdout is not None
    assert running.stdout.readline(), "ssh-agent says its socket once it listens"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    yield Agent(root)
    running.terminate()
    running.wait()
    running.stdout.close()


def believed(agent: Agent) -> None:
    """What was published is to be believed, and by no lab's key."""
    assert not (agent.root / ".ace" / "lab" / "signing").exists()
    done = agent.ace("publication", "verify", "--format", "json")
    assert done.exit_code == 0, done.output
    told = {entry["country"]: entry["valid"] for entry in json.loads(done.stdout)["publications"]}
    assert (told["tn"], told["hub-tunis"], told["eg"]) == (True, True, False)


def test_a_signer_that_ssh_agent_holds_signs_without_being_named(agent: Agent, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key", "tn")
    subprocess.run(["ssh-add", "-q", str(tmp_path / "key")], check=True)
    (tmp_path / "key").unlink()
    agent.name(public)
    assert agent.ace("publish", "tn").exit_code == 0
    believed(agent)


def test_the_public_half_names_a_key_that_ssh_agent_holds(agent: Agent, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key", "tn")
    subprocess.run(["ssh-add", "-q", str(tmp_path / "key")], check=True)
    (tmp_path / "key").unlink()
    agent.name(public)
    assert agent.ace("publish", "tn", "--key", str(tmp_path / "key.pub")).exit_code == 0
    believed(agent)
    subprocess.run(["ssh-add", "-q", "-D"], check=True)
    gone = agent.ace("publish", "tn", "--key", str(tmp_path / "key.pub"))
    assert gone.exit_code == 1
    assert "ssh-keygen does not sign with it" in gone.stderr


@pytest.mark.softhsm2
def test_a_token_s_key_signs_once_ssh_agent_has_been_shown_the_token(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n", encoding="ascii")
    util = ["softhsm2-util", "--token", "ace", "--pin", PIN]
    subprocess.run(
        [*util, "--init-token", "--free", "--label", "ace", "--so-pin", "5678"], check=True, stdout=subprocess.DEVNULL
    )
    pem = tmp_path / "key.pem"
    curve = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", str(pem)]
    subprocess.run(curve, check=True, stderr=subprocess.DEVNULL)
    subprocess.run([*util, "--import", str(pem), "--label", "tn", "--id", "01"], check=True, stdout=subprocess.DEVNULL)
    pem.unlink()
    ask = tmp_path / "ask"
    ask.write_text(f"#!/bin/sh\necho {PIN}\n", encoding="ascii")
    ask.chmod(0o700)
    environment = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    module = str(MODULE.resolve()) if MODULE else ""
    subprocess.run(["ssh-add", "-q", "-s", module], check=True, env=environment, stdin=subprocess.DEVNULL)
    [public] = agent_keys()
    agent.name(public)
    assert agent.ace("publish", "tn").exit_code == 0
    believed(agent)
