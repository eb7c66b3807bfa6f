"""signer-ending: a country is never left without a key that may sign."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.rules.label_ending import NOTICE_DAYS
from ace.policy.subjects import member_subject
from ace.policy.values import PolicyFinding
from ace.spec.location import SpecLocation
from ace.spec.values import Member, MemberStatus, Spec


def signer_ending(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A member gets a warning about its last signing key 90, 30 and 7 days before its end, and when none may sign.

    Without a key nothing new can be published, and what was signed by an ended key is refused: routes and listings go.

    To satisfy it, add a key whose `from` is before the end of the last one; see docs/trust.md on
    rotation.
    """
    living = [member for member in spec.members if member.status is not MemberStatus.LEFT]
    return tuple(finding for member in living if (finding := _finding(member, as_of)) is not None)


def _finding(member: Member, as_of: date) -> PolicyFinding | None:
    if not any(signer.since <= as_of < signer.until for signer in member.signers):
        severity, fact = Severity.WARNING, f"no key may sign for {member.code} on {as_of}"
        remedy = "add one under `signers:` (docs/trust.md, rotation and recovery)"
    else:
        last = max(signer.until for signer in member.signers)
        days = (last - as_of).days
        notice = next((notice for notice in NOTICE_DAYS if days <= notice[0]), None)
        if notice is None:
            return None
        severity, fact = notice[1], f"the last key that may sign for {member.code} ends on {last}, in {days} days"
        remedy = "add the next one under `signers:`"
    return PolicyFinding(
        rule="signer-ending",
        severity=severity,
        member=member.stack,
        subject=member_subject(member),
        fact=fact,
        remedy=remedy,
        location=SpecLocation(member.file) / "signers",
    )


SIGNER_ENDING = Rule(
    id="signer-ending",
    title="A country always has a key that may sign, and hears 90, 30 and 7 days before it has none.",
    owner=Owner.COUNTRY,
    severity=Severity.WARNING,
    source="docs/trust.md",
    check=signer_ending,
)
