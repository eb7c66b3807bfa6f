"""Plan the interconnect: spec and verdicts in, nodes, links and sessions out. Pure, and stable by construction.

Every number follows from the two ends of a link alone, every policy from the two members at its ends (a hub: from the
members homed to it), so a member that comes, goes or moves changes its direct neighbours and hubs and nobody else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from itertools import combinations
from typing import Final

from ace import addressing
from ace.addressing import Endpoint, Pools
from ace.interconnect.exports import INFRASTRUCTURE, announcements, hub_announcements, kept, order
from ace.interconnect.homing import homes
from ace.interconnect.values import (
    OPPOSITE,
    Announcement,
    LeftOut,
    Link,
    LinkKind,
    Node,
    NodeKind,
    Plan,
    Prefix,
    Role,
    Session,
)
from ace.publication.values import AnyVerification, HubPublication, Publication, Refused, Verified
from ace.spec.region import Hub, Topology
from ace.spec.values import DataCentre, Member, MemberStatus, Spec

PORT_MTU: Final = 1500
"""Bytes that the networks below the tunnels carry."""
FROM_REGION_MAX: Final = 8192
"""Prefixes of a family that a neighbour may send which speaks for the whole region: 1024 members x 8."""
SPARE_PREFIXES: Final = 8
"""By how many a neighbour may exceed what it is known to have: it may be ahead of our copy of the spec."""


@dataclass(frozen=True, slots=True)
class _Site:
    """The gateways of one data centre, or one hub, as planned."""

    member: Member | None
    centre: DataCentre | None
    nodes: tuple[Node, ...]


def plan(
    spec: Spec,
    verdicts: Mapping[str, AnyVerification] | None = None,
    *,
    refused: Iterable[LeftOut] = (),
    verified_only: bool = False,
) -> Plan:
    """The interconnect of the active members.

    Args:
        spec: The ecosystem.
        verdicts: What is known of each publication, by its name (`tn`, `hub-tunis`); none: all are absent.
        refused: Prefixes that a rule stops, as subjects: nobody hears of them.
        verified_only: Leave out what has no publication yet, instead of planning it with placeholders: what is applied.

    Returns:
        The plan. Suspended members, refused and expired publications are in `left_out` with the reason.
    """
    known = verdicts or {}
    left_out: list[LeftOut] = []
    stopped = {item.subject: item for item in refused}
    hub_nodes = {hub.id: _hub_node(hub, known) for hub in spec.region.hubs if _may_join(spec, hub, known, left_out)}
    sites = [
        _site(member, centre, known, stopped)
        for member in _joining(spec, known, left_out)
        for centre in member.data_centres
    ]
    hidden = {str(prefix) for site in sites for node in site.nodes for prefix in node.keeps}
    left_out += [item for item in stopped.values() if item.subject in hidden]
    if verified_only:
        everybody = [*hub_nodes.values(), *(node for site in sites for node in site.nodes)]
        left_out += [_unpublished(node) for node in everybody if not node.verified]
        hub_nodes = {id_: node for id_, node in hub_nodes.items() if node.verified}
    hubs = [hub for hub in spec.region.hubs if hub.id in hub_nodes]
    links = [*_homes(sites, hubs, hub_nodes), *_backbone(hub_nodes.values()), *_between_sites(spec, sites)]
    nodes = [*hub_nodes.values(), *(node for site in sites for node in site.nodes)]
    if verified_only:
        links = [link for link in links if link.verified]
        nodes = [node for node in nodes if node.verified]
    ordered = tuple(sorted(links, key=lambda link: (_rank(link.a), _rank(link.b))))
    return Plan(
        pool4=spec.region.ipv4_pool,
        pool6=spec.region.ipv6_pool,
        bfd_interval_ms=spec.region.bfd_interval_ms,
        bfd_multiplier=spec.region.bfd_multiplier,
        nodes=tuple(sorted(nodes, key=_rank)),
        links=ordered,
        sessions=_sessions(nodes, ordered),
        siblings=_siblings(nodes),
        blocks=_blocks(spec, nodes),
        left_out=tuple(sorted(left_out, key=lambda item: item.subject)),
    )


# ---------------------------------------------------------------------------------------------------------- who is in


def _joining(spec: Spec, known: Mapping[str, AnyVerification], left_out: list[LeftOut]) -> Iterator[Member]:
    for member in spec.members:
        if member.status is not MemberStatus.ACTIVE:
            left_out.append(LeftOut(member.stack, f"{member.name.en} is {member.status}, not active", "not-active"))
        elif refused := _refusal(member.stack, known):
            left_out.append(refused)
        else:
            yield member


def _may_join(spec: Spec, hub: Hub, known: Mapping[str, AnyVerification], left_out: list[LeftOut]) -> bool:
    subject = f"hub-{hub.id}"
    host = next((member for member in spec.members if member.code == hub.hosted_by), None)
    if host is None or host.status is not MemberStatus.ACTIVE:
        status = "no member" if host is None else f"{host.status}, not active"
        left_out.append(LeftOut(subject, f"its host {hub.hosted_by} is {status}", "host-not-active"))
        return False
    if refused := _refusal(subject, known):
        left_out.append(refused)
        return False
    return True


def _refusal(subject: str, known: Mapping[str, AnyVerification]) -> LeftOut | None:
    verdict = known.get(subject)
    if isinstance(verdict, Refused):
        return LeftOut(subject, f"its publication is refused: {verdict.message}", verdict.reason.value)
    return None


def _unpublished(node: Node) -> LeftOut:
    return LeftOut(node.host, "no address and key of it are published yet", "unpublished")


# -------------------------------------------------------------------------------------------------------------- nodes


def _site(
    member: Member, centre: DataCentre, known: Mapping[str, AnyVerification], stopped: Mapping[str, LeftOut]
) -> _Site:
    verdict = known.get(member.stack)
    published = {}
    if isinstance(verdict, Verified) and isinstance(verdict.publication, Publication):
        published = {
            gateway.number: gateway for gateway in verdict.publication.gateways if gateway.data_centre == centre.id
        }
    offered = announcements(member, centre)
    announced = tuple(item for item in offered if str(item.prefix) not in stopped)
    withheld = {item.prefix for item in offered if str(item.prefix) in stopped}
    keeps = tuple(sorted({*kept(member, centre), *withheld}, key=order))
    nodes = []
    for gateway in centre.gateways:
        facts = published.get(gateway.number)
        address = facts.public_address if facts else None
        key = facts.wireguard_key if facts else None
        loopback4, loopback6 = addressing.gateway_loopback(centre.allocation, gateway.number)
        transit4, transit6 = addressing.gateway_transit(centre.allocation, gateway.number)
        nodes.append(
            Node(
                host=f"{gateway.name}.{centre.id}.{member.stack}",
                kind=NodeKind.GATEWAY,
                country=member.stack,
                name=gateway.name,
                tag=member.stack,
                end=Endpoint(member.numeric, centre.site, gateway.number),
                asn=centre.allocation.asn,
                loopback4=loopback4,
                loopback6=loopback6,
                block4=member.allocation.ipv4,
                block6=member.allocation.ipv6,
                transit4=transit4,
                transit6=transit6,
                public_address=address,
                wireguard_key=key,
                verified=address is not None and key is not None,
                announces=_with_own(announced, loopback4, loopback6),
                keeps=keeps,
            )
        )
    return _Site(member, centre, tuple(nodes))


def _with_own(
    announced: tuple[Announcement, ...], loopback4: IPv4Address, loopback6: IPv6Address
) -> tuple[Announcement, ...]:
    """A site's announcements and a gateway's own loopbacks, so that each gateway is reached by its own tunnels."""
    hosts = (IPv4Network(loopback4), IPv6Network(loopback6))
    own = (Announcement(prefix, INFRASTRUCTURE, None, None) for prefix in hosts)
    return tuple(sorted((*announced, *own), key=lambda item: order(item.prefix)))


def _hub_node(hub: Hub, known: Mapping[str, AnyVerification]) -> Node:
    verdict = known.get(f"hub-{hub.id}")
    facts = verdict.publication if isinstance(verdict, Verified) else None
    published = facts if isinstance(facts, HubPublication) else None
    address = published.public_address if published else None
    key = published.wireguard_key if published else None
    site = addressing.site_allocation(hub.allocation, 0)
    loopback4, loopback6 = addressing.gateway_loopback(site, hub.number)
    country = hub.hosted_by.lower()
    return Node(
        host=f"hub-{hub.id}.{hub.data_centre}.{country}",
        kind=NodeKind.HUB,
        country=country,
        name=hub.id,
        tag=addressing.hub_tag(hub.slot),
        end=Endpoint(hub.slot, 0, hub.number),
        asn=site.asn,
        loopback4=loopback4,
        loopback6=loopback6,
        block4=hub.allocation.ipv4,
        block6=hub.allocation.ipv6,
        transit4=None,
        transit6=None,
        public_address=address,
        wireguard_key=key,
        verified=address is not None and key is not None,
        announces=hub_announcements(hub),
        keeps=(site.management4, site.management6),
    )


# -------------------------------------------------------------------------------------------------------------- links


def _homes(sites: Iterable[_Site], hubs: list[Hub], nodes: Mapping[str, Node]) -> Iterator[Link]:
    for site in sites:
        assert site.member is not None and site.centre is not None  # noqa: S101
        chosen = homes(site.member, site.centre, hubs)
        for gateway in site.nodes:
            for hub in chosen[gateway.end.number]:
                yield _link(gateway, nodes[hub.id], LinkKind.HOME)


def _backbone(hubs: Iterable[Node]) -> Iterator[Link]:
    for a, b in combinations(hubs, 2):
        yield _link(a, b, LinkKind.BACKBONE)


def _between_sites(spec: Spec, sites: list[_Site]) -> Iterator[Link]:
    """Links between data centres: of one country, of neighbours joined directly, in a mesh of all."""
    direct = {(pair.a.lower(), pair.b.lower()) for pair in spec.region.direct}
    mesh = spec.region.topology is Topology.MESH
    by_country: dict[str, list[_Site]] = defaultdict(list)
    for site in sites:
        by_country[site.nodes[0].country].append(site)
    for own in by_country.values():
        for a, b in combinations(own, 2):
            yield from _pair_up(a, b, LinkKind.INTERNAL)
    pairs = combinations(sorted(by_country), 2) if mesh else sorted(direct)
    for one, other in pairs:
        for a in by_country.get(one, []):
            for b in by_country.get(other, []):
                yield from _pair_up(a, b, LinkKind.DIRECT)


def _pair_up(a: _Site, b: _Site, kind: LinkKind) -> Iterator[Link]:
    """The first gateway with the first, the second with the second; where one side has fewer, its own take turns."""
    for turn in range(max(len(a.nodes), len(b.nodes))):
        yield _link(a.nodes[turn % len(a.nodes)], b.nodes[turn % len(b.nodes)], kind)


def _link(one: Node, other: Node, kind: LinkKind) -> Link:
    a, b = sorted((one, other), key=_rank)
    blocks6 = {node.end.slot: node.block6 for node in (a, b)}
    numbers = addressing.link(a.end, b.end, blocks6)
    role = Role.PEER
    if kind is LinkKind.HOME:
        role = Role.CUSTOMER if a.kind is NodeKind.GATEWAY else Role.PROVIDER
    return Link(a, b, kind, role, numbers.net6, numbers.lower, numbers.upper)


def _rank(node: Node) -> tuple[int, int, int]:
    return node.end.slot, node.end.site, node.end.number


# ----------------------------------------------------------------------------------------------------------- sessions


def _sessions(nodes: Iterable[Node], links: Iterable[Link]) -> dict[str, tuple[Session, ...]]:
    homed: dict[str, list[Node]] = defaultdict(list)
    for link in links:
        if link.kind is LinkKind.HOME:
            gateway, hub = (link.a, link.b) if link.b.kind is NodeKind.HUB else (link.b, link.a)
            homed[hub.host].append(gateway)
    by_host: dict[str, list[Session]] = {node.host: [] for node in nodes}
    for link in links:
        by_host[link.a.host].append(_session(link, link.a, homed))
        by_host[link.b.host].append(_session(link, link.b, homed))
    return {host: tuple(sorted(found, key=lambda s: _rank(s.remote))) for host, found in by_host.items()}


def _session(link: Link, local: Node, homed: Mapping[str, list[Node]]) -> Session:
    first = local is link.a
    remote = link.b if first else link.a
    accepts = _announced(remote, local, link.kind, homed)
    from_region = link.kind is LinkKind.BACKBONE or (link.kind is LinkKind.HOME and remote.kind is NodeKind.HUB)
    return Session(
        local=local,
        remote=remote,
        kind=link.kind,
        role=link.role if first else OPPOSITE[link.role],
        local6=link.address_a if first else link.address_b,
        remote6=link.address_b if first else link.address_a,
        interface=addressing.wireguard_interface(remote.tag, remote.end),
        port=addressing.wireguard_port(remote.end),
        remote_port=addressing.wireguard_port(local.end),
        mtu=addressing.tunnel_mtu(PORT_MTU),
        announces=_announced(local, remote, link.kind, homed),
        accepts=accepts,
        max_prefixes=FROM_REGION_MAX if from_region else SPARE_PREFIXES + max(map(len, _families(accepts))),
    )


def _announced(sender: Node, receiver: Node, kind: LinkKind, homed: Mapping[str, list[Node]]) -> tuple[Prefix, ...]:
    """What `sender` may send to `receiver`; empty: all of the region (a hub to its customers)."""
    own = [item.prefix for item in sender.announces if item.may_reach(receiver.end.slot)]
    match kind:
        case LinkKind.HOME if sender.kind is NodeKind.HUB:
            return ()
        case LinkKind.HOME:
            return tuple(item.prefix for item in sender.announces)
        case LinkKind.BACKBONE:
            blocks: set[Prefix] = {block for node in homed[sender.host] for block in (node.block4, node.block6)}
            return tuple(sorted({*own, *blocks}, key=order))
        case LinkKind.DIRECT:
            return tuple(own)
        case LinkKind.INTERNAL:
            inside = (
                prefix
                for prefix in sender.keeps
                if prefix.subnet_of(sender.block4 if prefix.version == 4 else sender.block6)  # type: ignore[arg-type]
            )
            return tuple(sorted({*(item.prefix for item in sender.announces), *inside}, key=order))


def _families(prefixes: Iterable[Prefix]) -> tuple[list[Prefix], list[Prefix]]:
    found = list(prefixes)
    return [p for p in found if p.version == 4], [p for p in found if p.version == 6]


def _siblings(nodes: Iterable[Node]) -> dict[str, tuple[Node, ...]]:
    by_site: dict[tuple[int, int], list[Node]] = defaultdict(list)
    for node in nodes:
        by_site[node.site].append(node)
    return {
        node.host: tuple(sorted((other for other in group if other is not node), key=_rank))
        for group in by_site.values()
        for node in group
    }


def _blocks(spec: Spec, nodes: Iterable[Node]) -> dict[int, tuple[IPv4Network, IPv6Network]]:
    members = {member.numeric: member.allocation for member in spec.members}
    pools = Pools(spec.region.ipv4_pool, spec.region.ipv6_pool, spec.region.asn_base)
    named = {slot for node in nodes for item in node.announces for slot in item.allowed or ()}
    found = {}
    for slot in sorted(named):
        allocation = members.get(slot) or addressing.member_allocation(slot, pools)
        found[slot] = (allocation.ipv4, allocation.ipv6)
    return found
