"""`ace`: the one entry point. Each command group is a module of this room; this one only puts them together."""

from __future__ import annotations

import sys

import click
import typer

import ace
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


def main(arguments: list[str] | None = None) -> None:
    """Run `ace`. Usage errors exit 1 (2 means differences), Ctrl-C 130."""
    try:
        code = app(args=arguments, standalone_mode=False, prog_name="ace")
    except click.exceptions.Abort:
        code = ExitCode.INTERRUPTED
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.FAILED
    except BrokenPipeError:
        code = ExitCode.FAILED
    sys.exit(int(code) if isinstance(code, int) else 0)
