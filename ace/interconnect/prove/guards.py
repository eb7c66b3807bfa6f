"""Proof: no session without its guards: filters both ways (RFC 8212), a limit of prefixes, one hop (RFC 5082), BFD."""

from __future__ import annotations

from collections.abc import Iterator

from ace.interconnect.prove.frr import Neighbour
from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region


def guarded(region: Region) -> ProofOutcome:
    """Every neighbour of another AS has all of them, in both address families."""
    sessions = [
        (host, neighbour)
        for host in region.hosts.values()
        for neighbour in host.frr.neighbours.values()
        if neighbour.asn != host.frr.asn
    ]
    flaws = [flaw for host, neighbour in sessions for flaw in _session(host, neighbour)]
    ends = counted(len(sessions), "session end")
    return outcome(flaws, f"{ends} have filters in both directions, a limit of prefixes, one hop and BFD")


def _session(host: Host, neighbour: Neighbour) -> Iterator[Flaw]:
    name, file = neighbour.description or str(neighbour.address), host.frr_file
    if neighbour.hops != 1:
        yield Flaw(file, neighbour.line, f"{name}: packets from more than one hop away are taken (no ttl-security)")
    if not neighbour.bfd or not host.frr.bfd:
        yield Flaw(file, neighbour.line, f"{name}: no BFD, so that silence is noticed late")
    for version, family in neighbour.families.items():
        what = f"{name}, IPv{version}"
        line = family.line or neighbour.line
        if not family.active:
            yield Flaw(file, line, f"{what}: not active")
        for direction, list_ in (("in", family.list_in), ("out", family.list_out)):
            if not host.frr.entries(list_, version):
                yield Flaw(file, line, f"{what}: no prefix list {direction}")
        if not host.frr.maps.get(family.map_in):
            yield Flaw(file, line, f"{what}: no route map in, so that a neighbour being drained is still preferred")
        if not family.max_prefixes:
            yield Flaw(file, line, f"{what}: no limit of prefixes")
        if family.path_in and family.path_in not in host.frr.paths:
            yield Flaw(file, line, f"{what}: the AS path list {family.path_in} is missing")
        if host.is_hub and neighbour.role == "provider" and not family.path_in:
            yield Flaw(file, line, f"{what}: a customer's AS path is not checked")
