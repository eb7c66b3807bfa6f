"""ASN and prefix arithmetic: pure functions of ISO 3166 numeric codes, sites, numbers and slots (DESIGN section 4)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


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
