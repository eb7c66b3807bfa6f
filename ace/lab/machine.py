"""Whether this machine can run the lab; each answer names what is needed, what there is, and what to do."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import socket
import sys
import time
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

import psutil

from ace.errors import UserError

LEAST_PYTHON = (3, 11)
CLOUD_MB = 500
SHARED_MB = 400
DISK_PER_CLOUD_MB = 100
LEAST_FILES = 512
MB = 1024 * 1024
DYING_S = 5.0
"""How long the kernel may take to free what a process that was killed had: its port is then taken, and by nobody."""


def check_platform() -> None:
    """Linux, a Python that OpenStack runs on, enough open files.

    Raises:
        UserError: One of them is not so.
    """
    if not sys.platform.startswith("linux"):
        raise UserError(
            f"the lab runs on Linux, and this is {sys.platform}",
            hint="run ACE in a Linux machine or container, or point it at real clouds by OS_CLIENT_CONFIG_FILE",
            code="not-linux",
        )
    if sys.version_info < LEAST_PYTHON:
        raise UserError(
            f"the lab needs Python 3.11 or newer, and this is {sys.version.split()[0]}",
            hint="make ACE's environment again with a newer Python: ACE_PYTHON=python3.11 scripts/setup",
            code="old-python",
        )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < LEAST_FILES:
        raise UserError(
            f"a process may have {hard} files open here; the lab's need up to {LEAST_FILES}",
            hint="raise the hard limit (`ulimit -Hn`, LimitNOFILE=, or the container's --ulimit nofile=)",
            code="few-files",
        )


def raise_file_limit() -> None:
    """Let this process's children have as many files open as the hard limit allows (up to 65536)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def check_memory(new_clouds: int, *, shared: bool) -> None:
    """Room for that many clouds more, and for what they share unless that runs already.

    Raises:
        UserError: There is not.
    """
    needed = new_clouds * CLOUD_MB + (SHARED_MB if shared and new_clouds else 0)
    free = available_memory_mb()
    if free < needed:
        raise UserError(
            f"memory is short: {new_clouds} more cloud{'s' * (new_clouds != 1)} need about {needed} MB "
            f"({CLOUD_MB} MB each), and {free} MB are available",
            hint="name fewer countries, or stop something else",
            code="memory-short",
        )


def available_memory_mb() -> int:
    """What can still be had, in MB: the machine's, or what this control group is allowed if that is less."""
    free = int(psutil.virtual_memory().available)
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        base = Path("/sys/fs/cgroup")
        try:
            allowed = int((base / limit).read_text()) - int((base / used).read_text())
        except (OSError, ValueError):
            continue
        free = min(free, max(allowed, 0))
    return free // MB


def check_disk(folder: Path, needed_mb: int, what: str) -> None:
    """Room for `what` where `folder` is or will be.

    Raises:
        UserError: There is not.
    """
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free // MB
    if free < needed_mb:
        raise UserError(
            f"disk is short: {what} needs about {needed_mb} MB in {folder}, and {free} MB are free",
            hint="make room, or name another place (ACE_CACHE_DIR for what is installed once)",
            code="disk-short",
        )


def check_addresses(addresses: Iterable[IPv4Address], port: int) -> None:
    """That the clouds can listen on their addresses. A port that nobody is seen to have may be a dying process's: waits.

    Raises:
        UserError: One is taken, with the process that has it; or cannot be had.
    """
    deadline = time.monotonic() + DYING_S
    for address in addresses:
        while not _can_listen(address, port):
            taker = _listener(address, port)
            if taker is None and time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            raise UserError(
                f"port {port} of {address} is taken by {taker or 'a process that this user may not see'}",
                hint="stop that, or choose another port: `ace lab up --port 8100` (or ACE_LAB_PORT)",
                code="port-taken",
            )


def _can_listen(address: IPv4Address, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((str(address), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise UserError(
                f"the lab cannot listen on {address}:{port}: {os.strerror(error.errno or 0)}",
                hint="choose a port above 1023 with --port or ACE_LAB_PORT",
                code="address-refused",
            ) from None
    return True


def _listener(address: IPv4Address, port: int) -> str | None:
    """Who listens there, as a person would look for it; None: nobody that can be seen."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or connection.laddr.port != port:
                continue
            if connection.laddr.ip in (str(address), "0.0.0.0", "::") and connection.pid:  # noqa: S104 - it is read
                process = psutil.Process(connection.pid)
                return f"process {process.pid} ({' '.join(process.cmdline())[:400].strip() or process.name()})"
    except (psutil.Error, OSError):
        pass
    return None
