"""What an approver of the region signs, and whether an approval counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from ace.signatures.canonical import canonical
from ace.signatures.ssh import AllowedKey, NoSignatureError, bare, from_line, is_signed
from ace.spec.region import Approver, Region
from ace.spec.values import Approval, Member, Waiver

NAMESPACE: Final = "ace-approval"
"""The namespace of approvers' signatures."""


def waiver_statement(member: Member, waiver: Waiver) -> bytes:
    """What is signed to approve a waiver: all of it, so that nothing can be changed afterwards."""
    return canonical(
        {
            "schema": "ace/waiver-approval/v1",
            "country": member.stack,
            "rule": waiver.rule,
            "subject": waiver.subject,
            "owner": waiver.owner.email,
            "reason": waiver.reason,
            "until": waiver.until.isoformat(),
        }
    )


def suspension_statement(country: str, since: date, reason: str) -> bytes:
    """What two approvers sign to suspend a member."""
    return canonical(
        {"schema": "ace/suspension/v1", "country": country.lower(), "since": since.isoformat(), "reason": reason}
    )


def why_not(region: Region, statement: bytes, approval: Approval, as_of: date) -> str:
    """Why an approval does not count on a date; empty when it does."""
    approver = next((one for one in region.approvers if one.id == approval.approver), None)
    if approver is None:
        return f"{approval.approver} is no approver of the region"
    if not approver.since <= as_of < approver.until:
        return f"{approver.id}'s key counts from {approver.since} until {approver.until}, not on {as_of}"
    return _why_not(approver, statement, approval.signature, as_of)


@lru_cache(maxsize=256)
def _why_not(approver: Approver, statement: bytes, line: str, as_of: date) -> str:
    try:
        signature = from_line(line)
    except NoSignatureError:
        return "the signature is damaged"
    if signature.key != bare(approver.key):
        return f"the signature is by another key than {approver.id}'s"
    key = AllowedKey(approver.key, approver.since, approver.until)
    noon = datetime.combine(as_of, time(12), UTC)
    if not is_signed(statement, signature, approver.id, [key], NAMESPACE, noon):
        return f"{approver.id}'s signature is over another text than the one in this file"
    return ""
