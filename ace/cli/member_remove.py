"""`ace member remove`: a member leaves."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.member_status import DryRunOption, ReasonOption, carry_out_shown, shown_runs
from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.operations.transition import TransitionPlan


def remove(
    country: CountryArgument,
    reason: ReasonOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Remove a member: export its data, tear down all that ACE made, verify that it is gone, keep its numbers reserved.

    It cannot be undone: the tenants' resources are deleted too. Use `--dry-run` first. If it is interrupted, run it again.
    """
    from ace.cli.show.output import answering
    from ace.operations.membership import remove as prepare

    with answering("member-remove", format_) as answer:
        plan = prepare(find_spec_dir(spec), country, reason=reason, as_of=as_of, runs=shown_runs())
        if not dry_run and not yes:
            _confirm(plan)
        carry_out_shown(answer, plan, dry_run, format_)


def _confirm(plan: TransitionPlan) -> None:
    """Let the person type the country's code.

    Raises:
        UserError: There is no terminal to ask on, or the answer is another.
    """
    from ace.cli.show.output import stderr
    from ace.errors import UserError

    member = plan.here.member
    sentence = f"this tears down all that ACE made in {member.name.en}, its tenants' data included"
    if not sys.stdin.isatty():
        command = f"ace member remove {member.stack}"
        raise UserError(
            f"{sentence}, and there is no terminal to ask on",
            hint=f"look with `{command} --dry-run`; if it is meant: `{command} --yes`",
            code="not-confirmed",
        )
    stderr.print(f"{sentence}. It cannot be undone.", markup=False)
    typed = typer.prompt(f"Type {member.stack} to continue", default="", show_default=False, err=True)
    if typed.strip().lower() != member.stack:
        raise UserError("not confirmed; nothing was changed", code="not-confirmed")
