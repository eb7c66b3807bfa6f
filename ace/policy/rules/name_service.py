"""name-service: a service's name shows whose it is."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import service_location, service_subject
from ace.policy.values import PolicyFinding
from ace.spec.values import Spec


def name_service(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A service's id begins with its country's code: `tn-e-learning`.

    Ids are unique in the region, so without it whoever comes first takes the good ones. It is a custom, not a fence.
    """
    return tuple(
        PolicyFinding(
            rule="name-service",
            severity=Severity.WARNING,
            member=member.stack,
            subject=service_subject(service),
            fact=f"the name of service {service.id} does not show that it is {member.code}'s",
            remedy=f"call it {member.stack}-{service.id}"[:60],
            location=service_location(member, service) / "id",
        )
        for member in spec.members
        for service in member.services
        if not service.id.startswith(f"{member.stack}-")
    )


NAME_SERVICE = Rule(
    id="name-service",
    title="A service's id begins with its country's code.",
    owner=Owner.REGION,
    severity=Severity.WARNING,
    source="the region's naming custom (illustrative)",
    check=name_service,
)
