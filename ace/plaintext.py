"""What other programs say, fit to stand in a message of ours."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 300
"""Characters."""


def on_one_line(told: object) -> str:
    """Its text with a space for whatever would not print, and no longer than a message bears."""
    return "".join(character if character.isprintable() else " " for character in str(told))[:LONGEST]


def last_line(told: bytes | str, otherwise: str) -> str:
    """The last line that holds anything, where programs say why they gave up; `otherwise` if none does."""
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return on_one_line(lines[-1]) if lines else otherwise
