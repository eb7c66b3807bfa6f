"""A ROOT of its own with the shipped spec, and `ace member ...` run in this process."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ace.cli.main import main
from ace.membership.fitness.checking import Report, digest_of
from ace.membership.fitness.contract import Assessment, FitnessResult
from ace.operations.fitness import keep_report
from ace.spec import load
from ace.verdict import Verdict

CHECKOUT = Path(__file__).resolve().parents[2]
TEMPLATES = CHECKOUT / "templates" / "member"
SC = TEMPLATES / "examples" / "sc.yaml"
NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Root:
    """The folder, and what a command said."""

    path: Path
    capture: pytest.CaptureFixture[str]

    @property
    def spec(self) -> Path:
        return self.path / "ecosystem"

    def file(self, name: str) -> Path:
        return self.path / name

    def texts(self) -> dict[str, str]:
        """Every file that a person would see in version control."""
        return {
            str(file.relative_to(self.path)): file.read_text(encoding="utf-8")
            for file in sorted(self.path.rglob("*"))
            if file.is_file() and ".ace" not in file.relative_to(self.path).parts
        }

    def run(self, *arguments: str, expect: int = 0) -> str:
        """`ace ARGUMENTS`; standard output and error together."""
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--spec", str(self.spec)])
        said = self.capture.readouterr()
        assert ended.value.code == expect, f"exit {ended.value.code}\n{said.out}\n{said.err}"
        return said.out + said.err

    def json(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """`ace ARGUMENTS --format json`, its object."""
        with pytest.raises(SystemExit) as ended:
            main([*arguments, "--spec", str(self.spec), "--format", "json"])
        said = self.capture.readouterr()
        assert ended.value.code == expect, f"exit {ended.value.code}\n{said.out}\n{said.err}"
        body: dict[str, Any] = json.loads(said.out)
        return body


def a_root(folder: Path, capture: pytest.CaptureFixture[str]) -> Root:
    """The shipped spec, stacks' settings and CODEOWNERS in a folder."""
    shutil.copytree(CHECKOUT / "ecosystem", folder / "ecosystem")
    (folder / "stacks").mkdir()
    for settings in (CHECKOUT / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy(settings, folder / "stacks")
    shutil.copy(CHECKOUT / "CODEOWNERS", folder)
    return Root(folder, capture)


def checked(root: Root, verdict: Verdict = Verdict.PASS, age: timedelta = NO_TIME) -> None:
    """Keep a check of Seychelles as if its cloud had been asked."""
    member = load(root.spec).member("SC")
    outcomes = (FitnessResult("extensions", "victoria-1", "", Assessment(verdict, "")),)
    keep_report(root.path, Report("sc", datetime.now(UTC) - age, digest_of(member), outcomes))
