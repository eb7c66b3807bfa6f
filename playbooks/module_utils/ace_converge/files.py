"""Files and folders: content, owner, mode. Written atomically, and only what the daemon's own checker accepts."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine, read


@dataclass(frozen=True)
class File:
    """A file as desired; `content` None: it is not there."""

    path: str
    content: str | None
    owner: str = "root"
    group: str = "root"
    mode: int = 0o644
    check: tuple[str, ...] = ()
    """Command that accepts or refuses it; `%s` stands for the file to try. Left out where it is not installed."""
    once: bool = False
    """Only where there is none: somebody else keeps it from then on."""
    within: str | None = None
    """Only where this folder exists."""


@dataclass(frozen=True)
class Folder:
    """A folder as desired."""

    path: str
    owner: str = "root"
    group: str = "root"
    mode: int = 0o755


def converge_folders(folders: Sequence[Folder], machine: Machine) -> list[Change]:
    """Make the folders as desired; parents are made with them."""
    changes = []
    for folder in folders:
        path = machine.path(folder.path)
        desired = _rights(folder.owner, folder.group, folder.mode)
        now = _rights_of(path)
        if now == desired:
            continue
        changes.append(Change(folder.path, f"{now}\n" if now else "", f"{desired} folder\n"))
        if not machine.check:
            os.makedirs(path, exist_ok=True)
            _grant(path, folder.owner, folder.group, folder.mode)
    return changes


def converge_files(files: Sequence[File], machine: Machine) -> list[Change]:
    """Make the files as desired, in the order given.

    Raises:
        ConvergeError: A checker refuses a file (which is then left as it was), or its owner does not exist.
    """
    changes: list[Change] = []
    for file in files:
        if file.within is not None and not os.path.isdir(machine.path(file.within)):
            continue
        change = _converge_file(file, machine)
        if change is not None:
            changes.append(change)
    return changes


def _converge_file(file: File, machine: Machine) -> Change | None:
    path = machine.path(file.path)
    before = read(path)
    if file.content is None:
        if before is None:
            return None
        if not machine.check:
            os.unlink(path)
        return Change(file.path, before, "")
    if file.once and before is not None:
        return None
    desired, now = _rights(file.owner, file.group, file.mode), _rights_of(path)
    if before == file.content:
        if now == desired:
            return None
        if not machine.check:
            _grant(path, file.owner, file.group, file.mode)
        return Change(file.path, f"{now}\n", f"{desired}\n")
    if not machine.check:
        _write(file, file.content, path, machine)
    return Change(file.path, before or "", file.content)


def _write(file: File, content: str, path: str, machine: Machine) -> None:
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    # Beside the old one, for the rename; hidden, so that no daemon that reads a folder takes it in.
    handle, temporary = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", suffix=".ace-new", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        _grant(temporary, file.owner, file.group, file.mode)
        if file.check:
            done = machine.run([part.replace("%s", temporary) for part in file.check])
            if done.status not in (0, 127):
                raise ConvergeError(
                    f"{file.path}: {file.check[0]} refuses it: {done.message.replace(temporary, file.path)}"
                )
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _grant(path: str, owner: str, group: str, mode: int) -> None:
    try:
        os.chown(path, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
    except KeyError as error:
        raise ConvergeError(
            f"{path}: no such user or group here: {owner}:{group}; is its package installed?"
        ) from error
    os.chmod(path, mode)


def _rights(owner: str, group: str, mode: int) -> str:
    return f"{owner}:{group} {mode:04o}"


def _rights_of(path: str) -> str | None:
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _rights(_user(found.st_uid), _group(found.st_gid), stat.S_IMODE(found.st_mode))


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
