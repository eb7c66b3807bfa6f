"""Run `ace` as a user of the machine to whom no country's files are open, as the region's own user is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534
CHECKOUT = Path(__file__).resolve().parents[1]
_PROGRAM = """
import contextlib, io, os, sys
from ace.cli.main import main

def run(root, arguments):
    try:
        main([*arguments, "--spec", os.path.join(root, "ecosystem")])
    except SystemExit as ended:
        return ended.code or 0
    return 0

closed, own, user, *arguments = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    run(own + ".tried", arguments)
os.setgroups([]); os.setgid(int(user)); os.setuid(int(user))
assert not [name for name in closed.split(os.pathsep) if os.access(name, os.R_OK)], "the user can read a country's files"
sys.exit(run(own, arguments))
"""
"""What Python lies in may be closed to others too, so a first run as root, on a copy, loads all modules."""


@contextmanager
def region_of(root: Path, *folders: str) -> Iterator[Path]:
    """A ROOT of nobody's with copies of those folders of `root`, the spec among them."""
    with tempfile.TemporaryDirectory(prefix="ace-region-") as place:
        own = Path(place) / "root"
        own.mkdir()
        for name in ("ecosystem", *folders):
            shutil.copytree(root / name, own / name)
        shutil.copytree(own, Path(f"{own}.tried"))
        for path in (Path(place), own, *own.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        yield own


def ace(own: Path, *arguments: str, closed: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """Run `ace` there as nobody, who can read none of `closed` (or the run fails)."""
    assert all(path.exists() for path in closed)
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, os.pathsep.join(map(str, closed)), str(own), str(NOBODY), *arguments],
        cwd=CHECKOUT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
