"""ASN and prefix arithmetic: pure functions of ISO 3166 numeric codes, sites, numbers and slots.

A *slot* n is a country's ISO 3166-1 numeric code, or 900-999 (user-assigned) for hubs and regional bodies. From it:

* IPv4: the n-th /20 of the pool: +0/24 loopbacks (/27 a site), +256/24 transit (/27 a site), +512/23 management (/26 a
  site), +1024/22 services (/25 a site), +2048/21 tenants (64 x /27, larger networks are aligned runs of them).
* IPv6: the /48 of the /36 pool whose last three nibbles are n in decimal digits; its 16 subnet bits are a site nibble,
  a class nibble (0 loopback, 1 link, 2 management, 3 services, 4 transit, 8-f tenants) and an index byte.
* ASN: base + 100 n + site, inside the private range of RFC 6996.

No list's order enters any of these, so nobody is renumbered when somebody comes, goes or moves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import pairwise
from typing import Final, TypeVar

DEFAULT_ASN_BASE: Final = 4_200_000_000
"""First 32-bit ASN of private use (RFC 6996)."""
MAX_SLOT: Final = 999
HUB_SLOTS: Final = range(900, 1000)
"""ISO 3166-1 numeric codes that are user-assigned, so never a country's."""
SITES: Final = range(8)
GATEWAY_NUMBERS: Final = range(1, 5)
HOST_NUMBERS: Final = range(1, 10)
"""Numbers of a data centre's hosts of shared services."""
TENANT_SLOTS: Final = range(64)
TENANT_NETWORK_LENGTHS: Final = range(21, 28)
"""Lengths of a tenant network in the country's tenant range: /27 is one slot, /21 all 64."""
MEMBER_LENGTH4: Final = 20
MEMBER_LENGTH6: Final = 48
POOL_LENGTH4: Final = 10
POOL_LENGTH6: Final = 36
TRANSIT_ROUTERS: Final = range(8, 31)
"""Hosts of a site's transit /27 that tenants' routers take; below: 1 is the gateways' VIP, 2-5 are the gateways."""
TUNNEL_OVERHEAD: Final = 80
"""Bytes that WireGuard over IPv6 adds: 40 IPv6 + 8 UDP + 32 WireGuard."""

_TENANTS_OFFSET: Final = 2048
_TENANT_SLOT_SIZE: Final = 32


class SubnetClass(IntEnum):
    """The class nibble of an IPv6 subnet id."""

    LOOPBACK = 0x0
    LINK = 0x1
    MANAGEMENT = 0x2
    SERVICES = 0x3
    TRANSIT = 0x4
    TENANT = 0x8
    """And up to 0xf: eight /64s for each tenant slot."""


@dataclass(frozen=True, slots=True)
class SiteAllocation:
    """The numbers of one data centre (or hub). Gateway n has `loopback4[n]`, `loopback6[n]`, `transit4[1 + n]`, ..."""

    site: int
    asn: int
    loopback4: IPv4Network
    loopback6: IPv6Network
    transit4: IPv4Network
    transit6: IPv6Network
    transit_vip4: IPv4Address
    transit_vip6: IPv6Address
    management4: IPv4Network
    management6: IPv6Network
    services4: IPv4Network
    services6: IPv6Network


@dataclass(frozen=True, slots=True)
class MemberAllocation:
    """The numbers of one member: its blocks, from which all else follows, and whether they are pinned."""

    slot: int
    ipv4: IPv4Network
    ipv6: IPv6Network
    asn_base: int
    pinned: bool


@dataclass(frozen=True, slots=True)
class Pin:
    """Numbers that a member brought along and keeps instead of those that its slot would give; None: the slot's."""

    ipv4: IPv4Network | None = None
    ipv6: IPv6Network | None = None
    asn_base: int | None = None


@dataclass(frozen=True, slots=True)
class Pools:
    """Where the region's numbers come from."""

    ipv4: IPv4Network
    ipv6: IPv6Network
    asn_base: int = DEFAULT_ASN_BASE

    def __post_init__(self) -> None:
        if self.ipv4.prefixlen != POOL_LENGTH4:
            raise ValueError(f"the IPv4 pool is a /{POOL_LENGTH4}, not {self.ipv4}")
        if self.ipv6.prefixlen != POOL_LENGTH6:
            raise ValueError(f"the IPv6 pool is a /{POOL_LENGTH6}, not {self.ipv6}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a link: a gateway's (or hub's) slot, site and number."""

    slot: int
    site: int
    number: int

    def __post_init__(self) -> None:
        _require(self.slot, range(MAX_SLOT + 1), "slot")
        _require(self.site, SITES, "site")
        _require(self.number, GATEWAY_NUMBERS, "gateway number")


@dataclass(frozen=True, slots=True)
class LinkAllocation:
    """The /127 of a link; `lower` is the address of the end with the lower slot (then site), `upper` the other's."""

    net6: IPv6Network
    lower: IPv6Address
    upper: IPv6Address


def member_allocation(slot: int, pools: Pools, pin: Pin | None = None) -> MemberAllocation:
    """The blocks of a slot, or those pinned.

    Args:
        slot: ISO 3166-1 numeric code of a country, or 900-999.
        pools: The region's pools.
        pin: What the member brought along, if anything.

    Raises:
        ValueError: The slot is not 0-999, or a pinned block is not a /20 or /48.
    """
    _require(slot, range(MAX_SLOT + 1), "slot")
    pin = pin or Pin()
    if pin.ipv4 is not None and pin.ipv4.prefixlen != MEMBER_LENGTH4:
        raise ValueError(f"a pinned IPv4 block is a /{MEMBER_LENGTH4}, not {pin.ipv4}")
    if pin.ipv6 is not None and pin.ipv6.prefixlen != MEMBER_LENGTH6:
        raise ValueError(f"a pinned IPv6 block is a /{MEMBER_LENGTH6}, not {pin.ipv6}")
    base4 = int(pools.ipv4.network_address) + (slot << (32 - MEMBER_LENGTH4))
    base6 = int(pools.ipv6.network_address) | (decimal_nibbles(slot) << (128 - MEMBER_LENGTH6))
    return MemberAllocation(
        slot=slot,
        ipv4=pin.ipv4 or IPv4Network((base4, MEMBER_LENGTH4)),
        ipv6=pin.ipv6 or IPv6Network((base6, MEMBER_LENGTH6)),
        asn_base=pin.asn_base if pin.asn_base is not None else pools.asn_base + 100 * slot,
        pinned=pin != Pin(),
    )


def site_allocation(member: MemberAllocation, site: int) -> SiteAllocation:
    """The numbers of a member's site.

    Raises:
        ValueError: The site is not 0-7.
    """
    _require(site, SITES, "site")
    transit4 = _part4(member, 256, 27, site)
    transit6 = subnet6(member, site, SubnetClass.TRANSIT)
    return SiteAllocation(
        site=site,
        asn=member.asn_base + site,
        loopback4=_part4(member, 0, 27, site),
        loopback6=subnet6(member, site, SubnetClass.LOOPBACK),
        transit4=transit4,
        transit6=transit6,
        transit_vip4=transit4[1],
        transit_vip6=transit6[1],
        management4=_part4(member, 512, 26, site),
        management6=subnet6(member, site, SubnetClass.MANAGEMENT),
        services4=_part4(member, 1024, 25, site),
        services6=subnet6(member, site, SubnetClass.SERVICES),
    )


def subnet6(member: MemberAllocation, site: int, subnet_class: int, index: int = 0) -> IPv6Network:
    """A /64 of a member: site nibble, class nibble, index byte.

    Raises:
        ValueError: Site, class or index is out of range.
    """
    _require(site, SITES, "site")
    _require(subnet_class, range(16), "subnet class")
    _require(index, range(256), "subnet index")
    subnet_id = (site << 12) | (subnet_class << 8) | index
    return IPv6Network((int(member.ipv6.network_address) | (subnet_id << 64), 64))


def tenant_network4(member: MemberAllocation, slot: int, length: int = 27) -> IPv4Network:
    """The IPv4 prefix of a tenant network: the aligned run of /27s that begins at a tenant slot.

    Args:
        member: Whose tenant range.
        slot: 0-63, the first of the run; a multiple of the run's size.
        length: 27 (one slot) to 21 (all).

    Raises:
        ValueError: Out of range, or the run is not aligned.
    """
    run = tenant_run(slot, length)
    base = int(member.ipv4.network_address) + _TENANTS_OFFSET + run.start * _TENANT_SLOT_SIZE
    return IPv4Network((base, length))


def tenant_run(slot: int, length: int = 27) -> range:
    """The tenant slots that a network of that length takes.

    Raises:
        ValueError: Out of range, or the run is not aligned.
    """
    _require(slot, TENANT_SLOTS, "tenant slot")
    _require(length, TENANT_NETWORK_LENGTHS, "tenant network length")
    size = 1 << (27 - length)
    if slot % size:
        raise ValueError(f"a /{length} takes {size} tenant slots and begins at a multiple of {size}, not at {slot}")
    return range(slot, slot + size)


def tenant_network6(member: MemberAllocation, site: int, slot: int, number: int = 0) -> IPv6Network:
    """The `number`-th (0-7) /64 of a tenant slot on a site: class 8 + number, index = slot.

    Raises:
        ValueError: Out of range.
    """
    _require(slot, TENANT_SLOTS, "tenant slot")
    _require(number, range(8), "number of the tenant's /64")
    return subnet6(member, site, SubnetClass.TENANT + number, slot)


def gateway_transit(site: SiteAllocation, number: int) -> tuple[IPv4Address, IPv6Address]:
    """A gateway's addresses in its site's transit network: VIP + number.

    Raises:
        ValueError: The number is not 1-4.
    """
    _require(number, GATEWAY_NUMBERS, "gateway number")
    return site.transit_vip4 + number, site.transit_vip6 + number


def gateway_loopback(site: SiteAllocation, number: int) -> tuple[IPv4Address, IPv6Address]:
    """A gateway's loopback addresses.

    Raises:
        ValueError: The number is not 1-4.
    """
    _require(number, GATEWAY_NUMBERS, "gateway number")
    return site.loopback4[number], site.loopback6[number]


def transit_router_pool4(site: SiteAllocation) -> tuple[IPv4Address, IPv4Address]:
    """First and last IPv4 address of transit that tenants' routers may take (Neutron's allocation pool)."""
    return site.transit4[TRANSIT_ROUTERS.start], site.transit4[TRANSIT_ROUTERS.stop - 1]


def transit_router_pool6(site: SiteAllocation) -> tuple[IPv6Address, IPv6Address]:
    """First and last IPv6 address of transit that tenants' routers may take (Neutron's allocation pool)."""
    return site.transit6[0x100], site.transit6[0xFFFF]


def link(a: Endpoint, b: Endpoint, blocks6: dict[int, IPv6Network]) -> LinkAllocation:
    """The /127 of the link between two gateways, the same whichever is named first.

    It lies in class 1 of the lower end's site (RFC 6164: /127 on point-to-point links); the index byte is the two
    gateway numbers, lower end's first; hextet 7 is the upper slot in decimal digits, hextet 8 its site and the side.

    Args:
        a: One end.
        b: The other.
        blocks6: The members' /48 by slot; only the lower end's is used.

    Raises:
        ValueError: Both ends are of the same site: gateways of one site meet on transit, not by a link.
        KeyError: The lower end's slot is not in `blocks6`.
    """
    lower, upper = sorted((a, b), key=lambda end: (end.slot, end.site))
    if (lower.slot, lower.site) == (upper.slot, upper.site):
        raise ValueError(f"no link within site {lower.site} of slot {lower.slot}")
    index = (lower.number << 4) | upper.number
    subnet_id = (lower.site << 12) | (SubnetClass.LINK << 8) | index
    interface_id = (decimal_nibbles(upper.slot) << 16) | (upper.site << 4)
    base = int(blocks6[lower.slot].network_address) | (subnet_id << 64) | interface_id
    return LinkAllocation(IPv6Network((base, 127)), IPv6Address(base), IPv6Address(base + 1))


def wireguard_port(far: Endpoint) -> int:
    """The UDP port that a gateway listens on for the peer `far` (20000-51999)."""
    return 20_000 + 32 * far.slot + 4 * far.site + far.number - 1


def wireguard_interface(tag: str, far: Endpoint) -> str:
    """The name of the WireGuard interface towards `far`, at most 15 characters (Linux's limit).

    Args:
        tag: The far country's alpha-2 code, or `hub_tag` of a hub.
        far: The far gateway.

    Raises:
        ValueError: The name would be too long.
    """
    name = f"wg-{tag.lower()}{far.site}g{far.number}"
    if len(name) > 15:
        raise ValueError(f"interface name {name!r} is longer than 15 characters")
    return name


def hub_tag(slot: int) -> str:
    """What stands in an interface's name where a country has its code: `h901`."""
    return f"h{slot}"


def tunnel_mtu(port_mtu: int) -> int:
    """The MTU of a tunnel over a port of that MTU, in bytes."""
    return port_mtu - TUNNEL_OVERHEAD


def decimal_nibbles(number: int) -> int:
    """A number of up to three decimal digits as three nibbles that read the same: 788 -> 0x788.

    Raises:
        ValueError: It is not 0-999.
    """
    _require(number, range(MAX_SLOT + 1), "slot")
    return int(str(number), 16)


Network = TypeVar("Network", IPv4Network, IPv6Network)


def overlaps(named: Iterable[tuple[str, Network]]) -> tuple[tuple[str, str], ...]:
    """Pairs of names whose prefixes overlap, the wider (or first by address) one's name first; O(n log n).

    A prefix that overlaps several is paired with the widest that holds it.
    """
    found: list[tuple[str, str]] = []
    holder: tuple[str, Network] | None = None
    for name, network in sorted(named, key=lambda item: (int(item[1].network_address), item[1].prefixlen, item[0])):
        if holder is not None and network.network_address <= holder[1].broadcast_address:
            found.append((holder[0], name))
        else:
            holder = (name, network)
    return tuple(found)


def asns_clash(bases: Iterable[tuple[str, int]]) -> tuple[tuple[str, str], ...]:
    """Pairs of names whose ASNs (base to base + 7) clash."""
    ordered = sorted(bases, key=lambda item: (item[1], item[0]))
    return tuple((a[0], b[0]) for a, b in pairwise(ordered) if b[1] - a[1] < len(SITES))


def _part4(member: MemberAllocation, offset: int, length: int, site: int) -> IPv4Network:
    base = int(member.ipv4.network_address) + offset + (site << (32 - length))
    return IPv4Network((base, length))


def _require(value: int, allowed: range, what: str) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {allowed.start}-{allowed.stop - 1}, not {value}")
