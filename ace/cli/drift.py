"""`ace drift`: what differs in the live clouds from what ACE made there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.deploy import ParallelOption, VerboseOption
from ace.cli.options import AsOfOption, CountriesArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.engine.contract import Step
    from ace.fleet.stacks import StackOutcome


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
    from ace.cli import running
    from ace.cli.show.output import answering, stdout
    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action
    from ace.workspace.selection import select
    from ace.workspace.workspace import open_workspace

    with answering("drift", format_) as answer:
        place = open_workspace(spec)
        chosen = select(place, countries or (), engine, active_only=False)
        done = running.go(Action.DRIFT, place, chosen, RunOptions(), parallel=parallel, verbose=verbose)
        answer.abandons = done.abandoned
        answer.exit_code = done.report.exit_code
        answer.body["countries"] = {name: _as_json(country) for name, country in sorted(done.countries.items())}
        if wrong := running.error(done.countries, "ace drift"):
            answer.body["error"] = wrong
        if format_ is Format.TEXT:
            for name, country in sorted(done.countries.items()):
                running.print_steps(name, country)
            for name, country in running.taken_part(done.countries):
                stdout.print(f"{name}  {_sentence(country)}", markup=False)
            running.tell_left_out(done.countries)
        running.tell_failures(done.countries, "ace drift")


def _as_json(country: StackOutcome) -> dict[str, Any]:
    from ace.cli import running
    from ace.cli.show import steps
    from ace.engine.contract import Op

    def told(found: Sequence[Step]) -> list[dict[str, Any]]:
        return [{key: value for key, value in step.items() if key != "op"} for step in steps.as_json(found)]

    missing = [step for step in country.steps if step.op is Op.DELETE]
    changed = [step for step in country.steps if step.op is not Op.DELETE]
    well = country.result.went_well
    return {"changed": told(changed), "missing": told(missing), "unmanaged": []} | (
        {} if well else running.trouble(country)
    )


def _sentence(country: StackOutcome) -> str:
    from ace.cli import running
    from ace.fleet.run import Result

    counts = country.counts
    if country.result is Result.UNCHANGED:
        return "no drift"
    if country.result is Result.SUCCEEDED:
        return f"{counts.update + counts.replace} changed, {counts.delete} missing"
    return running.forecast(country)
