"""tests/needs.py is the one table of what test files need, and of the long suites."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs

TESTS = Path(__file__).resolve().parents[1]
EITHER = re.compile(r"\beither\b|\bENGINES\b|\bcli: Bench\b")
"""What a test of both engines names: the Pulumi CLI is one of them."""


def files() -> list[str]:
    return sorted(path.relative_to(TESTS).as_posix() for path in TESTS.rglob("test_*.py"))


def marks(name: str) -> set[str]:
    """Names `x` of every `pytest.mark.x` in a file."""
    tree = ast.parse((TESTS / name).read_text(encoding="utf-8"))
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "pytest.mark"
    }


def test_every_row_is_of_a_file_and_names_needs() -> None:
    assert set(needs.FILES) <= set(files())
    assert {need for row in needs.FILES.values() for need in row} <= set(needs.NEEDS)


@pytest.mark.parametrize("name", files())
def test_a_row_says_what_the_file_is_marked_with(name: str) -> None:
    text = (TESTS / name).read_text(encoding="utf-8")
    found = marks(name) & set(needs.NEEDS)
    if name.startswith("contract/") and EITHER.search(text):
        found.add("pulumi")
    if name == "unit/test_interconnect_proofs.py":
        found |= {"vtysh", "nft"}  # by the name of the proof
    assert set(needs.FILES.get(name, ())) == found


@pytest.mark.parametrize("name", files())
def test_a_test_is_skipped_by_the_table_and_by_nothing_else(name: str) -> None:
    text = (TESTS / name).read_text(encoding="utf-8")
    if name == "unit/test_needs.py":
        return
    assert not re.search(r"pytest\.skip\(|mark\.skipif|mark\.slow", text), "say it by a need in tests/needs.py"


def test_every_suite_has_tests_and_every_suite_that_tests_name_is_in_the_table() -> None:
    named = {
        suite
        for name in files()
        for suite in re.findall(r'mark\.suite\("([^"]+)"\)', (TESTS / name).read_text("utf-8"))
    }
    assert named == set(needs.SUITES)


def test_only_the_real_cli_and_old_kernels_keep_a_test_from_running_as_root_on_debian() -> None:
    """All else is there on Debian, or is installed."""
    lasting = {name for name, need in needs.NEEDS.items() if not need.packages}
    provided = {"lab", "root", "hosts", "base_image", "shapes", "chromium", "dpkg", "plain_user", "old_release"}
    assert lasting - provided == {"pulumi", "hybrid_cgroups"}


def test_permissions_hold_without_roots_rights(tmp_path: Path) -> None:
    """`scripts/test` runs so what is marked `plain_user`, when it is root."""
    secret = tmp_path / "secret"
    secret.write_text("text")
    secret.chmod(0)
    prefix = needs.WITHOUT_ROOTS_RIGHTS if os.geteuid() == 0 else ()
    script = "import sys; from tests import needs; assert needs.obeys_permissions(); open(sys.argv[1])"
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script, str(secret)],
        cwd=needs.CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PermissionError" in done.stderr, done.stderr
    text = (needs.CHECKOUT / "scripts" / "test").read_text(encoding="utf-8")
    assert " ".join(needs.WITHOUT_ROOTS_RIGHTS) in text


def test_a_suite_that_is_not_there_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert needs.main(["check", "crashes", "all"]) == 0
    assert needs.main(["check", "crash"]) == 1
    assert "unknown suite crash; expected one of: all, crashes, " in capsys.readouterr().err
