"""Check members' tenants and their networks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from ace.addressing import TENANT_NETWORK_LENGTHS, TENANT_SLOTS, TRANSIT_ROUTERS, overlaps, tenant_run
from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import PREFIX4, Facts, MemberFacts, refer, refer_all, twice
from ace.spec.resolve import CLOSED_MODES


@dataclass(frozen=True, slots=True)
class _Network:
    """A network with the slots that it takes; none when they are not known."""

    cursor: Cursor
    tenant: Cursor
    run: range
    cidr: IPv4Network | None


def check_tenants(facts: Facts) -> Iterator[Finding]:
    """Findings in the tenants of all members."""
    for member in facts.members:
        tenants = list(member.cursor["tenants"].items)
        yield from twice(((_name(tenant).text, _name(tenant)) for tenant in tenants), "tenant name")
        yield from twice(((tenant["slot"].number, tenant["slot"]) for tenant in tenants), "tenant slot")
        networks: list[_Network] = []
        for tenant in tenants:
            yield from refer(tenant["sector"], facts.sectors, "sector")
            yield from refer(tenant["size"], facts.tenant_sizes, "tenant size")
            yield from refer(tenant["data_centre"], member.data_centres, f"data centre of {member.code}")
            yield from refer_all(tenant["data_classes"], facts.data_classes, "data class")
            networks += list(_networks(tenant))
            yield from _alignment(tenant)
            yield from _quota(facts, tenant)
            yield from _exports(facts, member, tenant)
        yield from _slots(tenants, networks)
        yield from _own_prefixes(facts, networks)
        yield from _routers(tenants)


def _name(tenant: Cursor) -> Cursor:
    return tenant["name"] or tenant["sector"]


def _networks(tenant: Cursor) -> Iterator[_Network]:
    own = tenant["slot"].number
    if not tenant["networks"]:
        yield _Network(tenant["slot"], tenant, _run(own, 27), None)
    for network in tenant["networks"].items:
        slot = network["slot"].number if network["slot"] else own
        length = network["length"].number if network["length"] else 27
        yield _Network(network, tenant, _run(slot, length), network["cidr"].parsed(PREFIX4))


def _run(slot: int | None, length: int | None) -> range:
    try:
        return tenant_run(-1 if slot is None else slot, -1 if length is None else length)
    except ValueError:
        return range(0)


def _alignment(tenant: Cursor) -> Iterator[Finding]:
    yield from twice(((n["name"].text, n["name"]) for n in tenant["networks"].items), "network name", " in the tenant")
    for network in tenant["networks"].items:
        slot = network["slot"].number if network["slot"] else tenant["slot"].number
        length = network["length"].number if network["length"] else 27
        if slot is None or length is None or slot not in TENANT_SLOTS or length not in TENANT_NETWORK_LENGTHS:
            continue
        try:
            tenant_run(slot, length)
        except ValueError as error:
            yield (network["slot"] or network).finding("unaligned", str(error))


def _slots(tenants: list[Cursor], networks: list[_Network]) -> Iterator[Finding]:
    """No tenant slot serves two networks, or another tenant than the one that has its number."""
    owners: dict[int | None, Cursor] = {}
    for tenant in tenants:
        owners.setdefault(tenant["slot"].number, tenant)
    taken: dict[int, _Network] = {}
    for network in networks:
        at = network.cursor["slot"] or network.cursor
        clash = next((slot for slot in network.run if slot in taken), None)
        foreign = next((slot for slot in network.run if owners.get(slot, network.tenant) != network.tenant), None)
        if clash is not None and _same_slot_told(network, taken[clash]):
            continue
        if clash is not None:
            message = f"tenant slot {clash} is taken by the network at {taken[clash].cursor.place}"
            yield at.finding("slot-taken", message)
        elif foreign is not None:
            yield at.finding("slot-taken", f"tenant slot {foreign} belongs to the tenant at {owners[foreign].place}")
        else:
            taken.update(dict.fromkeys(network.run, network))


def _same_slot_told(network: _Network, other: _Network) -> bool:
    """Whether that the two tenants have the same slot has been reported already, and nothing else is wrong."""
    implied = network.cursor.path == network.tenant["slot"].path
    return implied and other.tenant["slot"].number == network.tenant["slot"].number


def _quota(facts: Facts, tenant: Cursor) -> Iterator[Finding]:
    """A tenant's networks and subnets (an IPv4 and an IPv6 one each) fit into its quota."""
    size = facts.ecosystem["tenant_sizes"][tenant["size"].text or ""]
    count = len(list(tenant["networks"].items)) or 1
    for what, needed in (("networks", count), ("subnets", 2 * count), ("routers", 1)):
        allowed = size[what].number
        if allowed is not None and needed > allowed:
            message = f"size {tenant['size'].text!r} allows {allowed} {what}, but the tenant needs {needed}"
            yield tenant["size"].finding("quota", message)


def _exports(facts: Facts, member: MemberFacts, tenant: Cursor) -> Iterator[Finding]:
    sector = facts.ecosystem["sectors"][tenant["sector"].text or ""]
    classes = (tenant["data_classes"] or sector["data_classes"]).texts
    residency = member.cursor["residency"]
    closed = [name for name in classes if (residency[name]["mode"].text or "unknown") in set(CLOSED_MODES)]
    for network in tenant["networks"].items:
        exported = network["exported"]
        if exported.flag is not True:
            continue
        if network["cidr"]:
            message = "a network with a `cidr` of its own is never exported; delete `exported` or `cidr`"
            yield exported.finding("export", message)
        elif closed and residency.node is not None and residency.node.entries is not None:
            mode = residency[closed[0]]["mode"].text or "unknown"
            message = f"residency of {closed[0]!r} data is {mode!r}, so the network can not be exported"
            yield exported.finding("export", message)


def _own_prefixes(facts: Facts, networks: list[_Network]) -> Iterator[Finding]:
    """A tenant's own prefix lies outside of the region's pool and meets no other in its data centre."""
    by_site: dict[str, list[_Network]] = {}
    for network in networks:
        if network.cidr is None:
            continue
        at = network.cursor["cidr"]
        if not 8 <= network.cidr.prefixlen <= 28:
            yield at.finding(
                "bad-prefix", f"{network.cidr} is too {'large' if network.cidr.prefixlen < 8 else 'small'}; /8 to /28"
            )
        elif facts.ipv4_pool is not None and network.cidr.overlaps(facts.ipv4_pool):
            message = f"{network.cidr} is in the region's pool {facts.ipv4_pool}, where every prefix has its owner"
            yield at.finding("overlap", message)
        elif not network.cidr.is_private or network.cidr.is_loopback or network.cidr.is_link_local:
            yield at.finding("bad-prefix", f"{network.cidr} is no private space (RFC 1918)")
        else:
            by_site.setdefault(network.tenant["data_centre"].text or "", []).append(network)
    for group in by_site.values():
        named = {str(index): network for index, network in enumerate(group)}
        pairs = overlaps((name, network.cidr) for name, network in named.items() if network.cidr is not None)
        for wider, other in pairs:
            message = f"{named[other].cidr} overlaps {named[wider].cidr} at {named[wider].cursor['cidr'].place}"
            yield named[other].cursor["cidr"].finding("overlap", message)


def _routers(tenants: list[Cursor]) -> Iterator[Finding]:
    """A data centre's transit network has an address for each tenant's router."""
    seen: Counter[str] = Counter()
    for tenant in tenants:
        name = tenant["data_centre"].text
        if name is None:
            continue
        seen[name] += 1
        if seen[name] == len(TRANSIT_ROUTERS) + 1:
            message = f"{name} has room for the routers of {len(TRANSIT_ROUTERS)} tenants; put this one elsewhere"
            yield tenant["data_centre"].finding("transit-full", message)
