"""Playbooks are clean: for ansible-lint (production), yamllint and Ansible itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.playbooks.conftest import BIN, PLAYBOOKS, ROOT

ENVIRONMENT = os.environ | {
    "PATH": f"{BIN}:{os.environ['PATH']}",
    "ANSIBLE_LIBRARY": str(PLAYBOOKS / "library"),
    "NO_COLOR": "1",
}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=500, check=False)


def test_yamllint_finds_nothing() -> None:
    done = run("yamllint", "--strict", "playbooks", "tests/playbooks")
    assert done.returncode == 0, done.stdout


def test_ansible_lint_finds_nothing_in_the_production_profile() -> None:
    done = run("ansible-lint", "--offline", "--profile", "production", "--strict", "playbooks")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("playbook", sorted(PLAYBOOKS.glob("*.yml")), ids=lambda path: path.name)
def test_the_syntax_of_every_playbook_is_right(playbook: Path) -> None:
    done = run("ansible-playbook", "--syntax-check", "-i", "tests/playbooks/inventory/tn.yml", str(playbook))
    assert done.returncode == 0, done.stdout + done.stderr
