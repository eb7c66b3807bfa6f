"""Which text a message, a page or a terminal may be shown as it is."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

MAX_LINE: Final = 300
"""Characters of a text on one line."""
_JOINERS = "\u200c\u200d\u200e\u200f"
"""Joiners and marks that Arabic needs; every other format character is refused (it can hide text)."""

_SUSPECT = re.compile(r"[^\n\x20-\x7e\xa0-\xac\xae-\u052f\u0620-\u06d3\u2010-\u2027\u2030-\u205e]")
"""What needs a closer look: all but Latin, Greek, Cyrillic and Arabic letters and plain punctuation."""


def hidden_character(text: str) -> tuple[int, str] | None:
    """Index and description of the first character that would not show as itself (control, format, separator)."""
    for match in _SUSPECT.finditer(text):
        character = match.group()
        category = unicodedata.category(character)
        if category in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} and character not in _JOINERS:
            label = unicodedata.name(character, "control character" if category == "Cc" else "unassigned character")
            return match.start(), f"U+{ord(character):04X} ({label.lower()})"
    return None


def is_clean(text: str) -> bool:
    """Whether a text is one line of bearable length without hidden characters."""
    return len(text) <= MAX_LINE and "\n" not in text and hidden_character(text) is None


def show_path(parts: list[str | int]) -> str:
    """`["data_centres", 0, "labels"]` as `data_centres[0].labels`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + shorten(escaped(part))
    return text if len(text) <= 300 else text[:297] + "..."


def escaped(name: str) -> str:
    """A key or a file's name, with what would not print written out as Python escapes it."""
    return name if name.isprintable() else name.encode("unicode_escape").decode()


def shorten(text: str, limit: int = 60) -> str:
    """The text, cut with an ellipsis when it is longer than a message bears."""
    return text if len(text) <= limit else text[: limit - 3] + "..."
