"""Options and arguments that many commands take."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ace.workspace.engines import EngineName


class Format(StrEnum):
    """Text for people, JSON for machines."""

    TEXT = "text"
    JSON = "json"


def date_of(text: str) -> date:
    """A date of the command line.

    Raises:
        typer.BadParameter: It is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-11-24") from None


SpecOption = Annotated[
    Path | None,
    typer.Option(
        "--spec", metavar="DIR", help="The spec folder. Default: $ACE_SPEC, else `ecosystem/` found upwards from here."
    ),
]
AsOfOption = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=date_of, help="Evaluate rules (labels, waivers, residency) as of this date."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="`json`: one JSON object on standard output.")]
CountryArgument = Annotated[str, typer.Argument(metavar="CC", help="ISO alpha-2 code, any case.")]
CountriesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CC]...", help="ISO alpha-2 codes, any case. None: every active member."),
]
EngineOption = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        envvar="ACE_ENGINE",
        help="`pulumi`: the Pulumi CLI; `embedded`: ACE's own. `auto`: pulumi if it is on PATH; a country that has state "
        "stays with its engine.",
    ),
]
ParallelOption = Annotated[
    int | None,
    typer.Option("--parallel", metavar="N", min=1, help="Countries at once. Default: by cores and free memory."),
]
TargetOption = Annotated[
    list[str] | None, typer.Option("--target", metavar="URN", help="Only this resource (repeatable).")
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show each step and the engine's own messages.")]
