"""A file is put in place whole or not at all, and locked by one process at a time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from ace.files import PUBLIC, locked, put, replacing, take, timestamp, timestamp_in_name


def test_text_and_bytes_arrive_and_only_the_owner_may_read_them_unless_said(tmp_path: Path) -> None:
    put(tmp_path / "secret", "schön\n")
    put(tmp_path / "shown", b"\x00raw", PUBLIC)
    assert (tmp_path / "secret").read_text(encoding="utf-8") == "schön\n"
    assert (tmp_path / "shown").read_bytes() == b"\x00raw"
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {"secret": 0o600, "shown": 0o644}


def test_what_was_there_stays_whole_and_nothing_is_left_beside_it_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    put(file, "before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        put(file, "after")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "before")]


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("untouched")
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    put(tmp_path / "file", "own")
    assert (tmp_path / "elsewhere").read_text() == "untouched"
    assert not (tmp_path / "file").is_symlink()


def test_a_file_whose_rights_are_kept_has_those_that_it_had_and_a_new_one_those_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("before")
    (tmp_path / "old").chmod(0o640)
    before = os.umask(0o027)
    try:
        for name in ("old", "new"):
            put(tmp_path / name, "after", mode=None, durable=True)
    finally:
        os.umask(before)
    assert {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {"old": 0o640, "new": 0o640}


def test_a_file_that_is_written_piece_by_piece_appears_at_the_end(tmp_path: Path) -> None:
    with replacing(tmp_path / "file") as out:
        out.write(b"one ")
        assert not (tmp_path / "file").exists()
        out.write(b"two")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("file", "one two")]


def test_who_finds_a_file_locked_is_told_what_its_holder_wrote_and_may_refuse(tmp_path: Path) -> None:
    def refuse(holder: str) -> None:
        raise ValueError(holder)

    with locked(tmp_path / "lock") as held:
        os.pwrite(held, b"process 7", 0)
        with pytest.raises(ValueError, match="process 7"), locked(tmp_path / "lock", refuse):
            pass
        with (tmp_path / "lock").open() as other:
            assert not take(other.fileno(), wait=False)
    with locked(tmp_path / "lock", refuse), locked(tmp_path, refuse):
        pass


def test_a_moment_is_written_in_utc() -> None:
    moment = datetime(2026, 11, 25, 4, 0, 7, 5_000, timezone(timedelta(hours=2)))
    assert (timestamp(moment), timestamp_in_name(moment)) == ("2026-11-25T02:00:07Z", "20261125T020007Z")
    assert timestamp(moment.astimezone(UTC), timespec="milliseconds") == "2026-11-25T02:00:07.005Z"
