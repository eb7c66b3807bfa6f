"""Judge what the hosts see against the plan: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from ace.interconnect.live.seen import Seen
from ace.interconnect.map import State
from ace.interconnect.values import LinkKind, Node, NodeKind, Plan, Prefix


@dataclass(frozen=True, slots=True)
class LinkCheck:
    """A link (or the session of two gateways of one data centre, on transit)."""

    a: str
    b: str
    kind: str
    state: State
    detail: str


@dataclass(frozen=True, slots=True)
class HostCheck:
    """A host: whether it answers, and whether it has the routes that it should have."""

    host: str
    answers: bool
    drained: bool
    routes: int
    missing: tuple[Prefix, ...]
    unexpected: tuple[Prefix, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Leak:
    """Something that a neighbour reported and that was refused."""

    host: str
    neighbour: str
    what: str


@dataclass(frozen=True, slots=True)
class PairCheck:
    """Two data centres: how many of the flows between their gateways come through, and how long they take."""

    a: str
    b: str
    flows: int
    through: int
    ms: float | None
    large: bool
    """Whether packets as large as the tunnels' MTU come through too."""
    paths: tuple[tuple[str, ...], ...]
    """The distinct ways that the gateways of `a` take to `b`, as names of ASes."""

    @property
    def is_known(self) -> bool:
        """Whether a gateway of either was asked."""
        return self.flows > 0

    @property
    def ok(self) -> bool:
        """Whether all flows come through, large packets included."""
        return self.flows > 0 and self.through == self.flows and self.large


@dataclass(frozen=True, slots=True)
class RegionCheck:
    """The region as it is."""

    links: tuple[LinkCheck, ...]
    hosts: tuple[HostCheck, ...]
    pairs: tuple[PairCheck, ...]
    leaks: tuple[Leak, ...]

    @property
    def ok(self) -> bool:
        """Whether everything that was asked is as planned; what is drained on purpose counts as well."""
        asked = [link for link in self.links if link.state is not State.UNKNOWN]
        return (
            bool(asked)
            and all(link.state in (State.UP, State.DRAINED) for link in asked)
            and all(host.answers and not host.missing and not host.unexpected for host in self.hosts)
            and all(pair.ok for pair in self.pairs if pair.is_known)
            and not self.leaks
        )

    @property
    def states(self) -> dict[tuple[str, str], State]:
        """For the map: of the links that are known."""
        return {(link.a, link.b): link.state for link in self.links if link.state is not State.UNKNOWN}


def targets(plan: Plan, node: Node) -> tuple[str, ...]:
    """What a host pings: the loopbacks of all gateways of other sites (a hub: of none)."""
    if node.kind is NodeKind.HUB:
        return ()
    others = [other for other in plan.nodes if other.kind is NodeKind.GATEWAY and other.site != node.site]
    return tuple(str(address) for other in others for address in (other.loopback4, other.loopback6))


def check_region(plan: Plan, seen: Mapping[str, Seen | str]) -> RegionCheck:
    """What is as planned and what is not.

    Args:
        plan: What should be.
        seen: By host, what it sees; or why it could not be asked. Hosts that are not there were not to be asked.
    """
    return RegionCheck(
        links=tuple(_links(plan, seen)),
        hosts=tuple(_host(plan, node, seen[node.host]) for node in plan.nodes if node.host in seen),
        pairs=tuple(_pairs(plan, seen)),
        leaks=tuple(_leaks(plan, seen)),
    )


def expected(plan: Plan, node: Node) -> frozenset[Prefix]:
    """The prefixes of others that a host should have a route to."""
    found: set[Prefix] = set()
    inside = {s.remote.site for s in plan.sessions[node.host] if s.kind is LinkKind.INTERNAL}
    for sibling in plan.siblings[node.host]:
        inside |= {s.remote.site for s in plan.sessions[sibling.host] if s.kind is LinkKind.INTERNAL}
    for other in plan.nodes:
        if other.site == node.site:
            continue
        same_country = node.kind is other.kind is NodeKind.GATEWAY and other.end.slot == node.end.slot
        if same_country and other.site not in inside:
            continue
        slot = node.end.slot
        for item in other.announces:
            if node.kind is NodeKind.HUB or same_country or item.may_reach(slot):
                found.add(item.prefix)
    return frozenset(found)


def _links(plan: Plan, seen: Mapping[str, Seen | str]) -> Iterator[LinkCheck]:
    for link in plan.links:
        ends = ((link.a, str(link.address_b)), (link.b, str(link.address_a)))
        yield _link(link.a.host, link.b.host, link.kind.value, ends, seen)
    for node in plan.nodes:
        for sibling in plan.siblings[node.host]:
            if node.host < sibling.host:
                ends = ((node, str(sibling.transit6)), (sibling, str(node.transit6)))
                yield _link(node.host, sibling.host, "transit", ends, seen)


def _link(
    a: str, b: str, kind: str, ends: tuple[tuple[Node, str], tuple[Node, str]], seen: Mapping[str, Seen | str]
) -> LinkCheck:
    up, details, drained = [], [], []
    for node, neighbour in ends:
        view = seen.get(node.host)
        if not isinstance(view, Seen):
            continue
        if view.drained:
            drained.append(node.host)
        session = view.sessions.get(neighbour)
        well = session is not None and session.up and view.bfd.get(neighbour, "up") == "up"
        up.append(well)
        if session is None:
            details.append(f"{node.host} has no such session")
        elif not session.up:
            why = "sent too many prefixes" if session.overflow else session.why
            details.append(f"{node.host}: {session.state}" + (f" ({why})" if why else ""))
        elif not well:
            details.append(f"{node.host}: BFD {view.bfd[neighbour]}")
    if a not in seen and b not in seen:
        return LinkCheck(a, b, kind, State.UNKNOWN, "neither end can be reached from here")
    if not up:
        return LinkCheck(a, b, kind, State.DOWN, "neither end answers")
    if not all(up):
        return LinkCheck(a, b, kind, State.DOWN, "; ".join(details))
    if drained:
        return LinkCheck(a, b, kind, State.DRAINED, f"{', '.join(drained)} is drained")
    return LinkCheck(a, b, kind, State.UP, "")


def _host(plan: Plan, node: Node, view: Seen | str) -> HostCheck:
    if isinstance(view, str):
        return HostCheck(node.host, False, False, 0, (), (), view)
    desired = expected(plan, node)
    own: set[Prefix] = {node.block4, node.block6}
    learnt = {prefix for prefix, path in view.routes.items() if path}
    inside = {prefix for prefix in learnt if any(b.version == prefix.version and prefix.subnet_of(b) for b in own)}  # type: ignore[arg-type]
    missing, unexpected = desired - learnt, learnt - desired - inside
    detail = f"{len(missing)} routes missing, {len(unexpected)} unexpected" if missing or unexpected else ""
    return HostCheck(
        node.host,
        True,
        view.drained,
        len(learnt),
        tuple(sorted(missing, key=_order)),
        tuple(sorted(unexpected, key=_order)),
        detail,
    )


def _leaks(plan: Plan, seen: Mapping[str, Seen | str]) -> Iterator[Leak]:
    for host, view in seen.items():
        if isinstance(view, str):
            continue
        names = {str(s.remote6): s.remote for s in plan.sessions.get(host, ())}
        for address, session in view.sessions.items():
            remote = names.get(address)
            if remote is None:
                continue
            if session.overflow:
                yield Leak(host, remote.host, "more prefixes than it may announce: its session was cut off")
            foreign = [prefix for prefix in session.refused if not _echo(plan, host, prefix)]
            if foreign:
                listed = ", ".join(map(str, foreign[:5])) + (
                    f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
                )
                yield Leak(host, remote.host, f"refused: {listed}")


def _echo(plan: Plan, host: str, prefix: Prefix) -> bool:
    """A hub sends a member's own routes back to it, and the member refuses them: no leak."""
    node = plan.node(host)
    blocks: tuple[Prefix, ...] = (node.block4, node.block6) if node else ()
    return any(block.version == prefix.version and prefix.subnet_of(block) for block in blocks)  # type: ignore[arg-type]


def _pairs(plan: Plan, seen: Mapping[str, Seen | str]) -> Iterator[PairCheck]:
    sites: dict[tuple[int, int], list[Node]] = {}
    for node in plan.nodes:
        if node.kind is NodeKind.GATEWAY:
            sites.setdefault(node.site, []).append(node)
    names = {node.asn: node.name if node.kind is NodeKind.HUB else _site_name(node) for node in plan.nodes}
    for one, other in combinations(sorted(sites), 2):
        yield _pair(sites[one], sites[other], names, seen)


def _pair(here: list[Node], there: list[Node], names: Mapping[int, str], seen: Mapping[str, Seen | str]) -> PairCheck:
    flows = through = 0
    times: list[float] = []
    large = True
    paths: set[tuple[str, ...]] = set()
    for sources, sinks in ((here, there), (there, here)):
        for source in sources:
            view = seen.get(source.host)
            if isinstance(view, str):
                view = Seen()
            if view is None:
                continue
            for sink in sinks:
                for address in map(str, (sink.loopback4, sink.loopback6)):
                    echo = view.pings.get(address)
                    flows += 1
                    if echo is not None and echo.received:
                        through += 1
                        times += [echo.ms] if echo.ms is not None else []
                large = large and view.big.get(str(sink.loopback4), False)
            if sources is here:
                for item in there[0].announces:
                    if path := view.routes.get(item.prefix):
                        paths.add(tuple(names.get(asn, f"AS{asn}") for asn in path))
    return PairCheck(
        _site_name(here[0]),
        _site_name(there[0]),
        flows,
        through,
        round(median(times), 2) if times else None,
        large and bool(times),
        tuple(sorted(paths)),
    )


def _site_name(node: Node) -> str:
    return node.host.split(".", 1)[1]


def _order(prefix: Prefix) -> tuple[int, int, int]:
    return prefix.version, int(prefix.network_address), prefix.prefixlen
