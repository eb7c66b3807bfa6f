"""label-term: no label claims to be valid for longer than its scheme grants."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import data_centre_subject, label_location
from ace.policy.values import PolicyFinding
from ace.spec.values import Spec


def label_term(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A label ends no later than its scheme's `valid_for` from today: a later date can only be a slip or a forgery.

    To satisfy it, write the date that is on the certificate.
    """
    schemes = {scheme.id: scheme for scheme in spec.region.label_schemes}
    return tuple(
        PolicyFinding(
            rule="label-term",
            severity=Severity.WARNING,
            member=member.stack,
            subject=data_centre_subject(data_centre),
            fact=f"label {label.scheme} of {data_centre.id} claims to last until {label.valid_until}, but its scheme grants "
            f"{schemes[label.scheme].valid_for_months} months",
            remedy="write the date that is on the certificate",
            location=label_location(member, data_centre, label) / "valid_until",
        )
        for member in spec.members
        for data_centre in member.data_centres
        for label in data_centre.labels
        if label.scheme in schemes and label.valid_until > months_after(as_of, schemes[label.scheme].valid_for_months)
    )


def months_after(day: date, months: int) -> date:
    """The same day of the month so many months later (the last of a shorter month)."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(last, day.day))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


LABEL_TERM = Rule(
    id="label-term",
    title="No label claims to be valid for longer than its scheme grants.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="the scheme's `valid_for` in ecosystem.yaml",
    check=label_term,
)
