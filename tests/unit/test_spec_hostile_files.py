"""What may lie in a spec file's place, or in it, that is no spec: a clear finding each, never a traceback."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ace.spec import check

from .spec_cases import base_spec


def _write(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere.yaml")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _link_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


BOMB = b"a: &a [x, x, x, x, x, x, x, x, x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (after, after, b", ".join([b"*%c" % before] * 9))
    for before, after in zip(b"abcdefg", b"bcdefgh", strict=True)
)

MADE: dict[str, tuple[Callable[[Path], None], str]] = {
    "nothing": (_write(b""), ": the file is empty"),
    "blanks": (_write(b"\n  \n"), ": the file is empty"),
    "only a comment": (_write(b"# nothing\n"), ": the file is empty"),
    "only a null": (_write(b"~\n"), ":1:1: expected a mapping (`key: value` lines)"),
    "2 MiB": (_write(b"# " + b"x" * 2 * 1024 * 1024), ": the file is larger than 1024 KiB, the limit for a spec file"),
    "300,000 brackets": (_write(b"a: " + b"[" * 300_000), ":1:67: a{}: nested deeper than 64 levels"),
    "300,000 braces": (_write(b"{a: " * 260_000), ":1:257: "),
    "300,000 dashes": (_write(b"- " * 300_000), ":1:129: "),
    "an alias bomb": (_write(BOMB), ":6:8: f[0]: more than 100,000 values, aliases counted as often as they are used"),
    "many aliases": (
        _write(b"a: &a x\nb: [" + b", ".join([b"*a"] * 70) + b"]\n"),
        ":2:261: b[64]: more than 64 aliases in one file",
    ),
    "a byte-order mark": (
        _write(b"\xef\xbb\xbfversion: 1\n"),
        ":1:1: the file begins with a byte-order mark; save it as UTF-8 without BOM",
    ),
    "UTF-16": (_write("version: 1\n".encode("utf-16")), ":1:1: the file is UTF-16; save it as UTF-8"),
    "Latin-1": (
        _write("version: 1\ncity: Ébène\n".encode("latin-1")),
        ":2:7: byte 0xc9 is no valid UTF-8; save the file as UTF-8",
    ),
    "a NUL": (_write(b"version: 1\n\0: 2\n"), ":2:1: U+0000 (control character) is not allowed; delete it"),
    "a tab": (_write(b"version: 1\n\tcountry: TN\n"), ":2:1: a tab; indent and separate with spaces"),
    "a hidden override": (
        _write("version: 1\n# \u202e evil\n".encode()),
        ":2:3: U+202E (right-to-left override) is not allowed; delete it",
    ),
    "a soft hyphen": (
        _write("version: 1\n# co\u00adoperate\n".encode()),
        ":2:5: U+00AD (soft hyphen) is not allowed; delete it",
    ),
    "a line separator": (
        _write("version: 1\u2028country: TN\n".encode()),
        ":1:11: U+2028 (line separator) is not allowed; delete it",
    ),
    "an old Mac's line ends": (
        _write(b"version: 1\rcountry: TN\r"),
        ":1:11: U+000D (control character) is not allowed; delete it",
    ),
    "a number of 5,000 digits": (_write(b"version: " + b"1" * 5000), ":1:10: version: expected 1, the version"),
    "a key of 1,000 letters": (_write(b"version: 1\n" + b"k" * 1000 + b": 1\n"), ":2:1: unknown key 'kkkkkkkkkk"),
    "a key of 5,000 letters": (_write(b"version: 1\n" + b"k" * 5000 + b": 1\n"), ":2:5001: no valid YAML: "),
    "a directory": (_directory, ": this is a directory; a YAML file is expected here"),
    "a dangling link": (_dangling_link, ": this is a link to 'nowhere.yaml', which does not exist"),
    "a link to itself": (_loop, ": this is a link that leads back to itself"),
    "a link to a secret": (_link_out, ": this is a link that leads out of the spec folder; put a file here"),
    "a pipe": (_fifo, ": this is no regular file; a YAML file is expected here"),
}


@pytest.mark.parametrize("name", ["members/tn.yaml", "ecosystem.yaml", "register.yaml"])
@pytest.mark.parametrize("what", MADE)
def test_a_file_that_is_no_spec_is_told_of(what: str, name: str, tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    make, expected = MADE[what]
    make(spec_dir / name)

    spec, findings = check(spec_dir)

    assert spec is None
    about = [str(finding) for finding in findings if finding.file == f"ecosystem/{name}"]
    start, _, rest = expected.partition("{}")
    assert any(line.startswith(f"ecosystem/{name}{start}") or start in line for line in about), about
    assert any(rest in line for line in about)
    assert max(len(line) for line in about) < 1000


@pytest.mark.plain_user
def test_an_unreadable_file_is_told_of(tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    (spec_dir / "members/tn.yaml").chmod(0)

    _, findings = check(spec_dir)

    assert [str(finding) for finding in findings] == [
        "ecosystem/members/tn.yaml: the file may not be read; check its permissions"
    ]


def test_one_unreadable_file_is_the_only_thing_told_of(tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    _directory(spec_dir / "members/tn.yaml")

    _, findings = check(spec_dir)

    assert [str(finding) for finding in findings] == [
        "ecosystem/members/tn.yaml: this is a directory; a YAML file is expected here"
    ]


def test_an_empty_folder_is_told_of_file_by_file(tmp_path: Path) -> None:
    spec_dir = tmp_path / "ecosystem"
    spec_dir.mkdir()

    _, findings = check(spec_dir)

    assert [str(finding) for finding in findings] == [
        "ecosystem/ecosystem.yaml: the file does not exist",
        "ecosystem/members: the folder of the members' files is missing",
        "ecosystem/register.yaml: the file does not exist",
    ]


def test_hostile_file_names_are_shown_escaped(tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    for name in (b"a\nb.yaml", b"\xff.yml", "\u202e.yaml".encode()):
        Path(os.fsdecode(bytes(spec_dir / "members") + b"/" + name)).write_bytes(b"")

    _, findings = check(spec_dir)

    assert sorted(finding.file for finding in findings) == [
        "ecosystem/members/\\u202e.yaml",
        "ecosystem/members/\\udcff.yml",
        "ecosystem/members/a\\nb.yaml",
    ]


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    before, _ = check(spec_dir)
    path = spec_dir / "members/tn.yaml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    after, findings = check(spec_dir)

    assert findings == ()
    assert after == before


def test_anchors_and_aliases_within_the_limits_are_read(tmp_path: Path) -> None:
    spec_dir = base_spec(tmp_path)
    path = spec_dir / "members/et.yaml"
    text = path.read_text().replace("availability_zones: [az1, az2]", "availability_zones: &zones [az1, az2]")
    path.write_text(text.replace("version: 1", "version: 1\nexample: &yes true").replace("&yes ", ""))

    spec, findings = check(spec_dir)

    assert findings == ()
    assert spec is not None
    assert spec.member("et").data_centres[0].cloud.availability_zones == ("az1", "az2")
