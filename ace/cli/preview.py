"""`ace preview`: what `ace up` would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from ace.operations.deploy import Deployment, DeployResult


def preview(
    countries: CountriesArgument = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    target: TargetOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show what `ace up` would do for each country, and what the policies would refuse. Nothing is changed.

    A new country that is named is shown even before its clouds are in clouds.yaml.

    Exit code 0: no differences. 2: differences. 3: `ace up` would refuse a country. 1: it could not be determined.
    """
    from ace.cli.show import deployment as show
    from ace.cli.show.output import answering
    from ace.cli.show.stack_line import StackLine
    from ace.cli.watched import watched
    from ace.engine.contract import RunOptions
    from ace.errors import ExitCode, worst
    from ace.fleet.report import Action
    from ace.operations.deploy import deploy, prepare
    from ace.workspace.workspace import open_workspace

    with answering("preview", format_) as answer:
        workspace = open_workspace(spec, without_clouds=bool(countries))
        options = RunOptions(targets=tuple(target or ()))
        prepared = prepare(workspace, Action.PREVIEW, countries or (), engine=engine, options=options, as_of=as_of)
        show.print_start(prepared)
        with watched(prepared.countries, StackLine, verbose=verbose, insisting=True) as (sink, cancel):
            done = deploy(prepared, sink, cancel, parallel=parallel)
        answer.abandons = done.abandoned
        answer.exit_code = worst([done.report.exit_code, ExitCode.REFUSED if done.refused else ExitCode.OK])
        answer.document = show.preview_document(prepared, done)
        answer.failure = show.failure(done.countries, "ace preview")
        if format_ is Format.TEXT:
            _print(prepared, done)


def _print(prepared: Deployment, done: DeployResult) -> None:
    from ace.cli.show import deployment as show
    from ace.cli.show import policy
    from ace.fleet.run import Result

    for name, country in sorted(done.countries.items()):
        if country.result is Result.SUCCEEDED:
            show.print_steps(name, country)
    show.print_forecasts(prepared, done.countries)
    policy.show_changes(done.findings)
    show.print_excluded(done.countries)
    show.print_failures(done.countries, "ace preview")
    policy.show_refusals(done.refused)
