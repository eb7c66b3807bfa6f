"""What a data centre announces to other members, and what it keeps: sector and residency decide, in the spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ace.addressing import site_allocation
from ace.interconnect.values import Announcement, Prefix
from ace.spec.iso3166 import COUNTRIES
from ace.spec.region import Hub
from ace.spec.values import DataCentre, Member, ResidencyMode, ResidencyRule, Tenant

INFRASTRUCTURE: Final = "infrastructure"
STRICTNESS: Final = (
    ResidencyMode.UNRESTRICTED,
    ResidencyMode.CONDITIONAL,
    ResidencyMode.IN_COUNTRY_COPY,
    ResidencyMode.IN_COUNTRY_ONLY,
    ResidencyMode.UNKNOWN,
)
"""From the freest to the strictest."""


def announcements(member: Member, centre: DataCentre) -> tuple[Announcement, ...]:
    """The prefixes that other members may hear of, sorted: IPv4 first, then by address."""
    site = centre.allocation
    own = (site.loopback4, site.services4, site.loopback6, site.services6)
    found = [Announcement(prefix, INFRASTRUCTURE, None, None) for prefix in own]
    for tenant in _tenants(member, centre):
        rules = _rules(member, tenant)
        mode = max((rule.mode for rule in rules), key=STRICTNESS.index, default=ResidencyMode.UNKNOWN)
        allowed = allowed_slots(member, rules)
        for network in tenant.networks:
            if network.exported:
                group = f"tenant-{tenant.slot}"
                found += [Announcement(prefix, group, mode, allowed) for prefix in (network.ipv4, network.ipv6)]
    return tuple(sorted(found, key=lambda item: order(item.prefix)))


def kept(member: Member, centre: DataCentre) -> tuple[Prefix, ...]:
    """The prefixes of the data centre that never leave the country: management, and tenants' networks not exported."""
    site = centre.allocation
    found: set[Prefix] = {site.management4, site.management6, site.transit4, site.transit6}
    for tenant in _tenants(member, centre):
        for network in tenant.networks:
            if not network.exported:
                found |= {network.ipv4, network.ipv6}
    return tuple(sorted(found, key=order))


def hub_announcements(hub: Hub) -> tuple[Announcement, ...]:
    """A hub announces its loopbacks: that is all it has."""
    site = site_allocation(hub.allocation, 0)
    return tuple(Announcement(prefix, INFRASTRUCTURE, None, None) for prefix in (site.loopback4, site.loopback6))


def allowed_slots(member: Member, rules: tuple[ResidencyRule, ...]) -> tuple[int, ...] | None:
    """The slots of the members that a tenant with these rules may exchange data with; None: all.

    A rule that lists countries (`transfers_to`) allows only those; where several classes of data do, only what all of
    them allow. The member itself is always among them. By ISO 3166, so that it does not matter who has joined already.
    """
    lists = [frozenset(rule.transfers_to) for rule in rules if rule.transfers_to]
    if not lists:
        return None
    codes = frozenset.intersection(*lists)
    return tuple(sorted({member.numeric, *(COUNTRIES[code].numeric for code in codes if code in COUNTRIES)}))


def order(prefix: Prefix) -> tuple[int, int, int]:
    """IPv4 first, then by address and length."""
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def _tenants(member: Member, centre: DataCentre) -> list[Tenant]:
    return [tenant for tenant in member.tenants if tenant.data_centre == centre.id]


def _rules(member: Member, tenant: Tenant) -> tuple[ResidencyRule, ...]:
    by_class: Mapping[str, ResidencyRule] = {rule.data_class: rule for rule in member.residency}
    unknown = ResidencyMode.UNKNOWN
    return tuple(by_class.get(name, ResidencyRule(name, unknown, "", ())) for name in tenant.data_classes)
