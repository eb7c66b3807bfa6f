"""A folder for one run of `pulumi`: its event log and all that it and its plugins make in "the" temporary folder.

It lies beside the workspace, not in /tmp, and goes at the end of the run; what a killed run left goes at the next one. A file
lock on it, which the CLI and its plugins inherit, is held until the last of them has ended: so it is known which of these
folders are in use, and whether the CLI that a killed `ace` started still works.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.files import locked, put, take

_FOLDER: Final = "runs"
_HELD: Final = "held"
_CLI: Final = "cli.json"


@dataclass(frozen=True, slots=True)
class Started:
    """A `pulumi` that an `ace` started for this stack."""

    host: str
    pid: int
    command: str


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run's own folder. `lock` is a file descriptor, to be inherited by the process."""

    path: Path
    lock: int

    def started(self, pid: int, command: str) -> None:
        """Note which process works here."""
        put(self.path / _CLI, json.dumps({"host": socket.gethostname(), "pid": pid, "command": command}))


@contextmanager
def run_folder(workspace: Path) -> Iterator[RunFolder]:
    """Make one, and remove it at the end; removes what killed runs left as well."""
    with _all(workspace) as folder:
        _sweep(folder)
        path = Path(tempfile.mkdtemp(dir=folder))
        lock = os.open(path / _HELD, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        take(lock, wait=True)
    try:
        yield RunFolder(path, lock)
    finally:
        os.close(lock)
        shutil.rmtree(path, ignore_errors=True)


def left_behind(workspace: Path) -> tuple[list[Started], list[Started]]:
    """The CLIs of runs whose `ace` may be gone: those that still work, and those that ended without saying so."""
    working: list[Started] = []
    ended: list[Started] = []
    with _all(workspace) as folder:
        for path in _paths(folder):
            started = _read(path / _CLI)
            if started is not None:
                (ended if _is_free(path) else working).append(started)
    return working, ended


def remove_left(workspace: Path) -> None:
    """Remove what killed runs left."""
    with _all(workspace) as folder:
        _sweep(folder)


@contextmanager
def _all(workspace: Path) -> Iterator[Path]:
    """The folder of these folders, for one of us at a time."""
    folder = workspace / _FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(folder):
        yield folder


def _sweep(folder: Path) -> None:
    for path in _paths(folder):
        if _is_free(path):
            shutil.rmtree(path, ignore_errors=True)


def _paths(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_dir()]


def _is_free(path: Path) -> bool:
    """Whether no process has it in use. The kernel knows, whichever container or namespace it runs in."""
    try:
        lock = os.open(path / _HELD, os.O_RDWR)
    except FileNotFoundError:
        return True  # being removed
    try:
        return take(lock, wait=False)
    finally:
        os.close(lock)


def _read(file: Path) -> Started | None:
    try:
        return Started(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
