"""Hosts that were configured or asked: how each ended, what changed, which checks passed, what to do about failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from ace.cli.show.board import GLYPHS, duration, word
from ace.cli.show.host_line import HostsLine, counts_of
from ace.cli.show.outcomes import print_bugs, print_interrupted
from ace.cli.show.output import stderr, stdout
from ace.documents import Failure
from ace.fleet.run import Result
from ace.operations import playbook
from ace.operations.playbook import PlaybookPlan
from ace.operations.verify import VERDICTS, verdict_counts
from ace.services.country_run import HostsOutcome
from ace.services.remote import shown

STOPPING = "interrupted: stopping Ansible; no other country is begun"
"""What the first Ctrl-C means where a playbook runs."""
_STYLES = {"PASS": "green", "SKIP": "yellow"}


class VerifyLine(HostsLine):
    """How far the checks of a country's services are."""

    @classmethod
    def ending(cls, outcome: Any) -> str:
        if outcome.run is None or not outcome.run.checks:
            return super().ending(outcome)
        return f"{verdicts({'': outcome})} in {duration(outcome.seconds)}"


def print_start(plan: PlaybookPlan) -> None:
    """The clouds file, and whose worker runs it."""
    stderr.print(f"clouds: {plan.workspace.clouds}", markup=False)
    for hosts in plan.selection.jobs:
        if hosts.worker:
            stderr.print(f"{hosts.member.stack}: by its worker, {shown(hosts.worker)}", markup=False)
    for file in plan.kept_variables:
        stderr.print(f"{file} is not sent: a country's own variables are its worker's", markup=False)


def print_results(countries: Mapping[str, HostsOutcome]) -> None:
    """A line a country and one a host."""
    run = {name: outcome for name, outcome in sorted(countries.items()) if outcome.result is not Result.EXCLUDED}
    for name, outcome in run.items():
        _, style = GLYPHS[outcome.result]
        took = f"  {outcome.seconds:.1f} s" if outcome.started else ""
        stdout.print(f"{name}  [{style}]{word(outcome)}[/]{took}")
        if outcome.run is not None:
            width = max((len(host) for host in outcome.run.hosts), default=0)
            for host, counts in outcome.run.hosts.items():
                stdout.print(f"  {host:<{width}}  {counts_of(counts)}", markup=False)
    if left := sorted(set(countries) - set(run)):
        stdout.print(f"[dim]left out: {', '.join(left)} (not deployed here; name one for details)[/]")


def print_changes(countries: Mapping[str, HostsOutcome]) -> None:
    """What changed (or would), as diffs."""
    for _, outcome in sorted(countries.items()):
        for change in outcome.run.changes if outcome.run is not None else ():
            stdout.print(f"\n[bold]{escape(change.host)}[/]  {escape(change.task)}")
            for line in change.diff.splitlines():
                style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
                stdout.print(escape(line), style=style)


def print_checks(countries: Mapping[str, HostsOutcome], seconds: float, *, all_: bool) -> None:
    """A line a country; below it what did not pass, or all; at the end how many checks passed."""
    for name, outcome in sorted(countries.items()):
        if outcome.run is None:
            continue
        _, style = GLYPHS[outcome.result]
        passed = verdicts({name: outcome}) if outcome.run.checks else word(outcome)
        stdout.print(f"{name}  [{style}]{passed}[/]  {outcome.seconds:.1f} s")
        for check in outcome.run.checks:
            if all_ or check.verdict != "PASS":
                stdout.print(f"  [{_STYLES.get(check.verdict, 'bold red')}]{check.verdict}[/]  ", end="")
                stdout.print(f"{check.host}  {check.id}  {check.evidence}", markup=False)
    stdout.print(f"verify: {verdicts(countries) or 'no checks'} in {duration(seconds)}", markup=False)


def verdicts(countries: Mapping[str, HostsOutcome]) -> str:
    """`55 passed, 9 skipped`; without what is none."""
    return ", ".join(f"{count} {VERDICTS[verdict]}" for verdict, count in verdict_counts(countries).items())


def print_failures(countries: Mapping[str, HostsOutcome], retry: str) -> None:
    """Each country that failed: which host, in which task, why, and what to try."""
    print_bugs(countries)
    for name, outcome in sorted(countries.items()):
        if outcome.result is not Result.FAILED:
            continue
        stderr.print(f"\n[bold red]{name} {word(outcome)}:[/] {escape(outcome.cause.removeprefix(f'{name}: '))}")
        for trouble in outcome.run.troubles if outcome.run is not None else ():
            stderr.print(f"  [bold]{escape(trouble.host)}[/]  {escape(trouble.task)}")
            for line in trouble.message.splitlines():
                stderr.print(f"    {line}", markup=False)
        stderr.print(f"[bold]what to do:[/] {escape(outcome.hint or f'fix that and run `{retry} {name}`')}")
    print_interrupted(countries, retry)


def failure(countries: Mapping[str, HostsOutcome], retry: str) -> Failure | None:
    """JSON's `error`; None when all went well."""
    error = playbook.failure(countries, retry)
    return Failure(error.code, error.message, error.hint) if error is not None else None
