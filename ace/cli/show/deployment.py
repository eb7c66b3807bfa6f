"""Stacks that were or would be deployed: which clouds, which steps, how each country ended, what to do about failures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.markup import escape

from ace.cli.show import steps
from ace.cli.show.board import GLYPHS, word
from ace.cli.show.outcomes import print_bugs, print_interrupted
from ace.cli.show.output import stderr, stdout
from ace.cli.show.steps import ResourceDocument, StepDocument
from ace.documents import Failure
from ace.fleet.report import Counts
from ace.fleet.run import Result
from ace.fleet.stacks import StackOutcome
from ace.operations.deploy import Deployment, DeployResult
from ace.operations.drift import StackDrift
from ace.workspace.policy_memory import FindingChanges

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


@dataclass(frozen=True, slots=True)
class PreviewCountry:
    """What `ace up` would do in a country: how many real resources, and each step."""

    create: int
    update: int
    replace: int
    delete: int
    same: int
    steps: tuple[StepDocument, ...]
    result: Result | None = None
    """How it ended, where it did not come to its end; so too the next three."""
    reason: str | None = None
    cause: str | None = None
    hint: str | None = None
    without_clouds: tuple[str, ...] | None = None
    """Its clouds that are not in clouds.yaml yet."""


@dataclass(frozen=True, slots=True)
class RefusalDocument:
    """Why the policies would refuse a country."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class PreviewDocument:
    """What `ace up` would do, by country."""

    policy: Mapping[str, FindingChanges]
    """Findings of the policies since the last `ace up`."""
    refused: Mapping[str, RefusalDocument]
    countries: Mapping[str, PreviewCountry]


@dataclass(frozen=True, slots=True)
class DriftCountry:
    """What differs in a country's live clouds from the state."""

    changed: tuple[ResourceDocument, ...]
    missing: tuple[ResourceDocument, ...]
    unmanaged: tuple[ResourceDocument, ...]
    """Not searched for yet: always empty."""
    result: Result | None = None
    """How it ended, where it did not come to its end; so too the next three."""
    reason: str | None = None
    cause: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class DriftDocument:
    """What differs in the live clouds from the state, by country."""

    countries: Mapping[str, DriftCountry]


def preview_document(prepared: Deployment, done: DeployResult) -> PreviewDocument:
    """A preview as JSON."""
    without_clouds = prepared.selection.without_clouds
    return PreviewDocument(
        done.findings,
        {name: RefusalDocument(e.code, e.message) for name, e in sorted(done.refused.items())},
        {
            name: PreviewCountry(
                **asdict(country.counts),
                steps=steps.step_documents(country.steps),
                **_ending(country),
                without_clouds=tuple(without_clouds[name]) if name in without_clouds else None,
            )
            for name, country in sorted(done.countries.items())
        },
    )


def drift_document(countries: Mapping[str, StackDrift]) -> DriftDocument:
    """A comparison as JSON."""
    found = steps.resource_documents
    return DriftDocument(
        {
            name: DriftCountry(found(one.changed), found(one.missing), (), **_ending(one.outcome))
            for name, one in sorted(countries.items())
        }
    )


def _ending(country: StackOutcome) -> dict[str, Any]:
    """Why a country did not come to its end; nothing when it did."""
    if country.result.went_well:
        return {}
    return {"result": country.result, "reason": country.reason, "cause": country.cause, "hint": country.hint}


def failure(countries: Mapping[str, StackOutcome], retry: str) -> Failure | None:
    """JSON's `error`, of the first country that failed, naming the others; None when none did."""
    failed = {name: run for name, run in sorted(countries.items()) if run.result is Result.FAILED}
    if not failed:
        return None
    name, first = next(iter(failed.items()))
    others = f" (failed too: {', '.join(list(failed)[1:])})" if len(failed) > 1 else ""
    return Failure(
        first.reason,
        f"{name}: {first.cause.removeprefix(f'{name}: ')}{others}",
        first.hint or f"fix that and try again: `{retry} {' '.join(failed)}`",
    )


def _counts(counts: Counts, before: str = "") -> str:
    """`3 to create, 1 to update`, or `3 created, 1 updated`; without what is none."""
    numbers = (
        ("create", counts.create),
        ("update", counts.update),
        ("replace", counts.replace),
        ("delete", counts.delete),
    )
    return ", ".join(f"{number} {before}{name}{'' if before else 'd'}" for name, number in numbers if number)
