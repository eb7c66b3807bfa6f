"""Run a playbook on countries' hosts: what configure, verify and the interconnect have in common."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ace import documents
from ace.errors import ExitCode, UserError
from ace.files import put, timestamp, timestamp_in_name
from ace.fleet.report import new_id
from ace.fleet.run import Result, exit_code_of
from ace.services import ansible, country_run, public_facts, run_folders
from ace.services.country_run import HostsOutcome, HostsSink, Target, Work
from ace.services.region import Surroundings
from ace.services.results import Change, HostCounts, ServiceCheck
from ace.workspace.hosts import Hosts, around, write_ssh_config
from ace.workspace.root import checkout
from ace.workspace.selection import Selection
from ace.workspace.workspace import Workspace, make_private


@dataclass(frozen=True, slots=True)
class PlaybookPlan:
    """A playbook that is about to run, and where."""

    workspace: Workspace
    action: str
    """`configure`, `verify`, ...: names the run."""
    selection: Selection[Hosts]
    work: Work
    once_more: Work | None = None
    """The part that a country runs again if more is known of the others at the end than its hosts were given; nothing else
    of what they are given may depend on that."""
    spares_cores: bool = True
    """Whether a lab's cores are needed for its hosts; else these are mostly waited for."""

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries that run."""
        return tuple(self.selection.chosen)

    @property
    def kept_variables(self) -> tuple[Path, ...]:
        """Files of countries' own variables that are not sent to their workers, which have their own."""
        return tuple(
            file
            for hosts in self.selection.jobs
            if hosts.worker
            for file in own_variables(self.work.group_vars, hosts.member.stack)
        )


@dataclass(frozen=True, slots=True)
class PlaybookResult:
    """What came of a run, by country."""

    countries: Mapping[str, HostsOutcome]
    exit_code: ExitCode
    """As the run report has it."""
    folder: Path
    """The run's artefacts; its report is beside it, with the suffix `.json`."""
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""


def run_plan(
    plan: PlaybookPlan,
    sink: HostsSink = lambda _event: None,
    cancel: threading.Event | None = None,
    *,
    parallel: int | None = None,
) -> PlaybookResult:
    """Run it in every country, and write the report into ROOT/.ace/runs.

    Args:
        plan: What runs, and where.
        sink: Takes the events, from many threads.
        cancel: Set by whoever needs it to stop: Ansible is stopped where it runs, and no other country begins.
        parallel: Countries at once; None: by cores.

    Raises:
        UserError: ROOT/.ace cannot be written.
    """
    workspace, cancel = plan.workspace, cancel or threading.Event()
    make_private(workspace.root)
    began = datetime.now(UTC)
    folder = workspace.layout.runs / f"{timestamp_in_name(began)}-{plan.action}-{new_id()}"
    for hosts in plan.selection.jobs:
        write_ssh_config(workspace, hosts)
    given: dict[str, Surroundings] = {}
    targets = [_target(workspace, hosts, given) for hosts in plan.selection.jobs]
    is_shared = workspace.clouds.is_lab and plan.spares_cores
    width = parallel or country_run.default_parallel(len(targets), share_cores=is_shared)
    ran = country_run.run_on_hosts(
        plan.work, targets, folder, sink, cancel, parallel=width, not_run=plan.selection.not_run
    )
    countries, abandoned = dict(ran.countries), ran.abandoned
    if not plan.work.check:
        _keep_facts(workspace, targets, countries)
    behind = [
        target
        for target, hosts in zip(targets, plan.selection.jobs, strict=True)
        if countries[target.country].result.went_well and given[target.country] != around(workspace, hosts.member)
    ]
    if plan.once_more is not None and behind and not cancel.is_set():
        before = {target.country: countries[target.country].inputs for target in behind}
        again = country_run.run_on_hosts(
            replace(plan.once_more, before=before),
            behind,
            folder.with_name(f"{folder.name}-again"),
            sink,
            cancel,
            parallel=width,
        )
        abandoned |= again.abandoned
        countries |= {name: country_run.joined(countries[name], more) for name, more in again.countries.items()}
    result = PlaybookResult(countries, exit_code_of(countries, cancel), folder, abandoned)
    _write_report(result, plan.action, began)
    run_folders.prune(workspace.layout.runs)
    return result


def failure(countries: Mapping[str, HostsOutcome], retry: str) -> UserError | None:
    """What went wrong in a run, as one error; None when all went well.

    Args:
        countries: What came of it in each.
        retry: The command that continues, without its countries.
    """
    bad = {name: one for name, one in sorted(countries.items()) if one.result in (Result.FAILED, Result.EARLY_EXIT)}
    if not bad:
        return None
    first = next(iter(bad.values()))
    message = "; ".join(f"{name}: {outcome.cause.splitlines()[0]}" for name, outcome in bad.items())
    return UserError(message, hint=first.hint or f"`{retry} {' '.join(bad)}`", code=first.reason)


def group_vars(workspace: Workspace) -> Path:
    """Where countries set variables of their own: beside ROOT's inventories, else the program's."""
    own = workspace.root / "inventories" / "group_vars"
    return own if own.is_dir() else checkout() / "inventories" / "group_vars"


def own_variables(folder: Path | None, country: str) -> list[Path]:
    """The files in which a country's variables are kept here."""
    if folder is None:
        return []
    name = f"country_{country}"
    return [path for path in (folder / name, folder / f"{name}.yml", folder / f"{name}.yaml") if path.exists()]


def known_service(workspace: Workspace, named: str) -> str:
    """The role of that name.

    Raises:
        UserError: There is none; names those that there are.
    """
    roles = {path.name for path in (checkout() / "playbooks" / "roles").glob("*") if path.is_dir()}
    known = sorted(roles & {"base", "gateway", *workspace.spec.region.shared_services})
    if named not in known:
        raise UserError(
            f"{named[:40]!r} is no service that can be configured; there are: {', '.join(known) or 'none'}",
            hint="name one of them, or leave --service out",
            code="no-such-service",
        )
    return named


def require_real_hosts(workspace: Workspace) -> None:
    """A lab without root has servers in which nothing runs.

    Raises:
        UserError: This is one, or it is down.
    """
    from ace.lab import Lab, underlay

    if not workspace.clouds.is_lab or underlay(workspace.root) is not None:
        return
    if (Lab(workspace.root).folder / "ssh" / "config").exists():
        raise UserError("this lab's hosts are down", hint="start them: `ace lab up`", code="lab-down")
    raise UserError(
        "the servers of this lab are fake: nothing runs in them that could be configured",
        hint="real ones need root on Debian: `ace lab up --hosts` lists what is missing (docs/lab.md)",
        code="fake-hosts",
    )


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """What failed on a host, in which task, and why."""

    host: str
    task: str
    message: str
    unreachable: bool


@dataclass(frozen=True, slots=True)
class HostsDocument:
    """A country's hosts after a playbook."""

    result: Result
    hosts: Mapping[str, HostCounts]
    """How many tasks ended how, by host."""
    reason: str | None = None
    """Why it did not go well, a stable word; so too the next two."""
    cause: str | None = None
    hint: str | None = None
    changes: tuple[Change, ...] | None = None
    """Absent where the playbook was not begun; so too the next two."""
    failures: tuple[TaskFailure, ...] | None = None
    seconds: float | None = None
    checks: tuple[ServiceCheck, ...] | None = None
    """Of `ace verify` only."""


@dataclass(frozen=True, slots=True)
class PlaybookDocument:
    """What became of the hosts, by country."""

    countries: Mapping[str, HostsDocument]


@dataclass(frozen=True, slots=True)
class _RunDocument:
    """The report of a run, as it is kept."""

    started: str
    ended: str
    exit_code: int
    countries: Mapping[str, HostsDocument]


def hosts_document(outcome: HostsOutcome) -> HostsDocument:
    """A country in run reports and in commands' JSON."""
    ran = outcome.run
    document = HostsDocument(outcome.result, ran.hosts if ran is not None else {})
    if outcome.reason:
        document = replace(document, reason=outcome.reason, cause=outcome.cause, hint=outcome.hint)
    if ran is None:
        return document
    return replace(
        document,
        changes=tuple(ran.changes),
        failures=tuple(TaskFailure(one.host, one.task, one.message, one.unreachable) for one in ran.troubles),
        seconds=round(outcome.seconds, 1),
    )


def playbook_document(countries: Mapping[str, HostsOutcome], *, checks: bool = False) -> PlaybookDocument:
    """All countries in a command's JSON; with the checks of `ace verify` if asked."""
    every = {name: hosts_document(one) for name, one in sorted(countries.items())}
    if checks:
        asked = {name: one.run.checks if one.run is not None else () for name, one in countries.items()}
        every = {name: replace(one, checks=tuple(asked[name])) for name, one in every.items()}
    return PlaybookDocument(every)


def _target(workspace: Workspace, hosts: Hosts, given: dict[str, Surroundings]) -> Target:
    """A country as `ace.services.country_run` takes it; `given` remembers which facts of the region its hosts get."""

    def variables() -> dict[str, Any]:
        given[hosts.member.stack] = known = around(workspace, hosts.member)
        return ansible.static(hosts.inventory, hosts.member, known, hosts.ssh.config)

    return Target(hosts.inventory, variables, hosts.ssh, workspace.clouds.path, hosts.worker)


def _keep_facts(workspace: Workspace, targets: Sequence[Target], countries: Mapping[str, HostsOutcome]) -> None:
    for target in targets:
        ran = countries[target.country].run
        if ran is not None and ran.public_facts:
            hosts = {host.name for host in target.inventory.hosts}
            public_facts.keep(workspace.root, target.country, ran.public_facts, hosts)


def _write_report(result: PlaybookResult, action: str, began: datetime) -> None:
    document = _RunDocument(
        timestamp(began),
        timestamp(datetime.now(UTC)),
        int(result.exit_code),
        {name: hosts_document(outcome) for name, outcome in sorted(result.countries.items())},
    )
    put(result.folder.with_name(f"{result.folder.name}.json"), documents.text(f"ace/{action}/v1", document))
