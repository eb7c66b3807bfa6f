"""Write rendered files: atomically, only what differs, and take away those of hosts that are no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.files import PUBLIC, put

OURS: Final = "Made by `ace interconnect render`"
"""Stands in the head of every rendered file: only such files are ever taken away."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was done, by path relative to the folder."""

    changed: tuple[str, ...]
    removed: tuple[str, ...]


def write(folder: Path, files: Mapping[str, str]) -> Written:
    """Make the folder hold these files.

    Raises:
        UserError: It cannot be written.
    """
    changed = []
    try:
        for path, text in sorted(files.items()):
            file = folder / path
            if not file.is_file() or file.read_text(encoding="utf-8", errors="replace") != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                put(file, text, PUBLIC)
                changed.append(path)
        removed = sorted(_stale(folder, files))
        for path in removed:
            (folder / path).unlink()
            for parent in (folder / path).parents[:2]:  # the host's folder, then the country's
                if not any(parent.iterdir()):
                    parent.rmdir()
    except OSError as error:
        raise UserError(
            f"{error.filename or folder}: {error.strerror}", hint="name another --out DIR", code="no-file"
        ) from None
    return Written(tuple(changed), tuple(removed))


def _stale(folder: Path, files: Mapping[str, str]) -> Iterator[str]:
    for path in folder.glob("*/*/*.conf"):
        name = path.relative_to(folder).as_posix()
        if name not in files and path.is_file() and OURS in path.read_text(encoding="utf-8", errors="replace")[:600]:
            yield name
