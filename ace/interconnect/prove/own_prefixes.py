"""Proof: nobody accepts its own prefixes, or all of the Internet, from a neighbour."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from ace.interconnect.prove.frr import Prefix
from ace.interconnect.prove.outcome import Outcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region

DEFAULTS: Final[tuple[Prefix, ...]] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def own_prefix_refused(region: Region) -> Outcome:
    """Every list of what is accepted denies the own block, all of it, and the default route."""
    flaws = [flaw for host in region.hosts.values() for flaw in _host(host)]
    lists = sum(name.startswith("FROM-") for host in region.hosts.values() for _, name in host.frr.lists)
    return outcome(flaws, f"{counted(lists, 'inbound list')} deny the own block and the default route")


def _host(host: Host) -> Iterator[Flaw]:
    own = _own(host)
    for neighbour in host.frr.neighbours.values():
        if neighbour.asn == host.frr.asn:
            continue
        for version, family in neighbour.families.items():
            entries = host.frr.entries(family.list_in, version)
            for prefix in (*own, *DEFAULTS):
                decided = host.frr.decide(family.list_in, prefix) if prefix.version == version else None
                if decided is not None and decided.permit:
                    told = f"{prefix} would be accepted from {neighbour.description}"
                    yield Flaw(host.frr_file, decided.line, told)
            wide = [b for b in host.blocks if b.version == version]
            for block in wide:
                denied = any(not e.permit and e.prefix == block and e.le == block.max_prefixlen for e in entries[:1])
                if not denied:
                    line = entries[0].line if entries else family.line
                    told = f"what is accepted from {neighbour.description} does not begin with denying all of {block}"
                    yield Flaw(host.frr_file, line, told)


def _own(host: Host) -> list[Prefix]:
    """The blocks, what is announced, and a more specific part of each."""
    prefixes: list[Prefix] = [*host.blocks, *(network.prefix for network in host.frr.networks)]
    longer: list[Prefix] = [
        ip_network((prefix.network_address, prefix.prefixlen + 1))
        for prefix in prefixes
        if prefix.prefixlen < prefix.max_prefixlen
    ]
    return [*prefixes, *longer]
