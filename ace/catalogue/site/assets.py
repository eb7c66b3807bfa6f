"""The site's own files: style, script and mark, copied as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

NAMES = ("catalogue.css", "catalogue.js", "mark.svg")


def assets(templates: Path) -> Iterator[tuple[str, str]]:
    """Each file with its path below the site."""
    for name in NAMES:
        yield f"assets/{name}", (templates / "assets" / name).read_text(encoding="utf-8")
