"""`ace schema`: what the spec's files may hold, for editors."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption


class Kind(StrEnum):
    """The kinds of file."""

    ECOSYSTEM = "ecosystem"
    MEMBER = "member"
    REGISTER = "register"


def schema(
    kind: Annotated[Kind | None, typer.Argument(help="Only this kind of file: its schema alone.")] = None,
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.JSON,  # noqa: ARG001 - a schema is JSON in either format
) -> None:
    """Print the JSON Schemas of ecosystem.yaml, members/*.yaml and register.yaml as one JSON object.

    Editors complete and check spec files with them: `ace schema member > member.schema.json`, then
    `# yaml-language-server: $schema=member.schema.json` on a file's first line.
    """
    from ace.spec.schema import schemas

    printed = schemas() if kind is None else schemas()[kind]
    typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))
