"""Stacks that were or would be deployed: which clouds, which steps, how each country ended, what to do about failures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from ace.cli.show import steps
from ace.cli.show.board import GLYPHS, word
from ace.cli.show.outcomes import print_bugs, print_interrupted
from ace.cli.show.output import stderr, stdout
from ace.fleet.report import Counts
from ace.fleet.run import Result
from ace.fleet.stacks import StackOutcome
from ace.operations.deploy import Deployment

_EXCLUDED = {
    "no-cloud": "their clouds are not in clouds.yaml; name one for details",
    "not-active": "not active members",
}


def print_start(deployment: Deployment) -> None:
    """What a reader would not expect of the engines; and, before clouds or states are changed, which clouds these are."""
    if deployment.selection.note:
        stderr.print(deployment.selection.note, markup=False)
    if deployment.action.acts:
        print_clouds(deployment)


def print_clouds(deployment: Deployment) -> None:
    """The clouds file, and each country's clouds in it."""
    stderr.print(f"clouds: {deployment.workspace.clouds}", markup=False)
    for one in deployment.clouds:
        stderr.print(f"  {one.country}  {one.cloud}  {one.auth_url}", markup=False)


def print_results(countries: Mapping[str, StackOutcome]) -> None:
    """A line a country, and one a reason for those that were excluded."""
    run = taken_part(countries)
    width = max((len(word(country)) for country in run.values()), default=0)
    for name, country in run.items():
        same = country.counts.same
        parts = [_counts(country.counts), f"{same} unchanged" if same else ""]
        if country.started:
            parts.append(f"{country.seconds:.1f} s")
        _, style = GLYPHS[country.result]
        ended = f"[{style}]{word(country):<{width}}[/]"
        stdout.print(f"{name}  {ended}  {escape(', '.join(part for part in parts if part))}")
    print_excluded(countries)


def print_forecasts(deployment: Deployment, countries: Mapping[str, StackOutcome]) -> None:
    """A line a country: what an `up` would do; and for which of them no cloud was asked."""
    for name, country in taken_part(countries).items():
        stdout.print(f"{name}  {forecast(country)}", markup=False)
    clouds = deployment.workspace.clouds
    for name, missing in deployment.selection.without_clouds.items():
        also = f"`ace lab up {name}`, or " if clouds.is_lab or not clouds.entries else ""
        stdout.print(
            f"{name}: no cloud was asked: {', '.join(missing)} is not in {clouds}. What only the cloud knows "
            f"(ids of its network, roles and flavours) is left open. Before `ace up {name}`: {also}an entry in clouds.yaml",
            markup=False,
        )


def print_excluded(countries: Mapping[str, StackOutcome]) -> None:
    """Who was left out and why: a line a reason, not a country."""
    left: dict[str, list[str]] = {}
    for name, country in sorted(countries.items()):
        if country.result is Result.EXCLUDED:
            left.setdefault(_EXCLUDED.get(country.reason, country.reason), []).append(name)
    for why, names in left.items():
        stdout.print(f"[dim]left out: {', '.join(names)} ({why})[/]")


def print_failures(countries: Mapping[str, StackOutcome], retry: str) -> None:
    """Each country that failed or was stopped: cause, hint, and what to type to try again."""
    print_bugs(countries)
    for name, country in sorted(countries.items()):
        if country.result is Result.FAILED:
            cause = country.cause.removeprefix(f"{name}: ")
            stderr.print(f"\n[bold red]{name} {word(country)}:[/] {escape(cause)}")
            for failure in country.failures[1:]:
                stderr.print(f"  also {failure.urn.rsplit('::', 1)[-1]}: {failure.message}", markup=False)
            hint = country.hint or f"fix that and try again: `{retry} {name}`"
            stderr.print(f"[bold]what to do:[/] {escape(hint)}")
    print_interrupted(countries, retry)


def print_steps(name: str, country: StackOutcome) -> None:
    """The steps of one country, coloured by what they do."""
    for line, style in steps.lines(name, country.steps):
        stdout.print(escape(line), style=style)


def taken_part(countries: Mapping[str, StackOutcome]) -> dict[str, StackOutcome]:
    """The countries that were not excluded, by name."""
    return {name: country for name, country in sorted(countries.items()) if country.result is not Result.EXCLUDED}


def forecast(country: StackOutcome) -> str:
    """What `up` would do with a country, in a line."""
    if country.result is Result.UNCHANGED:
        return f"unchanged ({country.counts.same} resources)"
    if country.result is Result.SUCCEEDED:
        return f"{_counts(country.counts, 'to ')}, {country.counts.same} unchanged"
    return word(country)


def failure_json(country: StackOutcome) -> dict[str, Any]:
    """In JSON: why a country did not come to its end; nothing when it did."""
    if country.result.went_well:
        return {}
    return {
        "result": str(country.result),
        "reason": country.reason,
        "cause": country.cause,
        "hint": country.hint,
    }


def error_json(countries: Mapping[str, StackOutcome], retry: str) -> dict[str, Any]:
    """JSON's `error`, of the first country that failed, naming the others; nothing when none did."""
    failed = {name: run for name, run in sorted(countries.items()) if run.result is Result.FAILED}
    if not failed:
        return {}
    name, first = next(iter(failed.items()))
    others = f" (failed too: {', '.join(list(failed)[1:])})" if len(failed) > 1 else ""
    return {
        "error": {
            "code": first.reason,
            "message": f"{name}: {first.cause.removeprefix(f'{name}: ')}{others}",
            "hint": first.hint or f"fix that and try again: `{retry} {' '.join(failed)}`",
        }
    }


def _counts(counts: Counts, before: str = "") -> str:
    """`3 to create, 1 to update`, or `3 created, 1 updated`; without what is none."""
    numbers = (
        ("create", counts.create),
        ("update", counts.update),
        ("replace", counts.replace),
        ("delete", counts.delete),
    )
    return ", ".join(f"{number} {before}{name}{'' if before else 'd'}" for name, number in numbers if number)
