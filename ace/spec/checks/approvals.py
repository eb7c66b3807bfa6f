"""Check who may approve, and the approvals that members' files hold: names that there are, dates that can be.

Whether a signature counts is a question of its date, and so the policies' (`ace.policy.approval`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import Facts, ids_of, refer, twice


def check_approvals(facts: Facts) -> Iterator[Finding]:
    """Approvers are different people with keys of their own, and approvals name them."""
    approvers = list(facts.ecosystem["approvers"].items)
    yield from twice(((approver["id"].text, approver["id"]) for approver in approvers), "approver")
    keys = [(_key(approver), approver["key"]) for approver in approvers]
    signers = [signer for member in facts.members for signer in member.cursor["signers"].items]
    yield from twice(
        [*keys, *((_key(signer), signer["key"]) for signer in signers if _key(signer) in dict(keys))], "key"
    )
    for approver in approvers:
        since, until = approver["from"].day, approver["until"].day
        if since is not None and until is not None and until <= since:
            yield approver["until"].finding("dates", f"{until} is not after {since}, when the key begins to count")
    known = ids_of(facts.ecosystem["approvers"]) if facts.ecosystem["approvers"] else frozenset()
    for member in facts.members:
        for waiver in member.cursor["waivers"].items:
            yield from refer(waiver["approval"]["approver"], known, "approver of the region")
        for approval in member.cursor["suspension"]["approvals"].items:
            yield from refer(approval["approver"], known, "approver of the region")
        if member.cursor["suspension"] and member.cursor["status"].text not in {"suspended", None}:
            message = f"{member.code} is not suspended; delete this, or write `status: suspended`"
            yield member.cursor["suspension"].finding("suspension", message)


def _key(holder: Cursor) -> str | None:
    parts = (holder["key"].text or "").split(" ")
    return parts[1] if len(parts) > 1 else None
