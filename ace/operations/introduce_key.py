"""A country's next signing key, signed as a key that counts before it or, in a recovery, as an approver of the region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ace.errors import UserError
from ace.operations.policy import Approved
from ace.policy import approval, succession
from ace.signatures import ssh
from ace.spec.values import Signer, Spec


@dataclass(frozen=True, slots=True)
class SignerDocument:
    """An entry for `signers:` in a member's file."""

    key: str
    from_: date
    """The first day on which it is valid."""
    until: date
    """The first day on which it is no longer valid."""
    introduced: str | None = None
    """The signature of an earlier key of the country, on one line."""
    recovery: tuple[Approved, ...] | None = None
    """Instead of it, signatures of the region's approvers."""


@dataclass(frozen=True, slots=True)
class IntroductionDocument:
    """A country's next key, signed."""

    signer: SignerDocument


@dataclass(frozen=True, slots=True)
class IntroducedKey:
    """An entry for `signers:` in a member's file; the key counts from `since` until before `until`."""

    key: str
    since: date
    until: date
    introduced: str = ""
    """The earlier key's signature on one line; empty in a recovery."""
    approver: str = ""
    """In a recovery, who signed, ..."""
    approval: str = ""
    """... and that signature on one line."""

    @property
    def entry(self) -> SignerDocument:
        """As it goes into the file."""
        if self.introduced:
            return SignerDocument(self.key, self.since, self.until, introduced=self.introduced)
        return SignerDocument(self.key, self.since, self.until, recovery=(Approved(self.approver, self.approval),))


def introduce_key(spec: Spec, country: str, new: Path, since: date, until: date, key: Path) -> IntroducedKey:
    """Sign a country's next signing key. Nothing is written.

    Args:
        spec: The spec.
        country: The member's code, in any case.
        new: The new public key.
        since: The first day on which it counts.
        until: The first on which it does not.
        key: An earlier signer's private key, or an approver's.

    Raises:
        UserError: It is no member, the days are the wrong way round, or the key may not introduce another.
    """
    if until <= since:
        raise UserError(f"--until {until} is not after --from {since}", code="usage")
    member = spec.member(country)
    signer = Signer(ssh.public_key_of(new), since, until)
    statement, own = succession.statement(member.stack, signer), ssh.public_key_of(key)
    earlier = succession.succession(member, spec.region).counted
    approver = next((one for one in spec.region.approvers if ssh.bare(one.key) == own), None)
    if any(ssh.bare(one.key) == own and one.since <= since < one.until for one in earlier):
        introduced = ssh.on_one_line(ssh.sign(statement, key, succession.NAMESPACE))
        return IntroducedKey(signer.key, since, until, introduced=introduced)
    if approver is not None and approver.since <= since < approver.until:
        line = ssh.on_one_line(ssh.sign(statement, key, approval.NAMESPACE))
        return IntroducedKey(signer.key, since, until, approver=approver.id, approval=line)
    raise UserError(
        f"{key} ({ssh.fingerprint(own)}) is neither a signer of {member.code} that counts on {since}, nor an "
        "approver of the region",
        hint=f"signers are named in {member.file}, approvers in ecosystem.yaml",
        code="no-signer",
    )
