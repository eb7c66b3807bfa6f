"""`ace preview`, `up`, `refresh` and `down`: from the spec to running countries and back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, CountriesArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.as_of import refuse_past, today
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from datetime import date

    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action
    from ace.fleet.stacks import StackJob
    from ace.workspace.selection import Selection
    from ace.workspace.workspace import Workspace

ParallelOption = Annotated[
    int | None,
    typer.Option("--parallel", metavar="N", min=1, help="Countries at once. Default: by cores and free memory."),
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", metavar="URN", help="Only this resource (repeatable).")
]
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
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show each step and the engine's own messages.")]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Continue even if more than a third of a country would be deleted or replaced.")
]
NoSkipOption = Annotated[
    bool, typer.Option("--no-skip", help="Run the stack programs even if nothing has changed since the last run.")
]
RefreshOption = Annotated[bool, typer.Option("--refresh", help="Refresh the state from the clouds first.")]


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
    from dataclasses import asdict

    from ace.cli import running
    from ace.cli.show import policy as show_policy
    from ace.cli.show import steps
    from ace.cli.show.output import answering, stdout
    from ace.engine.contract import RunOptions
    from ace.errors import ExitCode, worst
    from ace.fleet.report import Action
    from ace.fleet.run import Result
    from ace.policy import judge_spec
    from ace.workspace import policy_memory
    from ace.workspace.selection import refusals, select
    from ace.workspace.workspace import open_workspace

    with answering("preview", format_) as answer:
        place = open_workspace(spec, without_clouds=bool(countries))
        chosen = select(place, countries or (), engine, active_only=True, candidates=True, unseen=True)
        options = RunOptions(targets=tuple(target or ()))
        done = running.go(Action.PREVIEW, place, chosen, options, parallel=parallel, verbose=verbose)
        judgement = judge_spec(place.spec, as_of or today())
        refused = refusals(chosen, judgement)
        answer.abandons = done.abandoned
        answer.exit_code = worst([done.report.exit_code, ExitCode.REFUSED if refused else ExitCode.OK])
        policy = policy_memory.changes(place.root, judgement, [job.stack.name for job in chosen.jobs])
        answer.body["policy"] = show_policy.changes_as_json(policy)
        answer.body["refused"] = {name: {"code": e.code, "message": e.message} for name, e in sorted(refused.items())}
        without = chosen.without_clouds
        answer.body["countries"] = {
            name: {**asdict(country.counts), "steps": steps.as_json(country.steps)}
            | ({} if country.result.went_well else running.trouble(country))
            | ({"without_clouds": list(without[name])} if name in without else {})
            for name, country in sorted(done.countries.items())
        }
        if wrong := running.error(done.countries, "ace preview"):
            answer.body["error"] = wrong
        if format_ is Format.JSON:
            return
        for name, country in sorted(done.countries.items()):
            if country.result is Result.SUCCEEDED:
                running.print_steps(name, country)
        for name, country in running.taken_part(done.countries):
            stdout.print(f"{name}  {running.forecast(country)}", markup=False)
        running.tell_unseen(place, chosen)
        show_policy.show_changes(policy)
        running.tell_left_out(done.countries)
        running.tell_failures(done.countries, "ace preview")
        show_policy.show_refusals(refused)


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
    _act(Action.UP, countries, options, engine, parallel, report, verbose, spec, as_of, format_)


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
    _act(Action.REFRESH, countries, options, engine, parallel, report, verbose, spec, as_of, format_)


def down(
    countries: Annotated[list[str], typer.Argument(metavar="CC...", help="ISO alpha-2 codes, any case.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    unprotect: UnprotectOption = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    report: ReportOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Tear down everything that ACE created in these countries, and nothing else. It cannot be undone.

    What is protected (tenants' projects, their networks and data) is named and refused unless `--unprotect` is given.
    """
    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action

    options = RunOptions(unprotect=tuple(unprotect or ()))
    _act(Action.DOWN, countries, options, engine, parallel, report, verbose, spec, as_of, format_, sure=yes)


def _act(
    action: Action,
    countries: list[str] | None,
    options: RunOptions,
    engine: EngineName,
    parallel: int | None,
    report: Path | None,
    verbose: bool,
    spec: Path | None,
    as_of: date | None,
    format_: Format,
    *,
    sure: bool = True,
) -> None:
    """Run what changes clouds or states, and say how it went."""
    from ace.cli import running
    from ace.cli.show.output import answering
    from ace.fleet.report import Action
    from ace.policy import judge_spec
    from ace.workspace import policy_memory
    from ace.workspace.selection import hold_back, select
    from ace.workspace.workspace import open_workspace

    with answering(str(action), format_) as answer:
        refuse_past(as_of)
        running.check_report(report)
        place = open_workspace(spec)
        chosen = select(place, countries or (), engine, active_only=action is Action.UP)
        judgement = judge_spec(place.spec, as_of or today()) if action is Action.UP else None
        if judgement is not None:
            chosen = hold_back(chosen, judgement)
        if not sure:
            _confirm(place, chosen)
        done = running.go(action, place, chosen, options, parallel=parallel, verbose=verbose)
        answer.body |= done.report.as_json()
        if wrong := running.error(done.countries, f"ace {action}"):
            answer.body["error"] = wrong
        answer.abandons = done.abandoned
        answer.exit_code = done.report.exit_code
        if judgement is not None:
            well = [name for name, country in done.countries.items() if country.result.went_well]
            policy_memory.remember(place.root, judgement, well)
        if report is not None:
            running.write_report(done, report)
        if format_ is Format.TEXT:
            running.tell(done)
        running.tell_failures(done.countries, f"ace {action}")


def _confirm(place: Workspace, chosen: Selection[StackJob]) -> None:
    """Let the person type each country's code.

    Raises:
        UserError: There is nobody to ask, or the answer is another.
    """
    from ace.cli import running
    from ace.cli.show.output import stderr
    from ace.errors import UserError

    names = [job.stack.name for job in chosen.jobs]
    if not sys.stdin.isatty():
        raise UserError(
            f"this would tear down all that ACE made in {', '.join(names)}, and nobody is there to be asked",
            hint=f"if it is meant: `ace down {' '.join(names)} --yes`",
            code="not-confirmed",
        )
    running.say_clouds(place, chosen)
    for name in names:
        member = chosen.chosen[name].member
        stderr.print(f"This tears down all that ACE made in {member.name.en}. It cannot be undone.", markup=False)
        answer = typer.prompt(f"Type {name} to go on", default="", show_default=False, err=True)
        if answer.strip().lower() != name:
            raise UserError("not confirmed; nothing was changed", code="not-confirmed")
