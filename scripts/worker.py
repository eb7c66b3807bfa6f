#!/usr/bin/env python3
"""A country's worker for `ace configure --remote`: ansible-runner's, which stops when whoever sent the run is gone.

    ssh worker.tn.example /srv/ace/bin/python /srv/ace/worker.py --private-data-dir /srv/ace/tn

Needs nothing but ansible-runner and ansible-core in the environment of the Python that runs it; copy this file there.
Plain `ansible-runner worker` does the same work, but goes on to the end of a run that nobody listens to any more, and
tells the sender its whole environment. What the country keeps to itself lies in the folder (docs/configure.md).
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

STOP_S = 15.0
"""How long Ansible may take to stop by itself."""
OF_THE_SENDER = ("project", "ssh", "cp", "home", "tmp")
"""What each run brings anew; `env`, `inventory/group_vars` and `inventory/host_vars` are the country's."""
INHERITED = ("HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "ANSIBLE_VAULT_PASSWORD_FILE")


def main() -> int:
    """Run one run: from standard input, told on standard output."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--private-data-dir", type=Path, metavar="DIR", help="the country's folder; default: a new one")
    parser.add_argument(
        "--keepalive-seconds", type=int, default=5, help="report every so many seconds that it is alive (default: 5)"
    )
    given = parser.parse_args()
    os.umask(0o077)
    command = [runner(), "worker", "--keepalive-seconds", str(given.keepalive_seconds)]
    if given.private_data_dir is not None:
        folder = given.private_data_dir.resolve()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            sys.exit(f"another run is under way in {folder}")
        for part in OF_THE_SENDER:
            shutil.rmtree(folder / part, ignore_errors=True)
        command += ["--private-data-dir", str(folder)]
    return serve(command)


def runner() -> str:
    """The program, of this Python's environment if it is there."""
    own = Path(sys.executable).parent / "ansible-runner"
    found = str(own) if own.exists() else shutil.which("ansible-runner")
    return found or sys.exit("there is no ansible-runner here: install ansible-runner and ansible-core")


def serve(command: list[str]) -> int:
    """Pass our input on; stop the run when it ends or we are told to."""
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _frame: told.append(number))
    child = subprocess.Popen(command, stdin=subprocess.PIPE, env=environment, start_new_session=True)
    while child.poll() is None and not told:
        readable, _, _ = select.select([0], [], [], 0.2)
        if not readable:
            continue
        chunk = os.read(0, 65536)
        if not chunk:
            break
        try:
            child.stdin.write(chunk)  # type: ignore[union-attr]
            child.stdin.flush()  # type: ignore[union-attr]
        except BrokenPipeError:
            break
    stop(child)
    return child.returncode if child.returncode >= 0 else 1


def stop(child: subprocess.Popen[bytes]) -> None:
    """Tell Ansible to stop, which lets ansible-runner end; end what does not listen."""
    with contextlib.suppress(OSError):
        child.stdin.close()  # type: ignore[union-attr]
    asked: set[int] = set()
    deadline = time.monotonic() + STOP_S
    while child.poll() is None and time.monotonic() < deadline:
        for pid, arguments in descendants(child.pid):
            if pid not in asked and any(Path(word).name == "ansible-playbook" for word in arguments[:2]):
                asked.add(pid)
                send(pid, signal.SIGINT)
        time.sleep(0.1)
    left = [pid for pid, _ in descendants(child.pid)] if child.poll() is None else []
    for pid in [*left, *([child.pid] if child.poll() is None else [])]:
        send(pid, signal.SIGKILL)
    child.wait()


def descendants(of: int) -> Iterator[tuple[int, list[str]]]:
    """The processes below one, parents first, with their command lines."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue
            below.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    waiting = [of]
    while waiting:
        for pid in below.get(waiting.pop(0), []):
            waiting.append(pid)
            try:
                raw = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            yield pid, [word.decode(errors="replace") for word in raw.split(b"\0")]


def send(pid: int, number: int) -> None:
    """A signal to a process that may be gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    sys.exit(main())
