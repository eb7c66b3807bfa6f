"""Run a playbook on countries' hosts and tell how it went: what `configure`, `verify` and the interconnect share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.markup import escape

from ace.cli.interrupt import interruptible
from ace.cli.show.board import GLYPHS, Board, following, word
from ace.cli.show.host_line import HostsLine, counts_of
from ace.cli.show.output import stderr, stdout
from ace.errors import ExitCode
from ace.files import put
from ace.fleet.report import new_id
from ace.fleet.run import Result, exit_code_of
from ace.services import ansible, country_run, public_facts, run_folders
from ace.services.country_run import HostsOutcome, Target, Work
from ace.services.region import Surroundings
from ace.services.remote import shown
from ace.workspace.hosts import Hosts, around, write_ssh_config
from ace.workspace.root import checkout
from ace.workspace.selection import Selection
from ace.workspace.workspace import Workspace, make_private

_PROBLEM = (Result.FAILED, Result.EARLY_EXIT)


@dataclass(frozen=True)
class Done:
    """What came of a run."""

    outcomes: Mapping[str, HostsOutcome]
    exit_code: ExitCode
    folder: Path


def target(place: Workspace, hosts: Hosts, used: dict[str, Surroundings]) -> Target:
    """A country as `ace.services.country_run` takes it; `used` remembers what its hosts are told of the region."""

    def variables() -> dict[str, Any]:
        used[hosts.member.stack] = told = around(place, hosts.member)
        return ansible.static(hosts.inventory, hosts.member, told, hosts.ssh.config)

    return Target(hosts.inventory, variables, hosts.ssh, place.clouds.path, hosts.worker)


def run(
    place: Workspace,
    selected: Selection[Hosts],
    action: str,
    work: Work,
    *,
    parallel: int | None = None,
    verbose: bool = False,
    waits: bool = False,
    once_more: Work | None = None,
    show: Callable[[Mapping[str, HostsOutcome]], None] = lambda _outcomes: None,
) -> Done:
    """Run it everywhere, showing progress on standard error; write the report into ROOT/.ace/runs.

    Args:
        place: The ROOT.
        selected: The countries.
        action: `configure`, `verify`, ...: names the run.
        work: What to run.
        parallel: Countries at once.
        verbose: Tell each task.
        waits: The hosts have little to do in it and are mostly waited for, so a lab's cores need not be spared.
        once_more: The part that countries run again that were told less of the others than is known at the end; nothing
            else of what they are told may follow from that.
        show: Told of the outcomes before the report is written.
    """
    make_private(place.root)
    began = datetime.now(UTC)
    name = f"{began:%Y%m%dT%H%M%SZ}-{action}-{new_id()}"
    runs = place.layout.runs
    stderr.print(f"clouds: {place.clouds}", markup=False)
    for hosts in selected.jobs:
        write_ssh_config(place, hosts)
        if hosts.worker:
            stderr.print(f"{hosts.member.stack}: by its worker, {shown(hosts.worker)}", markup=False)
            for kept in own_variables(work.group_vars, hosts.member.stack):
                stderr.print(f"{kept} is not sent: a country's own variables are its worker's", markup=False)
    used: dict[str, Surroundings] = {}
    targets = [target(place, hosts, used) for hosts in selected.jobs]
    board = Board([one.country for one in targets], HostsLine)
    width = parallel or country_run.default_parallel(len(targets), share_cores=place.clouds.is_lab and not waits)
    with (
        following(board, stderr, verbose=verbose) as sink,
        interruptible(lambda line: stderr.print(line, markup=False), board.waiting_for, _STOPPING) as cancel,
    ):
        not_run = selected.not_run
        ran = country_run.run_on_hosts(work, targets, runs / name, sink, cancel, parallel=width, not_run=not_run)
        outcomes = dict(ran.countries)
        if not work.check:
            _keep_facts(place, targets, outcomes)
        behind = [
            one
            for one, hosts in zip(targets, selected.jobs, strict=True)
            if outcomes[one.country].result in (Result.SUCCEEDED, Result.UNCHANGED)
            and used[one.country] != around(place, hosts.member)
        ]
        if once_more is not None and behind and not cancel.is_set():
            once_more = replace(once_more, before={one.country: outcomes[one.country].inputs for one in behind})
            again = country_run.run_on_hosts(
                once_more, behind, runs / f"{name}-again", sink, cancel, parallel=width
            ).countries
            outcomes |= {country: country_run.joined(outcomes[country], more) for country, more in again.items()}
    for outcome in outcomes.values():
        if outcome.bug:
            stderr.print(outcome.bug, markup=False)
    show(outcomes)
    code = exit_code_of(outcomes, cancel)
    _write_report(runs / f"{name}.json", action, began, code, outcomes)
    run_folders.prune(runs)
    return Done(outcomes, code, runs / name)


_STOPPING = "interrupted: Ansible is told to stop; no other country is begun"


def as_json(outcome: HostsOutcome) -> dict[str, Any]:
    """A country in the command's JSON, and what it took."""
    body: dict[str, Any] = {"result": str(outcome.result), "hosts": {}}
    if outcome.reason:
        body |= {"reason": outcome.reason, "cause": outcome.cause, "hint": outcome.hint}
    if outcome.run is not None:
        ran = outcome.run
        body["hosts"] = {
            host: {
                "ok": counts.ok,
                "changed": counts.changed,
                "failed": counts.failed,
                "unreachable": counts.unreachable,
            }
            for host, counts in ran.hosts.items()
        }
        body["changes"] = [{"host": one.host, "task": one.task, "diff": one.diff} for one in ran.changes]
        body["failures"] = [
            {"host": one.host, "task": one.task, "message": one.message, "unreachable": one.unreachable}
            for one in ran.troubles
        ]
        body["seconds"] = round(outcome.seconds, 1)
    return body


def error(outcomes: Mapping[str, HostsOutcome], retry: str) -> dict[str, str] | None:
    """The `error` of the JSON; None when nothing went wrong."""
    bad = {name: outcome for name, outcome in sorted(outcomes.items()) if outcome.result in _PROBLEM}
    if not bad:
        return None
    first = next(iter(bad.values()))
    message = "; ".join(f"{name}: {outcome.cause.splitlines()[0]}" for name, outcome in bad.items())
    return {"code": first.reason, "message": message, "hint": first.hint or f"`{retry} {' '.join(bad)}`"}


def tell(outcomes: Mapping[str, HostsOutcome]) -> None:
    """A line a country and one a host on standard output."""
    told = {name: outcome for name, outcome in sorted(outcomes.items()) if outcome.result is not Result.EXCLUDED}
    for name, outcome in told.items():
        _, style = GLYPHS[outcome.result]
        took = f"  {outcome.seconds:.1f} s" if outcome.started else ""
        stdout.print(f"{name}  [{style}]{word(outcome)}[/]{took}")
        if outcome.run is not None:
            width = max((len(host) for host in outcome.run.hosts), default=0)
            for host, counts in outcome.run.hosts.items():
                stdout.print(f"  {host:<{width}}  {counts_of(counts)}", markup=False)
    left = sorted(set(outcomes) - set(told))
    if left:
        stdout.print(f"[dim]left out: {', '.join(left)} (not deployed here; name one to be told more)[/]")


def tell_changes(outcomes: Mapping[str, HostsOutcome]) -> None:
    """What changed (or would), as diffs."""
    for _, outcome in sorted(outcomes.items()):
        for change in outcome.run.changes if outcome.run is not None else ():
            stdout.print(f"\n[bold]{escape(change.host)}[/]  {escape(change.task)}")
            for line in change.diff.splitlines():
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                stdout.print(escape(line), style=style)


def tell_failures(outcomes: Mapping[str, HostsOutcome], retry: str) -> None:
    """Each country that failed: which host, in which task, why, and what to try."""
    for name, outcome in sorted(outcomes.items()):
        if outcome.result is not Result.FAILED:
            continue
        stderr.print(f"\n[bold red]{name} {word(outcome)}:[/] {escape(outcome.cause.removeprefix(f'{name}: '))}")
        for trouble in outcome.run.troubles if outcome.run is not None else ():
            stderr.print(f"  [bold]{escape(trouble.host)}[/]  {escape(trouble.task)}")
            for line in trouble.message.splitlines():
                stderr.print(f"    {line}", markup=False)
        stderr.print(f"[bold]what to do:[/] {escape(outcome.hint or f'mend that and run `{retry} {name}`')}")
    stopped = [name for name, outcome in sorted(outcomes.items()) if outcome.result is Result.EARLY_EXIT]
    if stopped:
        stderr.print(f"\n[bold]interrupted.[/] To go on: `{retry} {' '.join(stopped)}`")


def group_vars(place: Workspace) -> Path:
    """Where countries set variables of their own: beside ROOT's inventories, else the program's."""
    own = place.root / "inventories" / "group_vars"
    return own if own.is_dir() else checkout() / "inventories" / "group_vars"


def own_variables(folder: Path | None, country: str) -> list[Path]:
    """The files in which a country's variables are kept here."""
    if folder is None:
        return []
    name = f"country_{country}"
    return [path for path in (folder / name, folder / f"{name}.yml", folder / f"{name}.yaml") if path.exists()]


def _keep_facts(place: Workspace, targets: Sequence[Target], outcomes: Mapping[str, HostsOutcome]) -> None:
    for one in targets:
        ran = outcomes[one.country].run
        if ran is not None and ran.public_facts:
            hosts = {host.name for host in one.inventory.hosts}
            public_facts.keep(place.root, one.country, ran.public_facts, hosts)


def _write_report(
    file: Path, action: str, began: datetime, code: ExitCode, outcomes: Mapping[str, HostsOutcome]
) -> None:
    import json

    body = {
        "schema": f"ace/{action}/v1",
        "started": f"{began:%Y-%m-%dT%H:%M:%SZ}",
        "ended": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "exit_code": int(code),
        "countries": {name: as_json(outcome) for name, outcome in sorted(outcomes.items())},
    }
    put(file, json.dumps(body, indent=2, ensure_ascii=False) + "\n")
