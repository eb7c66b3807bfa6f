"""Load the spec: every file is read, checked alone and against the others; all findings come at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ace.errors import Finding, Severity, SpecError
from ace.spec.checks import cross_check
from ace.spec.models.ecosystem import EcosystemFile
from ace.spec.models.member import MemberFile
from ace.spec.models.register import RegisterFile
from ace.spec.resolve import resolve
from ace.spec.shape import Shaped, check_shape
from ace.spec.source import Source, read
from ace.spec.text import escaped
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
    """The spec in a folder (None when it has errors), and everything found in it, sorted by file and line.

    What depends on the date (labels, keys, waivers) is for the policies to decide: `ace.policy`.
    """
    return check_sources(read_all(spec_dir))


def check_sources(sources: Sources) -> tuple[Spec | None, tuple[Finding, ...]]:
    """The same of files that were read already."""
    ecosystem = check_shape(sources.ecosystem, EcosystemFile)
    register = check_shape(sources.register, RegisterFile)
    members = {source.name: check_shape(source, MemberFile) for source in sources.members}
    shaped: list[Shaped[EcosystemFile] | Shaped[RegisterFile] | Shaped[MemberFile]]
    shaped = [ecosystem, register, *members.values()]
    collected = [
        *sources.strays,
        *(finding for source in (sources.ecosystem, sources.register, *sources.members) for finding in source.findings),
    ]
    collected = _with_new_places(collected, (finding for result in shaped for finding in result.findings))
    collected = _with_new_places(collected, cross_check(sources.ecosystem, sources.register, sources.members))
    ordered = tuple(sorted(set(collected)))
    if any(finding.severity is Severity.ERROR for finding in ordered):
        return None, ordered
    complete = {name: result.model for name, result in members.items() if result.model is not None}
    if ecosystem.model is None or register.model is None or len(complete) != len(members):
        raise AssertionError("a file without findings has no model")
    return resolve(ecosystem.model, complete, register.model), ordered


def _with_new_places(collected: list[Finding], more: Iterable[Finding]) -> list[Finding]:
    """Findings, and those of a later stage at other locations: what is malformed needs no second reproach."""
    taken = {(finding.file, finding.line, finding.column) for finding in collected if finding.line}
    return [*collected, *(f for f in more if (f.file, f.line, f.column) not in taken)]


def read_all(spec_dir: Path) -> Sources:
    """Read every file of a spec folder."""
    top, folder = escaped(spec_dir.name), spec_dir / MEMBERS
    strays = [
        *_strays(spec_dir, top, {ECOSYSTEM, REGISTER}),
        *_strays(folder, f"{top}/{MEMBERS}", None),
    ]
    if not folder.is_dir():
        message = "the folder of the members' files is missing"
        strays.append(Finding(f"{top}/{MEMBERS}", 0, 0, "", "missing-folder", Severity.ERROR, message))
    return Sources(
        ecosystem=read(spec_dir / ECOSYSTEM, f"{top}/{ECOSYSTEM}", spec_dir),
        register=read(spec_dir / REGISTER, f"{top}/{REGISTER}", spec_dir),
        members=tuple(
            read(path, f"{top}/{MEMBERS}/{escaped(path.name)}", spec_dir)
            for path in _entries(folder)
            if path.suffix == ".yaml"
        ),
        strays=tuple(strays),
    )


def _strays(folder: Path, name: str, expected: set[str] | None) -> list[Finding]:
    """Files that look like a part of the spec but are none: they would be overlooked in silence."""
    found = []
    for path in _entries(folder):
        if path.name.startswith(".") or path.suffix.lower() not in {".yaml", ".yml"}:
            continue
        if path.suffix != ".yaml" or (expected is not None and path.name not in expected):
            message = "this file is no part of the spec: members are members/<country code>.yaml; rename or move it"
            found.append(Finding(f"{name}/{escaped(path.name)}", 0, 0, "", "stray-file", Severity.ERROR, message))
    return found


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
