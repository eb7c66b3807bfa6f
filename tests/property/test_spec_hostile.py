"""Whatever is in a spec file, the loader answers with findings of one clean line each, and never raises."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ace.errors import Finding, SpecError
from ace.spec import check, load
from tests.property.hostile import VALUES, assert_shown_as_it_is, places, replaced

BASE = Path(__file__).parents[1] / "golden" / "spec-errors" / "base" / "ecosystem"
NAMES = ["members/tn.yaml", "members/et.yaml", "ecosystem.yaml", "register.yaml"]
TREES = {name: yaml.safe_load((BASE / name).read_text()) for name in NAMES}

PLACES = [(name, path) for name in NAMES for path in places(TREES[name])]


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
        assert_shown_as_it_is(str(finding))


@settings(max_examples=150)
@given(st.sampled_from(PLACES), VALUES)
@example(("members/tn.yaml", ()), {"\n": {"": None}})
@example(("members/tn.yaml", ("tenants",)), [])
@example(("ecosystem.yaml", ("data_classes", 0)), "a\nb")
@example(("ecosystem.yaml", ("label_schemes",)), {"\n": None})
@example(("ecosystem.yaml", ("label_schemes",)), {"\u202eevil": None})
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
