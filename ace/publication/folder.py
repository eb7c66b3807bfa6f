"""Where publications, the region's memory of them and a lab's signing keys lie below ROOT; reading and writing them."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

from ace.errors import UserError
from ace.files import PUBLIC, put, timestamp
from ace.layout import Layout
from ace.publication.canonical import MAX_BYTES

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Signed:
    """A publication's bytes and those of its signature; None: there is no such file."""

    raw: bytes | None
    signature: bytes | None


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest publication of a name that was believed: when it was issued, and its SHA-256."""

    issued: datetime
    digest: str


def read(folder: Path, name: str) -> Signed:
    """A publication in a folder. At most one byte more than the limit is read, and nothing but regular files.

    Raises:
        OSError: It is there, but cannot be read.
    """
    return Signed(_bytes(folder / f"{name}.json"), _bytes(folder / f"{name}.json.sig"))


def put_signed(folder: Path, name: str, signed: Signed) -> None:
    """Put a publication's bytes and its signature in place for everybody to read, as they were brought.

    Raises:
        OSError: They cannot be written.
    """
    folder.mkdir(exist_ok=True)
    put(folder / f"{name}.json", signed.raw or b"", PUBLIC)
    put(folder / f"{name}.json.sig", signed.signature or b"", PUBLIC)


def write(folder: Path, name: str, raw: bytes, armored: str) -> Path:
    """Put a publication and its signature in place for everybody to read; the signature comes last.

    Raises:
        OSError: They cannot be written.
    """
    put_signed(folder, name, Signed(raw, armored.encode()))
    return folder / f"{name}.json"


def show_lab_key(root: Path, stack: str, public: str) -> None:
    """Lay the public half of a country's lab key where a region finds it that may not look into the lab.

    Raises:
        OSError: It cannot be written.
    """
    signers = Layout(root).lab_signers
    signers.mkdir(exist_ok=True)
    put(signers / f"{stack}.pub", public + "\n", PUBLIC)


def lab_key(root: Path, stack: str) -> str | None:
    """The public half of a country's lab key: of the lab in ROOT, else the one that was laid beside the spec; None: neither."""
    layout = Layout(root)
    try:
        is_lab = layout.lab_clouds_file.is_file()
        raw = _bytes(layout.lab_signing_key(stack).with_suffix(".pub")) if is_lab else None
    except OSError:  # the region's own user may not look into the lab
        raw = None
    try:
        raw = raw or _bytes(layout.lab_signers / f"{stack}.pub")
    except OSError:
        return None
    parts = (raw or b"").decode("ascii", "replace").split()
    return " ".join(parts[:2]) if len(parts) >= 2 else None


def read_seen(root: Path) -> Mapping[str, Seen] | None:
    """What ROOT remembers; None for who may not read it, so that a roll-back cannot be detected.

    Raises:
        UserError: The memory is damaged: to go on without it would let old publications in.
    """
    return _recalled(
        Layout(root).seen,
        lambda entry: Seen(datetime.fromisoformat(entry["issued"]).astimezone(UTC), str(entry["digest"])),
        unknown="which publications were seen last",
        anew="start again with what is in publications/ now",
    )


def write_seen(root: Path, seen: Mapping[str, Seen]) -> None:
    """Remember what was seen.

    Raises:
        OSError: It cannot be written.
    """
    plain = {name: {"issued": timestamp(seen[name].issued), "digest": seen[name].digest} for name in sorted(seen)}
    _remember(Layout(root).seen, plain)


def read_signers(root: Path) -> dict[str, dict[str, date]] | None:
    """Which keys ROOT has believed, by country; None for who may not read it.

    Raises:
        UserError: The memory is damaged: to go on without it would let a changed member file name its first keys anew.
    """
    return _recalled(
        Layout(root).signers,
        lambda keys: {str(mark): date.fromisoformat(until) for mark, until in keys.items()},
        unknown="which keys were trusted",
        anew="trust the reviewed member files as they are now",
    )


def write_signers(root: Path, remembered: Mapping[str, Mapping[str, date]]) -> None:
    """Remember whose keys were believed.

    Raises:
        OSError: It cannot be written.
    """
    plain = {
        stack: {mark: until.isoformat() for mark, until in sorted(keys.items())}
        for stack, keys in sorted(remembered.items())
    }
    _remember(Layout(root).signers, plain)


def _recalled(file: Path, entry_of: Callable[[Any], Entry], *, unknown: str, anew: str) -> dict[str, Entry] | None:
    """A memory of the region, entry by entry; empty before the first, None for who may not read it."""
    try:
        raw = _bytes(file)
    except OSError:
        return None
    if raw is None:
        return {}
    try:
        return {name: entry_of(entry) for name, entry in json.loads(raw).items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{file} is damaged: {unknown} is not known",
            hint=f"bring it back from a copy, or move it away to {anew}",
            code=f"bad-{file.stem}-file",
        ) from None


def _remember(file: Path, plain: Mapping[str, Any]) -> None:
    file.parent.mkdir(mode=0o700, exist_ok=True)
    put(file, json.dumps(plain, indent=1) + "\n")


def _bytes(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no regular file")
        return stream.read(MAX_BYTES + 1)
