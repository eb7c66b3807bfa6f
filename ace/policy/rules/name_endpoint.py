"""name-endpoint: nobody publishes under another member's name."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import service_location, service_subject
from ace.policy.values import PolicyFinding
from ace.spec.region import Region
from ace.spec.values import Member, Spec


def name_endpoint(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A service's endpoint within the ecosystem's domain is in its own country's zone, `<cc>.<domain>`.

    Outside of the ecosystem's domain, names are their registrars' affair.

    To satisfy it, use a name below the country's own zone.
    """
    return tuple(
        PolicyFinding(
            rule="name-endpoint",
            severity=Severity.ERROR,
            member=member.stack,
            subject=service_subject(service),
            fact=f"service {service.id} of {member.code} has its endpoint at {host_of(service.endpoint)}, which is not "
            f"{member.code}'s",
            remedy=f"use a name below {zone_of(spec.region, member)}",
            location=service_location(member, service) / "endpoint",
        )
        for member in spec.members
        for service in member.services
        if not is_own_name(spec.region, member, host_of(service.endpoint))
    )


def host_of(endpoint: str) -> str:
    """The host in an https address."""
    return urlsplit(endpoint).hostname or ""


def zone_of(region: Region, member: Member) -> str:
    """The member's zone in the ecosystem's DNS: `tn.ace.example`."""
    return f"{member.stack}.{region.domain}"


def is_own_name(region: Region, member: Member, host: str) -> bool:
    """Whether a host's name is outside of the ecosystem's domain, or within the member's own zone."""
    inside = host == region.domain or host.endswith(f".{region.domain}")
    zone = zone_of(region, member)
    return not inside or host == zone or host.endswith(f".{zone}")


NAME_ENDPOINT = Rule(
    id="name-endpoint",
    title="A service's endpoint is in its own country's zone.",
    owner=Owner.REGION,
    severity=Severity.ERROR,
    source="the region's DNS plan: each country is authoritative for `<cc>.<domain>`",
    check=name_endpoint,
)
