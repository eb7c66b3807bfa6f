"""The running interconnect for people and as JSON: sessions, routes, leaks, reachability, delays."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from ace.cli.show.output import stdout
from ace.interconnect.check import Leak, LinkCheck, RegionCheck


@dataclass(frozen=True, slots=True)
class RoutesDocument:
    """A host, and whether it has the routes that it should have."""

    host: str
    answers: bool
    drained: bool
    learnt: int
    """How many routes it has learnt."""
    missing: tuple[IPv4Network | IPv6Network, ...]
    unexpected: tuple[IPv4Network | IPv6Network, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class PairDocument:
    """Two data centres: how many of the flows between their gateways come through."""

    a: str
    b: str
    ok: bool
    """All flows come through, large packets included."""
    flows: int
    through: int
    ms: float | None
    """The median round trip in milliseconds; null where nothing came through."""
    large_packets: bool
    paths: tuple[tuple[str, ...], ...]
    """The distinct paths of the gateways of `a` to `b`, as names of ASes."""


@dataclass(frozen=True, slots=True)
class CheckDocument:
    """The running interconnect, compared with the plan."""

    ok: bool
    sessions: tuple[LinkCheck, ...]
    routes: tuple[RoutesDocument, ...]
    reachability: tuple[PairDocument, ...]
    leaks: tuple[Leak, ...]


@dataclass(frozen=True, slots=True)
class DrainDocument:
    """The host that was drained."""

    drained: str


@dataclass(frozen=True, slots=True)
class UndrainDocument:
    """The host that is in use again."""

    undrained: str


def check_document(found: RegionCheck) -> CheckDocument:
    """What was found, as JSON."""
    return CheckDocument(
        found.ok,
        found.links,
        tuple(
            RoutesDocument(
                host.host, host.answers, host.drained, host.routes, host.missing, host.unexpected, host.detail
            )
            for host in found.hosts
        ),
        tuple(
            PairDocument(pair.a, pair.b, pair.ok, pair.flows, pair.through, pair.ms, pair.large, pair.paths)
            for pair in found.pairs
        ),
        found.leaks,
    )


def print_check(found: RegionCheck) -> None:
    """What is not as planned, line by line; then the matrix of delays."""
    up = sum(link.state.value == "up" for link in found.links)
    stdout.print(f"sessions  {up} of {len(found.links)} up", markup=False)
    for link in found.links:
        if link.state.value != "up":
            stdout.print(f"  {link.state.value:8}{link.a} - {link.b} ({link.kind}) {link.detail}", markup=False)
    well = sum(host.answers and not host.missing and not host.unexpected for host in found.hosts)
    stdout.print(f"routes    {well} of {len(found.hosts)} hosts have what they should", markup=False)
    for host in found.hosts:
        if host.detail or host.drained:
            stdout.print(f"  {host.host}: {host.detail or 'drained'}", markup=False)
            for word, prefixes in (("missing", host.missing), ("unexpected", host.unexpected)):
                if prefixes:
                    more = f" and {len(prefixes) - 4} more" if len(prefixes) > 4 else ""
                    stdout.print(f"    {word}: {', '.join(map(str, prefixes[:4]))}{more}", markup=False)
    for leak in found.leaks:
        stdout.print(f"leak      {leak.neighbour} to {leak.host}: {leak.what}", markup=False)
    known = [pair for pair in found.pairs if pair.is_known]
    good = sum(pair.ok for pair in known)
    stdout.print(f"reach     {good} of {len(known)} pairs of data centres, by all flows", markup=False)
    for pair in known:
        if not pair.ok:
            large = "" if pair.large or not pair.through else ", large packets do not"
            stdout.print(f"  {pair.a} - {pair.b}: {pair.through} of {pair.flows} flows{large}", markup=False)
    _print_matrix(found)
    stdout.print("[green]as planned[/]" if found.ok else "[bold red]not as planned[/]")


def _print_matrix(found: RegionCheck) -> None:
    """Delays between data centres in milliseconds."""
    names = sorted({name for pair in found.pairs for name in (pair.a, pair.b)})
    if not names:
        return
    delays = {(pair.a, pair.b): "-" if pair.ms is None else f"{pair.ms:.1f}" for pair in found.pairs}
    width = max(len(name) for name in names)
    columns = [name.rsplit(".", 1)[1] for name in names]
    stdout.print(f"{'ms':{width}}" + "".join(f"{column:>7}" for column in columns), markup=False)
    for a in names:
        cells = ["." if a == b else delays.get((a, b)) or delays.get((b, a)) or "" for b in names]
        stdout.print(f"{a:{width}}" + "".join(f"{cell:>7}" for cell in cells), markup=False)
