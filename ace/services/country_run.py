"""Run a playbook on the hosts of many countries, each in a run of its own (`ace.fleet.run.run_each` is the runner).

Countries share nothing: each run has one country's inventory, pins and connections.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ace.errors import ExitCode, InterruptedByUser, UserError
from ace.fleet.run import (
    INTERRUPTED,
    Act,
    CountryEnded,
    CountryOutcome,
    CountryStarted,
    Excluded,
    Ran,
    Result,
    run_each,
)
from ace.services import consoles, remote, run_folders, ssh
from ace.services.inputs import Digester, Digests
from ace.services.inventory import Inventory
from ace.services.results import Ending, HostCounts, RunEvent, RunResult, Trouble
from ace.services.run import RunRequest, run_playbook
from ace.services.ssh import SshPlaces
from ace.services.troubles import behind_refused, hint_of


@dataclass(frozen=True)
class Target:
    """A country, and all that it takes to reach its hosts."""

    inventory: Inventory
    variables: Callable[[], Mapping[str, Any]]
    """Gives the inventory as Ansible reads it, when the country's turn has come (`ace.services.ansible.static`)."""
    ssh: SshPlaces
    clouds_file: Path
    worker: tuple[str, ...] = ()
    """The command of the worker that has the keys of its hosts; none: they are here."""

    @property
    def country(self) -> str:
        """Its code in lower case."""
        return self.inventory.country


@dataclass(frozen=True)
class Work:
    """What to run everywhere."""

    playbook: Path
    check: bool = False
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    group_vars: Path | None = None
    roles: frozenset[str] | None = None
    """Only hosts of these roles; None: all."""
    service: str | None = None
    """Only hosts that run this service; None: all."""
    inputs: Digester | None = None
    """Gives the digest by which hosts already converged by an identical run are left alone; None: every task runs."""
    before: Mapping[str, Digests] = field(default_factory=dict)
    """By country: the digests of the whole run that this one, of a part, comes right after and adds to. That run has just
    pinned the keys of its hosts, so their cloud is not asked again."""


@dataclass(frozen=True, slots=True)
class HostsOutcome(CountryOutcome):
    """What came of a country's hosts."""

    run: RunResult | None = None
    inputs: Digests = field(default_factory=dict)
    """The digest of all that its run followed from, by host; none where it is not known."""


@dataclass(frozen=True, slots=True)
class HostsChosen:
    """On which hosts of a country it runs."""

    country: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Doing:
    """What a country is at beside tasks on hosts."""

    country: str
    what: str


@dataclass(frozen=True, slots=True)
class OnHost:
    """An event of a host's task."""

    country: str
    event: RunEvent


HostsEvent = HostsChosen | Doing | OnHost
HostsSink = Callable[[HostsEvent | CountryStarted | CountryEnded[HostsOutcome]], None]
"""Called from many threads; must be quick and must not raise."""


def default_parallel(countries: int, *, share_cores: bool = False) -> int:
    """How many at once suit this machine: two a core, since most of a run is waiting for hosts that are far away.

    Args:
        countries: How many there are.
        share_cores: The hosts do their part on these cores too (a lab): one a core. More only get in each other's way,
            since what waits for a daemon asks it more often: ten countries took 133 s with two at once on two cores, 141
            with three and 151 with five.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(countries, cores if share_cores else 2 * cores))


def run_on_hosts(
    work: Work,
    targets: Sequence[Target],
    folder: Path,
    sink: HostsSink,
    cancel: threading.Event,
    *,
    parallel: int,
    not_run: Mapping[str, Excluded | UserError] | None = None,
) -> Ran[HostsOutcome]:
    """Run it on every country and wait for the end (`ace.fleet.run.run_each`).

    Args:
        work: What to run.
        targets: The countries. Where several run at once those with most hosts come first, so that none is left for last.
        folder: The run's own; each country gets one in it.
        sink: Called with every event.
        cancel: Stops Ansible where it runs, and lets no other country begin.
        parallel: At most so many countries at once.
        not_run: Countries that are only reported, by name: excluded, or failed by that error before they began.
    """
    return run_each(targets, _PlaybookAct(work, folder), sink, cancel, parallel=parallel, not_run=not_run)


def joined(first: HostsOutcome, more: HostsOutcome) -> HostsOutcome:
    """Two runs of one country as one: what both did; it ended as the second did, unless only the first changed anything."""
    if first.run is None or more.run is None:
        return more
    zero = HostCounts()
    hosts = {
        host: HostCounts(
            counts.ok + (other := more.run.hosts.get(host, zero)).ok,
            counts.changed + other.changed,
            counts.failed + other.failed,
            counts.unreachable + other.unreachable,
        )
        for host, counts in first.run.hosts.items()
    }
    ran = replace(
        more.run,
        hosts=hosts,
        changes=(*first.run.changes, *more.run.changes),
        seconds=first.run.seconds + more.run.seconds,
    )
    result = first.result if more.result is Result.UNCHANGED else more.result
    return replace(more, result=result, run=ran, started=first.started)


# ------------------------------------------------------------------------------------------------------------- one country


@dataclass(frozen=True, slots=True)
class _PlaybookAct(Act[Target, HostsOutcome, HostsEvent]):
    """A playbook, on the hosts of one country after the other."""

    work: Work
    folder: Path

    def blank(self, job: Target | None, result: Result) -> HostsOutcome:
        del job
        return HostsOutcome(result)

    def describe(self, job: Target) -> str:
        count = len(_chosen(self.work, job))
        return f"{count} {'host' if count == 1 else 'hosts'}"

    def weight(self, job: Target) -> int:
        return len(job.inventory.hosts)

    def act(self, job: Target, sink: Callable[[HostsEvent], None], cancel: threading.Event) -> HostsOutcome:
        hosts = _chosen(self.work, job)
        sink(HostsChosen(job.country, hosts))
        with run_folders.holding(self.folder.parent, job.country):
            return _run(self.work, job, hosts, self.folder / job.country, sink, cancel)


def _chosen(work: Work, target: Target) -> tuple[str, ...]:
    """The hosts of a country on which it runs."""
    return tuple(
        host.name
        for host in target.inventory.hosts
        if (work.roles is None or host.role in work.roles) and (work.service is None or work.service in host.runs)
    )


def _run(
    work: Work,
    target: Target,
    chosen: tuple[str, ...],
    folder: Path,
    sink: Callable[[HostsEvent], None],
    cancel: threading.Event,
) -> HostsOutcome:
    """Run it on those hosts whose keys are pinned; the others are unreachable."""
    country = target.country
    troubles = () if country in work.before else _unpinned(target, chosen, sink, cancel)
    unpinned = {trouble.host for trouble in troubles}
    hosts = tuple(host for host in chosen if host not in unpinned)
    if cancel.is_set():
        raise InterruptedByUser("interrupted before it began")
    if not hosts:
        return _outcome(work, target, _nothing_ran(folder, chosen, troubles), cancel)
    request, inputs = _request(work, target, hosts, folder, sink)
    ran = run_playbook(request, lambda event: sink(OnHost(country, event)), cancel)
    counts = {**ran.hosts, **{trouble.host: HostCounts(unreachable=1) for trouble in troubles}}
    ran = replace(
        ran,
        hosts={host: counts[host] for host in chosen},
        troubles=behind_refused(target.inventory, (*troubles, *ran.troubles)),
    )
    return replace(_outcome(work, target, ran, cancel), inputs=inputs)


def _request(
    work: Work, target: Target, hosts: tuple[str, ...], folder: Path, sink: Callable[[HostsEvent], None]
) -> tuple[RunRequest, Digests]:
    """What Ansible is to run, and the digest of all that it follows from, by host."""
    away = remote.Worker(target.worker, target.ssh.known_hosts) if target.worker else None
    sink(Doing(target.country, "starting Ansible" if away is None else "sending the run to the country's worker"))
    reach = target.ssh if away is None else remote.SSH
    inventory = target.variables()
    inputs = work.inputs(inventory) if work.inputs is not None else {}
    request = RunRequest(
        playbook=work.playbook,
        inventory=_remembering(inventory, inputs, work.before.get(target.country, {})),
        hosts=hosts,
        ssh_config=lambda control_dir: ssh.render(target.inventory, reach, control_dir),
        folder=folder,
        group_vars=work.group_vars if away is None else None,
        check=work.check,
        extra_vars=work.extra_vars,
        forks=len(hosts),
        worker=away,
    )
    return request, inputs


def _unpinned(
    target: Target, chosen: Sequence[str], sink: Callable[[HostsEvent], None], cancel: threading.Event
) -> tuple[Trouble, ...]:
    """Pin the keys of the country's hosts; a trouble for each chosen host that has none."""
    country = target.country
    sink(Doing(country, "asking the cloud for its servers"))
    pinning = consoles.pin(
        target.inventory,
        target.clouds_file,
        target.ssh.known_hosts,
        cancel,
        lambda what: sink(Doing(country, what)),
    )
    return tuple(
        Trouble(host, "reach it", pinning.troubles[host], unreachable=True)
        for host in chosen
        if host in pinning.troubles
    )


def _remembering(inventory: Mapping[str, Any], inputs: Digests, before: Digests) -> dict[str, Any]:
    """The inventory with the digests by which the hosts remember the run."""
    known = {"ace_inputs": inputs, "ace_inputs_before": before}
    hosts = {
        host: {**its, **{name: digests[host] for name, digests in known.items() if host in digests}}
        for host, its in inventory["all"]["hosts"].items()
    }
    return {**inventory, "all": {**inventory["all"], "hosts": hosts}}


def _outcome(work: Work, target: Target, ran: RunResult, cancel: threading.Event) -> HostsOutcome:
    """What a run means for its country."""
    bad = [host for host, counts in ran.hosts.items() if not counts.is_well]
    if ran.ending is Ending.INTERRUPTED or (cancel.is_set() and ran.ending is not Ending.COMPLETE):
        cause = "interrupted: Ansible was stopped; the next run continues from the state of the hosts"
        return HostsOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, INTERRUPTED, cause, run=ran)
    if ran.ending is Ending.BROKEN:
        why = "; ".join(one.text for one in ran.messages if one.level == "error") or run_folders.last_lines(
            ran.artefacts
        )
        return HostsOutcome(
            Result.FAILED,
            ExitCode.FAILED,
            "ansible-failed",
            f"Ansible gave up before its end: {why}",
            f"its output is in {ran.artefacts / 'artefacts' / 'stdout'}",
            run=ran,
        )
    if bad:
        refused = all(trouble.key_refused for trouble in ran.troubles)
        return HostsOutcome(
            Result.FAILED,
            ExitCode.REFUSED if refused else ExitCode.FAILED,
            "host-key-changed" if refused else "hosts-failed",
            f"{len(bad)} of {len(ran.hosts)} hosts: {', '.join(bad)}",
            hint_of(target.inventory, target.ssh, ran.troubles[0], has_worker=bool(target.worker))
            if ran.troubles
            else "",
            run=ran,
        )
    if not ran.changed:
        return HostsOutcome(Result.UNCHANGED, run=ran)
    if work.check:
        return HostsOutcome(Result.DIFFERS, ExitCode.DIFFERENCES, run=ran)
    return HostsOutcome(Result.SUCCEEDED, run=ran)


def _nothing_ran(folder: Path, chosen: Sequence[str], troubles: tuple[Trouble, ...]) -> RunResult:
    counts = dict.fromkeys(chosen, HostCounts(unreachable=1))
    return RunResult(Ending.FAILED if chosen else Ending.COMPLETE, counts, (), troubles, {}, (), (), folder, 0.0)
