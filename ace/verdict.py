"""How a check, a test or a proof ended: one vocabulary for all of them."""

from __future__ import annotations

from enum import StrEnum


class Verdict(StrEnum):
    """PASS or FAIL; ABORT: it could not be carried out; SKIP: it does not apply here, or a tool that it needs is missing."""

    PASS = "PASS"  # noqa: S105 - no password
    FAIL = "FAIL"
    ABORT = "ABORT"
    SKIP = "SKIP"
