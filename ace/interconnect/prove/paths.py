"""Two proofs about ways: two that share no gateway, hub or link; and one that is left when any of these fails."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx

from ace.interconnect.prove.fabric import SOURCE, TARGET, Fabric
from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Region


def two_disjoint_paths(region: Region) -> ProofOutcome:
    """Any two data centres that have two gateways each have two node-disjoint ways between them (Menger).

    Those with one gateway are reported as single-homed; they still have a way to everybody.
    """
    fabric = Fabric.of(region)
    flaws: list[Flaw] = []
    proven = single = 0
    for a, b, number in fabric.pairs():
        graph = fabric.graph(a, b)
        double = all(len(region.sites[site]) > 1 for site in (a, b))
        found = nx.node_connectivity(graph, SOURCE, TARGET)
        if double:
            proven += number
        else:
            single += number
        needed = 2 if double else 1
        if found < needed:
            like = f" (and {number - 1} like it)" if number > 1 else ""
            paths = counted(found, "path")
            flaws += [
                Flaw(f, line, f"{a} - {b}{like}: {paths} that share no node, {needed} needed{why}")
                for f, line, why in _suspects(region, (a, b))
            ]
    alone = [site for site, gateways in region.sites.items() if len(gateways) == 1]
    evidence = f"{counted(proven, 'pair')} of data centres have two paths that share no gateway, hub or link"
    if alone:
        evidence += f"; single-homed (one gateway, {counted(single, 'pair')}): {', '.join(alone)}"
    return outcome(flaws, evidence)


def survives_any_failure(region: Region) -> ProofOutcome:
    """Whichever one gateway, hub or link dies, all data centres that still have a gateway reach each other."""
    fabric = Fabric.of(region)
    flaws: list[Flaw] = []
    tried = 0
    for a, b, number in fabric.pairs():
        graph = fabric.graph(a, b)
        for failure, left in _failures(graph):
            tried += 1
            if any(left.degree(end) == 0 for end in (SOURCE, TARGET)):
                continue
            if not fabric.joins(left, a, b):
                like = f" (and {number - 1} like it)" if number > 1 else ""
                flaws += [
                    Flaw(f, line, f"without {failure} {a} does not reach {b}{like}{why}")
                    for f, line, why in _suspects(region, (a, b))
                ]
    evidence = f"every pair of data centres outlives the loss of any one gateway, hub or link ({tried} distinct cases)"
    return outcome(flaws, evidence)


def _failures(graph: nx.Graph) -> Iterator[tuple[str, nx.Graph]]:
    for node in sorted(set(graph) - {SOURCE, TARGET}):
        left = graph.copy()
        left.remove_node(node)
        yield node, left
    for x, y in sorted(tuple(sorted(edge)) for edge in graph.edges):
        if SOURCE in (x, y) or TARGET in (x, y):
            continue
        left = graph.copy()
        left.remove_edge(x, y)
        yield f"the link {x} - {y}", left


def _suspects(region: Region, sites: tuple[str, str]) -> Iterator[tuple[str, int, str]]:
    """Where to look: sessions of these sites' gateways, or between hubs, that do not come up; else a gateway's file."""
    found = False
    for session in region.sessions:
        if session.host.site not in sites and not session.host.is_hub:
            continue
        host, near = session.host, session.neighbour
        message = f"no other end of {session.tunnel.far_address}"
        if session.far is None:
            found = True
            yield host.tunnel_file(session.tunnel), session.tunnel.lines["Address"], f": {message}"
        elif near is None:
            found = True
            yield host.frr_file, host.frr.asn_line, f": {session.far.name} is no neighbour of {host.name}"
        elif near.asn != session.far.frr.asn:
            found = True
            yield host.frr_file, near.line, f": {session.far.name} has another AS"
        elif session.far_neighbour and {near.role, session.far_neighbour.role} not in _PAIRS:
            found = True
            yield host.frr_file, near.role_line, f": roles that do not fit {session.far.name}"
    if not found:
        gateway = region.sites[sites[0]][0]
        yield gateway.frr_file, gateway.frr.asn_line, ""


_PAIRS = ({"provider", "customer"}, {"peer"})
