"""Keys that are born on the host and never leave it. Only what is derived for the public is ever read back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ansible.module_utils.ace_converge.values import OWNER_ONLY, Change, ConvergeError, Machine, read, write_private


@dataclass(frozen=True)
class Key:
    """A private key and, beside it, its public half."""

    path: str
    generate: tuple[str, ...]
    """Prints a new private key."""
    public_path: str
    derive: tuple[str, ...]
    """Prints the public half of the private key that it is given on standard input."""


def converge_keys(keys: Sequence[Key], machine: Machine) -> list[Change]:
    """Make the keys that are missing; an existing one is never replaced, only shut (mode 0600).

    Raises:
        ConvergeError: A command failed. What it printed is not reported.
    """
    changes: list[Change] = []
    for key in keys:
        path, public_path = machine.path(key.path), machine.path(key.public_path)
        if not os.path.exists(path):
            changes.append(Change(key.path, "", "a new private key, made here\n"))
            if machine.check:
                continue
            write_private(path, _quietly(machine, key.generate))
        elif os.stat(path).st_mode & 0o777 != OWNER_ONLY:
            mode = os.stat(path).st_mode & 0o777
            changes.append(Change(key.path, f"{mode:04o}\n", f"{OWNER_ONLY:04o}\n"))
            if not machine.check:
                os.chmod(path, OWNER_ONLY)
        public = _quietly(machine, key.derive, read(path))
        if read(public_path) != public:
            changes.append(Change(key.public_path, read(public_path) or "", public))
            if not machine.check:
                write_private(public_path, public, 0o644)
    return changes


def _quietly(machine: Machine, command: Sequence[str], given: str | None = None) -> str:
    done = machine.run(command, given)
    if done.status or not done.out.strip():
        raise ConvergeError(f"`{' '.join(command)}` gave no key (exit status {done.status}); is its package installed?")
    return done.out
