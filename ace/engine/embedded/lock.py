"""One run at a time for each stack: a lock that dies with its owner and names its owner.

The kernel's file lock decides (it goes when its process does, however that ends); the file's text reports others who, since
when, on what host. On a shared file system whose locks do not reach across hosts, the text of another host's living owner
is believed until a person specifies otherwise.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ace.engine.journal import cannot_write
from ace.errors import UserError
from ace.files import locked


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock."""

    user: str
    host: str
    pid: int
    since: str
    purpose: str

    def __str__(self) -> str:
        return f"{self.user} on {self.host} (process {self.pid}) since {self.since}, for `{self.purpose}`"


class StackLock:
    """A context manager that holds a stack for one run.

    Args:
        state_dir: The stack's folder; made if missing.
        purpose: What the run does, for others to read, such as `up`.
    """

    def __init__(self, state_dir: Path, purpose: str) -> None:
        self._path = state_dir / "lock"
        self._purpose = purpose
        self._holding = ExitStack()
        self._file = -1

    def __enter__(self) -> Self:
        """Take the lock.

        Raises:
            UserError: Another run holds it (names the owner), or the folder cannot be written.
        """
        with ExitStack() as holding:
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = holding.enter_context(locked(self._path, self._refuse))
            except OSError as error:
                raise cannot_write(self._path, error) from None
            owner = _owner(os.pread(self._file, 4096, 0))
            if owner is not None and owner.host != socket.gethostname():
                raise self._held(owner, f"if that run is dead for certain, remove {self._path}")
            me = Owner(_user(), socket.gethostname(), os.getpid(), _now(), self._purpose)
            try:
                os.ftruncate(self._file, 0)
                os.pwrite(self._file, json.dumps(asdict(me)).encode(), 0)
                os.fsync(self._file)
            except OSError as error:
                raise cannot_write(self._path, error) from None
            self._holding = holding.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Give it back; the file stays, empty."""
        with suppress(OSError):
            os.ftruncate(self._file, 0)
        self._holding.close()

    def _refuse(self, holder: str) -> None:
        raise self._held(_owner(holder), "wait for it to end, or end it; a run that was killed gives its lock back")

    def _held(self, owner: Owner | None, hint: str) -> UserError:
        who = str(owner) if owner else "another run"
        return UserError(f"{self._path.parent.name}: this stack is held by {who}", hint=hint, code="locked")


def _owner(text: str | bytes) -> Owner | None:
    """Who a lock's text names; None when it is empty, or its writer was cut off."""
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
