"""The folders of runs on hosts: one run of a country at a time, old ones removed, what Ansible printed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.files import locked
from ace.services.events import clean

KEPT_RUNS: Final = 20
"""Folders of earlier runs that are kept; their reports stay."""


def prune(runs: Path) -> None:
    """Remove the folders of old runs; what is left are the newest, and every report."""
    folders = sorted(path for path in runs.glob("*-*-*") if path.is_dir())
    for old in folders[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)


def last_lines(artefacts: Path) -> str:
    """The end of what Ansible printed, for want of better."""
    try:
        lines = (artefacts / "artefacts" / "stdout").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "it printed nothing"
    return clean(" ".join(line.strip() for line in lines[-12:] if line.strip()))[-600:] or "it printed nothing"


@contextmanager
def holding(runs: Path, country: str) -> Iterator[None]:
    """Hold the country: two runs at once would each see the other's half-done work.

    Raises:
        UserError: Another process has it.
    """

    def refuse(_holder: str) -> None:
        raise UserError(
            f"{country}: another `ace configure` is at its hosts",
            hint="wait for it, or stop it, and run again",
            code="busy",
        )

    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(runs / f".{country}.lock", refuse):
        yield
