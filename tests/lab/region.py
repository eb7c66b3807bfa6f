"""A ROOT of its own with a lab, and how tests drive `ace` in it and ask its clouds."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack

CHECKOUT = Path(__file__).resolve().parents[2]
STACKS = ("tn", "ug", "rw")
"""Countries that stacks are tried on."""
BARE = "mu"
"""A country whose cloud no stack touches: single resource types are tried there."""


@dataclass(frozen=True)
class Region:
    """A ROOT of its own with a copy of the shipped spec and a lab."""

    root: Path
    environment: dict[str, str]
    python: str = sys.executable
    """Runs `ace`; which one, PYTHONPATH says."""

    def run(self, *arguments: str, timeout_s: float = 600, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run `ace` in the region."""
        return subprocess.run(
            [self.python, "-m", "ace", *arguments],
            cwd=self.root,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def json(self, *arguments: str, expect: int = 0, timeout_s: float = 600, **environment: str) -> dict[str, Any]:
        """Run `ace ... --format json` and give its object; fails the test on another exit code than expected."""
        done = self.run(*arguments, "--format", "json", timeout_s=timeout_s, **environment)
        assert done.returncode == expect, (
            f"ace {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        body: dict[str, Any] = json.loads(done.stdout)
        return body

    def member_file(self, country: str) -> Path:
        return self.root / "ecosystem" / "members" / f"{country}.yaml"

    def cloud(self, name: str) -> openstack.connection.Connection:
        """A fresh connection, past anything ACE has in memory."""
        config = openstack.config.OpenStackConfig(config_files=[str(self.root / ".ace" / "lab" / "clouds.yaml")])
        return openstack.connection.Connection(config=config.get_one(cloud=name))


@dataclass(frozen=True)
class LabCloud:
    """One empty cloud of the lab."""

    name: str
    clouds_file: Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_root(folder: Path) -> Region:
    """A ROOT with the shipped spec and an environment that points nowhere else."""
    shutil.copytree(CHECKOUT / "ecosystem", folder / "ecosystem")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "ACE_", "PULUMI_")) or name in {"ACE_CACHE_DIR", "ACE_LAB_HOST_SUITE"}
    }
    own = {"ACE_LAB_PORT": str(free_port()), "ACE_LAB_HOSTS": "0", "ACE_ENGINE": "embedded", "NO_COLOR": "1"}
    own["PYTHONPATH"] = str(CHECKOUT)
    environment = {**inherited, **own}
    return Region(folder, environment)
