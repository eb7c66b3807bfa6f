"""What a country's hosts are told of the spec beyond their own stack: public facts alone, pure.

Who helps whom in DNS: the countries that run it stand in a ring ordered by slot (ISO 3166 numeric), and the next
`SECONDARIES` in it are the secondaries of each. Each serves as many as serve it, and a newcomer moves two at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ace.spec.values import DataCentre, Member, Region, Spec

SECONDARIES = 2
FIRST_HOST = 10
"""Host number n of a site's services network has address 10 + n (stacks/host.py)."""


@dataclass(frozen=True)
class ServiceHost:
    """Where a shared service of a country is asked."""

    name: str
    ipv4: IPv4Address
    ipv6: IPv6Address
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """Another country, as far as this one's services deal with it."""

    country: str
    zone: str
    """Its DNS zone."""
    ipv4: IPv4Network
    ipv6: IPv6Network
    hosts: tuple[ServiceHost, ...]
    serves_us: bool
    """Whether it is a secondary of our zone."""
    served_by_us: bool
    """Whether we are a secondary of its zone."""


@dataclass(frozen=True)
class Surroundings:
    """The region around a country."""

    region: str
    domain: str
    """The apex that all countries' zones are below."""
    ipv4_pool: IPv4Network
    ipv6_pool: IPv6Network
    ipv4: IPv4Network
    """The country's own block."""
    ipv6: IPv6Network
    hosts: tuple[ServiceHost, ...]
    """Its own service hosts, of all its data centres."""
    peers: tuple[Peer, ...]


def surroundings(spec: Spec, member: Member) -> Surroundings:
    """What the spec says around a member. Peers are the other active members, by slot."""
    others = sorted(
        (other for other in spec.active if other.code != member.code), key=lambda other: other.allocation.slot
    )
    ring = {code for code in (member.code, *(other.code for other in others)) if _runs(spec.member(code), "dns")}
    return Surroundings(
        region=spec.region.name,
        domain=spec.region.domain,
        ipv4_pool=spec.region.ipv4_pool,
        ipv6_pool=spec.region.ipv6_pool,
        ipv4=member.allocation.ipv4,
        ipv6=member.allocation.ipv6,
        hosts=service_hosts(member),
        peers=tuple(
            Peer(
                country=other.stack,
                zone=zone(spec.region, other),
                ipv4=other.allocation.ipv4,
                ipv6=other.allocation.ipv6,
                hosts=service_hosts(other),
                serves_us=other.code in secondaries(spec, member, ring),
                served_by_us=member.code in secondaries(spec, other, ring),
            )
            for other in others
        ),
    )


def secondaries(spec: Spec, member: Member, ring: set[str]) -> tuple[str, ...]:
    """The countries of the ring that serve the member's zone too: the next ones by slot; none if it is not in it."""
    if member.code not in ring:
        return ()
    ordered = sorted(ring, key=lambda code: spec.member(code).allocation.slot)
    at = ordered.index(member.code)
    following = [*ordered[at + 1 :], *ordered[:at]]
    return tuple(following[:SECONDARIES])


def zone(region: Region, member: Member) -> str:
    """The member's DNS zone."""
    return f"{member.stack}.{region.domain}"


def service_hosts(member: Member) -> tuple[ServiceHost, ...]:
    """The member's hosts of shared services with their addresses, which follow from the spec alone."""
    return tuple(
        ServiceHost(f"{host.name}.{centre.id}.{member.stack}", *_addresses(centre, host.number), host.runs)
        for centre in member.data_centres
        for host in centre.service_hosts
    )


def _addresses(centre: DataCentre, number: int) -> tuple[IPv4Address, IPv6Address]:
    site = centre.allocation
    return site.services4[FIRST_HOST + number], site.services6[FIRST_HOST + number]


def _runs(member: Member, service: str) -> bool:
    return any(service in host.runs for host in service_hosts(member))
