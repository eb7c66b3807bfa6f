"""label-coverage: where a country has labels, data lives only under one that allows it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import tenant_location, tenant_subject, with_tenant
from ace.policy.values import PolicyFinding
from ace.spec.region import LabelScheme
from ace.spec.values import DataCentre, Member, Spec, Tenant


def label_coverage(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """In a country with label schemes, a tenant's data centre holds a valid label for each class of data in it.

    A scheme names which classes its label allows (`label_schemes:` in ecosystem.yaml). A class that some scheme of the
    country speaks of needs such a label; it counts up to and on its `valid_until`. An expired label allows nothing: the
    tenants that needed it are refused, with their services and routes, and nothing else is. Countries without a scheme
    of their own have no such requirement.

    To satisfy it, renew the label, move the tenant, or (the country itself) waive it with an end date.
    """
    return tuple(
        finding
        for member in spec.members
        for tenant in member.tenants
        for finding in _of_tenant(spec, member, tenant, as_of)
    )


def _of_tenant(spec: Spec, member: Member, tenant: Tenant, as_of: date) -> Iterator[PolicyFinding]:
    schemes = {scheme.id: scheme for scheme in spec.region.label_schemes if scheme.country == member.code}
    data_centre = member.data_centre(tenant.data_centre)
    held = [(label, schemes[label.scheme]) for label in data_centre.labels if label.scheme in schemes]
    needing = {name for scheme in schemes.values() for name in scheme.allows} & set(tenant.data_classes)
    allowed = {name for label, scheme in held if label.valid_until >= as_of for name in scheme.allows}
    missing = sorted(needing - allowed)
    if not missing:
        return
    ended = [f"{label.scheme} ended on {label.valid_until}" for label, s in held if set(missing) & set(s.allows)]
    fitting = sorted(scheme.id for scheme in schemes.values() if set(missing) <= set(scheme.allows))
    yield PolicyFinding(
        rule="label-coverage",
        severity=Severity.ERROR,
        member=member.stack,
        subject=tenant_subject(member, tenant),
        fact=f"tenant {tenant.name} of {member.code} holds {', '.join(missing)} data on {data_centre.id}, whose labels do "
        f"not allow it on {as_of}{': ' if ended else ''}{', '.join(ended)}",
        remedy=_remedy(data_centre, fitting, schemes),
        location=tenant_location(member, tenant) / "data_centre",
        takes_along=with_tenant(member, tenant),
    )


def _remedy(data_centre: DataCentre, fitting: list[str], schemes: dict[str, LabelScheme]) -> str:
    if not fitting:
        return "no label of the country allows all of it; part the tenant by classes of data"
    issuers = sorted({schemes[name].issuer for name in fitting})
    return (
        f"have {' or '.join(fitting)} of {data_centre.id} renewed by {', '.join(issuers)}, move the tenant, or waive "
        "this with an end date"
    )


LABEL_COVERAGE = Rule(
    id="label-coverage",
    title="Where a country labels its providers, data lives only under a valid label that allows it.",
    owner=Owner.COUNTRY,
    severity=Severity.ERROR,
    source="the country's label scheme (`label_schemes:`), e.g. Tunisia's order of 13 September 2023, amended 8 April "
    "2024; to be confirmed by counsel",
    check=label_coverage,
)
