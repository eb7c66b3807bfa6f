"""The rules and their sources; and an approver's signature under a waiver or a suspension."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ace.errors import UserError
from ace.policy import approval
from ace.policy.rules import LEVELS, RULES
from ace.signatures import ssh
from ace.spec.values import Member, Spec


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One rule as people read it."""

    id: str
    level: str
    """At what it looks: `spec`, `plan`, ..."""
    severity: str
    owner: str
    """Whose rule it is, who may waive it: the region's or the country's."""
    title: str
    source: str
    explanation: str | None = None
    """What it requires and what satisfies it; None in a list of rules."""


@dataclass(frozen=True, slots=True)
class RulesDocument:
    """Rules of the region and of its countries."""

    rules: tuple[RuleFacts, ...]


@dataclass(frozen=True, slots=True)
class WaiverRef:
    """A waiver in a member's file."""

    rule: str
    subject: str


@dataclass(frozen=True, slots=True)
class SuspensionRef:
    """A suspension that is to come: its first day, and why."""

    since: date
    reason: str


@dataclass(frozen=True, slots=True)
class Approved:
    """An approver's signature, as it goes into a member's file."""

    approver: str
    signature: str


@dataclass(frozen=True, slots=True)
class ApprovalDocument:
    """What an approver signed."""

    approval: Approved


def rules() -> tuple[RuleFacts, ...]:
    """Every rule, by level."""
    return tuple(
        RuleFacts(rule.id, level, str(rule.severity), str(rule.owner), rule.title, rule.source)
        for level, of_level in LEVELS.items()
        for rule in of_level.values()
    )


def explain(rule_id: str) -> RuleFacts:
    """One rule.

    Raises:
        UserError: There is none of that id; names the nearest.
    """
    if rule_id not in RULES:
        near = difflib.get_close_matches(rule_id, RULES, n=1)
        raise UserError(
            f"there is no rule {rule_id[:40]!r}",
            hint=f"is {near[0]} meant?" if near else "`ace policy list` names them",
            code="no-such-rule",
        )
    return replace(next(rule for rule in rules() if rule.id == rule_id), explanation=RULES[rule_id].explanation)


def approve(spec: Spec, country: str, what: WaiverRef | SuspensionRef, key: Path, as_of: date) -> Approved:
    """Sign, as one of the region's approvers, a waiver that stands in a member's file, or a member's suspension.

    Args:
        spec: The spec.
        country: The member's code, in any case.
        what: What is approved.
        key: The approver's private key, or the `.pub` of one that ssh-agent has.
        as_of: The day on which the approver has to be one.

    Raises:
        UserError: It is no approver's key, or the file has no such waiver.
    """
    member, public = spec.member(country), ssh.public_key_of(key)
    approver = next((one for one in spec.region.approvers if ssh.bare(one.key) == public), None)
    if approver is None or not approver.since <= as_of < approver.until:
        raise UserError(
            f"{key} ({ssh.fingerprint(public)}) is the key of no approver of the region on {as_of}",
            hint="approvers are named in ecosystem.yaml, under `approvers:`",
            code="no-approver",
        )
    if isinstance(what, SuspensionRef):
        statement = approval.suspension_statement(member.stack, what.since, what.reason)
    else:
        statement = _waiver_statement(member, what)
    return Approved(approver.id, ssh.on_one_line(ssh.sign(statement, key, approval.NAMESPACE)))


def _waiver_statement(member: Member, ref: WaiverRef) -> bytes:
    """What is signed of a waiver.

    Raises:
        UserError: The file does not have exactly one such waiver.
    """
    found = [waiver for waiver in member.waivers if (waiver.rule, waiver.subject) == (ref.rule, ref.subject)]
    if len(found) != 1:
        plural = "s" if len(found) > 1 else ""
        raise UserError(
            f"{member.file} has {len(found) or 'no'} waiver{plural} of {ref.rule} for {ref.subject}",
            hint="the country adds it there first, with owner, reason and end; then an approver signs it",
            code="no-waiver",
        )
    return approval.waiver_statement(member, found[0])
