"""`ace audit`: whether what is only ever appended to was tampered with."""

from __future__ import annotations

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.cli.show.output import answering, stdout
from ace.errors import UserError
from ace.workspace.root import find_spec_dir

app = typer.Typer(no_args_is_help=True, help="Audit: check that the log of members' transitions was not tampered with.")


@app.callback()
def _group() -> None:
    """A group of its own, so that there may be more than one command."""


@app.command("verify")
def verify(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Verify the log of transitions: the chain of hashes, each transition, and the status in each member's file.

    Exit code 1: a line was altered, removed or inserted, or a file has another status than the log.
    """
    from ace.operations.audit import audit

    with answering("audit-verify", format_) as answer:
        found = audit(find_spec_dir(spec))
        answer.document = found.document
        if found.problems:
            raise UserError(
                "\n".join(found.problems),
                hint=f"see who changed it: `git log -p {found.log}`; bring it back from version control",
                code="tampered",
            )
        if format_ is Format.TEXT:
            stdout.print(f"{found.transitions} transitions, none altered; every member's file agrees.", markup=False)
