"""What a change does to what the rules find: which findings it causes, and which it cures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ace.policy.values import PolicyFinding


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """A finding as it is remembered. The same rule and subject, as bad as before, is the same finding."""

    rule: str
    subject: str
    severity: str
    """Of what is waived: `waived`."""
    fact: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same finding, whatever its fact states today (a number of days)."""
        return self.rule, self.subject, self.severity


def known(findings: Iterable[PolicyFinding], stack: str) -> tuple[Known, ...]:
    """A member's findings, to be remembered."""
    return tuple(
        Known(
            finding.rule,
            str(finding.subject),
            "waived" if finding.waiver is not None else str(finding.severity),
            finding.fact,
        )
        for finding in findings
        if finding.member == stack
    )


def changed(before: Iterable[Known], after: Iterable[Known]) -> tuple[tuple[Known, ...], tuple[Known, ...]]:
    """Caused and cured, each sorted."""
    then, now = {one.identity: one for one in before}, {one.identity: one for one in after}
    caused = sorted(one for identity, one in now.items() if identity not in then)
    cured = sorted(one for identity, one in then.items() if identity not in now)
    return tuple(caused), tuple(cured)
