"""Files: put in place whole or not at all, locked by one process at a time, found in one order; and time stamps."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
HALF_WRITTEN: Final = ".{name}.*.new"
"""What a process that was killed while it wrote `name` may have left beside it (a pattern for `Path.glob`)."""


def put(file: Path, content: str | bytes, mode: int | None = PRIVATE, *, durable: bool = False) -> None:
    """Write a file whole or not at all; a link in its place is replaced.

    Args:
        file: In a folder that exists.
        content: Text is written as UTF-8.
        mode: Its permissions; None: those of the file that it replaces, else what the umask leaves.
        durable: Whether it survives a power cut from now on; else either the old or the new file does.

    Raises:
        OSError: The folder does not exist or may not be written, or the disk is full.
    """
    with replacing(file, mode, durable=durable) as out:
        out.write(content.encode("utf-8") if isinstance(content, str) else content)


@contextmanager
def replacing(file: Path, mode: int | None = PRIVATE, *, durable: bool = False) -> Iterator[BinaryIO]:
    """A file that is written beside `file`, then synced and renamed to it; until then, what was there stays whole.

    Args:
        file: In a folder that exists.
        mode: As for `put`.
        durable: As for `put`.

    Raises:
        OSError: As for `put`.
    """
    temporary = file.with_name(HALF_WRITTEN.format(name=file.name).replace("*", os.urandom(4).hex()))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(temporary, flags, PRIVATE if mode is not None else 0o666), "wb") as out:
            if mode is not None:
                os.fchmod(out.fileno(), mode)
            elif file.exists():
                os.fchmod(out.fileno(), file.stat().st_mode & 0o777)
            yield out
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make a folder's own entries survive a power cut.

    Raises:
        OSError: It does not exist, or the disk is gone.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def below(base: Path) -> Iterator[Path]:
    """All files below a folder, always in the same order; hidden folders and Python's bytecode aside."""
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        yield from (Path(folder) / name for name in sorted(names) if not name.endswith(".pyc"))


# --------------------------------------------------------------------------------------------------------------- locks


def take(descriptor: int, *, wait: bool) -> bool:
    """Lock an open file or folder for this process and those that inherit it, until the last of them closes it or ends.

    Args:
        descriptor: The open file.
        wait: Whether to wait for another process that holds it.

    Returns:
        Whether it is locked now; always true with `wait`.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(file: Path, when_held: Callable[[str], None] = lambda _text: None) -> Iterator[int]:
    """Hold a lock that ends with this process, however that ends; gives the descriptor of the open file.

    Args:
        file: Made if missing, and left there; its text is the holder's to write. A folder will do too.
        when_held: Called with the file's text when another process holds it, before that is waited for; raises an error
            of its own to refuse instead.

    Raises:
        OSError: It cannot be opened.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY if file.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(file, flags | os.O_CLOEXEC, PRIVATE)
    try:
        if not take(descriptor, wait=False):
            when_held("" if flags & os.O_DIRECTORY else os.pread(descriptor, 4096, 0).decode("utf-8", "replace"))
            take(descriptor, wait=True)
        yield descriptor
    finally:
        os.close(descriptor)


# --------------------------------------------------------------------------------------------------------- time stamps


def timestamp(moment: datetime, *, timespec: str = "seconds") -> str:
    """A moment in UTC as RFC 3339 has it: `2026-11-25T02:00:00Z`.

    Args:
        moment: With its time zone.
        timespec: How exact: `seconds` or `milliseconds`.
    """
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


def timestamp_in_name(moment: datetime) -> str:
    """A moment in UTC as a part of a file's name that sorts by time: `20261125T020000Z`.

    Args:
        moment: With its time zone.
    """
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
