"""Whether the log of members' transitions was tampered with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ace.membership import log
from ace.membership.writing import text_of
from ace.spec import load


@dataclass(frozen=True, slots=True)
class AuditDocument:
    """What was found in the log of members' transitions."""

    transitions: int
    problems: tuple[str, ...]
    """One sentence each, with file and line; empty: nothing was altered."""


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in the log."""

    log: str
    """The log's path below ROOT."""
    transitions: int
    problems: tuple[str, ...]
    """One sentence each, with file and line; empty: nothing was altered, and every member's file agrees."""

    @property
    def document(self) -> AuditDocument:
        """As JSON."""
        return AuditDocument(self.transitions, self.problems)


def audit(spec_dir: Path) -> Audit:
    """Check each line's hash of the one before, each way, and each member's file against the log.

    Raises:
        UserError: The log cannot be read, or the spec has errors.
    """
    name = f"{spec_dir.name}/{log.FILE}"
    transitions, problems = log.read(text_of(spec_dir.parent, name) or "")
    statuses = {member.stack: member.status for member in load(spec_dir).members}
    found = [f"{name}:{problem.line}: {problem.message}" for problem in problems]
    return Audit(name, len(transitions), (*found, *log.disagreements(transitions, statuses)))
