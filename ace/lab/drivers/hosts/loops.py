"""Volumes' files as block devices of this machine (loop devices)."""

from __future__ import annotations

import json
import os
from pathlib import Path

from drivers.dataplane import shell


def attached() -> dict[str, str]:
    """File -> its loop device."""
    output = shell.run("losetup", "--json", "--list", "--output", "NAME,BACK-FILE", check=False)
    devices = json.loads(output)["loopdevices"] if output.strip() else []
    return {device["back-file"].removesuffix(" (deleted)"): device["name"] for device in devices if device["back-file"]}


def attach(file: Path) -> str:
    """The loop device of that file; found or made."""
    found = attached().get(str(file))
    return found or shell.run("losetup", "--find", "--show", "--nooverlap", str(file)).strip()


def detach(file: Path) -> None:
    """Have that file no longer be a device (the kernel waits for those who have it open)."""
    if device := attached().get(str(file)):
        shell.run("losetup", "--detach", device, check=False)


def grown(file: Path) -> None:
    """The file has another size than before: have its device know."""
    if device := attached().get(str(file)):
        shell.run("losetup", "--set-capacity", device, check=False)


def numbers(device: str) -> tuple[int, int]:
    """Major and minor number of a device."""
    there = Path(device).stat().st_rdev
    return os.major(there), os.minor(there)
