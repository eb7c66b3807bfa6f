"""Several files changed as one: all of them or none, whatever happens in between.

What is to be written is noted on disk first; a process that dies half-way leaves the note, and the next one finishes it.
"""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ace.errors import Finding, Severity, SpecError, UserError
from ace.files import HALF_WRITTEN, locked, put
from ace.layout import Layout
from ace.spec import check
from ace.spec.values import Spec

NOTE: Final = "writing.json"


@dataclass(frozen=True, slots=True)
class Change:
    """One file: its text before and after (None: it is not there). `path` is relative to ROOT, with forward slashes.

    With `link` it is a symbolic link, and its text is what it points to.
    """

    path: str
    before: str | None
    after: str | None
    link: bool = False

    @property
    def diff(self) -> str:
        """A unified diff."""
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        names = (
            f"a/{self.path}" if self.before is not None else "/dev/null",
            f"b/{self.path}" if self.after is not None else "/dev/null",
        )
        lines = difflib.unified_diff(old, new, *names)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def text_of(root: Path, path: str, *, link: bool = False) -> str | None:
    """A file's text (a link's target); None when it is not there.

    Raises:
        UserError: It cannot be read, or is no plain file.
    """
    file = root / path
    if link and file.is_symlink():
        return str(file.readlink())
    if file.is_symlink():
        raise UserError(f"{path} is a link, and `ace member` writes plain files only", code="not-a-file")
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}", code="unreadable-file") from None


def folder_of(root: Path) -> Path:
    """Where `ace member` keeps what is under way (ROOT/.ace/members), made if need be.

    Raises:
        UserError: It cannot be made.
    """
    folder = Layout(root).members
    try:
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder}: {error.strerror}", hint="work in a checkout that is yours", code="no-root"
        ) from None
    return folder


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """One `ace member` at a time in a ROOT; what an earlier one left half written is finished first.

    Raises:
        UserError: Another one is at work.
    """

    def refuse(_holder: str) -> None:
        raise UserError(
            f"another `ace member` is at work in {root}", hint="wait for its end, then try again", code="busy"
        )

    with locked(folder_of(root) / "lock", refuse):
        finish(root)
        yield


def check_changes(spec_dir: Path, changes: Sequence[Change]) -> tuple[Spec, tuple[Finding, ...]]:
    """The spec as it would be with these changes, and its warnings; nothing is written.

    Raises:
        SpecError: It would have errors.
    """
    with tempfile.TemporaryDirectory(prefix="ace-member-") as scratch:
        staged = Path(scratch) / spec_dir.name
        shutil.copytree(spec_dir, staged, symlinks=True)
        for change in changes:
            top, _, inner = change.path.partition("/")
            if top != spec_dir.name:
                continue
            file = staged / inner
            if change.after is None:
                file.unlink(missing_ok=True)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(change.after.encode())
        spec, findings = check(staged)
    if spec is None or any(finding.severity is Severity.ERROR for finding in findings):
        raise SpecError(findings)
    return spec, findings


def write(root: Path, changes: Sequence[Change]) -> None:
    """Write all of them, or leave everything as it was.

    Raises:
        UserError: A file is not what it was when the change was made, or cannot be written.
    """
    for change in changes:
        if text_of(root, change.path, link=change.link) != change.before:
            raise UserError(
                f"{change.path} has changed in the meantime; nothing was written",
                hint="run the same command again",
                code="changed-meanwhile",
            )
    note = folder_of(root) / NOTE
    put(note, json.dumps([asdict(change) for change in changes], ensure_ascii=False), durable=True)
    done: list[Change] = []
    try:
        for change in changes:
            done.append(change)
            _write_one(root, change, change.after)
    except OSError as error:
        for change in reversed(done):
            _write_one(root, change, change.before)
        note.unlink()
        raise UserError(
            f"{error.filename or change.path} cannot be written: {error.strerror}; nothing was changed",
            hint="make room or correct the permissions, then run the same command again",
            code="not-written",
        ) from None
    note.unlink()


def finish(root: Path) -> None:
    """Finish what a process that died has noted and not written.

    Raises:
        UserError: Somebody changed one of the files since.
    """
    note = folder_of(root) / NOTE
    if not note.exists():
        return
    changes = [Change(**entry) for entry in json.loads(note.read_text(encoding="utf-8"))]
    foreign = [
        change.path
        for change in changes
        if text_of(root, change.path, link=change.link) not in (change.before, change.after)
    ]
    if foreign:
        raise UserError(
            f"an earlier `ace member` was cut off while writing, and {', '.join(foreign)} was changed since",
            hint=f"look at what it was about to write in {note}, put the files right, and remove it",
            code="half-written",
        )
    for change in changes:
        file = root / change.path
        for torn in file.parent.glob(HALF_WRITTEN.format(name=file.name)):
            torn.unlink()
        _write_one(root, change, change.after)
    note.unlink()


def _write_one(root: Path, change: Change, text: str | None) -> None:
    file = root / change.path
    if text is not None and change.link:
        if not file.is_symlink():
            file.symlink_to(text)
        return
    if text is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        put(file, text, mode=None, durable=True)
        return
    file.unlink(missing_ok=True)
    with suppress(OSError):  # a folder that was made for it alone
        file.parent.rmdir()
