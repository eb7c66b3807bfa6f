"""`ace interconnect check | drain | undrain`: the running region."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.engines import EngineName

WATCH_S = 10.0

HostArgument = Annotated[str, typer.Argument(metavar="GW", help="A gateway or hub, as in the plan: gw1.tunis-1.tn")]


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
    from ace.cli.show import interconnect_check as show
    from ace.cli.show.output import answering, stderr
    from ace.errors import ExitCode
    from ace.operations.interconnect_check import check_interconnect
    from ace.operations.interconnect_plan import map_of, write_map
    from ace.workspace.workspace import open_workspace

    while True:
        with answering("interconnect-check", format_) as answer:
            workspace = open_workspace(spec)
            stderr.print(f"clouds: {workspace.clouds}", markup=False)
            checked = check_interconnect(workspace, within_s=within, engine=engine, as_of=as_of)
            answer.document = show.check_document(checked.found)
            if map_ is not None:
                write_map(map_of(workspace.spec, checked.plan, checked.found.states), map_.absolute())
            if format_ is Format.TEXT:
                show.print_check(checked.found)
            if not checked.found.ok and not watch:
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
    from ace.cli.show.interconnect_check import DrainDocument
    from ace.cli.show.output import answering, stdout
    from ace.operations.interconnect_drain import drain as run
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-drain", format_) as answer:
        done = run(open_workspace(spec), host, engine=engine, as_of=as_of)
        answer.document = DrainDocument(done.host)
        if format_ is Format.TEXT:
            stdout.print(f"{done.host} is drained; back with `ace interconnect undrain {done.host}`", markup=False)


def undrain(
    host: HostArgument,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Put a drained gateway or hub back into use."""
    from ace.cli.show.interconnect_check import UndrainDocument
    from ace.cli.show.output import answering, stdout
    from ace.operations.interconnect_drain import undrain as run
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-undrain", format_) as answer:
        done = run(open_workspace(spec), host, engine=engine, as_of=as_of)
        answer.document = UndrainDocument(done.host)
        if format_ is Format.TEXT:
            stdout.print(f"{done.host} is in use again", markup=False)
