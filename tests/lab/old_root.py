"""A ROOT as an older release makes it: that release from this repository's history, with an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.lab.region import CHECKOUT, Region, free_port

COMMIT = "4807924"
"""The release whose ROOTs go on (tests/fixtures/root-4807924 keeps the files of one)."""


@cache
def has_history() -> bool:
    """Whether this clone reaches back to that release; a shallow one does not."""
    return shutil.which("git") is not None and _git("cat-file", "-e", f"{COMMIT}^{{commit}}").returncode == 0


def old_release(folder: Path) -> Region:
    """That release, unpacked and set up by its own `scripts/setup`; it is its own ROOT, as a user's checkout is."""
    folder.mkdir(parents=True)
    archive = _git("archive", COMMIT)
    archive.check_returncode()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    own = {"ACE_LAB_PORT": str(free_port()), "ACE_LAB_HOSTS": "0", "ACE_ENGINE": "embedded", "NO_COLOR": "1"}
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OS_", "ACE_", "PULUMI_", "PYTHON", "VIRTUAL_ENV")) or name == "ACE_CACHE_DIR"
    }
    environment = {**inherited, **own, "PYTHONPATH": str(folder)}
    subprocess.run([str(folder / "scripts" / "setup")], check=True, capture_output=True, env=environment, timeout=600)
    return Region(folder, environment, str(folder / ".venv" / "bin" / "python"))


def todays(old: Region) -> Region:
    """Today's program in the same ROOT.

    The ROOT is also the old release's checkout: without PYTHONSAFEPATH, `python -m ace` there would run the old release.
    """
    environment = {**old.environment, "PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1"}
    region = replace(old, environment=environment, python=Region.python)
    where = subprocess.run(
        [region.python, "-c", "import ace; print(ace.__file__)"],
        cwd=region.root,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(CHECKOUT), "the old release's own code, not today's"
    return region


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(CHECKOUT), *arguments], capture_output=True, check=False)
