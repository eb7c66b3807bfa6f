"""What a host tells the world: values of files and commands, never a private one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.ace_converge.values import ConvergeError, Machine, read

LIMIT = 16 * 1024


@dataclass(frozen=True)
class Tell:
    """A public fact: what a file holds, or what a command prints."""

    key: str
    file: str | None = None
    command: tuple[str, ...] = ()
    lines: bool = False
    """A list of lines instead of one text."""


def public_facts(tells: Sequence[Tell], machine: Machine) -> dict[str, Any]:
    """What can be told now. What is not there yet is left out.

    Raises:
        ConvergeError: It says that it is private.
    """
    facts: dict[str, Any] = {}
    for tell in tells:
        if tell.file is not None:
            text = read(machine.path(tell.file))
        else:
            done = machine.run(tell.command)
            text = done.out if done.status == 0 else None
        if not text or not text.strip():
            continue
        if "PRIVATE" in text or len(text) > LIMIT:
            raise ConvergeError(f"{tell.file or tell.command[0]} is no public fact: it is not told")
        facts[tell.key] = sorted(text.split("\n")[:-1]) if tell.lines else text.strip()
    return facts
