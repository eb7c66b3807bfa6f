"""`ace up` and `refresh`, and what they and `down` have in common."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import (
    AsOfOption,
    CountriesArgument,
    EngineOption,
    Format,
    FormatOption,
    ParallelOption,
    SpecOption,
    TargetOption,
    VerboseOption,
)
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action
    from ace.operations.deploy import Deployment

UnprotectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--unprotect",
        metavar="URN",
        help="Allow this protected resource to be deleted (repeatable; `'*'`: all of them).",
    ),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", dir_okay=False, help="Also write the run report (JSON) here.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Continue even if more than a third of a country would be deleted or replaced.")
]
NoSkipOption = Annotated[
    bool, typer.Option("--no-skip", help="Run the stack programs even if nothing has changed since the last run.")
]
RefreshOption = Annotated[bool, typer.Option("--refresh", help="Refresh the state from the clouds first.")]


def up(
    countries: CountriesArgument = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    refresh: RefreshOption = False,
    target: TargetOption = None,
    unprotect: UnprotectOption = None,
    force: ForceOption = False,
    no_skip: NoSkipOption = False,
    report: ReportOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Deploy the countries: create, update and delete cloud resources until they match the spec.

    Countries are deployed in parallel; a failed country does not stop the others and is reported at the end. Ctrl-C
    finishes the requests in flight and saves the state. Look at the changes first: `ace preview`.
    """
    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action

    options = RunOptions(
        refresh=refresh, targets=tuple(target or ()), unprotect=tuple(unprotect or ()), force=force, no_skip=no_skip
    )
    act(Action.UP, countries, Run(options, engine, parallel, report, verbose, spec, as_of, format_))


def refresh(
    countries: CountriesArgument = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    target: TargetOption = None,
    report: ReportOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Refresh the state from the clouds: take over what was changed or deleted outside ACE. The clouds are not changed.

    `ace up` then corrects what differs from the spec. To look only: `ace drift`.
    """
    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action

    options = RunOptions(targets=tuple(target or ()))
    act(Action.REFRESH, countries, Run(options, engine, parallel, report, verbose, spec, as_of, format_))


@dataclass(frozen=True, slots=True)
class Run:
    """What the three commands have in common."""

    options: RunOptions
    engine: EngineName
    parallel: int | None
    report: Path | None
    verbose: bool
    spec: Path | None
    as_of: date | None
    format_: Format


def act(
    action: Action,
    countries: list[str] | None,
    run: Run,
    confirm: Callable[[Deployment], None] = lambda _prepared: None,
) -> None:
    """Run what changes clouds or states, and show how it went.

    Args:
        action: What is done.
        countries: Those named.
        run: The options.
        confirm: Asks the person; raises an error when the answer is no.
    """
    from ace.cli.show import deployment as show
    from ace.cli.show.output import answering, stderr
    from ace.cli.show.stack_line import StackLine
    from ace.cli.watched import watched
    from ace.operations.deploy import check_report_file, deploy, prepare
    from ace.workspace.workspace import open_workspace

    with answering(str(action), run.format_) as answer:
        refuse_past(run.as_of)
        check_report_file(run.report)
        workspace = open_workspace(run.spec)
        prepared = prepare(workspace, action, countries or (), engine=run.engine, options=run.options, as_of=run.as_of)
        confirm(prepared)
        show.print_start(prepared)
        with watched(prepared.countries, StackLine, verbose=run.verbose, insisting=True) as (sink, cancel):
            done = deploy(prepared, sink, cancel, parallel=run.parallel)
        if run.verbose:
            stderr.print(f"report: {done.report_file}", markup=False)
        answer.document, answer.failure = done.report.document, show.failure(done.countries, f"ace {action}")
        answer.abandons, answer.exit_code = done.abandoned, done.report.exit_code
        if run.report is not None:
            done.write_report(run.report)
        if run.format_ is Format.TEXT:
            show.print_results(done.countries)
        show.print_failures(done.countries, f"ace {action}")
