"""`ace state`: a country's state as a Pulumi deployment, out and in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, EngineOption, Format, FormatOption, SpecOption
from ace.cli.outputs import CountryArgument
from ace.errors import UserError
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from ace.engine.contract import Engine, Event, Stack

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
    from ace.cli.output import answering, stderr
    from ace.files import put
    from ace.workspace.selection import one
    from ace.workspace.workspace import open_workspace

    with answering("state-export", Format.TEXT):
        job = one(open_workspace(spec), country, engine)
        text = json.dumps(job.engine.export(job.stack, _say), indent=2, ensure_ascii=False) + "\n"
        if file is None:
            typer.echo(text, nl=False)
            return
        try:
            put(file.absolute(), text)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None
        stderr.print(f"the state of {job.stack.name} is in {file}", markup=False)


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
    from ace.cli.output import answering, stdout
    from ace.workspace import engines
    from ace.workspace.selection import LOCAL, stack_of
    from ace.workspace.workspace import make_private, open_workspace

    with answering("state-import", format_) as answer:
        refuse_past(as_of)
        place = open_workspace(spec)
        member = place.spec.member(country)
        deployment = _read(file)
        make_private(place.root)
        stack = stack_of(place, member)
        held = engines.holder(stack.state_dir)
        wanted = (
            engine
            if engine is not EngineName.AUTO
            else held or engines.for_new(has_backend=member.state.backend != LOCAL)
        )
        kept = None
        if held is not None and held is not wanted:
            kept = _hand_over(engines.build(wanted), stack, deployment, held)
        else:
            engines.build(wanted).import_(stack, deployment, _say)
        resources = len((deployment.get("deployment") or {}).get("resources") or [])
        answer.body |= {"country": stack.name, "engine": str(wanted), "resources": resources}
        if format_ is Format.TEXT:
            stdout.print(f"{stack.name}: {resources} resources taken in, engine {wanted}", markup=False)
            if kept is not None:
                stdout.print(f"what the engine {held} had is kept in {kept}", markup=False)


def _hand_over(target: Engine, stack: Stack, deployment: dict[str, Any], held: EngineName) -> Path | None:
    """Import into another engine than holds the state; the old one's state is put aside, and back if that fails."""
    from ace.workspace import engines

    kept = engines.set_aside(stack.state_dir, held)
    try:
        target.import_(stack, deployment, _say)
    except BaseException:
        if kept is not None:
            engines.set_aside(
                stack.state_dir, EngineName.PULUMI if held is EngineName.EMBEDDED else EngineName.EMBEDDED
            )
            engines.put_back(stack.state_dir, kept)
        raise
    return kept


def _say(event: Event) -> None:
    """What an engine says while it hands a state over goes to standard error: standard output is the state."""
    from ace.cli.output import stderr
    from ace.engine.contract import Message

    if isinstance(event, Message):
        stderr.print(f"{event.stack}: {event.text}", markup=False)


def _read(file: Path) -> dict[str, Any]:
    """The deployment in a file.

    Raises:
        UserError: There is none in it.
    """
    from ace.engine.embedded.deployment import is_deployment

    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", code="no-file") from None
    except ValueError as error:
        raise UserError(
            f"{file} is no JSON: {error}", hint="make it with `ace state export`", code="bad-file"
        ) from None
    if not is_deployment(content):
        raise UserError(
            f"{file} is no Pulumi deployment of version 3 or 4", hint="make it with `ace state export`", code="bad-file"
        )
    return dict(content)
