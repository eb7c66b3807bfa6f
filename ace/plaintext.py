"""Other programs' output, made fit for a message of ours."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 300
"""Characters."""


def on_one_line(raw: object) -> str:
    """Its text with a space for whatever would not print, and no longer than a message bears."""
    return "".join(character if character.isprintable() else " " for character in str(raw))[:LONGEST]


def last_line(raw: bytes | str, otherwise: str) -> str:
    """The last line that holds anything, where programs print why they failed; `otherwise` if none does."""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return on_one_line(lines[-1]) if lines else otherwise
