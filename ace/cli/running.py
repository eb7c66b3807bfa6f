"""Run an action on countries and tell how it went: what preview, up, refresh, drift and down have in common."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path

from rich.markup import escape

from ace.cli.interrupt import interruptible
from ace.cli.show import steps as told_steps
from ace.cli.show.board import GLYPHS, Board, following, word
from ace.cli.show.output import stderr, stdout
from ace.cli.show.stack_line import StackLine
from ace.engine.contract import RunOptions
from ace.errors import UserError
from ace.fleet import stacks as fleet
from ace.fleet.report import Action, Counts
from ace.fleet.run import Result
from ace.fleet.stacks import FleetRun, StackJob, StackOutcome
from ace.workspace.reachable import unreachable
from ace.workspace.selection import Selection
from ace.workspace.workspace import Workspace, make_private

_LEFT_OUT = {
    "no-cloud": "their clouds are not in clouds.yaml; name one to be told more",
    "not-active": "not active members",
}


def go(
    action: Action,
    place: Workspace,
    chosen: Selection[StackJob],
    options: RunOptions,
    *,
    parallel: int | None = None,
    verbose: bool = False,
) -> FleetRun:
    """Run it, showing progress on standard error; a run that acts is written into ROOT/.ace/runs."""
    make_private(place.root)
    if not verbose:
        logging.getLogger().addHandler(logging.NullHandler())  # what libraries warn of is told by our own messages
    if chosen.note:
        stderr.print(chosen.note, markup=False)
    if action.acts:
        say_clouds(place, chosen)
    names = [job.stack.name for job in chosen.jobs]
    board = Board(names, StackLine)
    width = parallel or fleet.default_parallel(len(names))
    with (
        following(board, stderr, verbose=verbose) as sink,
        interruptible(lambda line: stderr.print(line, markup=False), board.waiting_for, insisting=True) as cancel,
    ):
        done = fleet.run_stacks(
            action,
            chosen.jobs,
            options,
            sink,
            cancel,
            parallel=width,
            not_run=chosen.not_run,
            diagnose=lambda stack, known: unreachable(place, chosen.chosen[stack.name].member, known),
        )
    for country in done.countries.values():
        if country.bug:
            stderr.print(country.bug, markup=False)
    if action.acts:
        file = done.report.write_into(place.layout.runs)
        if verbose:
            stderr.print(f"report: {file}", markup=False)
    return done


def run_for_steps(
    action: Action, workspace: Workspace, selection: Selection[StackJob], options: RunOptions
) -> FleetRun:
    """Run stacks as a step of a longer command; when it is abandoned, the process ends with it."""
    done = go(action, workspace, selection, options)
    if done.abandoned:
        os._exit(done.report.exit_code)  # as asked for; the same command goes on from here
    return done


def say_clouds(place: Workspace, chosen: Selection[StackJob]) -> None:
    """Which file, and which cloud each country means by it."""
    stderr.print(f"clouds: {place.clouds}", markup=False)
    for job in chosen.jobs:
        for data_centre in chosen.chosen[job.stack.name].member.data_centres:
            name = data_centre.cloud.cloud
            stderr.print(f"  {job.stack.name}  {name}  {place.clouds.auth_url(name)}", markup=False)


def write_report(done: FleetRun, file: Path) -> None:
    """Write the report where the user wants it.

    Raises:
        UserError: It cannot be written.
    """
    try:
        done.report.write(file)
    except OSError as error:
        raise UserError(
            f"the run went on to its end, but its report cannot be written to {file}: {error.strerror}",
            hint="the same report is in ROOT/.ace/runs",
            code="no-report",
        ) from None


def check_report(file: Path | None) -> None:
    """Make sure that the report will have a place, before anything is done.

    Raises:
        UserError: Its folder is not there.
    """
    if file is not None and not file.absolute().parent.is_dir():
        raise UserError(f"--report {file}: there is no folder {file.absolute().parent}", code="no-report")


def forecast(country: StackOutcome) -> str:
    """What `up` would do with a country, in a line."""
    if country.result is Result.UNCHANGED:
        return f"unchanged ({country.counts.same} resources)"
    if country.result is Result.SUCCEEDED:
        return f"{_counts(country.counts, 'to ')}, {country.counts.same} unchanged"
    return word(country)


def trouble(country: StackOutcome) -> dict[str, str]:
    """What JSON says of a country that did not come to its end."""
    return {
        "result": str(country.result),
        "reason": country.reason,
        "cause": country.cause,
        "hint": country.hint,
    }


def error(countries: Mapping[str, StackOutcome], retry: str) -> dict[str, str] | None:
    """What went wrong in a run, as JSON's `error`: of the first country that failed, naming the others; None if none."""
    failed = {name: run for name, run in sorted(countries.items()) if run.result is Result.FAILED}
    if not failed:
        return None
    name, first = next(iter(failed.items()))
    others = f" (failed too: {', '.join(list(failed)[1:])})" if len(failed) > 1 else ""
    return {
        "code": first.reason,
        "message": f"{name}: {first.cause.removeprefix(f'{name}: ')}{others}",
        "hint": first.hint or f"mend that and try again: `{retry} {' '.join(failed)}`",
    }


def tell(done: FleetRun) -> None:
    """One line a country on standard output, and one for all that were left out."""
    run = dict(taken_part(done.countries))
    width = max((len(word(country)) for country in run.values()), default=0)
    for name, country in run.items():
        parts = [_counts(country.counts), f"{country.counts.same} unchanged" if country.counts.same else ""]
        if country.started:
            parts.append(f"{country.seconds:.1f} s")
        _, style = GLYPHS[country.result]
        ended = f"[{style}]{word(country):<{width}}[/]"
        stdout.print(f"{name}  {ended}  {escape(', '.join(part for part in parts if part))}")
    tell_left_out(done.countries)


def taken_part(countries: Mapping[str, StackOutcome]) -> list[tuple[str, StackOutcome]]:
    """The countries that were not left out, by name."""
    return [(name, run) for name, run in sorted(countries.items()) if run.result is not Result.EXCLUDED]


def tell_left_out(countries: Mapping[str, StackOutcome]) -> None:
    """Who was left out and why: a line a reason, not a country."""
    left: dict[str, list[str]] = {}
    for name, country in sorted(countries.items()):
        if country.result is Result.EXCLUDED:
            left.setdefault(_LEFT_OUT.get(country.reason, country.reason), []).append(name)
    for why, names in left.items():
        stdout.print(f"[dim]left out: {', '.join(names)} ({why})[/]")


def tell_unseen(place: Workspace, chosen: Selection[StackJob]) -> None:
    """Whose plan was made without asking a cloud, and what makes it one that a cloud has been asked about."""
    for name, missing in chosen.without_clouds.items():
        also = f"`ace lab up {name}`, or " if place.clouds.is_lab or not place.clouds.entries else ""
        stdout.print(
            f"{name}: no cloud was asked: {', '.join(missing)} is not in {place.clouds}. What only the cloud knows "
            f"(ids of its network, roles and flavours) is left open. Before `ace up {name}`: {also}an entry in clouds.yaml",
            markup=False,
        )


def tell_failures(countries: Mapping[str, StackOutcome], retry: str) -> None:
    """Each country that failed or was stopped: cause, hint, and what to type to try again."""
    for name in sorted(countries):
        country = countries[name]
        if country.result is Result.FAILED:
            cause = country.cause.removeprefix(f"{name}: ")
            stderr.print(f"\n[bold red]{name} {word(country)}:[/] {escape(cause)}")
            for failure in country.failures[1:]:
                stderr.print(f"  also {failure.urn.rsplit('::', 1)[-1]}: {failure.message}", markup=False)
            hint = country.hint or f"mend that and try again: `{retry} {name}`"
            stderr.print(f"[bold]what to do:[/] {escape(hint)}")
    stopped = [name for name in sorted(countries) if countries[name].result is Result.EARLY_EXIT]
    if stopped:
        stderr.print(f"\n[bold]interrupted.[/] To go on: `{retry} {' '.join(stopped)}`")


def print_steps(name: str, country: StackOutcome) -> None:
    """The steps of one country, coloured by what they do."""
    for line, style in told_steps.lines(name, country.steps):
        stdout.print(escape(line), style=style)


def _counts(counts: Counts, before: str = "") -> str:
    """`3 to create, 1 to update`, or `3 created, 1 updated`; without what is none."""
    numbers = (
        ("create", counts.create),
        ("update", counts.update),
        ("replace", counts.replace),
        ("delete", counts.delete),
    )
    return ", ".join(f"{number} {before}{name}{'' if before else 'd'}" for name, number in numbers if number)
