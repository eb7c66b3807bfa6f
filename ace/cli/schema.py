"""`ace schema`: what the spec's files and publications, and the JSON of commands, may hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption

if TYPE_CHECKING:
    from collections.abc import Mapping


def schema(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[KIND|COMMAND]",
            help="A kind of file (`ecosystem`, `member`, `register`, `publication`, `hub-publication`), or a command "
            "(`validate`, `policy list`): its schema alone.",
        ),
    ] = None,
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.JSON,  # noqa: ARG001 - a schema is JSON in either format
) -> None:
    """Print the JSON Schemas of `ecosystem.yaml`, `members/*.yaml`, `register.yaml` and publications as one JSON object.

    Editors complete and check spec files with them: `ace schema member > member.schema.json`, then
    `# yaml-language-server: $schema=member.schema.json` on a file's first line. With the name of a command: the schema of
    what it prints with `--format json`.
    """
    from ace.cli.show.output import answering
    from ace.operations.schema import schemas

    with answering("schema", Format.TEXT):
        printed = schemas() if not names else _schema(" ".join(names), schemas())
        typer.echo(json.dumps(printed, indent=2, ensure_ascii=False))


def _schema(name: str, files: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The schema of a kind of file, or of a command's JSON.

    Raises:
        UserError: There is none of that name; names the nearest.
    """
    import difflib

    from ace.cli.show.documents import DOCUMENTS
    from ace.errors import UserError

    if name in files:
        return files[name]
    if name in DOCUMENTS:
        return DOCUMENTS[name].schema()
    near = difflib.get_close_matches(name, [*files, *DOCUMENTS], n=1)
    raise UserError(
        f"there is no schema {name[:40]!r}",
        hint=f"did you mean {near[0]}?" if near else f"name a command, or one of {', '.join(files)}",
        code="no-such-schema",
    )
