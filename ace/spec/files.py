"""Read a spec file's text, whatever lies in its place: bounded, regular files of clean UTF-8 only."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

from ace.spec.text import hidden_character

MAX_BYTES: Final = 1024 * 1024


class UnreadableError(Exception):
    """The file, or the rest of it, can not be read."""

    def __init__(self, code: str, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.line = line
        self.column = column


def read_text(path: Path, within: Path) -> str:
    """The text of a file, with Unix line ends.

    Args:
        path: The file.
        within: A folder that a link in the file's place may not lead out of (messages quote what they read).

    Raises:
        UnreadableError: There is no such text; with the reason.
    """
    if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(within)):
        raise UnreadableError("unreadable-file", "this is a link that leads out of the spec folder; put a file here")
    raw = _read_bytes(path)
    if not raw.strip():
        raise UnreadableError("empty-file", "the file is empty")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError("encoding", "the file is UTF-16; save it as UTF-8", 1, 1)
    if raw.startswith(b"\xef\xbb\xbf"):
        raise UnreadableError(
            "byte-order-mark", "the file begins with a byte-order mark; save it as UTF-8 without BOM", 1, 1
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _place(raw[: error.start].decode("utf-8"))
        raise UnreadableError(
            "encoding", f"byte 0x{raw[error.start]:02x} is no valid UTF-8; save the file as UTF-8", line, column
        ) from None
    text = text.replace("\r\n", "\n")
    if bad := _first_bad_character(text):
        line, column = _place(text[: bad[0]])
        raise UnreadableError(*bad[1], line, column)
    return text


def _read_bytes(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise UnreadableError("unreadable-file", _why_unreadable(path, error)) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableError("unreadable-file", "this is a directory; a YAML file is expected here")
        if not stat.S_ISREG(mode):
            raise UnreadableError("unreadable-file", "this is no regular file; a YAML file is expected here")
        with open(descriptor, "rb", closefd=False) as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableError("unreadable-file", _why_unreadable(path, error)) from None
    finally:
        os.close(descriptor)
    if len(raw) > MAX_BYTES:
        raise UnreadableError(
            "huge-file", f"the file is larger than {MAX_BYTES // 1024} KiB, the limit for a spec file"
        )
    return raw


def _why_unreadable(path: Path, error: OSError) -> str:
    if error.errno == errno.ENOENT and path.is_symlink():
        return f"this is a link to {str(path.readlink())!r}, which does not exist"
    if error.errno == errno.ENOENT:
        return "the file does not exist"
    if error.errno == errno.ELOOP:
        return "this is a link that leads back to itself"
    if error.errno == errno.EACCES:
        return "the file may not be read; check its permissions"
    return f"the file can not be read: {os.strerror(error.errno or 0)}"


def _first_bad_character(text: str) -> tuple[int, tuple[str, str]] | None:
    hidden = hidden_character(text)
    if hidden is None:
        return None
    index, what = hidden
    if text[index] == "\t":
        return index, ("tab", "a tab; indent and separate with spaces")
    return index, ("control-character", f"{what} is not allowed; delete it")


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
