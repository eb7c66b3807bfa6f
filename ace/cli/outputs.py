"""`ace outputs`: what a country's stack gives to those after it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.engines import EngineName


def outputs(
    country: CountryArgument,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Print secrets in clear.")] = False,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; outputs are those of the last run
    format_: FormatOption = Format.TEXT,
) -> None:
    """Print the outputs of a country's stack as of the last run. Secrets are masked unless `--show-secrets` is given."""
    from ace.cli.show.output import answering, stdout
    from ace.operations.outputs import outputs as run
    from ace.workspace.workspace import open_workspace

    with answering("outputs", format_) as answer:
        found = run(open_workspace(spec), country, engine, show_secrets=show_secrets)
        answer.document = found.document
        if format_ is Format.TEXT:
            if not found.values:
                stdout.print(f"{found.country} has no outputs yet: `ace up {found.country}`", markup=False)
            for name, value in found.values.items():
                text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
                stdout.print(f"{name}: {text}", markup=False)
