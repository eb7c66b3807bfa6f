"""`ace schema`: what the spec's files and publications may hold."""

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
    PUBLICATION = "publication"
    HUB_PUBLICATION = "hub-publication"


def schema(
    kind: Annotated[Kind | None, typer.Argument(help="Only this kind of file: its schema alone.")] = None,
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.JSON,  # noqa: ARG001 - a schema is JSON in either format
) -> None:
    """Print the JSON Schemas of `ecosystem.yaml`, `members/*.yaml`, `register.yaml` and publications as one JSON object.

    Editors complete and check spec files with them: `ace schema member > member.schema.json`, then
    `# yaml-language-server: $schema=member.schema.json` on a file's first line.
    """
    from ace.operations.schema import schemas

    printed = schemas() if kind is None else schemas()[kind]
    typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))
