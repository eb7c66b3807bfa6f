"""A host boots, reboots itself, stops and starts under each kind of control groups that this machine can show it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ace.lab.base_image import BaseImage
from ace.lab.hosts import lab_tag

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
]
GROUPS = Path("/sys/fs/cgroup")
HYBRID = GROUPS / "unified"
"""A tree of version 2 beside those of version 1 (systemd's hybrid layout)."""
BOOT = Path(__file__).with_name("boot_one.py")
LIFE = ["rebooted", "stopped", "started"]


def boot(folder: Path, prelude: str) -> list[str]:
    image = BaseImage()
    image.fill(lambda _: None)
    lab = folder / "lab"
    (lab / "run").mkdir(parents=True)
    command = f"{prelude} exec '{sys.executable}' -I '{BOOT}' '{lab}' '{image.folder}'"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", command],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(Path("/run/netns").glob(f"{lab_tag(lab)}*")) == []
    assert list(GROUPS.glob(f"*/{lab_tag(lab)}")) == list(GROUPS.glob(lab_tag(lab))) == []
    return done.stdout.split()


def test_as_this_machine_keeps_them(tmp_path: Path) -> None:
    kind, *life = boot(tmp_path, "")
    assert kind in ("Version1", "Version2", "Scopes")
    assert life == LIFE


@pytest.mark.hybrid_cgroups
def test_version_2_without_systemd(tmp_path: Path) -> None:
    assert boot(tmp_path, f"mount --bind {HYBRID} {GROUPS};") == ["Version2", *LIFE]
