"""Start the processes of a lab that do not run, and only those.

The tree is reported in `drivers/nursery.py`: this side asks the nursery for zygotes and fronts, and the zygotes for the
clouds' services, over their unix sockets.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ace.errors import UserError
from ace.lab import machine, processes
from ace.lab.environment import START, drivers_digest
from ace.lab.folder import LabFolder
from ace.lab.values import Progress

LOAD_S = 600.0
"""How long a process may take to import what it needs; a loaded machine is slow."""
TITLE_ROOM = 512
"""A process's title is written over its first environment; this much room is made for it, in bytes."""


def start(
    folder: LabFolder, clouds: Sequence[str], python: Path, on_progress: Progress, *, real_hosts: bool = False
) -> None:
    """Have every process of `clouds`, and those that all clouds share, running.

    Raises:
        UserError: One of them does not start; names its log.
    """
    _end_strays(folder)
    running = processes.running(folder.path)
    if processes.NURSERY in running and _code_of(folder) != drivers_digest():
        on_progress("note: the lab's own code has changed since it was started; `ace lab down` and `up` take it in")
    needed = (*processes.shared(real_hosts=real_hosts), *_roles(clouds))
    missing = [role for role in needed if role not in running]
    if not missing:
        return
    repaired = [role for role in missing if running]
    if repaired and len(repaired) < len(processes.SHARED):
        on_progress(f"starting what is down: {', '.join(repaired)}")
    elif not running:
        on_progress("starting OpenStack's services")
    if processes.NURSERY in missing:
        _start_nursery(folder, python)
    for role in missing:
        if role == processes.OUTSIDE or role.startswith("zygote/") or role.endswith(f"/{processes.FRONT}"):
            _ask(folder, processes.NURSERY, role)
    with ThreadPoolExecutor(len(processes.SERVICES)) as pool:
        list(pool.map(lambda service: _start_service(folder, service, missing), processes.SERVICES))


def check_alive(folder: LabFolder, cloud: str) -> None:
    """That no process of that cloud has ended.

    Raises:
        UserError: One has; with the last lines of its log.
    """
    running = processes.running(folder.path)
    for role in processes.roles_of(cloud):
        if role not in running:
            service = role.rpartition("/")[2]
            log = folder.cloud(cloud) / "log" / f"{service}.out"
            log = log if log.exists() else folder.log("nursery.log")
            raise _ended(role, log)


def _roles(clouds: Iterable[str]) -> list[str]:
    return [role for cloud in clouds for role in processes.roles_of(cloud)]


def _end_strays(folder: LabFolder) -> None:
    """End processes that should not be: two of one role, or of a cloud that is gone."""
    for role, found in processes.running(folder.path).items():
        cloud = role.rpartition("/")[0]
        gone = role not in processes.shared(real_hosts=True) and not folder.cloud(cloud).is_dir()
        if gone or len(found) > 1:
            processes.stop({role: found})


def _start_nursery(folder: LabFolder, python: Path) -> None:
    machine.raise_file_limit()
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    environment |= {
        "XDG_CACHE_HOME": str(folder.path / "cache"),
        "MALLOC_ARENA_MAX": "2",  # glibc gives each thread an arena of its own otherwise: 64 MB each at worst
        "MALLOC_TRIM_THRESHOLD_": "131072",  # give freed memory back; the default grows with what was ever freed
        "ACE_LAB_TITLE_ROOM": "." * TITLE_ROOM,
    }
    (folder.path / "run" / "code").write_text(drivers_digest(), encoding="ascii")
    with folder.log("nursery.log").open("ab") as log:
        subprocess.Popen(
            [str(python), "-I", "-W", "ignore", str(START), "nursery", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder.path,
            start_new_session=True,
        )


def _code_of(folder: LabFolder) -> str:
    try:
        return (folder.path / "run" / "code").read_text(encoding="ascii")
    except OSError:
        return ""


def _start_service(folder: LabFolder, service: str, missing: Sequence[str]) -> None:
    for role in missing:
        cloud, _, part = role.rpartition("/")
        if part == service and cloud != "zygote":
            _ask(folder, f"zygote/{service}", cloud)


def _ask(folder: LabFolder, parent: str, name: str) -> None:
    """Ask the process of role `parent` to fork; waits until it has loaded what its children need."""
    place = f"{parent.rpartition('/')[2]}.sock"
    deadline = processes.Deadline(LOAD_S)
    begun = False
    while True:
        try:
            answer = _send(folder.path / "run", place, {"start": name})
            break
        except OSError:
            alive = parent in processes.running(folder.path)
            begun = begun or alive
            if deadline.passed or (begun and not alive):
                raise _ended(parent, folder.log("nursery.log")) from None
            deadline.nap(0.1)
    if "pid" not in answer:
        raise _ended(name, folder.log("nursery.log"))


def _send(run: Path, place: str, message: dict[str, str]) -> dict[str, object]:
    """Send a line to a unix socket in the folder `run`; by way of /proc, as socket paths have at most 107 bytes."""
    handle = os.open(run, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LOAD_S)
            connection.connect(f"/proc/self/fd/{handle}/{place}")
            connection.sendall(json.dumps(message).encode() + b"\n")
            answer: dict[str, object] = json.loads(connection.makefile("rb").readline() or b"{}")
            return answer
    finally:
        os.close(handle)


def _ended(role: str, log: Path) -> UserError:
    try:
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()][-3:]
    except OSError:
        lines = []
    tail = "".join(f"\n  {line}" for line in lines)
    return UserError(
        f"the lab's process {role} ended at its start{tail}",
        hint=f"see {log}; then `ace lab up` again, or `ace lab down --wipe` to start afresh",
        code="lab-process-ended",
    )
