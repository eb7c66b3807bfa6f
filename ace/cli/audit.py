"""`ace audit`: whether what is only ever appended to was tampered with."""

from __future__ import annotations

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.cli.output import answering, stdout
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
    from ace import spec as spec_room
    from ace.membership import log
    from ace.membership.writing import text_of

    with answering("audit-verify", format_) as answer:
        spec_dir = find_spec_dir(spec)
        name = f"{spec_dir.name}/{log.FILE}"
        transitions, problems = log.read(text_of(spec_dir.parent, name) or "")
        statuses = {member.stack: member.status for member in spec_room.load(spec_dir).members}
        told = [f"{name}:{problem.line}: {problem.message}" for problem in problems]
        told += log.disagreements(transitions, statuses)
        answer.body |= {"transitions": len(transitions), "problems": told}
        if told:
            raise UserError(
                "\n".join(told),
                hint="see who changed it: `git log -p " + name + "`; bring it back from version control",
                code="tampered",
            )
        if format_ is Format.TEXT:
            stdout.print(f"{len(transitions)} transitions, none altered; every member's file agrees.", markup=False)
