"""`ace`: the one entry point. Each command group is a module of this room; this one only puts them together."""

from __future__ import annotations

import sys

import typer
from typer._click.exceptions import ClickException  # typer brings its own click and gives it no public name

import ace
from ace.cli import (
    audit,
    catalogue,
    configure,
    deploy,
    doctor,
    down,
    drift,
    interconnect,
    inventory,
    lab,
    member,
    outputs,
    policy,
    preview,
    publication,
    publish,
    schema,
    state,
    validate,
)
from ace.errors import ExitCode

app = typer.Typer(
    name="ace",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Africa Cloud Ecosystem: one spec, one stack per country, one cloud ecosystem.",
    epilog="Start with `ace doctor`, then `ace validate`, `ace preview tn`, `ace up tn`.",
)


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        typer.echo(ace.__version__)
        raise typer.Exit


app.command("doctor")(doctor.doctor)
app.command("validate")(validate.validate)
app.command("schema")(schema.schema)
app.command("preview")(preview.preview)
app.command("up")(deploy.up)
app.command("refresh")(deploy.refresh)
app.command("down")(down.down)
app.command("drift")(drift.drift)
app.command("outputs")(outputs.outputs)
app.command("inventory")(inventory.inventory)
app.command("configure")(configure.configure)
app.command("verify")(configure.verify)
app.add_typer(state.app, name="state")
app.add_typer(lab.app, name="lab")
app.add_typer(catalogue.app, name="catalogue")
app.add_typer(interconnect.app, name="interconnect")
app.add_typer(member.app, name="member")
app.command("publish")(publish.publish)
app.add_typer(publication.app, name="publication")
app.add_typer(policy.app, name="policy")
app.add_typer(audit.app, name="audit")


def main(arguments: list[str] | None = None) -> None:
    """Run `ace`. Usage errors exit 1 (2 means differences), Ctrl-C 130."""
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="ace")
    except ClickException as error:
        from typer.rich_utils import rich_format_error

        rich_format_error(error)
        code = ExitCode.FAILED
    except (typer.Abort, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
        code = ExitCode.INTERRUPTED
    sys.exit(code if isinstance(code, int) else ExitCode.OK)
