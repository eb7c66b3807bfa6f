"""Run `ip`, `nft` and others, in a namespace or not."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drivers.dataplane.names import NAMESPACES

LOG = logging.getLogger(__name__)
ANSWER_S = 60
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class FailedError(Exception):
    """A program refused."""


def run(*command: str, text: str | None = None, check: bool = True) -> str:
    """Run a program and give what it printed.

    Raises:
        FailedError: It ended otherwise than well, and `check` is set.
    """
    done = subprocess.run(
        command,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=ANSWER_S,
        env={**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if check and done.returncode:
        raise FailedError(f"{' '.join(command)}: {done.returncode} {(done.stderr or done.stdout).strip()[:800]}")
    return done.stdout


def inside(namespace: str, *command: str, text: str | None = None, check: bool = True) -> str:
    """Run a program in a namespace; not by `ip netns exec`, which would hide the control groups from it."""
    return run("nsenter", f"--net={NAMESPACES / namespace}", "--", *command, text=text, check=check)


def batch(namespace: str | None, lines: Sequence[str]) -> None:
    """Run lines of `ip` in one process; those that fail are logged and do not stop the others."""
    if not lines:
        return
    done = subprocess.run(
        ["ip", *(["-n", namespace] if namespace else []), "-force", "-batch", "-"],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        errors="replace",
        timeout=ANSWER_S,
        env={**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if done.stderr.strip():
        LOG.warning("%s: %s", namespace, " ".join(done.stderr.split())[:800])


def listed(namespace: str | None, *what: str) -> list[dict[str, Any]]:
    """What `ip -j` lists."""
    output = run("ip", *(["-n", namespace] if namespace else []), "-j", *what, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(output or "[]")
    except ValueError:
        return []
    return [one for one in found if one]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: one process at a time."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
