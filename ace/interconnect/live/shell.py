"""Run something on hosts over SSH: many at once, each with a deadline, none able to stop the others."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from ace.plaintext import last_line

Answer = TypeVar("Answer")
WIDTH: Final = 12
"""Hosts asked at once."""
MAX_ANSWER: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SshTarget:
    """A host and the ssh_config that leads there (host keys pinned)."""

    host: str
    ssh_config: Path


class ShellError(Exception):
    """The host could not be asked, or refused; the message is for people."""


def run(ssh: SshTarget, command: str, text: str = "", timeout_s: float = 60) -> str:
    """What a command, run as root, prints.

    Args:
        ssh: The host.
        command: A shell command; nothing that others wrote may be in it unquoted.
        text: Its standard input.
        timeout_s: After so long it is given up.

    Raises:
        ShellError: It failed, or the host cannot be reached.
    """
    argv = ["ssh", "-F", str(ssh.ssh_config), "-o", "BatchMode=yes", ssh.host, f"sudo -n {command}"]
    try:
        done = subprocess.run(
            argv, input=text, capture_output=True, text=True, errors="replace", timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise ShellError(f"no answer within {timeout_s:.0f} s") from None
    except OSError as error:
        raise ShellError(f"ssh: {error.strerror}") from None
    if done.returncode:
        raise ShellError(last_line(done.stderr, f"exit code {done.returncode}"))
    return done.stdout[:MAX_ANSWER]


def on_all(targets: Mapping[str, SshTarget], ask: Callable[[SshTarget], Answer]) -> dict[str, Answer | ShellError]:
    """Ask every host; those that cannot be asked have the error instead of an answer."""

    def one(ssh: SshTarget) -> Answer | ShellError:
        try:
            return ask(ssh)
        except ShellError as error:
            return error

    with ThreadPoolExecutor(WIDTH, thread_name_prefix="ace-interconnect") as pool:
        return dict(zip(targets, pool.map(one, targets.values()), strict=True))
