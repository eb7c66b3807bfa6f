"""`ace publish`: what a country says in public, written and signed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName


def publish(
    country: CountryArgument,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", dir_okay=False, help="A private key, or the `.pub` of one that ssh-agent holds."
        ),
    ] = None,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write the country's public facts, and those of its hubs, into `ROOT/publications`, and sign them.

    The key: `--key FILE`; else one of the member file's signers that ssh-agent holds (a token's too, after `ssh-add
    -s`); else, for members marked `example: true`, the lab's. Refused (exit 3) where the policies refuse the country.
    """
    from ace.cli.show.output import answering, stdout
    from ace.cli.show.publications import PublicationsDocument, signed
    from ace.operations.publish import SignedPublication
    from ace.operations.publish import publish as run
    from ace.workspace.workspace import open_workspace

    def show(one: SignedPublication) -> None:
        if format_ is Format.TEXT:
            stdout.print(f"{one.name}  {one.file}  signed by {one.signer}", markup=False)

    with answering("publish", format_) as answer:
        refuse_past(as_of)
        done = run(open_workspace(spec), country, key=key, engine=engine, as_of=as_of, sink=show)
        answer.document = PublicationsDocument(tuple(signed(one) for one in done.publications))
        if done.without_key and format_ is Format.TEXT:
            lacking = ", ".join(done.without_key)
            stdout.print(f"{lacking} have no key yet: `ace configure {done.country}`, then publish again", markup=False)
