"""A file is put in place whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ace.files import PUBLIC, put


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
