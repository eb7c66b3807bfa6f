"""What all parts share: changes, and the machine that they act on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

COMMAND_LIMIT_S = 120
OWNER_ONLY = 0o600


class ConvergeError(Exception):
    """Something that a person can be shown: what went wrong, and where to look."""


@dataclass(frozen=True)
class Change:
    """One thing that is not as desired: made so, or (check mode) to be made so."""

    what: str
    before: str = ""
    after: str = ""

    def diff(self) -> dict[str, str]:
        """In the form that Ansible prints."""
        return {
            "before_header": self.what,
            "after_header": self.what,
            "before": ended(self.before),
            "after": ended(self.after),
        }


@dataclass(frozen=True)
class Completed:
    """A command's output."""

    status: int
    out: str
    err: str

    @property
    def message(self) -> str:
        """Its output, in one line."""
        return " ".join((self.err.strip() or self.out.strip() or f"exit status {self.status}").split())


@dataclass
class Machine:
    """The host, as far as the parts need it. `check`: look, and touch nothing."""

    check: bool = False
    root: str = ""
    """Prefix of all paths: tests give a folder."""
    environment: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}
    )

    def path(self, path: str) -> str:
        """Where that path is."""
        return self.root + path

    def run(self, command: Sequence[str], given: str | None = None) -> Completed:
        """Run a command; one that is not there has exit status 127, one that takes too long 124."""
        try:
            done = subprocess.run(
                list(command),
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=COMMAND_LIMIT_S,
                env=self.environment,
                check=False,
            )
        except FileNotFoundError:
            return Completed(127, "", f"{command[0]}: not installed")
        except subprocess.TimeoutExpired:
            return Completed(124, "", f"{command[0]}: no end after {COMMAND_LIMIT_S} s")
        return Completed(done.returncode, done.stdout, done.stderr)

    def must(self, command: Sequence[str], given: str | None = None) -> str:
        """What a command prints; a failure is an error.

        Raises:
            ConvergeError: It failed.
        """
        done = self.run(command, given)
        if done.status:
            raise ConvergeError(f"`{' '.join(command)}` failed: {done.message}")
        return done.out


def ended(text: str) -> str:
    """With a line end, so that diffs do not speak of its absence."""
    return text if not text or text.endswith("\n") else text + "\n"


def read(path: str) -> str | None:
    """A file's text, or None where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def write_private(path: str, text: str, mode: int = OWNER_ONLY) -> None:
    """Put a file that never was readable by others in place, whole or not at all; folders that are missing are root's own."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    temporary = f"{path}.ace-new"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, mode)
    os.rename(temporary, path)
