"""Bad specs: every finding with its place, as reviewed in tests/golden/spec-errors/cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from ace.errors import Severity
from ace.spec import check

from .spec_cases import CASES, Case, apply, base_spec

CASE_FILES = sorted(CASES.glob("*.txt"))


def test_the_base_spec_has_no_findings(tmp_path: Path) -> None:
    spec, findings = check(base_spec(tmp_path))
    assert spec is not None
    assert findings == ()


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_a_bad_spec_is_told_of_as_reviewed(path: Path, tmp_path: Path, update_golden: bool) -> None:
    case = Case.read(path)
    spec_dir = base_spec(tmp_path)
    apply(case.patch, spec_dir)

    spec, findings = check(spec_dir)

    told = "".join(f"{finding}\n" for finding in findings)
    if update_golden:
        case.rewrite(told)
        case = Case.read(path)
    assert told == case.findings
    assert spec is None
    assert any(finding.severity is Severity.ERROR for finding in findings)


def test_there_are_at_least_forty_cases() -> None:
    assert len(CASE_FILES) >= 40
