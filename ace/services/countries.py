"""Run a playbook on the hosts of many countries: each in a run of its own, so many at once, a failing one alone.

Countries share nothing: each run has one country's inventory, pins and connections.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from ace.errors import ExitCode, UserError
from ace.services import consoles, remote, ssh
from ace.services.inputs import Digester, Digests
from ace.services.inventory import Inventory
from ace.services.results import Ending, HostCounts, RunEvent, RunResult, Trouble
from ace.services.run import RunRequest, run_playbook
from ace.services.ssh import SshPlaces

KEPT_RUNS: Final = 20
"""Folders of earlier runs that are kept; their reports stay."""


class Result(StrEnum):
    """How a country's run ended."""

    SUCCEEDED = "succeeded"
    UNCHANGED = "unchanged"
    DIFFERS = "differs"
    """Only asked with `--check`: something would change."""
    FAILED = "failed"
    EXCLUDED = "excluded"
    EARLY_EXIT = "early_exit"


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
    """Lets hosts that the same words have made what they are say so, and be left alone; None: all is said anew."""
    before: Mapping[str, Digests] = field(default_factory=dict)
    """By country: the digests of the whole run that this one, of a part, comes right after and adds to. That run has just
    pinned the keys of its hosts, so their cloud is not asked again."""


@dataclass(frozen=True)
class CountryOutcome:
    """What came of a country. Times are UTC."""

    result: Result
    exit_code: ExitCode = ExitCode.OK
    reason: str = ""
    """A stable kebab-case word; empty when it went well."""
    cause: str = ""
    hint: str = ""
    run: RunResult | None = None
    inputs: Digests = field(default_factory=dict)
    """The digest of all that its run followed from, by host; none where it is not known."""
    started: datetime | None = None
    ended: datetime | None = None
    bug: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended - self.started).total_seconds() if self.started and self.ended else 0.0


@dataclass(frozen=True)
class CountryBegan:
    """A country's turn has come."""

    country: str
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Doing:
    """What a country is at beside tasks on hosts."""

    country: str
    what: str


@dataclass(frozen=True)
class OnHost:
    """Something that a host's task told."""

    country: str
    event: RunEvent


@dataclass(frozen=True)
class CountryEnded:
    """A country is done with."""

    country: str
    outcome: CountryOutcome


CountriesEvent = CountryBegan | Doing | OnHost | CountryEnded
Sink = Callable[[CountriesEvent], None]
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


def run_countries(
    work: Work, targets: Sequence[Target], folder: Path, sink: Sink, cancel: threading.Event, *, parallel: int
) -> dict[str, CountryOutcome]:
    """Run it on every country and wait for the end; raises nothing that concerns one country alone.

    Args:
        work: What to run.
        targets: The countries. Where several run at once those with most hosts come first, so that none is left for last.
        folder: The run's own; each country gets one in it.
        sink: Told of everything.
        cancel: Stops Ansible where it runs, and lets no other country begin.
        parallel: At most so many countries at once.
    """

    def turn(target: Target) -> CountryOutcome:
        if cancel.is_set():
            outcome = CountryOutcome(
                Result.EARLY_EXIT, ExitCode.INTERRUPTED, "interrupted", "not begun: the run was interrupted"
            )
        else:
            outcome = _guarded(work, target, folder / target.country, sink, cancel)
        sink(CountryEnded(target.country, outcome))
        return outcome

    ordered = sorted(targets, key=lambda target: -len(target.inventory.hosts)) if parallel > 1 else targets
    with ThreadPoolExecutor(max(1, parallel), thread_name_prefix="ace-services") as pool:
        ending = {target.country: pool.submit(turn, target) for target in ordered}
        return {target.country: ending[target.country].result() for target in targets}


def joined(first: CountryOutcome, more: CountryOutcome) -> CountryOutcome:
    """Two runs of one country as one: what both did; how it ended is the second's word, unless only the first changed."""
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


def prune(runs: Path) -> None:
    """Remove the folders of old runs; what is left are the newest, and every report."""
    folders = sorted(path for path in runs.glob("*-*-*") if path.is_dir())
    for old in folders[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)


# ------------------------------------------------------------------------------------------------------------- one country


def _guarded(work: Work, target: Target, folder: Path, sink: Sink, cancel: threading.Event) -> CountryOutcome:
    started = datetime.now(UTC)
    try:
        outcome = _one(work, target, folder, sink, cancel)
    except UserError as error:
        outcome = CountryOutcome(Result.FAILED, error.exit_code, error.code, error.message, error.hint)
    except Exception as error:  # a bug in one country's run must not stop the others'
        cause = f"{type(error).__name__}: {error}"
        outcome = CountryOutcome(Result.FAILED, ExitCode.FAILED, "bug", cause, bug=traceback.format_exc())
    return replace(outcome, started=started, ended=datetime.now(UTC))


def _one(work: Work, target: Target, folder: Path, sink: Sink, cancel: threading.Event) -> CountryOutcome:
    country = target.country
    wanted = tuple(
        host.name
        for host in target.inventory.hosts
        if (work.roles is None or host.role in work.roles) and (work.service is None or work.service in host.runs)
    )
    sink(CountryBegan(country, wanted))
    with _alone(folder.parent.parent, country):
        troubles = () if country in work.before else _unpinned(target, wanted, sink, cancel)
        left_out = {trouble.host for trouble in troubles}
        hosts = tuple(host for host in wanted if host not in left_out)
        if cancel.is_set():
            return CountryOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, "interrupted", "interrupted before it began")
        if not hosts:
            return _judged(work, target, _nothing_ran(folder, wanted, troubles), cancel)
        away = remote.Worker(target.worker, target.ssh.known_hosts) if target.worker else None
        sink(Doing(country, "starting Ansible" if away is None else "sending the run to the country's worker"))
        reach = target.ssh if away is None else remote.SSH
        inventory = target.variables()
        known = work.inputs(inventory) if work.inputs is not None else {}
        request = RunRequest(
            playbook=work.playbook,
            inventory=_remembering(inventory, known, work.before.get(country, {})),
            hosts=hosts,
            ssh_config=lambda control_dir: ssh.render(target.inventory, reach, control_dir),
            folder=folder,
            group_vars=work.group_vars if away is None else None,
            check=work.check,
            extra_vars=work.extra_vars,
            forks=len(hosts),
            worker=away,
        )
        ran = run_playbook(request, lambda event: sink(OnHost(country, event)), cancel)
    counts = {**ran.hosts, **{trouble.host: HostCounts(unreachable=1) for trouble in troubles}}
    ran = replace(
        ran,
        hosts={host: counts[host] for host in wanted},
        troubles=behind_refused(target.inventory, (*troubles, *ran.troubles)),
    )
    return replace(_judged(work, target, ran, cancel), inputs=known)


def _unpinned(target: Target, wanted: Sequence[str], sink: Sink, cancel: threading.Event) -> tuple[Trouble, ...]:
    """Pin the keys of the country's hosts, and say which of those wanted have none."""
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
        for host in wanted
        if host in pinning.troubles
    )


def _remembering(inventory: Mapping[str, Any], inputs: Digests, before: Digests) -> dict[str, Any]:
    """The inventory with what the hosts are told so that they can remember the run."""
    told = {"ace_inputs": inputs, "ace_inputs_before": before}
    hosts = {
        host: {**its, **{name: digests[host] for name, digests in told.items() if host in digests}}
        for host, its in inventory["all"]["hosts"].items()
    }
    return {**inventory, "all": {**inventory["all"], "hosts": hosts}}


def _judged(work: Work, target: Target, ran: RunResult, cancel: threading.Event) -> CountryOutcome:
    """What a run means for its country."""
    bad = [host for host, counts in ran.hosts.items() if not counts.is_well]
    if ran.ending is Ending.INTERRUPTED or (cancel.is_set() and ran.ending is not Ending.COMPLETE):
        cause = "interrupted: Ansible was stopped; the next run continues from the state of the hosts"
        return CountryOutcome(Result.EARLY_EXIT, ExitCode.INTERRUPTED, "interrupted", cause, run=ran)
    if ran.ending is Ending.BROKEN:
        said = "; ".join(word.text for word in ran.said if word.level == "error") or _last_words(ran.artefacts)
        return CountryOutcome(
            Result.FAILED,
            ExitCode.FAILED,
            "ansible-failed",
            f"Ansible gave up before its end: {said}",
            f"its output is in {ran.artefacts / 'artefacts' / 'stdout'}",
            ran,
        )
    if bad:
        refused = all(trouble.key_refused for trouble in ran.troubles)
        return CountryOutcome(
            Result.FAILED,
            ExitCode.REFUSED if refused else ExitCode.FAILED,
            "host-key-changed" if refused else "hosts-failed",
            f"{len(bad)} of {len(ran.hosts)} hosts: {', '.join(bad)}",
            hint_of(target, ran.troubles[0]) if ran.troubles else "",
            ran,
        )
    if not ran.changed:
        return CountryOutcome(Result.UNCHANGED, run=ran)
    if work.check:
        return CountryOutcome(Result.DIFFERS, ExitCode.DIFFERENCES, run=ran)
    return CountryOutcome(Result.SUCCEEDED, run=ran)


def behind_refused(inventory: Inventory, troubles: Sequence[Trouble]) -> tuple[Trouble, ...]:
    """The troubles, with hosts that cannot be reached because their jump host's key was refused marked as such."""
    refused = {trouble.host for trouble in troubles if trouble.key_refused}
    return tuple(
        replace(
            trouble, key_refused=True, message=f"{jump}, through which it is reached, shows another key than the pinned"
        )
        if trouble.unreachable and (jump := inventory.host(trouble.host).reach.jump) in refused
        else trouble
        for trouble in troubles
    )


def hint_of(target: Target, trouble: Trouble) -> str:
    """What to try about a host's trouble."""
    host = target.inventory.host(trouble.host)
    way = f"`ssh -F {target.ssh.config} {host.name}`"
    if target.worker:
        way += " with the keys that its worker has"
    if trouble.key_refused:
        return (
            f"it shows another key than the one pinned for this very server: its keys were generated again, or another "
            f"machine answers at {host.reach.address}. Nothing was sent to it. If you know why, take its lines out of "
            f"{target.ssh.known_hosts} and run again: the key then comes from the console log"
        )
    if trouble.unreachable:
        through = f" through {host.reach.jump}" if host.reach.jump else ""
        return (
            f"is it running (`openstack server show {host.name}`), and does SSH get to {host.reach.address}{through}? "
            f"try {way}"
        )
    return f"log in with {way} and fix it, then run `ace configure {target.country}` again"


def _nothing_ran(folder: Path, wanted: Sequence[str], troubles: tuple[Trouble, ...]) -> RunResult:
    counts = dict.fromkeys(wanted, HostCounts(unreachable=1))
    return RunResult(Ending.FAILED if wanted else Ending.COMPLETE, counts, (), troubles, {}, (), (), folder, 0.0)


def _last_words(artefacts: Path) -> str:
    """The end of what Ansible printed, for want of better."""
    try:
        lines = (artefacts / "artefacts" / "stdout").read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "it printed nothing"
    from ace.services.events import clean  # noqa: PLC0415 - only here

    return clean(" ".join(line.strip() for line in lines[-12:] if line.strip()))[-600:] or "it printed nothing"


@contextmanager
def _alone(runs: Path, country: str) -> Iterator[None]:
    """Hold the country: two runs at once would each see the other's half-done work.

    Raises:
        UserError: Another process has it.
    """
    runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (runs / f".{country}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(
                f"{country}: another `ace configure` is at its hosts",
                hint="wait for it, or stop it, and run again",
                code="busy",
            ) from None
        yield
