"""Golden cases of bad specs: a small patch over the base spec, and the findings that it must cause, in one text file.

    What the case is about.
    --- members/tn.yaml
     a line of the base spec
    -a line that goes
    +a line that comes
    === findings
    ecosystem/members/tn.yaml:17:9: ...

Blocks of one file are parted by `@@`. `--- NAME (new)` has `+` lines only; `--- NAME (deleted)` has none.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

BASE = Path(__file__).parents[1] / "golden" / "spec-errors" / "base" / "ecosystem"
CASES = Path(__file__).parents[1] / "golden" / "spec-errors" / "cases"
DIVIDER = "=== findings\n"


@dataclass(frozen=True)
class Case:
    """One case file, cut in two."""

    path: Path
    patch: str
    findings: str

    @classmethod
    def read(cls, path: Path) -> Case:
        patch, _, findings = path.read_text(encoding="utf-8").partition(DIVIDER)
        return cls(path, patch, findings)

    def rewrite(self, findings: str) -> None:
        self.path.write_text(self.patch + DIVIDER + findings, encoding="utf-8")


def base_spec(into: Path) -> Path:
    """A copy of the good base spec in a folder; returns the spec folder."""
    return Path(shutil.copytree(BASE, into / "ecosystem"))


def apply(patch: str, spec_dir: Path) -> None:
    """Apply a case's patch to a copy of the base spec."""
    for part in patch.split("\n--- ")[1:]:
        header, _, body = part.partition("\n")
        name, _, kind = header.partition(" (")
        path = spec_dir / name
        if kind == "deleted)":
            path.unlink()
        elif kind == "new)":
            path.write_text("".join(line[1:] + "\n" for line in body.splitlines()), encoding="utf-8")
        else:
            for block in body.split("@@\n"):
                _replace(path, block)


def _replace(path: Path, block: str) -> None:
    lines = block.splitlines()
    old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
    new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{text.count(old)} places in {path.name} look like\n{old}"
    path.write_text(text.replace(old, new), encoding="utf-8")
