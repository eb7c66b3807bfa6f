"""Everything that is wrong with a spec: in its files, between them, and by the policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.errors import Finding, Severity
from ace.policy import PolicyFinding, judge_spec
from ace.spec.load import Sources, check_sources, read_all
from ace.spec.location import locate
from ace.spec.values import Spec


@dataclass(frozen=True, slots=True)
class SpecCounts:
    """How much a spec holds."""

    members: int
    active: int
    data_centres: int
    tenants: int
    services: int
    hubs: int

    @classmethod
    def of(cls, spec: Spec) -> SpecCounts:
        """What this spec holds."""
        return cls(
            members=len(spec.members),
            active=len(spec.active),
            data_centres=sum(len(member.data_centres) for member in spec.members),
            tenants=sum(len(member.tenants) for member in spec.members),
            services=sum(len(member.services) for member in spec.members),
            hubs=len(spec.region.hubs),
        )


@dataclass(frozen=True, slots=True)
class ValidationDocument:
    """What is wrong with the spec, in the order of its files."""

    findings: tuple[Finding, ...]
    summary: SpecCounts | None = None
    """What the spec holds, where it has no error and no policy refuses it."""


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found. `spec` is None where the files have errors."""

    spec: Spec | None
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> tuple[Finding, ...]:
        """What the policies refuse, where the files are in order."""
        if self.spec is None:
            return ()
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def document(self) -> ValidationDocument:
        """As JSON."""
        summary = SpecCounts.of(self.spec) if self.spec is not None and not self.refused else None
        return ValidationDocument(self.findings, summary)


def validate(spec_dir: Path, as_of: date) -> Validation:
    """Load a spec, check it, cross-check it and judge it by the policies as of a date; no cloud is asked."""
    sources = read_all(spec_dir)
    loaded, findings = check_sources(sources)
    if loaded is not None:
        findings += located(sources, judge_spec(loaded, as_of).findings)
    return Validation(loaded, findings)


def located(sources: Sources, found: Iterable[PolicyFinding]) -> tuple[Finding, ...]:
    """Policy findings at their file, line and column, in the order of the files; what is waived is a note."""
    return tuple(
        sorted(
            {
                locate(
                    sources,
                    finding.location,
                    finding.rule,
                    Severity.NOTE if finding.waiver is not None else finding.severity,
                    _message(finding),
                )
                for finding in found
            }
        )
    )


def _message(finding: PolicyFinding) -> str:
    """The message as a list of findings shows it, with what goes with it where it stops anything."""
    along = ", ".join(str(subject) for subject in finding.takes_along)
    return f"{finding.rule}: {finding.message}{f' (goes with it: {along})' if along and finding.stops else ''}"
