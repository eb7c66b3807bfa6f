"""`ace down`: tear countries down."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.deploy import ReportOption, Run, UnprotectOption, act
from ace.cli.options import AsOfOption, EngineOption, Format, FormatOption, ParallelOption, SpecOption, VerboseOption
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from ace.operations.deploy import Deployment


def down(
    countries: Annotated[list[str], typer.Argument(metavar="CC...", help="ISO alpha-2 codes, any case.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    unprotect: UnprotectOption = None,
    engine: EngineOption = EngineName.AUTO,
    parallel: ParallelOption = None,
    report: ReportOption = None,
    verbose: VerboseOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Tear down everything that ACE created in these countries, and nothing else. It cannot be undone.

    What is protected (tenants' projects, their networks and data) is named and refused unless `--unprotect` is given.
    """
    from ace.engine.contract import RunOptions
    from ace.fleet.report import Action

    options = RunOptions(unprotect=tuple(unprotect or ()))
    run = Run(options, engine, parallel, report, verbose, spec, as_of, format_)
    act(Action.DOWN, countries, run, (lambda _prepared: None) if yes else _confirm)


def _confirm(prepared: Deployment) -> None:
    """Let the person type each country's code.

    Raises:
        UserError: There is no terminal to ask on, or the answer is another.
    """
    from ace.cli.show import deployment as show
    from ace.cli.show.output import stderr
    from ace.errors import UserError

    if not sys.stdin.isatty():
        names = " ".join(prepared.countries)
        raise UserError(
            f"this would tear down everything that ACE created in {names.replace(' ', ', ')}; there is no terminal to ask "
            "for confirmation",
            hint=f"to confirm: `ace down {names} --yes`",
            code="not-confirmed",
        )
    show.print_clouds(prepared)
    for name in prepared.countries:
        member = prepared.selection.chosen[name].member
        stderr.print(
            f"This tears down everything that ACE created in {member.name.en}. It cannot be undone.", markup=False
        )
        answer = typer.prompt(f"Type {name} to continue", default="", show_default=False, err=True)
        if answer.strip().lower() != name:
            raise UserError("not confirmed; nothing was changed", code="not-confirmed")
