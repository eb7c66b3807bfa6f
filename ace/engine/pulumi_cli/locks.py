"""Who holds a stack in a Pulumi store, and what to do about it.

A store that is a folder or a bucket keeps a JSON file per lock, below `.pulumi/locks/`; a `pulumi` that is killed leaves its
own there for ever. The CLI names them when it meets one (pkg/backend/diy/lock.go).
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psutil

from ace.engine.contract import Stack
from ace.engine.pulumi_cli.run_folder import Started, left_behind
from ace.engine.pulumi_cli.store import VARIABLE
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import UserError

_LINE = re.compile(r"(?P<file>\S+): created by (?P<user>.*?)@(?P<host>.*?) \(pid (?P<pid>\d+)\) at (?P<since>[^\s;]+)")
_REUSED_S = 2.0
"""A process that is this much younger than a lock is another one, with the same number."""


@dataclass(frozen=True, slots=True)
class Holder:
    """One lock, as its file states. `file` is where it lies."""

    file: str
    user: str
    host: str
    pid: int
    since: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}) since {self.since}"


def holders_in(text: str) -> list[Holder]:
    """The locks that the CLI named in its refusal."""
    return [Holder(m["file"], m["user"], m["host"], int(m["pid"]), m["since"]) for m in _LINE.finditer(text)]


def holders_of(workspace: Workspace, stack: Stack) -> list[Holder]:
    """The locks of the stack in a store that is a folder; none of another kind of store."""
    found = []
    for file in _files(workspace, stack):
        with suppress(OSError, ValueError, KeyError, TypeError):
            content = json.loads(file.read_text(encoding="utf-8"))
            found.append(
                Holder(str(file), content["username"], content["hostname"], int(content["pid"]), content["timestamp"])
            )
    return found


def release_ours(workspace: Workspace, stack: Stack) -> list[Holder]:
    """Remove locks of a `pulumi` that an earlier `ace` started for this stack and that was killed; returns them.

    Only where that is certain: the lock is of that very process, and the kernel reports that neither it nor any of its plugins
    has its run's folder open any more.
    """
    _, ended = left_behind(workspace.folder)
    released = []
    for holder in holders_of(workspace, stack):
        if any((one.host, one.pid) == (holder.host, holder.pid) for one in ended):
            Path(holder.file).unlink(missing_ok=True)
            released.append(holder)
    return released


def require_free(workspace: Workspace, stack: Stack) -> None:
    """Make sure, before anything is begun, that nobody holds the stack, as far as that can be seen without the CLI.

    Raises:
        UserError: Somebody does; names the owner, and what to type.
    """
    if holders := holders_of(workspace, stack):
        raise held(holders, workspace, stack)


def held(holders: Sequence[Holder], workspace: Workspace, stack: Stack, text: str = "") -> UserError:
    """The message of locks: who holds the stack (else what the CLI reported), whether that one still runs, what to type."""
    working, _ = left_behind(workspace.folder)
    who = "; ".join(f"{holder}: {_doing(holder, working)}" for holder in holders) or text
    cancel = f"{VARIABLE}={workspace.store.shown} pulumi cancel {stack.name} --yes --cwd {workspace.folder}"
    working_pids = {one.pid for one in working}
    if holders and all(_is_dead(holder) and holder.pid not in working_pids for holder in holders):
        hint = f"it was killed and left its lock; remove that and run again: {cancel}"
    else:
        hint = f"wait for it to end, it saves what it did; if it is dead for certain, remove its lock: {cancel}"
    return UserError(f"{stack.name}: this stack is held by {who}", hint=hint, code="locked")


def _doing(holder: Holder, working: Sequence[Started]) -> str:
    if holder.host != socket.gethostname():
        return "on another host, so it is not known here whether it still runs"
    dead = _is_dead(holder)
    if ours := next((one for one in working if one.pid == holder.pid), None):
        what = f"`pulumi {ours.command}`, which an `ace` has started,"
        return f"{what} was killed, and a plugin of it still works" if dead else f"{what} still runs"
    return "it no longer runs" if dead else "it still runs"


def _is_dead(holder: Holder) -> bool:
    """Whether the process that took a lock on this host is there no more."""
    if holder.host != socket.gethostname():
        return False
    try:
        began = psutil.Process(holder.pid).create_time()
    except psutil.NoSuchProcess:
        return True
    try:
        since = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", holder.since)).timestamp()
    except ValueError:
        return False
    return began > since + _REUSED_S


def _files(workspace: Workspace, stack: Stack) -> list[Path]:
    folder = workspace.store.folder
    if folder is None:
        return []
    locks = folder / ".pulumi" / "locks" / stack.organization / stack.project / stack.name
    return sorted(locks.glob("*.json"))
