"""The planned interconnect for people and as JSON: links, what is left out, proofs, what was configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING

from ace.cli.show.output import stdout
from ace.documents import Failure
from ace.interconnect.prove import ProofResult
from ace.interconnect.values import LeftOut, LinkKind, NodeKind, Role
from ace.operations.playbook import HostsDocument, hosts_document

if TYPE_CHECKING:
    from collections.abc import Collection

    from ace.interconnect.values import Plan
    from ace.operations.interconnect_apply import TurnResult
    from ace.operations.interconnect_plan import RegionProof, RenderedRegion

_STYLES = {"PASS": "green", "SKIP": "yellow"}
RETRY = "ace interconnect apply"


@dataclass(frozen=True, slots=True)
class NodeDocument:
    """A gateway or a hub."""

    host: str
    kind: NodeKind
    country: str
    asn: int
    loopback4: IPv4Address
    loopback6: IPv6Address
    public_address: IPv4Address | IPv6Address | None
    """Null where it is not published yet."""
    verified: bool
    """Whether a valid publication has its key and address."""
    announces: tuple[IPv4Network | IPv6Network, ...]
    keeps: tuple[IPv4Network | IPv6Network, ...]
    """Its prefixes that no other country may have."""


@dataclass(frozen=True, slots=True)
class LinkDocument:
    """A tunnel and the BGP session in it."""

    a: str
    b: str
    kind: LinkKind
    role_a: Role
    """What `a` is to `b` (RFC 9234)."""
    asn_a: int
    asn_b: int
    net6: IPv6Network
    verified: bool
    """Whether both ends are."""


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """The planned interconnect of the region."""

    gateways: tuple[NodeDocument, ...]
    """Hubs too."""
    links: tuple[LinkDocument, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class RenderDocument:
    """The files that were rendered; all but `out` are paths below it."""

    out: Path
    files: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProofsDocument:
    """The offline proofs."""

    proofs: tuple[ProofResult, ...]


@dataclass(frozen=True, slots=True)
class MapDocument:
    """The picture of the region."""

    out: Path
    links: int


def plan_document(plan: Plan) -> PlanDocument:
    """A plan as JSON."""
    return PlanDocument(
        tuple(
            NodeDocument(
                node.host,
                node.kind,
                node.country,
                node.asn,
                node.loopback4,
                node.loopback6,
                node.public_address or None,
                node.verified,
                tuple(item.prefix for item in node.announces),
                tuple(node.keeps),
            )
            for node in plan.nodes
        ),
        tuple(
            LinkDocument(
                link.a.host, link.b.host, link.kind, link.role, link.a.asn, link.b.asn, link.net6, link.verified
            )
            for link in plan.links
        ),
        tuple(plan.left_out),
    )


def render_document(done: RenderedRegion) -> RenderDocument:
    """The files that were rendered, as JSON."""
    return RenderDocument(done.folder, tuple(done.files), tuple(done.changed), tuple(done.removed))


def print_plan(plan: Plan) -> None:
    """A line a link, the counts, and what is left out."""
    width = max((len(node.host) for node in plan.nodes), default=0)
    for link in plan.links:
        known = "" if link.verified else "  no key yet"
        stdout.print(
            f"{link.kind.value:9}{link.a.host:{width}}  {link.b.host:{width}}  AS{link.a.asn} AS{link.b.asn}  "
            f"{link.net6}{known}",
            markup=False,
        )
    hubs = sum(node.kind.value == "hub" for node in plan.nodes)
    stdout.print(f"{len(plan.nodes) - hubs} gateways, {hubs} hubs, {len(plan.links)} links.", markup=False)
    print_left_out(plan)


def print_rendered(done: RenderedRegion) -> None:
    """The counts, each file that changed, and what is left out."""
    stdout.print(
        f"{len(done.files)} files of {len(done.plan.nodes)} hosts in {done.folder}: {len(done.changed)} written, "
        f"{len(done.removed)} removed, {len(done.files) - len(done.changed)} as they were.",
        markup=False,
    )
    for path in (*done.changed, *(f"{path} (removed)" for path in done.removed)):
        stdout.print(f"  {path}", markup=False)
    print_left_out(done.plan)


def print_proofs(proof: RegionProof) -> None:
    """A line a proof; below it its flaws."""
    for result in proof.results:
        stdout.print(f"[{_STYLES.get(result.verdict.value, 'bold red')}]{result.verdict.value:5}[/]  ", end="")
        stdout.print(f"{result.name:22}{result.evidence if not result.flaws else ''}".rstrip(), markup=False)
        for flaw in result.flaws[:20]:
            stdout.print(f"         {flaw}", markup=False)
        if len(result.flaws) > 20:
            stdout.print(f"         ... and {len(result.flaws) - 20} more", markup=False)


def print_left_out(plan: Plan, countries: Collection[str] = (), *, hubs: bool = False) -> None:
    """What a plan does not have, a line for each reason; with countries or `hubs`, only what is theirs."""
    by_reason: dict[str, list[str]] = {}
    for item in plan.left_out:
        of_hub = item.subject.startswith("hub-")
        if (countries and item.subject.rsplit(".", 1)[-1] not in countries) or (hubs and not of_hub):
            continue
        by_reason.setdefault(item.reason, []).append(item.subject)
    for reason, subjects in by_reason.items():
        stdout.print(f"left out: {', '.join(subjects)}: {reason}", markup=False)


def turn_key(turn: TurnResult) -> str:
    """Its key in the command's JSON, and its title."""
    return "hubs" if turn.kind.value == "hub" else "countries"


@dataclass(frozen=True, slots=True)
class ApplyDocument:
    """What became of the hubs and of the gateways, by country."""

    left_out: tuple[LeftOut, ...]
    hubs: Mapping[str, HostsDocument] | None = None
    """Absent where no hub was to be configured, or it did not come to that."""
    countries: Mapping[str, HostsDocument] | None = None
    """Likewise of gateways."""


def with_turn(document: ApplyDocument, turn: TurnResult) -> ApplyDocument:
    """What is known after one more turn."""
    outcomes = {name: hosts_document(one) for name, one in sorted(turn.countries.items())}
    return replace(document, hubs=outcomes) if turn_key(turn) == "hubs" else replace(document, countries=outcomes)


def turn_failure(turn: TurnResult) -> Failure | None:
    """JSON's `error` of a turn; None when it went well."""
    from ace.cli.show.hosts import failure

    return failure(turn.countries, RETRY)


def print_turn(turn: TurnResult, *, changes: bool, quiet: bool) -> None:
    """What came of a turn on standard output, unless quiet; failures on standard error."""
    from ace.cli.show import hosts

    if not quiet:
        stdout.print(f"[bold]{turn_key(turn)}[/]")
        if changes:
            hosts.print_changes(turn.countries)
        hosts.print_results(turn.countries)
    hosts.print_failures(turn.countries, RETRY)
