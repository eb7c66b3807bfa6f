"""`ace state`: a country's state as a Pulumi deployment, out and in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from ace.engine.contract import Event

app = typer.Typer(
    no_args_is_help=True,
    help="A country's state, as Pulumi's deployment: hand it over, keep a copy. Secrets stay encrypted.",
)


@app.command("export")
def export(
    country: CountryArgument,
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", dir_okay=False, help="Default: standard output.")
    ] = None,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,  # noqa: ARG001 - a deployment is JSON in either format
) -> None:
    """Write a country's state as a Pulumi deployment, which `pulumi stack import` takes as well."""
    from ace.cli.show.output import answering, stderr
    from ace.operations.state import export_state
    from ace.workspace.workspace import open_workspace

    with answering("state-export", Format.TEXT):
        found = export_state(open_workspace(spec), country, engine, _say)
        if file is None:
            typer.echo(found.text, nl=False)
            return
        found.write(file)
        stderr.print(f"the state of {found.country} is in {file}", markup=False)


@app.command("import")
def import_(
    country: CountryArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A deployment that `ace state export` wrote.")],
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Take a Pulumi deployment as a country's state, instead of the present one, which is kept beside it.

    With `--engine` the country goes over to that engine.
    """
    from ace.cli.show.output import answering, stdout
    from ace.operations.state import import_state
    from ace.workspace.workspace import open_workspace

    with answering("state-import", format_) as answer:
        refuse_past(as_of)
        done = import_state(open_workspace(spec), country, file, engine, _say)
        answer.document = done.document
        if format_ is Format.TEXT:
            stdout.print(f"{done.country}: {done.resources} resources taken in, engine {done.engine}", markup=False)
            if done.kept is not None:
                stdout.print(f"what the engine {done.before} had is kept in {done.kept}", markup=False)


def _say(event: Event) -> None:
    """What an engine says while it hands a state over goes to standard error: standard output is the state."""
    from ace.cli.show.output import stderr
    from ace.engine.contract import Message

    if isinstance(event, Message):
        stderr.print(f"{event.stack}: {event.text}", markup=False)
