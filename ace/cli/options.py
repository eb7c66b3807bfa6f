"""Options that every command takes, and the places that follow from them."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ace.errors import UserError


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
        "--as-of", metavar="DATE", parser=date_of, help="Judge rules (labels, waivers, residency) as of this date."
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", help="`json`: one JSON object on standard output.")]
CountriesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[CC]...", help="ISO alpha-2 codes, any case. None: every active member."),
]


def find_spec_dir(given: Path | None) -> Path:
    """The spec folder: as given, else `ACE_SPEC`, else `ecosystem/` found upwards from the working directory.

    Raises:
        UserError: It is nowhere.
    """
    named = given or (Path(os.environ["ACE_SPEC"]) if os.environ.get("ACE_SPEC") else None)
    if named is not None:
        if not named.is_dir():
            raise UserError(f"{named}: no such spec folder", hint="check --spec and ACE_SPEC", code="no-spec")
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ecosystem").is_dir():
            return (folder / "ecosystem").resolve()
    raise UserError(
        f"no `ecosystem/` folder in {here} or above it",
        hint="go into a checkout of ACE, or name the folder with --spec or ACE_SPEC",
        code="no-spec",
    )


def checkout() -> Path:
    """The program's own checkout: where Pulumi.yaml, stacks/, playbooks/ and templates/ are."""
    return Path(__file__).resolve().parents[2]


def today() -> date:
    """The day by which rules are judged unless `--as-of` says another: UTC, so that it is the same everywhere."""
    return datetime.now(UTC).date()


def refuse_past(as_of: date | None) -> None:
    """Commands that act take no date before today (exit 3)."""
    from ace.errors import RefusedError

    if as_of is not None and as_of < today():
        raise RefusedError(
            f"--as-of {as_of} is before today; a command that acts judges by today's rules or later ones",
            hint="leave --as-of out, or ask with `ace preview --as-of`",
            code="as-of-in-the-past",
        )
