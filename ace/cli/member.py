"""`ace member`: joining, being fit, pausing, leaving."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli import member_remove, member_status
from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.membership.answers import Asker

app = typer.Typer(
    no_args_is_help=True,
    help="Members: join (`add`), check, activate, suspend, reinstate, remove. See `docs/members.md`.",
)

app.command("activate")(member_status.activate)
app.command("suspend")(member_status.suspend)
app.command("reinstate")(member_status.reinstate)
app.command("remove")(member_remove.remove)

AnswersOption = Annotated[
    Path | None,
    typer.Option("--answers", metavar="FILE", dir_okay=False, help="Answers (YAML); missing ones have their defaults."),
]
DefaultsOption = Annotated[bool, typer.Option("--defaults", help="Ask nothing; every answer is the default.")]
UpdateOption = Annotated[
    bool,
    typer.Option("--update", help="Update a member's file to the newest template; the country's own text is kept."),
]


@app.command("list")
def list_(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """List every member with its status and date, and what is overdue: candidates after 2 months, suspensions after 4."""
    from ace.cli.show import members as show
    from ace.cli.show.output import answering
    from ace.operations.member_list import list_members

    with answering("member-list", format_) as answer:
        found = list_members(find_spec_dir(spec), as_of)
        answer.document = show.members_document(found)
        if format_ is Format.TEXT:
            show.print_members(found)


@app.command("add")
def add(
    country: CountryArgument,
    answers: AnswersOption = None,
    defaults: DefaultsOption = False,
    update: UpdateOption = False,
    dry_run: member_status.DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Add a country as a candidate: its files, its entry in the register, its numbers.

    Asks on a terminal; `--answers FILE` or `--defaults` ask nothing (an example: `templates/member/examples/sc.yaml`). The
    whole region is validated first; then all files are written, or none. No other member's files change.
    """
    from ace.cli.show import member_add as show
    from ace.cli.show.output import answering
    from ace.errors import UserError
    from ace.operations import member_add

    with answering("member-add", format_) as answer:
        if answers is not None and (defaults or update):
            raise UserError("--answers goes neither with --defaults nor with --update", code="usage")
        if update:
            asker = _asker(country) if not defaults and sys.stdin.isatty() else None
            updated = member_add.update(find_spec_dir(spec), country, asker=asker, dry_run=dry_run, as_of=as_of)
            answer.document = show.updated_document(updated)
            if format_ is Format.TEXT:
                show.print_updated(updated)
            if updated.conflict is not None:
                raise updated.conflict
            return
        asker = _asker(country) if answers is None and not defaults else None
        joined = member_add.join(
            find_spec_dir(spec), country, answers=answers, asker=asker, dry_run=dry_run, as_of=as_of
        )
        answer.document = show.joined_document(joined)
        if format_ is Format.TEXT:
            show.print_joined(joined, was_asked=asker is not None)


@app.command("check")
def check(
    country: CountryArgument,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="TEST", help="Only this test (repeatable).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", dir_okay=False, help="Also write the report (JSON) here.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="KEY", dir_okay=False, help="Sign the report with this key, into FILE.sig."),
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Check whether a national cloud has all that ACE needs, with the country's own credentials.

    Nothing is changed, except for a canary tenant that is created and removed (after Ctrl-C too). Exit code 1: a test is
    FAIL or ABORT (it could not be determined). The last complete check is kept for `ace member activate`.
    """
    from functools import partial

    from ace.cli.interrupt import interruptible
    from ace.cli.show import fitness as show
    from ace.cli.show.output import answering, stderr
    from ace.errors import ExitCode, UserError
    from ace.operations import fitness
    from ace.workspace.as_of import refuse_past
    from ace.workspace.workspace import open_workspace

    with answering("member-check", format_) as answer:
        refuse_past(as_of)
        if key is not None and (output is None or only):
            raise UserError("--key signs a whole report: give --report FILE, and no --only", code="usage")
        workspace = open_workspace(spec)
        sink = partial(show.show_event, quiet=format_ is Format.JSON)
        with interruptible(lambda line: stderr.print(line, markup=False), lambda: "the canary to be gone") as cancel:
            report = fitness.check_fitness(workspace, country, only=only or (), cancel=cancel, sink=sink)
        answer.document = report.document
        answer.exit_code = ExitCode.OK if report.fit else ExitCode.FAILED
        if output is not None:
            fitness.write_report(report, output, key)
        if format_ is Format.TEXT:
            show.show_summary(report)


def _asker(country: str) -> Asker:
    """A person to ask.

    Raises:
        UserError: There is no terminal.
    """
    from ace.cli.show.asking import Terminal
    from ace.errors import UserError

    if not sys.stdin.isatty():
        raise UserError(
            "there is no terminal to ask the template's questions on",
            hint=f"`ace member add {country} --answers FILE` (an example: templates/member/examples/sc.yaml), "
            "or --defaults",
            code="nobody-to-ask",
        )
    return Terminal()
