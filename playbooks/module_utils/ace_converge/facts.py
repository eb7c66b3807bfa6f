"""A host's public facts: values of files and commands, never a private one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.ace_converge.values import ConvergeError, Machine, read

LIMIT = 16 * 1024


@dataclass(frozen=True)
class PublicFact:
    """A public fact: what a file holds, or what a command prints."""

    key: str
    file: str | None = None
    command: tuple[str, ...] = ()
    lines: bool = False
    """A list of lines instead of one text."""


def public_facts(sources: Sequence[PublicFact], machine: Machine) -> dict[str, Any]:
    """Those that exist now; what is not there yet is left out.

    Raises:
        ConvergeError: It states that it is private.
    """
    facts: dict[str, Any] = {}
    for fact in sources:
        if fact.file is not None:
            text = read(machine.path(fact.file))
        else:
            done = machine.run(fact.command)
            text = done.out if done.status == 0 else None
        if not text or not text.strip():
            continue
        if "PRIVATE" in text or len(text) > LIMIT:
            raise ConvergeError(f"{fact.file or fact.command[0]} is not a public fact and is not published")
        facts[fact.key] = sorted(text.split("\n")[:-1]) if fact.lines else text.strip()
    return facts
