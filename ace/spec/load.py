"""Load the spec: every file is read, checked alone and against the others; all findings come at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.errors import Finding, Severity, SpecError
from ace.spec.models import EcosystemFile, MemberFile, RegisterFile
from ace.spec.resolve import resolve
from ace.spec.shape import Shaped, check_shape
from ace.spec.source import Source, read
from ace.spec.values import Spec

ECOSYSTEM: Final = "ecosystem.yaml"
REGISTER: Final = "register.yaml"
MEMBERS: Final = "members"


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a spec as read; `members` are sorted by name."""

    ecosystem: Source
    register: Source
    members: tuple[Source, ...]
    strays: tuple[Finding, ...]
    """Findings about what lies in the spec folder and belongs there not."""


def load(spec_dir: Path) -> Spec:
    """The spec in a folder.

    Raises:
        SpecError: With every finding, when any of them is an error.
    """
    spec, findings = check(spec_dir)
    if spec is None:
        raise SpecError(findings)
    return spec


def check(spec_dir: Path) -> tuple[Spec | None, tuple[Finding, ...]]:
    """The spec in a folder (None when it has errors), and everything found in it, sorted by file and line."""
    sources = read_all(spec_dir)
    ecosystem = check_shape(sources.ecosystem, EcosystemFile)
    register = check_shape(sources.register, RegisterFile)
    members = {source.name: check_shape(source, MemberFile) for source in sources.members}
    shaped: list[Shaped[EcosystemFile] | Shaped[RegisterFile] | Shaped[MemberFile]]
    shaped = [ecosystem, register, *members.values()]
    findings = [
        *sources.strays,
        *(finding for source in (sources.ecosystem, sources.register, *sources.members) for finding in source.findings),
        *(finding for result in shaped for finding in result.findings),
    ]
    ordered = tuple(sorted(set(findings)))
    if any(finding.severity is Severity.ERROR for finding in ordered):
        return None, ordered
    complete = {name: result.model for name, result in members.items() if result.model is not None}
    if ecosystem.model is None or register.model is None or len(complete) != len(members):
        raise AssertionError("a file without findings has no model")
    return resolve(ecosystem.model, complete, register.model), ordered


def read_all(spec_dir: Path) -> Sources:
    """Read every file of a spec folder."""
    root = spec_dir.name
    strays = []
    members = []
    folder = spec_dir / MEMBERS
    for path in _entries(folder):
        name = f"{root}/{MEMBERS}/{path.name}"
        if path.suffix == ".yaml":
            members.append(read(path, name))
        elif not path.name.startswith("."):
            message = "a member's file is called <country code in lower case>.yaml; move this elsewhere"
            strays.append(Finding(name, 0, 0, "", "stray-file", Severity.ERROR, message))
    if not folder.is_dir():
        message = "the folder of the members' files is missing"
        strays.append(Finding(f"{root}/{MEMBERS}", 0, 0, "", "missing-folder", Severity.ERROR, message))
    return Sources(
        ecosystem=read(spec_dir / ECOSYSTEM, f"{root}/{ECOSYSTEM}"),
        register=read(spec_dir / REGISTER, f"{root}/{REGISTER}"),
        members=tuple(members),
        strays=tuple(strays),
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
