"""The program as Pulumi runs it: which spec it reads, and what it says when it cannot go on."""

from __future__ import annotations

import ast
import runpy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from ace.errors import UserError
from ace.spec.values import MemberStatus
from tests.unit.stack_graph import CHECKOUT, QUIET, Graph, run_program, shipped_spec

pytestmark = QUIET


@pytest.fixture
def spec_dir(tmp_path: Path) -> Path:
    """A copy of the shipped spec."""
    return Path(shutil.copytree(CHECKOUT / "ecosystem", tmp_path / "root" / "ecosystem"))


def run_main(stack: str) -> Graph:
    def program() -> dict[str, Any]:
        runpy.run_path(str(CHECKOUT / "stacks"), run_name="__main__")
        return {}

    return run_program(stack, program)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_stack_is_the_country_of_that_name(spec_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACE_SPEC", str(spec_dir))
    assert [country.name for country in run_main("ug").of_type("ace:country:Country")] == ["ug"]


def test_without_ace_spec_the_spec_is_found_upwards(spec_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACE_SPEC", raising=False)
    deep = spec_dir.parent / "some" / "folder"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    edit(spec_dir / "members" / "ug.yaml", "id: kampala-1", "id: kampala-9")
    edit(spec_dir / "members" / "ug.yaml", "cloud: ug-kampala-1", "cloud: ug-kampala-9")
    text = (spec_dir / "members" / "ug.yaml").read_text(encoding="utf-8")
    (spec_dir / "members" / "ug.yaml").write_text(
        text.replace("data_centre: kampala-1", "data_centre: kampala-9"), encoding="utf-8"
    )
    assert [centre.name for centre in run_main("ug").of_type("ace:country:DataCentre")] == ["kampala-9"]


def test_without_any_spec_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACE_SPEC", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pulumi.RunError, match=r"no `ecosystem/` folder in .*\nset ACE_SPEC to it"):
        run_main("tn")


def test_a_stack_that_is_no_member_is_refused_with_the_nearest_name(
    spec_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACE_SPEC", str(spec_dir))
    with pytest.raises(pulumi.RunError, match=r"'tnn' is no member of the ecosystem.*\nis tn meant\?"):
        run_main("tnn")


@pytest.mark.parametrize("status", ["candidate", "left"])
def test_a_member_that_is_not_active_is_not_deployed(status: str) -> None:
    from country import require_deployable

    member = replace(shipped_spec().member("ug"), status=MemberStatus(status))
    with pytest.raises(UserError, match=rf"ecosystem/members/ug.yaml: Uganda is {status}; its stack is not deployed"):
        require_deployable(member)


def test_a_spec_with_errors_is_told_in_full(spec_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACE_SPEC", str(spec_dir))
    edit(spec_dir / "members" / "ug.yaml", "status: active", "status: actif")
    edit(spec_dir / "members" / "rw.yaml", "status: active", "status: aktiv")
    with pytest.raises(pulumi.RunError, match=r"(?s)members/rw.yaml:.*members/ug.yaml:.*2 errors in the spec"):
        run_main("tn")


def test_by_hand_too_what_the_policies_refuse_is_not_deployed(spec_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACE_SPEC", str(spec_dir))
    edit(spec_dir / "members" / "tn.yaml", "valid_until: 2027-05-31", "valid_until: 2026-05-31")
    with pytest.raises(pulumi.RunError, match=r"(?s)tn is refused by policy:.*label-coverage: tenant health of TN"):
        run_main("tn")


def test_the_program_imports_no_more_of_ace_than_it_may() -> None:
    allowed = ("ace.spec", "ace.addressing", "ace.policy", "ace.errors")
    for path in sorted((CHECKOUT / "stacks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                assert name.split(".")[0] != "ace" or name.startswith(allowed), f"{path.name} imports {name}"
