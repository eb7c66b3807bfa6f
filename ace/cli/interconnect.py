"""`ace interconnect`: the region's tunnels and routes, planned, rendered, proven, drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ace.cli import interconnect_apply, interconnect_check
from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

app = typer.Typer(
    no_args_is_help=True,
    help="The tunnels and routes between countries: planned from the one spec, proven offline, applied by each country.",
)


@app.command("plan")
def plan(
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the planned links and their addresses, and what is left out and why. Nothing is changed.

    Hosts whose key is not published yet are planned with a placeholder; what is refused, expired or suspended is left out.
    """
    from ace.cli.show import interconnect as show
    from ace.cli.show.output import answering
    from ace.operations.interconnect_plan import plan_region

    with answering("interconnect-plan", format_) as answer:
        planned = plan_region(find_spec_dir(spec), as_of)
        answer.document = show.plan_document(planned)
        if format_ is Format.TEXT:
            show.print_plan(planned)


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
    from ace.cli.show import interconnect as show
    from ace.cli.show.output import answering
    from ace.operations.interconnect_plan import render_region

    with answering("interconnect-render", format_) as answer:
        done = render_region(find_spec_dir(spec), out=out, as_of=as_of)
        answer.document = show.render_document(done)
        if format_ is Format.TEXT:
            show.print_rendered(done)


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
    from ace.cli.show import interconnect as show
    from ace.cli.show.output import answering
    from ace.errors import ExitCode
    from ace.operations.interconnect_plan import prove_files, prove_region

    with answering("interconnect-prove", format_) as answer:
        proof = prove_files(folder) if folder else prove_region(find_spec_dir(spec), as_of)
        answer.document = show.ProofsDocument(tuple(proof.results))
        answer.exit_code = ExitCode.FAILED if proof.failed else ExitCode.OK
        if format_ is Format.TEXT:
            show.print_proofs(proof)


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
    from ace.cli.show.interconnect import MapDocument
    from ace.cli.show.output import answering, stdout
    from ace.layout import Layout
    from ace.operations.interconnect_plan import draw_region, write_map

    with answering("interconnect-map", format_) as answer:
        spec_dir = find_spec_dir(spec)
        drawn = draw_region(spec_dir, as_of)
        if out is None and format_ is Format.TEXT:
            typer.echo(drawn.picture, nl=False)
            return
        file = (out or Layout(spec_dir.parent).interconnect / "map.svg").absolute()
        write_map(drawn, file)
        answer.document = MapDocument(file, drawn.links)
        if format_ is Format.TEXT:
            stdout.print(f"{file}: {drawn.hosts} hosts, {drawn.links} links", markup=False)


app.command("apply")(interconnect_apply.apply)
app.command("check")(interconnect_check.check)
app.command("drain")(interconnect_check.drain)
app.command("undrain")(interconnect_check.undrain)
