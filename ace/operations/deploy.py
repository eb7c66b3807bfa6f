"""Deploy countries: preview, up, refresh, down. `prepare` changes nothing; `deploy` acts on exactly what was prepared."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ace.engine.contract import RunOptions
from ace.errors import RefusedError, UserError
from ace.fleet.report import Action, RunReport
from ace.fleet.stacks import FleetEvent, FleetRun, StackJob, StackOutcome, default_parallel, run_stacks
from ace.policy import judge_spec
from ace.policy.values import Judgement
from ace.workspace import policy_memory
from ace.workspace.as_of import refuse_past, today
from ace.workspace.engines import EngineName
from ace.workspace.policy_memory import FindingChanges
from ace.workspace.reachable import unreachable
from ace.workspace.selection import Chosen, Selection, hold_back, one, refusals, select
from ace.workspace.workspace import Workspace, make_private

Sink = Callable[[FleetEvent], None]
ALL: RunOptions = RunOptions()


@dataclass(frozen=True, slots=True)
class CloudInUse:
    """A cloud of a country, as the clouds file has it."""

    country: str
    cloud: str
    auth_url: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is about to be done, and where."""

    workspace: Workspace
    action: Action
    selection: Selection[StackJob]
    options: RunOptions = ALL
    judgement: Judgement | None = None
    """What the rules find; None: the action does not ask them."""

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries that run."""
        return tuple(self.selection.chosen)

    @property
    def clouds(self) -> tuple[CloudInUse, ...]:
        """The clouds of the countries that run."""
        file = self.workspace.clouds
        return tuple(
            CloudInUse(country, centre.cloud.cloud, file.auth_url(centre.cloud.cloud))
            for country in self.countries
            for centre in self.selection.chosen[country].member.data_centres
        )


@dataclass(frozen=True, slots=True)
class DeployResult:
    """What came of it, by country; of a preview also what the rules find."""

    report: RunReport
    countries: Mapping[str, StackOutcome]
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""
    report_file: Path | None = None
    """Where the run report is kept; None: the action changes nothing, so none is."""
    refused: Mapping[str, RefusedError] = field(default_factory=dict)
    """Of a preview: the countries that an `up` would refuse, and why."""
    findings: Mapping[str, FindingChanges] = field(default_factory=dict)
    """Of a preview: the findings of rules that the spec causes and cures."""

    def write_report(self, file: Path) -> None:
        """Write the run report to another file as well.

        Raises:
            UserError: It cannot be written.
        """
        try:
            self.report.write(file)
        except OSError as error:
            raise UserError(
                f"the run is complete, but its report cannot be written to {file}: {error.strerror}",
                hint="the same report is in ROOT/.ace/runs",
                code="no-report",
            ) from None


def prepare(
    workspace: Workspace,
    action: Action,
    named: Sequence[str] = (),
    *,
    engine: EngineName = EngineName.AUTO,
    options: RunOptions = ALL,
    as_of: date | None = None,
) -> Deployment:
    """Select the countries, and evaluate the rules where the action asks them. Nothing is changed.

    Args:
        workspace: The ROOT.
        action: What is to be done.
        named: Codes in any case; none: every active member.
        engine: As asked for.
        options: How.
        as_of: The day by which rules are evaluated; None: today.

    Raises:
        UserError: A name is no member's, or no country can be run at all.
        RefusedError: The rules refuse every country, or the date is before today and the action acts.
    """
    if action.acts:
        refuse_past(as_of)
    is_preview = action is Action.PREVIEW
    asks_rules = is_preview or action is Action.UP
    selection = select(
        workspace, named, engine, active_only=asks_rules, candidates=is_preview, plan_without_clouds=is_preview
    )
    judgement = judge_spec(workspace.spec, as_of or today()) if asks_rules else None
    if judgement is not None and not is_preview:
        selection = hold_back(selection, judgement)
    return Deployment(workspace, action, selection, options, judgement)


def prepare_one(
    workspace: Workspace,
    action: Action,
    country: str,
    *,
    engine: EngineName = EngineName.AUTO,
    options: RunOptions = ALL,
) -> Deployment:
    """Select one country, whatever its status; the rules are not asked.

    Raises:
        UserError: It is no member, or cannot be run.
    """
    member = workspace.spec.member(country)
    chosen = Chosen(member, one(workspace, country, engine))
    return Deployment(workspace, action, Selection({member.stack: chosen}), options)


def deploy(
    deployment: Deployment,
    sink: Sink = lambda _event: None,
    cancel: threading.Event | None = None,
    *,
    parallel: int | None = None,
) -> DeployResult:
    """Act on what was prepared; the record of a run that acts is kept in ROOT/.ace/runs.

    One country's failure does not stop the others. Countries that take no part are in the result as well.

    Args:
        deployment: What `prepare` gave.
        sink: Takes the events, from many threads.
        cancel: Set by whoever needs it to stop: what is in flight is finished and saved.
        parallel: Countries at once; None: by cores and free memory.

    Raises:
        UserError: ROOT/.ace cannot be written.
    """
    workspace, action = deployment.workspace, deployment.action
    done = run_deployment(deployment, sink, cancel, parallel=parallel)
    countries = done.countries
    if action is Action.PREVIEW and deployment.judgement is not None:
        judgement = deployment.judgement
        return DeployResult(
            done.report,
            countries,
            done.abandoned,
            refused=refusals(deployment.selection, judgement),
            findings=policy_memory.changes(workspace.root, judgement, deployment.countries),
        )
    file = done.report.write_into(workspace.layout.runs) if action.acts else None
    if deployment.judgement is not None:
        well = [name for name, country in countries.items() if country.result.went_well]
        policy_memory.remember(workspace.root, deployment.judgement, well)
    return DeployResult(done.report, countries, done.abandoned, file)


def run_deployment(
    deployment: Deployment, sink: Sink, cancel: threading.Event | None, *, parallel: int | None = None
) -> FleetRun:
    """Run the action on the selected stacks, and keep no record of it.

    Raises:
        UserError: ROOT/.ace cannot be written.
    """
    workspace, selection = deployment.workspace, deployment.selection
    make_private(workspace.root)
    return run_stacks(
        deployment.action,
        selection.jobs,
        deployment.options,
        sink,
        cancel or threading.Event(),
        parallel=parallel or default_parallel(len(selection.jobs)),
        not_run=selection.not_run,
        diagnose=lambda stack, known: unreachable(workspace, selection.chosen[stack.name].member, known),
    )


def check_report_file(file: Path | None) -> None:
    """Make sure that a report can be written to a file, before anything is done.

    Raises:
        UserError: Its folder does not exist.
    """
    if file is not None and not file.absolute().parent.is_dir():
        raise UserError(f"--report {file}: there is no folder {file.absolute().parent}", code="no-report")
