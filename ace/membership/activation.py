"""What a candidate must have before it goes live."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from ace.errors import RefusedError
from ace.membership.fitness.checking import Report, digest_of
from ace.membership.kinds import is_placeholder
from ace.spec.values import Member
from ace.verdict import Verdict

FRESH: Final = timedelta(days=30)
"""How long a check counts: clouds change."""


def require_fit(member: Member, report: Report | None, now: datetime) -> Report:
    """The report that an activation rests on.

    Raises:
        RefusedError: There is no passing, fresh check of what the file asks now, or a real member has placeholders.
    """
    check = f"ace member check {member.stack}"
    if not member.example:
        _require_keys(member)
    if report is None:
        raise RefusedError(
            f"{member.name.en} has not been checked here", hint=f"`{check}`, then activate", code="not-checked"
        )
    if report.asked != digest_of(member):
        raise RefusedError(
            f"the last check of {member.name.en}, of {report.at:%Y-%m-%d %H:%M} UTC, was for other data centres or tenants "
            "than its file has now",
            hint=f"`{check}` again",
            code="not-checked",
        )
    if now - report.at > FRESH:
        raise RefusedError(
            f"the last check of {member.name.en} is of {report.at:%Y-%m-%d}, more than {FRESH.days} days ago",
            hint=f"`{check}` again",
            code="not-checked",
        )
    if not report.fit:
        bad = [
            f"{result.data_centre} {result.id}"
            for result in report.results
            if result.assessment.verdict in (Verdict.FAIL, Verdict.ABORT)
        ]
        raise RefusedError(
            f"the last check of {member.name.en} did not pass: {', '.join(bad)}",
            hint=f"fix what it reports and run `{check}` again",
            code="not-fit",
        )
    return report


def _require_keys(member: Member) -> None:
    places = ["signers"] if any(is_placeholder(signer.key) for signer in member.signers) else []
    places += [f"{centre.id}: admin_key" for centre in member.data_centres if is_placeholder(centre.admin_key)]
    if places:
        raise RefusedError(
            f"{member.file} has placeholders for keys: {', '.join(places)}",
            hint="put the country's own public keys there, or set `example: true` if the file is a made-up one",
            code="placeholder-key",
        )
