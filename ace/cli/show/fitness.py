"""A fitness check as people follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape

from ace.cli.show.output import stderr, stdout

if TYPE_CHECKING:
    from ace.membership.fitness.checking import Report
    from ace.membership.fitness.contract import FitnessResult
    from ace.operations.fitness import FitnessEvent

_STYLES = {"PASS": "green", "FAIL": "bold red", "ABORT": "bold yellow", "SKIP": "dim"}


def show_event(event: FitnessEvent, *, quiet: bool = False) -> None:
    """A line for each cloud on standard error and, unless quiet, one for each test on standard output."""
    from ace.operations.fitness import CheckBegun, CloudAsked

    match event:
        case CheckBegun(clouds):
            stderr.print(f"clouds: {clouds}", markup=False)
        case CloudAsked(data_centre, cloud, auth_url):
            stderr.print(f"  {data_centre}  {cloud}  {auth_url}", markup=False)
        case result if not quiet:
            _show_result(result)


def show_summary(report: Report) -> None:
    """The last line: how many tests ended how."""
    from ace.verdict import Verdict

    counts = ", ".join(f"{report.count(verdict)} {verdict}" for verdict in Verdict if report.count(verdict))
    word = "[green]fit[/]" if report.fit else "[bold red]not fit[/]"
    stdout.print(f"{report.country}: {word} ({counts})")


def _show_result(result: FitnessResult) -> None:
    assessment = result.assessment
    verdict = f"[{_STYLES[str(assessment.verdict)]}]{assessment.verdict:<5}[/]"
    stdout.print(f"{verdict}  {result.id:<19} {escape(assessment.evidence)}")
    if assessment.advice:
        stdout.print(f"       {'':<19} what to do: {escape(assessment.advice)}", style="dim")
