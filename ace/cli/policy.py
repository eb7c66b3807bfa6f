"""`ace policy`: the rules, what each asks, and where it comes from."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption, date_of
from ace.errors import UserError
from ace.workspace.as_of import today
from ace.workspace.root import find_spec_dir

app = typer.Typer(
    no_args_is_help=True, help="Policies: the rules of the region and of its countries, and their sources."
)


@app.command("list")
def list_(
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """List every rule: its subject, the severity of a breach, and its owner (who may waive it)."""
    from ace.cli.show.output import answering, stdout
    from ace.operations.policy import RulesDocument, rules

    with answering("policy-list", format_) as answer:
        found = rules()
        answer.document = RulesDocument(found)
        if format_ is Format.TEXT:
            for rule in found:
                line = f"{rule.id:<24} {rule.level:<12} {rule.severity:<8} {rule.owner:<8} {rule.title}"
                stdout.print(line, markup=False)


@app.command("explain")
def explain(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="A rule's id: `ace policy list`.")],
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain one rule: what it requires, what satisfies it, who owns it and its source."""
    from ace.cli.show.output import answering, stdout
    from ace.operations.policy import RulesDocument
    from ace.operations.policy import explain as run

    with answering("policy-explain", format_) as answer:
        rule = run(rule_id)
        answer.document = RulesDocument((rule,))
        if format_ is Format.TEXT:
            stdout.print(f"{rule.id} ({rule.level} level, {rule.severity}, {rule.owner}'s rule)\n", markup=False)
            stdout.print(rule.explanation or "", markup=False)
            stdout.print(f"\nSource: {rule.source}", markup=False)


@app.command("approve")
def approve(
    country: CountryArgument,
    key: Annotated[
        Path,
        typer.Option(
            "--key",
            metavar="FILE",
            dir_okay=False,
            help="The approver's private key, or the `.pub` of one that ssh-agent holds.",
        ),
    ],
    rule: Annotated[
        str | None, typer.Argument(metavar="[RULE]", help="The rule of a waiver in the member's file.")
    ] = None,
    subject: Annotated[str | None, typer.Argument(metavar="[SUBJECT]", help="The waiver's subject.")] = None,
    suspension: Annotated[bool, typer.Option("--suspension", help="Approve that the member is suspended.")] = False,
    since: Annotated[
        date | None, typer.Option("--since", metavar="DATE", parser=date_of, help="With --suspension: its first day.")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="With --suspension: why.")] = "",
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Sign, as one of the region's approvers, a waiver in a member's file, or a member's suspension.

    Prints what goes into the file: a waiver's `approval:`, or an item of `suspension: approvals:`. Nothing is written.
    """
    from ace.cli.show.output import answering, stdout
    from ace.operations import policy
    from ace.spec import load

    with answering("policy-approve", format_) as answer:
        what: policy.WaiverRef | policy.SuspensionRef
        if suspension and since is not None and reason and rule is None:
            what = policy.SuspensionRef(since, reason)
        elif rule is not None and subject is not None and not suspension:
            what = policy.WaiverRef(rule, subject)
        else:
            raise UserError(
                "there is nothing to approve",
                hint="name a waiver by RULE and SUBJECT, or give --suspension with --since DATE and --reason TEXT",
                code="usage",
            )
        made = policy.approve(load(find_spec_dir(spec)), country, what, key, as_of or today())
        answer.document = policy.ApprovalDocument(made)
        if format_ is Format.TEXT:
            start = "- " if suspension else "approval:\n  "
            stdout.print(f"{start}approver: {made.approver}\n  signature: {made.signature}", markup=False)
