"""`ace member activate`, `suspend`, `reinstate`: a member's status, changed and changed back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, CountryArgument, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.cli.show.output import Answer
    from ace.operations.transition import Runs, TransitionPlan

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; change nothing.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="The reason, for the log of transitions.")]
ApprovalsOption = Annotated[
    Path | None,
    typer.Option(
        "--approvals",
        metavar="FILE",
        dir_okay=False,
        help="What two approvers' `ace policy approve` printed (YAML list of approver and signature).",
    ),
]


def activate(
    country: CountryArgument,
    reason: ReasonOption = "",
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="FILE", dir_okay=False, help="The country's own report, with its signature in FILE.sig."
        ),
    ] = None,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Activate a candidate. It must have passed `ace member check` within 30 days, with its present file.

    The check was run here, or the country submits its report, signed with a key of its member file. Only the status
    and the log change; `ace up` then deploys the country.
    """
    from ace.cli.show.output import answering
    from ace.operations.membership import activate as prepare

    with answering("member-activate", format_) as answer:
        plan = prepare(find_spec_dir(spec), country, reason=reason, report=report_file, as_of=as_of)
        carry_out_shown(answer, plan, dry_run, format_)


def suspend(
    country: CountryArgument,
    reason: ReasonOption = "",
    approvals: ApprovalsOption = None,
    stop_servers: Annotated[bool, typer.Option("--stop-servers", help="Also stop the tenants' servers.")] = False,
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Suspend a member: no routes, no listings, quotas of 0. Nothing is destroyed.

    Two of the region's approvers sign (`ace policy approve CC --suspension ...`), except for members marked `example: true`.
    If it is interrupted, run the same command again: it continues.
    """
    from ace.cli.show.output import answering
    from ace.operations.membership import suspend as prepare

    with answering("member-suspend", format_) as answer:
        plan = prepare(
            find_spec_dir(spec),
            country,
            reason=reason,
            approvals=approvals,
            stop_servers=stop_servers,
            as_of=as_of,
            runs=shown_runs(),
        )
        carry_out_shown(answer, plan, dry_run, format_)


def reinstate(
    country: CountryArgument,
    reason: ReasonOption = "",
    dry_run: DryRunOption = False,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Reinstate a suspended member, with everything as before. If it is interrupted, run the same command again."""
    from ace.cli.show.output import answering
    from ace.operations.membership import reinstate as prepare

    with answering("member-reinstate", format_) as answer:
        plan = prepare(find_spec_dir(spec), country, reason=reason, as_of=as_of, runs=shown_runs())
        carry_out_shown(answer, plan, dry_run, format_)


def shown_runs() -> Runs:
    """Runs of stacks and playbooks that a person watches."""
    from ace.cli.watched import run_for_steps, run_playbook
    from ace.operations.transition import Runs

    return Runs(run_for_steps, run_playbook)


def carry_out_shown(answer: Answer, plan: TransitionPlan, dry_run: bool, format_: Format) -> None:
    """Carry a transition out, or show what it would do."""
    from dataclasses import replace

    from ace.cli.show import members as show
    from ace.operations.transition import StepDone, TransitionEvent, carry_out

    def ended(event: TransitionEvent) -> None:
        if isinstance(event, StepDone):
            steps = (*answer.document.steps, show.TransitionStepDocument(event.name, did=event.did))
            answer.document = replace(answer.document, steps=steps)
        show.print_transition_event(event, quiet=format_ is Format.JSON)

    answer.document = show.transition_plan_document(plan, dry_run=dry_run)
    if dry_run:
        if format_ is Format.TEXT:
            show.print_transition_plan(plan)
        return
    done = carry_out(plan, ended)
    if done.transition is not None:
        answer.document = replace(answer.document, transition=show.transition_document(done.transition))
    answer.document = replace(answer.document, next=tuple(plan.next))
    if format_ is Format.TEXT:
        show.print_next(plan.next)
