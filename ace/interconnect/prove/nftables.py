"""Read back the sets of a rendered nftables.conf: what may be reached, and who may be behind which tunnel."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ace.interconnect.prove.frr import Prefix, prefix_of

_SET = re.compile(r"^\s*set (\w+) \{")
_PREFIX = re.compile(r"[0-9a-f.:]+/\d+")


@dataclass(frozen=True, slots=True)
class Element:
    """A prefix in a set, the interface that it is tied to, if any, and its line."""

    prefix: Prefix
    interface: str
    line: int


def parse(text: str) -> dict[str, list[Element]]:
    """The sets by name.

    Raises:
        ValueError: A prefix is malformed; the message begins with its line number.
    """
    sets: dict[str, list[Element]] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if match := _SET.match(line):
            current = match.group(1)
            sets[current] = []
        elif line.startswith("\tchain "):
            current = ""
        elif current:
            statement = line.split("#")[0]
            interface = statement.split('"')[1] if '"' in statement else ""
            for found in _PREFIX.findall(statement):
                try:
                    sets[current].append(Element(prefix_of(found), interface, number))
                except ValueError as error:
                    raise ValueError(f"{number}: {error}") from None
    return sets
