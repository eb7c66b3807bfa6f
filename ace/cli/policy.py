"""`ace policy`: the rules, what each asks, and where it comes from."""

from __future__ import annotations

import difflib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption, date_of
from ace.cli.outputs import CountryArgument
from ace.errors import UserError
from ace.workspace.as_of import today
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.spec.values import Member

app = typer.Typer(
    no_args_is_help=True, help="Policies: the rules of the region and of its countries, and their sources."
)


def _as_json(level: str, rule: Any) -> dict[str, Any]:
    return {
        "id": rule.id,
        "level": level,
        "severity": str(rule.severity),
        "owner": str(rule.owner),
        "title": rule.title,
        "source": rule.source,
    }


@app.command("list")
def list_(
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """List every rule: its subject, the severity of a breach, and its owner (who may waive it)."""
    from ace.cli.output import answering, stdout
    from ace.policy.rules import LEVELS

    with answering("policy-list", format_) as answer:
        rules = [_as_json(level, rule) for level, of_level in LEVELS.items() for rule in of_level.values()]
        answer.body["rules"] = rules
        if format_ is Format.TEXT:
            for rule in rules:
                line = f"{rule['id']:<24} {rule['level']:<12} {rule['severity']:<8} {rule['owner']:<8} {rule['title']}"
                stdout.print(line, markup=False)


@app.command("explain")
def explain(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="A rule's id: `ace policy list`.")],
    spec: SpecOption = None,  # noqa: ARG001 - every command takes it
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain one rule: what it requires, what satisfies it, who owns it and its source."""
    from ace.cli.output import answering, stdout
    from ace.policy.rules import LEVELS, RULES

    with answering("policy-explain", format_) as answer:
        if rule_id not in RULES:
            near = difflib.get_close_matches(rule_id, RULES, n=1)
            raise UserError(
                f"there is no rule {rule_id[:40]!r}",
                hint=f"is {near[0]} meant?" if near else "`ace policy list` names them",
                code="no-such-rule",
            )
        rule = RULES[rule_id]
        level = next(name for name, rules in LEVELS.items() if rule_id in rules)
        answer.body["rules"] = [{**_as_json(level, rule), "explanation": rule.explanation}]
        if format_ is Format.TEXT:
            stdout.print(f"{rule.id} ({level} level, {rule.severity}, {rule.owner}'s rule)\n", markup=False)
            stdout.print(rule.explanation, markup=False)
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
    from ace.cli.output import answering, stdout
    from ace.policy import approval
    from ace.signatures import ssh
    from ace.spec import load

    with answering("policy-approve", format_) as answer:
        loaded = load(find_spec_dir(spec))
        member, day = loaded.member(country), as_of or today()
        public = ssh.public_key_of(key)
        approver = next((one for one in loaded.region.approvers if ssh.bare(one.key) == public), None)
        if approver is None or not approver.since <= day < approver.until:
            raise UserError(
                f"{key} ({ssh.fingerprint(public)}) is the key of no approver of the region on {day}",
                hint="approvers are named in ecosystem.yaml, under `approvers:`",
                code="no-approver",
            )
        if suspension and since is not None and reason and rule is None:
            statement = approval.suspension_statement(member.stack, since, reason)
        else:
            statement = _waiver_statement(member, rule, subject, suspension=suspension)
        line = ssh.on_one_line(ssh.sign(statement, key, approval.NAMESPACE))
        answer.body["approval"] = {"approver": approver.id, "signature": line}
        if format_ is Format.TEXT:
            start = "- " if suspension else "approval:\n  "
            stdout.print(f"{start}approver: {approver.id}\n  signature: {line}", markup=False)


def _waiver_statement(member: Member, rule: str | None, subject: str | None, *, suspension: bool) -> bytes:
    """What is signed of the waiver that is meant.

    Raises:
        UserError: It is not clear what is meant, or the file has no such waiver.
    """
    from ace.policy import approval

    if suspension or rule is None or subject is None:
        raise UserError(
            "it is not said what is approved",
            hint="name a waiver by RULE and SUBJECT, or give --suspension with --since DATE and --reason TEXT",
            code="usage",
        )
    found = [waiver for waiver in member.waivers if (waiver.rule, waiver.subject) == (rule, subject)]
    if len(found) != 1:
        raise UserError(
            f"{member.file} has {len(found) or 'no'} waiver{'s' if len(found) > 1 else ''} of {rule} for {subject}",
            hint="the country writes it there first, with owner, reason and end; then it is signed as it stands",
            code="no-waiver",
        )
    return approval.waiver_statement(member, found[0])
