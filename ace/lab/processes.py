"""The lab's processes, found by their titles in the process table.

`drivers/titles.py` sets them: `ace-lab /folder: tn-tunis-1/nova`. The kernel's table cannot be out of date as pid files
can: after kill -9 or a reboot nothing is left in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

TERM_S = 5.0
NURSERY = "nursery"
FRONT = "front"
OUTSIDE = "outside"
"""Runs where servers are real hosts."""
SERVICES = ("keystone", "placement", "glance", "neutron", "cinder", "nova")
"""The OpenStack services of each cloud, in the order in which they come up."""
SHARED = (NURSERY, *(f"zygote/{service}" for service in SERVICES))
"""The roles that every lab has once."""


def roles_of(cloud: str) -> tuple[str, ...]:
    """The roles that a cloud has for itself."""
    return tuple(f"{cloud}/{part}" for part in (*SERVICES, FRONT))


def shared(*, real_hosts: bool) -> tuple[str, ...]:
    """The roles that a lab has once, as far as it needs them."""
    return (*SHARED, OUTSIDE) if real_hosts else SHARED


def title(folder: Path) -> str:
    """How the titles of that lab's processes begin."""
    return f"ace-lab {folder}: "


def running(folder: Path) -> dict[str, list[psutil.Process]]:
    """Role -> its processes (more than one only after an accident), of the lab in `folder`."""
    found: dict[str, list[psutil.Process]] = {}
    begin = title(folder)
    owner = folder.stat().st_uid if folder.exists() else os.getuid()
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline()).rstrip()
            if line.startswith(begin) and process.uids().real == owner:
                found.setdefault(line.removeprefix(begin), []).append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def stop(found: Mapping[str, list[psutil.Process]]) -> None:
    """Stop processes, by role: children before those that they were forked from, which then clear them away."""
    ranks = [NURSERY], [role for role in SHARED if role != NURSERY], [role for role in found if role not in SHARED]
    for rank in reversed(ranks):
        _stop([process for role in rank for process in found.get(role, ())])


def _stop(left: list[psutil.Process]) -> None:
    """Ask them to end, and end them after `TERM_S` if they have not."""
    for process in left:
        _signal(process, kill=False)
    left = _wait(left)
    for process in left:
        _signal(process, kill=True)
    _wait(left)


def _wait(left: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run after `TERM_S`; one that has ended but whose parent does not care is no longer running."""
    deadline = Deadline(TERM_S)
    while (left := [process for process in left if _runs(process)]) and not deadline.passed:
        deadline.nap(0.05)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill() if kill else process.terminate()


class Deadline:
    """A moment that waiting does not go beyond."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        return time.monotonic() >= self._until

    def nap(self, seconds: float = 0.1) -> None:
        """Let others work before looking again."""
        time.sleep(min(seconds, max(0.0, self._until - time.monotonic())))
