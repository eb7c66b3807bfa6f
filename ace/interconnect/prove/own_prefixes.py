"""Proof: nobody accepts its own prefixes, or all of the Internet, from a neighbour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_network
from typing import Final

from ace.interconnect.prove.frr import Prefix
from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region

DEFAULTS: Final[tuple[Prefix, ...]] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def own_prefix_refused(region: Region) -> ProofOutcome:
    """Every list of what is accepted denies the own block, all of it, and the default route.

    From the country's other data centres, which announce out of the same block, only what the own one announces is denied.
    """
    inside = {
        (session.host.name, session.neighbour.address)
        for session in region.sessions
        if session.internal and session.neighbour is not None
    }
    flaws = [flaw for host in region.hosts.values() for flaw in _host(host, inside)]
    lists = sum(name.startswith("FROM-") for host in region.hosts.values() for _, name in host.frr.lists)
    return outcome(flaws, f"{counted(lists, 'inbound list')} deny what is one's own and the default route")


def _host(host: Host, inside: set[tuple[str, IPv6Address]]) -> Iterator[Flaw]:
    announced = [network.prefix for network in host.frr.networks]
    for neighbour in host.frr.neighbours.values():
        if neighbour.asn == host.frr.asn:
            continue
        internal = (host.name, neighbour.address) in inside
        own = _with_parts(announced if internal else [*host.blocks, *announced])
        for version, family in neighbour.families.items():
            entries = host.frr.entries(family.list_in, version)
            for prefix in (*own, *DEFAULTS):
                decided = host.frr.decide(family.list_in, prefix) if prefix.version == version else None
                if decided is not None and decided.permit:
                    message = f"{prefix} would be accepted from {neighbour.description}"
                    yield Flaw(host.frr_file, decided.line, message)
            for block in (b for b in host.blocks if b.version == version and not internal):
                denied = any(not e.permit and e.prefix == block and e.le == block.max_prefixlen for e in entries[:1])
                if not denied:
                    line = entries[0].line if entries else family.line
                    message = (
                        f"what is accepted from {neighbour.description} does not begin with denying all of {block}"
                    )
                    yield Flaw(host.frr_file, line, message)


def _with_parts(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """Prefixes, and a more specific part of each."""
    found = list(prefixes)
    longer: list[Prefix] = [
        ip_network((prefix.network_address, prefix.prefixlen + 1))
        for prefix in found
        if prefix.prefixlen < prefix.max_prefixlen
    ]
    return [*found, *longer]
