"""signer-introduced: a new signing key is vouched for by an earlier one, or by two of the region's approvers."""

from __future__ import annotations

from datetime import date

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import member_subject
from ace.policy.succession import succession
from ace.policy.values import PolicyFinding
from ace.signatures.ssh import bare, fingerprint
from ace.spec.location import SpecLocation
from ace.spec.values import Member, Signer, Spec


def signer_introduced(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """A key that is added to a member's signers is signed by a key that counts on its first day.

    What is published with a key that was not introduced is refused, so that a change of a member's file that passes
    review by mistake still cannot sign for the country. Where no earlier key is left, two approvers of the region sign.

    To satisfy it, `ace publication introduce CC --new KEY.pub --from DATE --until DATE --key OLD` prints the entry.
    """
    del as_of  # who followed whom does not change with the day
    return tuple(
        _finding(member, signer) for member in spec.members for signer in succession(member, spec.region).unknown
    )


def _finding(member: Member, signer: Signer) -> PolicyFinding:
    mark = fingerprint(bare(signer.key))
    return PolicyFinding(
        rule="signer-introduced",
        severity=Severity.WARNING,
        member=member.stack,
        subject=member_subject(member),
        fact=f"{mark}, a signer of {member.code} from {signer.since}, has not been introduced",
        remedy=f"sign it with an earlier key: `ace publication introduce {member.stack}`; lost: two approvers (docs/trust.md)",
        location=SpecLocation(member.file) / "signers",
    )


SIGNER_INTRODUCED = Rule(
    id="signer-introduced",
    title="A new signing key is vouched for by an earlier one, or by two of the region's approvers.",
    owner=Owner.REGION,
    severity=Severity.WARNING,
    source="docs/trust.md",
    check=signer_introduced,
)
