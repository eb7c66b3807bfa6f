"""announcement-residency: only what may be announced is announced."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, PlanFacts, Rule
from ace.policy.subjects import tenant_location
from ace.policy.values import Announcement, Kind, PolicyFinding, Subject
from ace.spec.location import SpecLocation
from ace.spec.values import Member, Tenant


def announcement_residency(facts: PlanFacts, as_of: date) -> tuple[PolicyFinding, ...]:
    """No prefix is announced to other members but a member's own that the spec states is exported.

    A network of a tenant with data that may not leave (`in_country_only`), or whose rule is unknown, is never exported,
    nor one with a prefix of its own, nor one that states `exported: false`.
    """
    members = {member.stack: member for member in facts.spec.members}
    return tuple(
        finding
        for announced in facts.announcements
        if (finding := _finding(members.get(announced.member), announced)) is not None
    )


def _finding(member: Member | None, announced: Announcement) -> PolicyFinding | None:
    if member is None:
        return _refuse(announced, f"{announced.member} is no member", SpecLocation(""))
    own = member.allocation.ipv4 if announced.prefix.version == 4 else member.allocation.ipv6
    if not announced.prefix.subnet_of(own):  # type: ignore[arg-type]  # both are of one version
        return _refuse(announced, f"it is outside {member.code}'s {own}", SpecLocation(member.file))
    if announced.prefix in exportable(member, announced.data_centre):
        return None
    tenant = _holder(member, announced)
    if tenant is None:
        return _refuse(
            announced, f"it is no network of {announced.data_centre} that is exported", SpecLocation(member.file)
        )
    why = f"it is tenant {tenant.name}'s, whose network is not exported ({', '.join(tenant.data_classes)} data)"
    return _refuse(announced, why, tenant_location(member, tenant))


def exportable(member: Member, data_centre_id: str) -> frozenset[object]:
    """The prefixes that a data centre may announce: loopbacks, shared services, exported networks of its tenants."""
    sites = [centre.allocation for centre in member.data_centres if centre.id == data_centre_id]
    own = (prefix for s in sites for prefix in (s.loopback4, s.loopback6, s.services4, s.services6))
    networks = (
        prefix
        for tenant in member.tenants
        if tenant.data_centre == data_centre_id
        for network in tenant.networks
        if network.exported
        for prefix in (network.ipv4, network.ipv6)
    )
    return frozenset((*own, *networks))


def _holder(member: Member, announced: Announcement) -> Tenant | None:
    for tenant in member.tenants:
        for network in tenant.networks:
            if announced.prefix.version == 4 and network.ipv4.overlaps(announced.prefix):
                return tenant
            if announced.prefix.version == 6 and network.ipv6.overlaps(announced.prefix):
                return tenant
    return None


def _refuse(announced: Announcement, why: str, location: SpecLocation) -> PolicyFinding:
    return PolicyFinding(
        rule="announcement-residency",
        severity=Severity.ERROR,
        member=announced.member,
        subject=Subject(Kind.ROUTE, str(announced.prefix)),
        fact=f"{announced.data_centre} would announce {announced.prefix}, but {why}",
        remedy="leave it out; what is exported follows from `residency:` and `exported:`",
        location=location,
    )


ANNOUNCEMENT_RESIDENCY = Rule(
    id="announcement-residency",
    title="A member announces its own prefixes only, and none of data that may not leave.",
    owner=Owner.REGION,
    severity=Severity.ERROR,
    source="docs/interconnect.md (no `in_country_only` subnet is exported); RFC 7454 section 6 (prefix filtering)",
    check=announcement_residency,
)
