"""Files: put in place whole or not at all, wherever the process or the power ends; and found, in one order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


def put(file: Path, content: str | bytes, mode: int = PRIVATE) -> None:
    """Written beside it, synced, renamed; what was there stays whole until then. A link in its place is replaced.

    Args:
        file: In a folder that is there.
        content: Text is written as UTF-8.
        mode: Its rights.

    Raises:
        OSError: The folder is not there or may not be written, or the disk is full.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(raw)
            out.flush()
            os.fsync(out.fileno())
        temporary.chmod(mode)
        temporary.replace(file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def below(base: Path) -> Iterator[Path]:
    """All files below a folder, always in the same order; hidden folders and Python's bytecode aside."""
    for folder, folders, names in os.walk(base):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__pycache__")))
        yield from (Path(folder) / name for name in sorted(names) if not name.endswith(".pyc"))
