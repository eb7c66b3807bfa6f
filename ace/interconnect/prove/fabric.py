"""Who is joined to whom, by working sessions, and which ways policy allows: up to hubs, across once, and down.

Another country is never on the way: gateways announce their own prefixes only (proof `exports-are-own`). So the ways
between two sites lie in the small graph of their gateways and the hubs, and sites that are joined to hubs in the same
way are interchangeable: what is proven of one pair holds for all pairs alike.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import networkx as nx

from ace.interconnect.prove.region import Host, Region, Session

Signature = tuple[tuple[str, ...], ...]
"""The hubs of each gateway of a site, in the order of the gateways' names."""
SOURCE, TARGET = "source", "target"


@dataclass
class Fabric:
    """The graph of working sessions. Built once for a region."""

    region: Region
    homes: dict[str, Signature] = field(default_factory=dict)
    direct: dict[tuple[str, str], list[tuple[str, str]]] = field(default_factory=dict)
    """By pair of sites: the pairs of gateways that are joined."""
    backbone: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, region: Region) -> Fabric:
        """Read it off the sessions."""
        fabric = cls(region)
        hubs: dict[str, set[str]] = {}
        for session in region.sessions:
            far = session.far
            if far is None or not works(session):
                continue
            here = session.host
            if here.is_hub and far.is_hub:
                fabric.backbone.add(pair(here.name, far.name))
            elif not here.is_hub and far.is_hub:
                hubs.setdefault(here.name, set()).add(far.name)
            elif not here.is_hub and here.site < far.site:
                fabric.direct.setdefault((here.site, far.site), []).append((here.name, far.name))
        for site, gateways in region.sites.items():
            fabric.homes[site] = tuple(tuple(sorted(hubs.get(gateway.name, ()))) for gateway in gateways)
        return fabric

    def pairs(self) -> Iterator[tuple[str, str, int]]:
        """Pairs of sites that stand for all: each with how many pairs are like it."""
        classes: dict[Signature, list[str]] = {}
        for site, signature in self.homes.items():
            classes.setdefault(signature, []).append(site)
        joined: dict[tuple[Signature, Signature], int] = {}
        for a, b in self.direct:
            one, other = sorted((self.homes[a], self.homes[b]))
            joined[one, other] = joined.get((one, other), 0) + 1
        alike: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
        for (a, b), links in sorted(self.direct.items()):
            alike.setdefault(self._shape(a, b, links), []).append((a, b))
        for found in alike.values():
            yield (*found[0], len(found))
        ordered = sorted(classes)
        for place, one in enumerate(ordered):
            sites = classes[one]
            for other in ordered[place:]:
                others = classes[other]
                total = len(sites) * (len(sites) - 1) // 2 if one == other else len(sites) * len(others)
                number = total - joined.get((one, other), 0)
                if number > 0:
                    a, b = self._unjoined(sites, others)
                    yield a, b, number

    def _unjoined(self, sites: list[str], others: list[str]) -> tuple[str, str]:
        for a in sites:
            for b in others:
                if a != b and pair(a, b) not in self.direct:
                    return a, b
        raise AssertionError("there is a pair that is not joined, or it would not be counted")

    def _shape(self, a: str, b: str, links: list[tuple[str, str]]) -> tuple[Any, ...]:
        here = [gateway.name for gateway in self.region.sites[a]]
        there = [gateway.name for gateway in self.region.sites[b]]
        return self.homes[a], self.homes[b], tuple(sorted((here.index(x), there.index(y)) for x, y in links))

    def graph(self, a: str, b: str) -> nx.Graph:
        """The ways that policy allows between two sites, from SOURCE to TARGET."""
        graph: nx.Graph = nx.Graph()
        graph.add_nodes_from((SOURCE, TARGET))
        hubs: set[str] = set()
        for end, site in ((SOURCE, a), (TARGET, b)):
            for gateway, homes in zip(self.region.sites[site], self.homes[site], strict=True):
                graph.add_edge(end, gateway.name)
                graph.add_edges_from((gateway.name, hub) for hub in homes)
                hubs |= set(homes)
        graph.add_edges_from(edge for edge in combinations(sorted(hubs), 2) if pair(*edge) in self.backbone)
        graph.add_edges_from(self.direct.get(pair(a, b), ()))
        return graph

    def joins(self, graph: nx.Graph, a: str, b: str) -> bool:
        """Whether a way is left that goes up, across at most once, and down."""
        ends = [
            [gateway.name for gateway in self.region.sites[site] if graph.has_edge(end, gateway.name)]
            for end, site in ((SOURCE, a), (TARGET, b))
        ]
        if any(graph.has_edge(x, y) for x in ends[0] for y in ends[1]):
            return True
        here, there = (
            {hub for gateway in gateways for hub in graph[gateway] if hub.startswith("hub-")} for gateways in ends
        )
        return any(x == y or graph.has_edge(x, y) for x in here for y in there)


def works(session: Session) -> bool:
    """Whether both ends have the other as a BGP neighbour over this tunnel, of the right AS and opposite roles."""
    near, far = session.neighbour, session.far_neighbour
    if near is None or far is None or session.far is None:
        return False
    roles = {"provider": "customer", "customer": "provider", "peer": "peer"}
    agreed = near.asn == session.far.frr.asn and far.asn == session.host.frr.asn and roles.get(near.role) == far.role
    return agreed and all(near.families[version].active and far.families[version].active for version in (4, 6))


def pair(a: str, b: str) -> tuple[str, str]:
    """Two names in order."""
    return (a, b) if a < b else (b, a)


def gateways_of(region: Region, site: str) -> tuple[Host, ...]:
    """The gateways of a site."""
    return region.sites[site]
