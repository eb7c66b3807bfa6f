"""The day by which rules are judged: today in UTC, or a later one."""

from __future__ import annotations

from datetime import UTC, date, datetime

from ace.errors import RefusedError


def today() -> date:
    """The day by which rules are judged unless `--as-of` names another: UTC, so that it is the same everywhere."""
    return datetime.now(UTC).date()


def refuse_past(as_of: date | None) -> None:
    """Actions take no date before today.

    Raises:
        RefusedError: The date is before today.
    """
    if as_of is not None and as_of < today():
        raise RefusedError(
            f"--as-of {as_of} is before today; a command that acts uses the rules of today or later",
            hint="leave --as-of out, or ask with `ace preview --as-of`",
            code="as-of-in-the-past",
        )
