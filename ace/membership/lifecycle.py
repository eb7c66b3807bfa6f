"""A member's life cycle: from which status to which, and by what. What is not in the table cannot happen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from ace.errors import RefusedError
from ace.spec.values import MemberStatus


class Verb(StrEnum):
    """What moves a member from one status to another."""

    ACTIVATE = "activate"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REMOVE = "remove"
    """Begin to leave."""
    DISSOLVE = "dissolve"
    """The last step of leaving: all is torn down and verified to be gone."""


TABLE: Final[Mapping[tuple[Verb, MemberStatus], MemberStatus]] = {
    (Verb.ACTIVATE, MemberStatus.CANDIDATE): MemberStatus.ACTIVE,
    (Verb.SUSPEND, MemberStatus.ACTIVE): MemberStatus.SUSPENDED,
    (Verb.REINSTATE, MemberStatus.SUSPENDED): MemberStatus.ACTIVE,
    (Verb.REMOVE, MemberStatus.CANDIDATE): MemberStatus.LEAVING,
    (Verb.REMOVE, MemberStatus.ACTIVE): MemberStatus.LEAVING,
    (Verb.REMOVE, MemberStatus.SUSPENDED): MemberStatus.LEAVING,
    (Verb.DISSOLVE, MemberStatus.LEAVING): MemberStatus.LEFT,
}


def after(verb: Verb, status: MemberStatus, who: str) -> MemberStatus:
    """The status that a verb leads to.

    Args:
        verb: What is to be done.
        status: The member's now.
        who: The country, for the message.

    Raises:
        RefusedError: The table knows no such way.
    """
    to = TABLE.get((verb, status))
    if to is None:
        able = ", ".join(sorted({str(origin) for known, origin in TABLE if known is verb}))
        now = " or ".join(f"`ace member {known}`" for known, origin in TABLE if origin is status) or "nothing more"
        raise RefusedError(
            f"{who} is {status}, and only a member that is {able} can {verb}"
            if verb is Verb.REMOVE
            else f"{who} is {status}; `{verb}` is for a member that is {able}",
            hint=f"possible now: {now}",
            code="no-such-transition",
        )
    return to


def is_way(origin: MemberStatus, to: MemberStatus) -> bool:
    """Whether any verb leads from one status to the other."""
    return any(known[1] is origin and target is to for known, target in TABLE.items())
