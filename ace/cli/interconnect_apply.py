"""`ace interconnect apply`: gateways and hubs take the plan."""

from __future__ import annotations

from functools import partial
from typing import Annotated

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
from ace.workspace.engines import EngineName


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
    from ace.cli.show import interconnect as show
    from ace.cli.show.output import answering
    from ace.cli.watched import run_playbook
    from ace.operations import interconnect_apply
    from ace.workspace.workspace import open_workspace

    with answering("interconnect-apply", format_) as answer:

        def ended(turn: interconnect_apply.TurnResult) -> None:
            answer.document = show.with_turn(answer.document, turn)
            answer.failure = show.turn_failure(turn) or answer.failure
            show.print_turn(turn, changes=check_only, quiet=format_ is Format.JSON)

        workspace = open_workspace(spec)
        proven = interconnect_apply.prove_plan(workspace, as_of=as_of, acts=not check_only)
        answer.document = show.ApplyDocument(tuple(proven.plan.left_out))
        turns = interconnect_apply.turns_of(
            workspace, proven, countries or (), hubs_only=hubs, check=check_only, engine=engine
        )
        done = interconnect_apply.apply(turns, partial(run_playbook, parallel=parallel, verbose=verbose), ended)
        answer.abandons, answer.exit_code = done.abandoned, done.exit_code
        if format_ is Format.TEXT:
            show.print_left_out(proven.plan, {country.lower() for country in countries or ()}, hubs=hubs)
