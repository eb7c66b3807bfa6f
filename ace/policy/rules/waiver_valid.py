"""waiver-valid: a waiver names what it must, and nobody waives another's rule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.values import Kind, PolicyFinding, Subject
from ace.policy.waivers import problem
from ace.spec.location import Item, SpecLocation
from ace.spec.values import Spec


def rule_of_waivers(owners: Mapping[str, Owner]) -> Rule[Spec]:
    """The rule about waivers of the rules that are owned so."""

    def waiver_valid(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
        """A waiver names a rule that there is and a subject of its own country, ends within a year, and still counts.

        A country waives its own rules by writing the waiver into its file; `owner` answers for it. A rule of the region
        is waived only with the signature of one of the region's approvers over the whole waiver (`ace policy approve`):
        without it, or once it has ended, the waiver does nothing, and its finding remains. This rule
        itself can not be waived.
        """
        return tuple(
            PolicyFinding(
                rule="waiver-valid",
                severity=found.severity,
                member=member.stack,
                subject=Subject(Kind.WAIVER, f"{member.stack}/{waiver.rule}"),
                fact=f"the waiver of {waiver.rule} for {waiver.subject} does not count: {found.fact}",
                remedy=found.remedy,
                location=SpecLocation(member.file) / "waivers" / Item("subject", waiver.subject),
            )
            for member in spec.members
            for waiver in member.waivers
            if (found := problem(spec, member, waiver, as_of, owners)) is not None
        )

    return Rule(
        id="waiver-valid",
        title="A waiver has an owner, a reason and an end within a year, and an approver's signature where it needs one.",
        owner=Owner.REGION,
        severity=Severity.ERROR,
        source="docs/trust.md",
        check=waiver_valid,
    )
