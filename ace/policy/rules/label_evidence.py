"""label-evidence: what a label rests on can be looked up."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import data_centre_subject, label_location
from ace.policy.values import PolicyFinding
from ace.spec.values import Spec


def label_evidence(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A label names an https address where its issuer confirms it; the catalogue links to it.

    Without one the label still counts, for the country vouches for its own file.
    """
    return tuple(
        PolicyFinding(
            rule="label-evidence",
            severity=Severity.WARNING,
            member=member.stack,
            subject=data_centre_subject(data_centre),
            fact=f"label {label.scheme} of {data_centre.id} has no evidence that others could look up",
            remedy="add `evidence:` with the issuer's address for it",
            location=label_location(member, data_centre, label),
        )
        for member in spec.members
        for data_centre in member.data_centres
        for label in data_centre.labels
        if label.evidence is None
    )


LABEL_EVIDENCE = Rule(
    id="label-evidence",
    title="A label names where its issuer confirms it.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="the region's operating practice (illustrative)",
    check=label_evidence,
)
