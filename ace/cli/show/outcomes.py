"""What became of countries, where stacks and hosts are alike: interrupted ones, and bugs."""

from __future__ import annotations

from collections.abc import Mapping

from ace.cli.show.output import stderr
from ace.fleet.run import CountryOutcome, Result


def print_bugs(countries: Mapping[str, CountryOutcome]) -> None:
    """The traceback of each country that failed by a bug."""
    for outcome in countries.values():
        if outcome.bug:
            stderr.print(outcome.bug, markup=False)


def print_interrupted(countries: Mapping[str, CountryOutcome], retry: str) -> None:
    """Which countries were stopped or not begun, and what to type to continue."""
    stopped = [name for name, outcome in sorted(countries.items()) if outcome.result is Result.EARLY_EXIT]
    if stopped:
        stderr.print(f"\n[bold]interrupted.[/] To continue: `{retry} {' '.join(stopped)}`")
