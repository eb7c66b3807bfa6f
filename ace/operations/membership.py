"""Activate, suspend, reinstate, remove a member. Each gives a plan, and changes nothing; `transition.carry_out` acts on it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from ace.errors import RefusedError, UserError
from ace.files import timestamp
from ace.membership import lifecycle
from ace.membership.activation import require_fit
from ace.membership.lifecycle import Verb
from ace.membership.transition import now
from ace.operations.fitness import last_report, signed_report
from ace.operations.region_steps import with_region
from ace.operations.transition import (
    STOPPED,
    UNSHOWN,
    MemberHere,
    Runs,
    TransitionPlan,
    files_step,
    intent_of,
    member_here,
    require,
)
from ace.spec.source import read
from ace.workspace.as_of import refuse_past

_REGION: Final = ("git commit the spec folder, and let the others pull",)


def activate(
    spec_dir: Path,
    country: str,
    *,
    reason: str = "",
    report: Path | None = None,
    as_of: date | None = None,
) -> TransitionPlan:
    """Activate a candidate that has passed its fitness check within 30 days, with its present file.

    Args:
        spec_dir: The spec folder.
        country: The member's code, in any case.
        reason: For the log.
        report: The country's own report, with its signature in FILE.sig; None: the last check that was run here.
        as_of: The day by which rules are evaluated; today or later.

    Raises:
        RefusedError: It is no candidate, or not fit.
        UserError: It is no member, or there is no report.
    """
    refuse_past(as_of)
    here = member_here(spec_dir, country, as_of)
    lifecycle.after(Verb.ACTIVATE, here.member.status, here.member.stack)
    last = (
        last_report(spec_dir.parent, here.member.stack) if report is None else signed_report(report, here.member, now())
    )
    fit = require_fit(here.member, last, now())
    evidence = {"check": timestamp(fit.at), "asked": fit.asked, "signed": report is not None}
    intent = intent_of(here, Verb.ACTIVATE, reason or "passed its fitness check", {"evidence": evidence})
    steps = (files_step(here, Verb.ACTIVATE, "status: active, and a line in the log"),)
    return TransitionPlan(here, intent, steps, _live(here.member.stack))


def suspend(
    spec_dir: Path,
    country: str,
    *,
    reason: str = "",
    approvals: Path | None = None,
    stop_servers: bool = False,
    as_of: date | None = None,
    runs: Runs = UNSHOWN,
) -> TransitionPlan:
    """Suspend a member: no routes, no listings, quotas of 0; nothing is destroyed.

    Args:
        spec_dir: The spec folder.
        country: The member's code, in any case.
        reason: For the log; needed.
        approvals: A YAML list of two approvers' signatures; not needed of members marked `example: true`.
        stop_servers: Whether the tenants' servers are stopped too.
        as_of: The day by which rules are evaluated; today or later.
        runs: How stacks and playbooks are run.

    Raises:
        RefusedError: Its status does not allow it.
        UserError: It is no member, there is no reason, or the approvals cannot be read.
    """
    refuse_past(as_of)
    here = member_here(spec_dir, country, as_of)
    require(here, Verb.SUSPEND, reason)
    signed = _approvals(approvals)
    evidence = {"approvers": [approver for approver, _ in signed], "stop_servers": stop_servers}
    options = {"approvals": [list(one) for one in signed], "evidence": evidence}
    intent = intent_of(here, Verb.SUSPEND, reason, options)
    estate = here.estate(runs)
    steps = [
        files_step(here, Verb.SUSPEND, "status: suspended and why, and a line in the log"),
        *with_region(spec_dir, here.member, runs.playbook),
        estate.quotas("set the quotas of its tenants to 0; running servers are not stopped"),
    ]
    if stop_servers or intent.options["evidence"]["stop_servers"]:
        steps.append(estate.stop_servers(here.folder / STOPPED))
    return TransitionPlan(here, intent, tuple(steps), _REGION)


def reinstate(
    spec_dir: Path, country: str, *, reason: str = "", as_of: date | None = None, runs: Runs = UNSHOWN
) -> TransitionPlan:
    """Reinstate a suspended member, with everything as before.

    Args:
        spec_dir: The spec folder.
        country: The member's code, in any case.
        reason: For the log; needed.
        as_of: The day by which rules are evaluated; today or later.
        runs: How stacks and playbooks are run.

    Raises:
        RefusedError: Its status does not allow it.
        UserError: It is no member, or there is no reason.
    """
    refuse_past(as_of)
    here = member_here(spec_dir, country, as_of)
    require(here, Verb.REINSTATE, reason)
    intent = intent_of(here, Verb.REINSTATE, reason, {})
    estate = here.estate(runs)
    steps = (
        files_step(here, Verb.REINSTATE, "status: active, as the file was before, and a line in the log"),
        estate.quotas("set the quotas of its tenants to those of its file"),
        estate.start_servers(here.folder / STOPPED),
        *with_region(spec_dir, here.member, runs.playbook),
    )
    return TransitionPlan(here, intent, steps, _REGION)


def remove(
    spec_dir: Path, country: str, *, reason: str = "", as_of: date | None = None, runs: Runs = UNSHOWN
) -> TransitionPlan:
    """Remove a member: export its data, tear down all that ACE made, verify that it is gone, keep its numbers reserved.

    It cannot be undone, so whoever calls asks first.

    Args:
        spec_dir: The spec folder.
        country: The member's code, in any case.
        reason: For the log; needed.
        as_of: The day by which rules are evaluated; today or later.
        runs: How stacks and playbooks are run.

    Raises:
        RefusedError: Its status does not allow it, or it hosts a hub.
        UserError: It is no member, or there is no reason.
    """
    refuse_past(as_of)
    here = member_here(spec_dir, country, as_of)
    require(here, Verb.REMOVE, reason)
    intent = intent_of(here, Verb.REMOVE, reason, {})
    _require_no_hub(here)
    estate = here.estate(runs)
    gone = "status: left; its entry in the register has the date, its numbers stay reserved"
    steps = (
        files_step(here, Verb.REMOVE, "status: leaving, and a line in the log"),
        *with_region(spec_dir, here.member, runs.playbook),
        estate.export(),
        estate.tear_down(),
        estate.verify(),
        files_step(here, Verb.DISSOLVE, gone, name="left"),
    )
    return TransitionPlan(here, intent, steps, _REGION)


def _require_no_hub(here: MemberHere) -> None:
    """Refuse to remove who hosts a hub that others go through.

    Raises:
        RefusedError: It does.
    """
    hubs = [hub.id for hub in here.spec.region.hubs if hub.hosted_by == here.member.code]
    if hubs:
        raise RefusedError(
            f"{here.member.name.en} hosts hub {', '.join(hubs)}, through which others reach each other",
            hint=f"let another country host it first: `hosted_by:` in {here.spec_dir.name}/ecosystem.yaml",
            code="hosts-a-hub",
        )


def _approvals(file: Path | None) -> tuple[tuple[str, str], ...]:
    """Approver and signature of each approval in a file.

    Raises:
        UserError: There is none in it.
    """
    if file is None:
        return ()
    source = read(file, str(file), file.absolute().parent)
    listed = source.root.plain() if source.root is not None and not source.findings else None
    found = [
        (one["approver"], one["signature"])
        for one in (listed if isinstance(listed, list) else ())
        if isinstance(one, dict) and isinstance(one.get("approver"), str) and isinstance(one.get("signature"), str)
    ]
    if not found or len(found) != len(listed or ()):
        raise UserError(
            f"{file} holds no list of approvals",
            hint="put what `ace policy approve` prints there: `- approver: ...` and `signature: ...` for each",
            code="no-approvals",
        )
    return tuple(found)


def _live(code: str) -> tuple[str, ...]:
    return (
        f"ace up {code}",
        f"ace configure {code}",
        f"ace publish {code}",
        "ace interconnect apply",
        "ace catalogue build",
    )
