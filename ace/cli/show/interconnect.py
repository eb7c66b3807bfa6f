"""The planned interconnect for people and as JSON: links, what is left out, proofs, what was configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.show.output import stdout

if TYPE_CHECKING:
    from collections.abc import Collection

    from ace.interconnect.values import Plan
    from ace.operations.interconnect_apply import TurnResult
    from ace.operations.interconnect_plan import RegionProof, RenderedRegion

_STYLES = {"PASS": "green", "SKIP": "yellow"}
RETRY = "ace interconnect apply"


def plan_json(plan: Plan) -> dict[str, Any]:
    """A plan for machines."""
    return {
        "gateways": [
            {
                "host": node.host,
                "kind": node.kind.value,
                "country": node.country,
                "asn": node.asn,
                "loopback4": str(node.loopback4),
                "loopback6": str(node.loopback6),
                "public_address": str(node.public_address) if node.public_address else None,
                "verified": node.verified,
                "announces": [str(item.prefix) for item in node.announces],
                "keeps": [str(prefix) for prefix in node.keeps],
            }
            for node in plan.nodes
        ],
        "links": [
            {
                "a": link.a.host,
                "b": link.b.host,
                "kind": link.kind.value,
                "role_a": link.role.value,
                "asn_a": link.a.asn,
                "asn_b": link.b.asn,
                "net6": str(link.net6),
                "verified": link.verified,
            }
            for link in plan.links
        ],
        "left_out": left_out_json(plan),
    }


def left_out_json(plan: Plan) -> list[dict[str, str]]:
    """What a plan does not have, and why, for machines."""
    return [{"subject": item.subject, "reason": item.reason, "code": item.code} for item in plan.left_out]


def rendered_json(done: RenderedRegion) -> dict[str, Any]:
    """The files that were rendered, for machines."""
    return {
        "out": str(done.folder),
        "files": list(done.files),
        "changed": list(done.changed),
        "removed": list(done.removed),
    }


def proofs_json(proof: RegionProof) -> list[dict[str, Any]]:
    """Each proof for machines."""
    return [
        {
            "name": result.name,
            "verdict": result.verdict.value,
            "evidence": result.evidence,
            "flaws": [{"file": flaw.file, "line": flaw.line, "message": flaw.message} for flaw in result.flaws],
        }
        for result in proof.results
    ]


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


def turn_json(turn: TurnResult) -> dict[str, Any]:
    """A turn in the command's JSON, with `error` where it failed."""
    from ace.cli.show.hosts import failure
    from ace.documents import plain
    from ace.operations.playbook import hosts_document

    body: dict[str, Any] = {
        turn_key(turn): {name: plain(hosts_document(one)) for name, one in sorted(turn.countries.items())}
    }
    error = failure(turn.countries, RETRY)
    return body if error is None else {**body, "error": plain(error)}


def print_turn(turn: TurnResult, *, changes: bool, quiet: bool) -> None:
    """What came of a turn on standard output, unless quiet; failures on standard error."""
    from ace.cli.show import hosts

    if not quiet:
        stdout.print(f"[bold]{turn_key(turn)}[/]")
        if changes:
            hosts.print_changes(turn.countries)
        hosts.print_results(turn.countries)
    hosts.print_failures(turn.countries, RETRY)
