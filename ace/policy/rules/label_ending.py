"""label-ending: a label's end is announced before it comes."""

from __future__ import annotations

from datetime import date
from typing import Final

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import data_centre_subject, label_location
from ace.policy.values import PolicyFinding
from ace.spec.values import DataCentre, Label, Member, Spec

NOTICE_DAYS: Final = (
    (7, Severity.WARNING, "renew it now"),
    (30, Severity.WARNING, "renew it"),
    (90, Severity.NOTE, ""),
)
"""Within so many days of the end, how loud, and what to do."""


def label_ending(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A label's holder gets a warning 90, 30 and 7 days before its end, and once it has ended.

    What follows from an ended label for tenants, services and routes is `label-coverage`'s to decide; where nothing needs
    the label, its end is still reported here, for the catalogue no longer shows it.
    """
    return tuple(
        finding
        for member in spec.members
        for data_centre in member.data_centres
        for label in data_centre.labels
        if (finding := _finding(member, data_centre, label, as_of)) is not None
    )


def _finding(member: Member, data_centre: DataCentre, label: Label, as_of: date) -> PolicyFinding | None:
    days = (label.valid_until - as_of).days
    if days < 0:
        severity, fact = Severity.WARNING, f"label {label.scheme} of {data_centre.id} ended on {label.valid_until}"
        remedy = "renew it, or delete it; it allows nothing any more"
    else:
        notice = next((notice for notice in NOTICE_DAYS if days <= notice[0]), None)
        if notice is None:
            return None
        severity = notice[1]
        fact = f"label {label.scheme} of {data_centre.id} ends on {label.valid_until}, in {days} days"
        remedy = notice[2] or "have its renewal under way"
    return PolicyFinding(
        rule="label-ending",
        severity=severity,
        member=member.stack,
        subject=data_centre_subject(data_centre),
        fact=fact,
        remedy=remedy,
        location=label_location(member, data_centre, label) / "valid_until",
    )


LABEL_ENDING = Rule(
    id="label-ending",
    title="The end of a label is reported 90, 30 and 7 days ahead.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="the region's operating practice (illustrative)",
    check=label_ending,
)
