"""How long a member may stay what it is: nobody is a candidate, or suspended, for ever (GOCDB's life cycle of sites)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from ace.spec.values import MemberStatus

MONTHS: Final[Mapping[MemberStatus, int]] = {MemberStatus.CANDIDATE: 2, MemberStatus.SUSPENDED: 4}


def overdue(code: str, status: MemberStatus, since: date, today: date) -> str:
    """What is overdue about a member, in a sentence; empty when nothing is."""
    months = MONTHS.get(status)
    if months is None or today <= months_after(since, months):
        return ""
    verb = "activate" if status is MemberStatus.CANDIDATE else "reinstate"
    return (
        f"{status} since {since}, longer than {months} months: `ace member {verb} {code}` or `ace member remove {code}`"
    )


def months_after(day: date, months: int) -> date:
    """The same day so many months later; the last of the month where there is no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
