"""Whatever is in a spec file, the loader answers with findings of one clean line each, and never raises."""

from __future__ import annotations

import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ace.errors import Finding, SpecError
from ace.spec import check, load

BASE = Path(__file__).parents[1] / "golden" / "spec-errors" / "base" / "ecosystem"
NAMES = ["members/tn.yaml", "members/et.yaml", "ecosystem.yaml", "register.yaml"]
TREES = {name: yaml.safe_load((BASE / name).read_text()) for name in NAMES}

HOSTILE_TEXTS = st.sampled_from(
    [
        "", " ", "\n", "a\nb", "\x00", "\x1b[31m", "\u202eevil", "\u2028", "../../etc/passwd", "$(reboot)", "`id`",
        "{{ 7*7 }}", "{% raw %}", "<script>alert(1)</script>", "'; DROP TABLE", "${HOME}", "%s%n", "[bold]x[/]",
        "https://", "https://[", "https://a.example:99999/", "javascript:alert(1)", "a@", "@b", "10.0.0.0/8", "::/0",
        "ssh-ed25519", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", "no", "NO", "TN", "all", "x" * 5000,
        "neighbor 10.0.0.1\n shutdown", "\ud7ff", "\ufeff", "é", "تونس", "1e999", "0x10", "12:30:45", "=", "<<", "*a",
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=True),
    st.dates(min_value=date(1, 1, 1)),
    st.text(max_size=20),
    HOSTILE_TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | HOSTILE_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path in a tree."""
    yield path
    children = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


PLACES = [(name, path) for name in NAMES for path in places(TREES[name])]


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the tree with another value at a path."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = replaced(tree[path[0]], path[1:], value)
    return copy


def findings_of(name: str, content: bytes) -> tuple[Finding, ...]:
    """What is found in the base spec with one file's content replaced."""
    with tempfile.TemporaryDirectory() as folder:
        spec_dir = Path(shutil.copytree(BASE, Path(folder) / "ecosystem"))
        (spec_dir / name).write_bytes(content)
        spec, findings = check(spec_dir)
        if spec is None:
            try:
                load(spec_dir)
            except SpecError as error:
                assert error.findings == findings
            else:
                raise AssertionError("check refuses what load takes")
        return findings


def assert_clean(findings: tuple[Finding, ...]) -> None:
    """Findings are lines that a terminal shows as they are."""
    for finding in findings:
        line = str(finding)
        assert len(line) < 1200
        assert all(unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"} for character in line), ascii(line)


@settings(max_examples=150)
@given(st.sampled_from(PLACES), VALUES)
@example(("members/tn.yaml", ()), {"\n": {"": None}})
@example(("members/tn.yaml", ("tenants",)), [])
@example(("ecosystem.yaml", ("data_classes", 0)), "a\nb")
def test_any_value_in_any_field_is_answered_with_clean_findings(place: tuple[str, tuple[Any, ...]], value: Any) -> None:
    name, path = place
    content = yaml.safe_dump(replaced(TREES[name], path, value), allow_unicode=True, sort_keys=False)
    assert_clean(findings_of(name, content.encode("utf-8", "surrogatepass")))


@settings(max_examples=100)
@given(st.sampled_from(NAMES), st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
@example("members/tn.yaml", b"? ")
@example("members/tn.yaml", b"&a [*a]")
@example("members/tn.yaml", b"--- ---")
@example("members/tn.yaml", b"%YAML 9.9\n---\na: 1")
@example("members/tn.yaml", b"!!binary x")
def test_any_bytes_are_answered_with_clean_findings(name: str, content: bytes) -> None:
    findings = findings_of(name, content)
    assert findings
    assert_clean(findings)


MARKS = ["a", ": ", "- ", "\n", "  ", "[", "]", "{", "}", ",", "&a ", "*a", "!!x ", "? ", "|", ">", "'", '"', "\\", "#"]
WORDS = ["version: 1\n", "country: TN\n", "data_centres:\n", "---\n", "...\n", "%", "@", "<<", "~", "1", "\t", "\u00a0"]
YAML_PIECES = st.lists(st.sampled_from([*MARKS, *WORDS]), max_size=40).map("".join)


@settings(max_examples=150)
@given(st.sampled_from(NAMES), YAML_PIECES)
def test_any_pieces_of_yaml_are_answered_with_clean_findings(name: str, content: str) -> None:
    findings = findings_of(name, content.encode())
    assert findings
    assert_clean(findings)
