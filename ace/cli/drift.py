"""`ace drift`: what differs in the live clouds from what ACE made there."""

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
    VerboseOption,
)
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from ace.operations.drift import DriftResult, StackDrift


def drift(
    countries: CountriesArgument = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; clouds are compared as they are now
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compare the live clouds with the state: what was changed and what is missing. Nothing is changed.

    Exit code 0: no drift. 2: drift. 1: it could not be determined. Objects in the clouds that ACE does not manage
    (`unmanaged`) are not searched for yet; the list is always empty.
    """
    from ace.cli.show import deployment as show
    from ace.cli.show.output import answering
    from ace.cli.show.stack_line import StackLine
    from ace.cli.watched import watched
    from ace.operations.drift import drift as run
    from ace.operations.drift import prepare
    from ace.workspace.workspace import open_workspace

    with answering("drift", format_) as answer:
        prepared = prepare(open_workspace(spec), countries or (), engine=engine)
        show.print_start(prepared)
        with watched(prepared.countries, StackLine, verbose=verbose, insisting=True) as (sink, cancel):
            done = run(prepared, sink, cancel, parallel=parallel)
        answer.abandons, answer.exit_code = done.abandoned, done.report.exit_code
        answer.document = show.drift_document(done.countries)
        answer.failure = show.failure(done.outcomes, "ace drift")
        if format_ is Format.TEXT:
            _print(done)
        show.print_failures(done.outcomes, "ace drift")


def _print(done: DriftResult) -> None:
    from ace.cli.show import deployment as show
    from ace.cli.show.output import stdout

    for name, outcome in sorted(done.outcomes.items()):
        show.print_steps(name, outcome)
    for name in show.taken_part(done.outcomes):
        stdout.print(f"{name}  {_sentence(done.countries[name])}", markup=False)
    show.print_excluded(done.outcomes)


def _sentence(country: StackDrift) -> str:
    from ace.cli.show import deployment as show
    from ace.fleet.run import Result

    counts = country.outcome.counts
    if country.outcome.result is Result.UNCHANGED:
        return "no drift"
    if country.outcome.result is Result.SUCCEEDED:
        return f"{counts.update + counts.replace} changed, {counts.delete} missing"
    return show.forecast(country.outcome)
