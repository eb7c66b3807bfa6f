"""`ace interconnect`: the region's tunnels and routes, planned, rendered, proven, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli import interconnect_live
from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.layout import Layout
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from datetime import date

    from ace.interconnect.prove import ProofResult
    from ace.interconnect.values import Plan

app = typer.Typer(
    no_args_is_help=True,
    help="The tunnels and routes between countries: planned from the one spec, proven offline, applied by each country.",
)
"""Where files are rendered to, below ROOT, unless told otherwise."""


@app.command("plan")
def plan(
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the planned links and their addresses, and what is left out and why. Nothing is changed.

    Hosts whose key is not published yet are planned with a placeholder; what is refused, expired or suspended is left out.
    """
    from ace.cli.show.output import answering

    with answering("interconnect-plan", format_) as answer:
        _, planned = _planned(spec, as_of)
        answer.body.update(plan_json(planned))
        if format_ is Format.TEXT:
            _tell_plan(planned)


@app.command("render")
def render(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where to. Default: .ace/interconnect in ROOT.")
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write the files of every gateway and hub: `<cc>/<gateway>/frr.conf`, `nftables.conf`, `wg-*.conf`.

    Files of hosts that are no longer in the plan are removed; nothing else in the folder is touched. Same spec, same bytes.
    """
    from ace.cli.show.output import answering, stdout
    from ace.interconnect.files import write
    from ace.interconnect.render import render as render_files

    with answering("interconnect-render", format_) as answer:
        root, planned = _planned(spec, as_of)
        folder = (out or Layout(root).interconnect).absolute()
        files = render_files(planned)
        written = write(folder, files)
        answer.body["out"] = str(folder)
        answer.body["files"] = sorted(files)
        answer.body["changed"] = list(written.changed)
        answer.body["removed"] = list(written.removed)
        if format_ is Format.TEXT:
            stdout.print(
                f"{len(files)} files of {len(planned.nodes)} hosts in {folder}: {len(written.changed)} written, "
                f"{len(written.removed)} removed, {len(files) - len(written.changed)} as they were.",
                markup=False,
            )
            for path in (*written.changed, *(f"{path} (removed)" for path in written.removed)):
                stdout.print(f"  {path}", markup=False)
            interconnect_live.tell_left_out(planned)


@app.command("prove")
def prove(
    folder: Annotated[
        Path | None, typer.Option("--dir", metavar="DIR", help="Rendered files. Default: those of the spec, made now.")
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Prove offline, from the rendered files alone, that the interconnect is correct: paths, failures, policies, residency.

    The files are parsed, so the proof covers what the daemons will read. Results: PASS, FAIL (with file and line), ABORT
    (could not be carried out) or SKIP (the named tool or key is missing). Exit code 1: FAIL or ABORT.
    """
    from ace.cli.show.output import answering
    from ace.errors import ExitCode
    from ace.interconnect.prove import prove as prove_region
    from ace.interconnect.prove import read_dir, read_region
    from ace.interconnect.render import render as render_files
    from ace.verdict import Verdict

    with answering("interconnect-prove", format_) as answer:
        region = read_dir(folder) if folder else read_region(render_files(_planned(spec, as_of)[1]))
        results = prove_region(region)
        answer.body["proofs"] = [
            {
                "name": result.name,
                "verdict": result.verdict.value,
                "evidence": result.evidence,
                "flaws": [{"file": flaw.file, "line": flaw.line, "message": flaw.message} for flaw in result.flaws],
            }
            for result in results
        ]
        if any(result.verdict in (Verdict.FAIL, Verdict.ABORT) for result in results):
            answer.exit_code = ExitCode.FAILED
        if format_ is Format.TEXT:
            _tell_proofs(results)


@app.command("map")
def map_(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to. Default: standard output.")
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Draw the region as SVG: countries, hubs and links where they are, light or dark as the reader likes."""
    from ace.cli.show.output import answering, stdout
    from ace.errors import UserError
    from ace.files import PUBLIC, put
    from ace.interconnect.map import draw
    from ace.spec import load

    with answering("interconnect-map", format_) as answer:
        root, planned = _planned(spec, as_of)
        picture = draw(load(find_spec_dir(spec)), plan=planned)
        if out is None and format_ is Format.TEXT:
            typer.echo(picture, nl=False)
            return
        file = (out or Layout(root).interconnect / "map.svg").absolute()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            put(file, picture, PUBLIC)
        except OSError as error:
            raise UserError(f"{file}: {error.strerror}", hint="name another --out FILE", code="no-file") from None
        answer.body["out"] = str(file)
        answer.body["links"] = len(planned.links)
        if format_ is Format.TEXT:
            stdout.print(f"{file}: {len(planned.nodes)} hosts, {len(planned.links)} links", markup=False)


app.command("apply")(interconnect_live.apply)
app.command("check")(interconnect_live.check)
app.command("drain")(interconnect_live.drain)
app.command("undrain")(interconnect_live.undrain)


def plan_json(planned: Plan) -> dict[str, object]:
    """A plan in the command's JSON."""
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
            for node in planned.nodes
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
            for link in planned.links
        ],
        "left_out": [{"subject": item.subject, "reason": item.reason, "code": item.code} for item in planned.left_out],
    }


def _planned(spec: Path | None, as_of: date | None) -> tuple[Path, Plan]:
    """ROOT and the plan of its spec and publications; rules are judged as of that date."""
    from ace.operations.region import plan_of
    from ace.spec import load

    directory = find_spec_dir(spec)
    return directory.parent, plan_of(directory.parent, load(directory), as_of)


def _tell_plan(planned: Plan) -> None:
    from ace.cli.show.output import stdout

    width = max((len(node.host) for node in planned.nodes), default=0)
    for link in planned.links:
        known = "" if link.verified else "  no key yet"
        stdout.print(
            f"{link.kind.value:9}{link.a.host:{width}}  {link.b.host:{width}}  AS{link.a.asn} AS{link.b.asn}  "
            f"{link.net6}{known}",
            markup=False,
        )
    hubs = sum(node.kind.value == "hub" for node in planned.nodes)
    stdout.print(f"{len(planned.nodes) - hubs} gateways, {hubs} hubs, {len(planned.links)} links.", markup=False)
    interconnect_live.tell_left_out(planned)


def _tell_proofs(results: tuple[ProofResult, ...]) -> None:
    from ace.cli.show.output import stdout

    styles = {"PASS": "green", "SKIP": "yellow"}
    for result in results:
        stdout.print(f"[{styles.get(result.verdict.value, 'bold red')}]{result.verdict.value:5}[/]  ", end="")
        stdout.print(f"{result.name:22}{result.evidence if not result.flaws else ''}".rstrip(), markup=False)
        for flaw in result.flaws[:20]:
            stdout.print(f"         {flaw}", markup=False)
        if len(result.flaws) > 20:
            stdout.print(f"         ... and {len(result.flaws) - 20} more", markup=False)
