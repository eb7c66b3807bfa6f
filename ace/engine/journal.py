"""An append-only file of JSON records, each chained to the one before it, each on disk before the writer goes on.

A line is `<crc32 of the previous line's crc and this text, 8 hex digits> <JSON text>`. A torn last line is what a power cut
leaves and is dropped; damage before it is reported with its line. Writers that append at the same time share one fsync.
"""

from __future__ import annotations

import json
import os
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ace.errors import UserError
from ace.files import put, sync_folder

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Read:
    """What a journal held: its records, where the next one goes, and whether a torn last line was left out."""

    records: tuple[Record, ...]
    size: int
    crc: int
    torn: bool


def read(path: Path) -> Read:
    """All whole records of a journal; an absent file holds none.

    Raises:
        UserError: A record before the last is damaged; names file and line.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Read((), 0, 0, torn=False)
    records: list[Record] = []
    crc = position = 0
    lines = data.split(b"\n")
    for number, line in enumerate(lines[:-1], start=1):
        parsed = _parse(line, crc)
        if parsed is None:
            if position + len(line) + 1 >= len(data):
                return Read(tuple(records), position, crc, torn=True)
            raise UserError(
                f"{path}:{number}: this record is damaged, and others follow it",
                hint=f"the {number - 1} records before it are whole. Move {path} aside, keep only those lines in a new one, "
                "then `ace refresh` and `ace up`; or restore a backup of the state",
                code="damaged-journal",
            )
        record, crc = parsed
        records.append(record)
        position += len(line) + 1
    return Read(tuple(records), position, crc, torn=bool(lines[-1]))


def _parse(line: bytes, previous: int) -> tuple[Record, int] | None:
    found, _, text = line.partition(b" ")
    crc = _chain(previous, text)
    if found != b"%08x" % crc:
        return None
    record: Record = json.loads(text)
    return record, crc


def _chain(previous: int, text: bytes) -> int:
    return zlib.crc32(text, previous)


class Journal:
    """A journal open for appending. Thread-safe."""

    def __init__(self, path: Path, after: Read) -> None:
        """Open after what was read, cutting off a torn last line.

        Raises:
            UserError: The file cannot be written.
        """
        self._path = path
        self._lock, self._syncing = threading.Lock(), threading.Lock()
        self._crc, self._size = after.crc, after.size
        self._written = self._synced = 0
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(self._file, after.size)
            os.lseek(self._file, after.size, os.SEEK_SET)
            sync_folder(path.parent)
        except OSError as error:
            raise cannot_write(path, error) from None

    def append(self, *records: Record) -> None:
        """Write records; when this returns they survive a power cut.

        Raises:
            UserError: The disk is full or gone. The records are not there then, not even in part.
        """
        texts = [json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() for record in records]
        with self._lock:
            crc, lines = self._crc, b""
            for text in texts:
                crc = _chain(crc, text)
                lines += b"%08x %s\n" % (crc, text)
            try:
                self._write(lines)
            except OSError as error:
                os.ftruncate(self._file, self._size)
                os.lseek(self._file, self._size, os.SEEK_SET)
                raise cannot_write(self._path, error) from None
            self._crc, self._size = crc, self._size + len(lines)
            self._written += 1
            mine = self._written
        with self._syncing:
            if self._synced >= mine:
                return
            reached = self._written
            try:
                os.fsync(self._file)
            except OSError as error:
                raise cannot_write(self._path, error) from None
            self._synced = reached

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Give the file back."""
        os.close(self._file)


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, for this user alone; what was there stays whole if it fails.

    Raises:
        UserError: The disk is full, or the folder cannot be written.
    """
    try:
        put(path, text, durable=True)
    except OSError as error:
        raise cannot_write(path, error) from None


def cannot_write(path: Path, error: OSError) -> UserError:
    """The message when state cannot be written."""
    return UserError(
        f"{path} cannot be written: {error.strerror or error}",
        hint="free some space, or make the folder writable; what was written before is whole. Then run the command again",
        code="state-not-writable",
    )
