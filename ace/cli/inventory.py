"""`ace inventory`: a country's hosts as Ansible reads them; `inventories/<cc>` is this for `ansible-playbook -i`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, EngineOption, Format, FormatOption, SpecOption
from ace.workspace.engines import EngineName


def inventory(
    country: CountryArgument,
    list_: Annotated[bool, typer.Option("--list", help="The whole inventory (the default).")] = False,
    host: Annotated[str | None, typer.Option("--host", metavar="H", help="One host's variables alone.")] = None,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; hosts are those of the last run
    format_: FormatOption = Format.JSON,  # noqa: ARG001 - an inventory is JSON in either format
) -> None:
    """Print the inventory of a country's hosts, from the outputs of its stack: complete, or an error.

    `ansible-playbook -i inventories/tn playbooks/site.yml` runs plain Ansible on it; `ace configure tn` does more. It also
    writes the ssh_config that the hosts are reached by: `ssh -F .ace/ssh/tn.conf gw1.tunis-1.tn`.
    """
    from ace.cli.show.output import answering
    from ace.errors import UserError
    from ace.operations.inventory import inventory as run
    from ace.workspace.workspace import open_workspace

    with answering("inventory", Format.TEXT):
        if list_ and host is not None:
            raise UserError("--list and --host at once", hint="give one of them", code="usage")
        found = run(open_workspace(spec), country, host=host, engine=engine)
        typer.echo(json.dumps(found.content, indent=2, ensure_ascii=False))
