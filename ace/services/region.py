"""What a country's hosts get to know of the spec beyond their own stack: public facts alone, pure.

Who helps whom in DNS: the countries that run it stand in a ring ordered by slot (ISO 3166 numeric), and the next
`SECONDARIES` in it hold the zone of each. Each holds as many as hold its own, and a newcomer moves those of two at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from ace.spec.values import Member, Spec

SECONDARIES = 2
FIRST_HOST = 10
"""Host number n of a site's services network has address 10 + n (stacks/host.py)."""


@dataclass(frozen=True)
class NameServer:
    """A host that answers for a country's zone. Addresses: IPv4, IPv6."""

    name: str
    addresses: tuple[IPv4Address, IPv6Address]


@dataclass(frozen=True)
class Peer:
    """Another country, as far as this one's services deal with it."""

    country: str
    dns: tuple[NameServer, ...]
    dns_ds: tuple[str, ...]
    """DS records (RFC 4034) of its zone as its hosts reported; none: not known, and so not trusted."""


@dataclass(frozen=True)
class Surroundings:
    """The region around a country; `country_prefixes` are its own blocks."""

    domain: str
    """The apex that all countries' zones are below."""
    prefixes: tuple[IPv4Network, IPv6Network]
    country_prefixes: tuple[IPv4Network, IPv6Network]
    peers: tuple[Peer, ...]
    dns_secondaries: tuple[str, ...]
    """Who holds this country's zone too."""
    dns_secondary_for: tuple[str, ...]
    """Whose zones this country holds."""


def surroundings(spec: Spec, member: Member, ds_records: Mapping[str, Sequence[str]] | None = None) -> Surroundings:
    """What the spec states around a member; peers are the other active members.

    Args:
        spec: The spec.
        member: The country.
        ds_records: The DS records of countries' zones, by stack, as far as they are known.
    """
    known = ds_records or {}
    others = [other for other in spec.active if other.code != member.code]
    ring = tuple(one for one in (member, *others) if name_servers(one))
    return Surroundings(
        domain=spec.region.domain,
        prefixes=(spec.region.ipv4_pool, spec.region.ipv6_pool),
        country_prefixes=(member.allocation.ipv4, member.allocation.ipv6),
        peers=tuple(
            Peer(other.stack, name_servers(other), tuple(known.get(other.stack, ())))
            for other in sorted(others, key=lambda other: other.stack)
        ),
        dns_secondaries=secondaries(member, ring),
        dns_secondary_for=tuple(sorted(other.stack for other in ring if member.stack in secondaries(other, ring))),
    )


def secondaries(member: Member, ring: Sequence[Member]) -> tuple[str, ...]:
    """The countries of the ring that hold the member's zone too: the next ones by slot; none if it is not in it."""
    ordered = sorted(ring, key=lambda one: one.allocation.slot)
    codes = [one.stack for one in ordered]
    if member.stack not in codes:
        return ()
    at = codes.index(member.stack)
    return tuple(sorted([*codes[at + 1 :], *codes[:at]][:SECONDARIES]))


def name_servers(member: Member) -> tuple[NameServer, ...]:
    """The member's hosts that run DNS, by data centre and number; their addresses follow from the spec alone."""
    return tuple(
        NameServer(
            f"{host.name}.{centre.id}.{member.stack}",
            (
                centre.allocation.services4[FIRST_HOST + host.number],
                centre.allocation.services6[FIRST_HOST + host.number],
            ),
        )
        for centre in member.data_centres
        for host in sorted(centre.service_hosts, key=lambda host: host.number)
        if "dns" in host.runs
    )
