"""`ace policy`: the rules, what each asks, and where it comes from."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.errors import UserError

app = typer.Typer(no_args_is_help=True, help="The rules of the region and of its countries, and their sources.")


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
    """List every rule: at what it looks, how bad a breach is, and whose rule it is (who may waive it)."""
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
    """Explain one rule: what it asks, what satisfies it, whose it is and where it comes from."""
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
