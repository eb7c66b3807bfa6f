"""`ace interconnect apply | check | drain | undrain`: the running region."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import (
    AsOfOption,
    CountriesArgument,
    EngineOption,
    Format,
    FormatOption,
    ParallelOption,
    SpecOption,
    VerboseOption,
)
from ace.operations.region import plan_of
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName
from ace.workspace.root import checkout

if TYPE_CHECKING:
    from ace.interconnect.check import RegionCheck
    from ace.interconnect.live.shell import SshTarget
    from ace.interconnect.values import Node, NodeKind, Plan
    from ace.operations.playbook import PlaybookResult
    from ace.services.country_run import HostsOutcome
    from ace.workspace.hosts import Hosts
    from ace.workspace.selection import Selection
    from ace.workspace.workspace import Workspace

"""Below ROOT: the files that the last apply took."""
WATCH_S = 10.0
AGAIN_S = 1.0

HostArgument = Annotated[str, typer.Argument(metavar="GW", help="A gateway or hub, as in the plan: gw1.tunis-1.tn")]


def apply(
    countries: CountriesArgument = None,
    hubs: Annotated[bool, typer.Option("--hubs", help="Only hubs: the region's part.")] = False,
    check_only: Annotated[
        bool, typer.Option("--check", help="Change nothing; show what would change (exit 2 if anything).")
    ] = False,
    parallel: ParallelOption = None,
    engine: EngineOption = EngineName.AUTO,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Configure the gateways of the named countries (none: all gateways and hubs that are reachable from here).

    Only countries with a verified publication take part. The files are proven first. In each country one gateway is
    configured after the other; the roll-out stops if sessions that were up do not return. A second run changes nothing.
    """
    from ace.cli.show import hosts as show
    from ace.cli.show.output import answering, stdout
    from ace.documents import plain
    from ace.errors import ExitCode, worst
    from ace.interconnect.values import NodeKind
    from ace.operations.playbook import hosts_document
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-apply", format_) as answer:
        if not check_only:
            refuse_past(as_of)
        place = open_workspace(spec)
        planned = plan_of(place.root, place.spec, as_of, verified_only=True)
        folder = proven(place, planned)
        answer.body["left_out"] = [{"subject": x.subject, "reason": x.reason, "code": x.code} for x in planned.left_out]
        codes: list[ExitCode] = []
        turns = [(NodeKind.HUB, "hubs")] if hubs else [(NodeKind.GATEWAY, "countries")]
        if not hubs and not countries:
            turns.insert(0, (NodeKind.HUB, "hubs"))
        for kind, key, selected in _selections(place, countries or (), engine, planned, turns):
            done = roll_out(place, selected, kind, folder, check_only=check_only, parallel=parallel, verbose=verbose)
            codes.append(done.exit_code)
            answer.body[key] = {name: plain(hosts_document(one)) for name, one in sorted(done.countries.items())}
            if wrong := show.failure(done.countries, "ace interconnect apply"):
                answer.body["error"] = plain(wrong)
            if format_ is Format.TEXT:
                stdout.print(f"[bold]{key}[/]")
                if check_only:
                    show.print_changes(done.countries)
                show.print_results(done.countries)
            show.print_failures(done.countries, "ace interconnect apply")
            if _stops(done.countries):
                break
        answer.exit_code = worst(codes)
        if format_ is Format.TEXT:
            tell_left_out(planned, {country.lower() for country in countries or ()}, hubs=hubs)


def check(
    watch: Annotated[bool, typer.Option("--watch", help=f"Again every {WATCH_S:.0f} seconds, until Ctrl-C.")] = False,
    within: Annotated[
        float,
        typer.Option(
            "--within",
            metavar="S",
            min=0,
            help="Repeat until everything matches the plan, for at most so many seconds.",
        ),
    ] = 0.0,
    map_: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Draw the region in its current state into this file (SVG)."),
    ] = None,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Check every gateway and hub that is reachable from here: sessions, BFD, routes, leaks, paths, delays, large packets.

    Exit code 1: something differs from the plan; hosts that are drained on purpose count as well. Links and pairs of which
    no end is reachable from here are `unknown` and do not count.
    """
    from ace.cli.show.output import answering, stderr
    from ace.errors import ExitCode
    from ace.files import PUBLIC, put
    from ace.interconnect.map import draw
    from ace.workspace.workspace import open_workspace

    while True:
        with answering("interconnect-check", format_) as answer:
            place = open_workspace(spec)
            planned = plan_of(place.root, place.spec, as_of, verified_only=True)
            stderr.print(f"clouds: {place.clouds}", markup=False)
            deadline = time.monotonic() + within
            while not (found := look(place, planned, engine)).ok and time.monotonic() < deadline:
                time.sleep(AGAIN_S)
            answer.body.update(check_json(found))
            if map_ is not None:
                put(map_.absolute(), draw(place.spec, found.states, plan=planned), PUBLIC)
            if format_ is Format.TEXT:
                tell_check(found)
            if not found.ok and not watch:
                answer.exit_code = ExitCode.FAILED
        if not watch:
            return
        time.sleep(WATCH_S)


def drain(
    host: HostArgument,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Drain a gateway or hub: neighbours move their traffic to other paths (RFC 8326). Nothing is stopped.

    Refused if the other gateway of the data centre is drained already. Ends with `undrain` or a reboot.
    """
    from ace.cli.show.output import answering, stdout
    from ace.errors import RefusedError
    from ace.interconnect.live import drain as draining
    from ace.interconnect.live.shell import ShellError
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-drain", format_) as answer:
        refuse_past(as_of)
        place = open_workspace(spec)
        planned = plan_of(place.root, place.spec, as_of, verified_only=True)
        node, shells, vip = _one(place, planned, host, engine)
        for sibling in planned.siblings[node.host]:
            try:
                out_of_use = draining.is_drained(shells[sibling.host])
            except (ShellError, KeyError):
                out_of_use = True
            if out_of_use:
                raise RefusedError(
                    f"{sibling.host} is drained or does not answer; without {node.host} the data centre would be cut off",
                    hint=f"`ace interconnect undrain {sibling.host}` first",
                    code="last-gateway",
                )
        draining.drain(shells[node.host], node, vip if planned.siblings[node.host] else None)
        answer.body["drained"] = node.host
        if format_ is Format.TEXT:
            stdout.print(f"{node.host} is drained; back with `ace interconnect undrain {node.host}`", markup=False)


def undrain(
    host: HostArgument,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Put a drained gateway or hub back into use."""
    from ace.cli.show.output import answering, stdout
    from ace.interconnect.live import drain as draining
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-undrain", format_) as answer:
        refuse_past(as_of)
        place = open_workspace(spec)
        planned = plan_of(place.root, place.spec, as_of, verified_only=True)
        node, shells, _ = _one(place, planned, host, engine)
        draining.undrain(shells[node.host], node)
        answer.body["undrained"] = node.host
        if format_ is Format.TEXT:
            stdout.print(f"{node.host} is in use again", markup=False)


# ------------------------------------------------------------------------------------------------------------- together


def countries_of(planned: Plan, kind: NodeKind) -> list[str]:
    """The stacks in which the plan has gateways, or hubs."""
    return sorted({node.country for node in planned.nodes if node.kind is kind})


def _selections(
    place: Workspace, named: Sequence[str], engine: EngineName, planned: Plan, turns: Sequence[tuple[NodeKind, str]]
) -> list[tuple[NodeKind, str, Selection[Hosts]]]:
    """For each turn the countries that it configures; those that are not named and not reachable from here are excluded.

    Raises:
        UserError: There is nothing to configure in any turn, and why.
    """
    from ace.workspace.hosts import select_hosts

    among = {kind: countries_of(planned, kind) for kind, _ in turns}
    found = [
        (kind, key, select_hosts(place, named, engine, among=among[kind], may_be_none=True)) for kind, key in turns
    ]
    if not any(selection.chosen for _, _, selection in found):
        select_hosts(place, named, engine, among={country for countries in among.values() for country in countries})
    return found


def roll_out(
    place: Workspace,
    selected: Selection[Hosts],
    kind: NodeKind,
    folder: Path,
    *,
    check_only: bool = False,
    parallel: int | None = None,
    verbose: bool = False,
) -> PlaybookResult:
    """Have the gateways, or the hubs, of those countries take the files in `folder`; what `proven` wrote."""
    from ace.cli.show import hosts as show
    from ace.cli.show.host_line import HostsLine
    from ace.cli.watched import watched
    from ace.operations.playbook import PlaybookPlan, group_vars, run_plan
    from ace.services.country_run import Work

    work = Work(
        checkout() / "playbooks" / "interconnect.yml",
        check=check_only,
        extra_vars={"interconnect_files": str(folder)},
        group_vars=group_vars(place),
        roles=frozenset({kind.value}),
    )
    plan = PlaybookPlan(place, "interconnect-apply", selected, work)
    show.print_start(plan)
    with watched(plan.countries, HostsLine, verbose=verbose, stopping=show.STOPPING) as (sink, cancel):
        return run_plan(plan, sink, cancel, parallel=parallel)


def apply_to_hubs(place: Workspace, selected: Selection[Hosts], planned: Plan) -> list[str]:
    """Have the hubs of those countries take a plan; the countries.

    Raises:
        UserError: A hub did not take it.
    """
    from ace.cli.show.hosts import failure
    from ace.errors import UserError
    from ace.interconnect.values import NodeKind

    done = roll_out(place, selected, NodeKind.HUB, proven(place, planned))
    if wrong := failure(done.countries, "ace interconnect apply --hubs"):
        raise UserError(wrong.message, hint=wrong.hint, code=wrong.code)
    return sorted(done.countries)


def look(place: Workspace, planned: Plan, engine: EngineName) -> RegionCheck:
    """Ask all hosts that can be reached here, and judge."""
    from ace.addressing import tunnel_mtu
    from ace.interconnect.check import check_region, targets
    from ace.interconnect.live.seen import Seen, ask
    from ace.interconnect.live.shell import ShellError, on_all
    from ace.interconnect.plan import PORT_MTU

    nodes = {node.host: node for node in planned.nodes}
    shells = {
        h: shell
        for h, shell in _shells(place, sorted({n.country for n in planned.nodes}), engine).items()
        if h in nodes
    }
    told = on_all(
        shells, lambda shell: ask(shell, nodes[shell.host], targets(planned, nodes[shell.host]), tunnel_mtu(PORT_MTU))
    )
    seen: dict[str, Seen | str] = {h: str(v) if isinstance(v, ShellError) else v for h, v in told.items()}
    return check_region(planned, seen)


def _shells(place: Workspace, countries: Sequence[str], engine: EngineName) -> dict[str, SshTarget]:
    """How to reach the hosts of countries; those without a stack here are left out."""
    from ace.interconnect.live.shell import SshTarget
    from ace.workspace.hosts import select_hosts, write_ssh_config

    found: dict[str, SshTarget] = {}
    for hosts in select_hosts(place, countries, engine).jobs:
        write_ssh_config(place, hosts)
        found |= {host.name: SshTarget(host.name, hosts.ssh.config) for host in hosts.inventory.hosts}
    return found


def _one(place: Workspace, planned: Plan, host: str, engine: EngineName) -> tuple[Node, dict[str, SshTarget], str]:
    """A host of the plan, how its country's hosts are reached, and the shared address of its data centre."""
    from ace.errors import UserError

    node = planned.node(host)
    if node is None:
        known = ", ".join(n.host for n in planned.nodes[:8])
        raise UserError(
            f"{host[:80]!r} is no gateway or hub that is in use; there are: {known or 'none'}",
            hint="see `ace interconnect plan`",
            code="no-such-gateway",
        )
    member = place.spec.member(node.country)
    centre = next(c for c in member.data_centres if c.id == node.host.split(".")[1])
    return node, _shells(place, [node.country], engine), str(centre.allocation.transit_vip4)


def proven(place: Workspace, planned: Plan) -> Path:
    """Render and prove what is to be applied.

    Raises:
        RefusedError: Nobody has published, or a proof fails.
    """
    from ace.errors import RefusedError
    from ace.interconnect.files import write
    from ace.interconnect.prove import prove, read_region
    from ace.interconnect.render import render
    from ace.verdict import Verdict
    from ace.workspace.workspace import make_private

    if not planned.nodes:
        reasons = "\n".join(f"  {item.subject}: {item.reason}" for item in planned.left_out[:12])
        raise RefusedError(
            f"there is nothing to apply: no gateway has a verified publication\n{reasons}",
            hint="configure and publish first: `ace configure`, `ace publish`",
            code="nothing-published",
        )
    files = render(planned)
    failed = [result for result in prove(read_region(files)) if result.verdict in (Verdict.FAIL, Verdict.ABORT)]
    if failed:
        flaws = "\n".join(f"  {result.name}: {flaw}" for result in failed for flaw in result.flaws[:3])
        raise RefusedError(
            f"what would be applied is not proven to hold together:\n{flaws}",
            hint="see `ace interconnect prove`",
            code="not-proven",
        )
    make_private(place.root)
    folder = place.layout.interconnect_applied
    write(folder, files)
    return folder


def _stops(outcomes: Mapping[str, HostsOutcome]) -> bool:
    """Whether a turn went so badly that the next must not begin."""
    from ace.errors import ExitCode

    return any(outcome.exit_code in (ExitCode.FAILED, ExitCode.INTERRUPTED) for outcome in outcomes.values())


def tell_left_out(planned: Plan, countries: Collection[str] = (), *, hubs: bool = False) -> None:
    """What the plan does not have, a line for each reason; with countries or `hubs`, only what is theirs."""
    from ace.cli.show.output import stdout

    by_reason: dict[str, list[str]] = {}
    for item in planned.left_out:
        of_hub = item.subject.startswith("hub-")
        if (countries and item.subject.rsplit(".", 1)[-1] not in countries) or (hubs and not of_hub):
            continue
        by_reason.setdefault(item.reason, []).append(item.subject)
    for reason, subjects in by_reason.items():
        stdout.print(f"left out: {', '.join(subjects)}: {reason}", markup=False)


def check_json(found: RegionCheck) -> dict[str, Any]:
    """What was found, in the command's JSON."""
    return {
        "ok": found.ok,
        "sessions": [
            {"a": link.a, "b": link.b, "kind": link.kind, "state": link.state.value, "detail": link.detail}
            for link in found.links
        ],
        "routes": [
            {
                "host": host.host,
                "answers": host.answers,
                "drained": host.drained,
                "learnt": host.routes,
                "missing": [str(prefix) for prefix in host.missing],
                "unexpected": [str(prefix) for prefix in host.unexpected],
                "detail": host.detail,
            }
            for host in found.hosts
        ],
        "reachability": [
            {
                "a": pair.a,
                "b": pair.b,
                "ok": pair.ok,
                "flows": pair.flows,
                "through": pair.through,
                "ms": pair.ms,
                "large_packets": pair.large,
                "paths": [list(path) for path in pair.paths],
            }
            for pair in found.pairs
        ],
        "leaks": [{"host": leak.host, "neighbour": leak.neighbour, "what": leak.what} for leak in found.leaks],
    }


def tell_check(found: RegionCheck) -> None:
    """What is not as planned, line by line; then the matrix of delays."""
    from ace.cli.show.output import stdout

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
    _tell_matrix(found)
    stdout.print("[green]as planned[/]" if found.ok else "[bold red]not as planned[/]")


def _tell_matrix(found: RegionCheck) -> None:
    """Delays between data centres in milliseconds."""
    from ace.cli.show.output import stdout

    names = sorted({name for pair in found.pairs for name in (pair.a, pair.b)})
    if not names:
        return
    told = {(pair.a, pair.b): "-" if pair.ms is None else f"{pair.ms:.1f}" for pair in found.pairs}
    width = max(len(name) for name in names)
    columns = [name.rsplit(".", 1)[1] for name in names]
    stdout.print(f"{'ms':{width}}" + "".join(f"{column:>7}" for column in columns), markup=False)
    for a in names:
        cells = ["." if a == b else told.get((a, b)) or told.get((b, a)) or "" for b in names]
        stdout.print(f"{a:{width}}" + "".join(f"{cell:>7}" for cell in cells), markup=False)
