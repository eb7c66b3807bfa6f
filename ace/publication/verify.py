"""What the region may believe: a publication is verified, refused for one reason, or absent.

The core is over bytes: who signed is asked before anything is read out of them, and a refusal changes nothing. Who may
sign follows from the spec and the file's name alone, never from what is in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final

from ace.layout import Layout
from ace.policy.succession import Remembered, Succession, believed, succession
from ace.publication.canonical import MAX_BYTES, MalformedError, parse
from ace.publication.contradictions import contradiction, hub_contradiction, not_joining, untimely
from ace.publication.folder import Seen, Signed, lab_key, read, read_seen, read_signers
from ace.publication.values import (
    NAMESPACE,
    Absent,
    AnyVerification,
    HubPublication,
    Reason,
    Refused,
    Verified,
)
from ace.signatures import ssh
from ace.signatures.canonical import digest
from ace.signatures.ssh import (
    AllowedKey,
    NoSignatureError,
    Signature,
    bare,
    fingerprint,
    is_signed,
)
from ace.spec.region import Hub
from ace.spec.values import Member, Spec

_LAB_SINCE: Final = date(2026, 1, 1)
_LAB_UNTIL: Final = date(2100, 1, 1)


def read_all(root: Path, spec: Spec, now: datetime) -> Mapping[str, AnyVerification]:
    """The verdict on each publication that ROOT could have, by name (`tn`, `hub-tunis`); nothing is written.

    Raises:
        UserError: The memory of what was seen is damaged, or there is no ssh-keygen.
    """
    seen, remembered = read_seen(root) or {}, read_signers(root) or {}
    verdicts: dict[str, AnyVerification] = {}
    for member in spec.members:
        keys = signers_of(root, spec, member, remembered.get(member.stack), now.date())
        verdicts[member.stack] = _of(root, spec, member, None, keys, now, seen)
        for hub in spec.region.hubs:
            if hub.hosted_by == member.code:
                verdicts[f"hub-{hub.id}"] = _of(root, spec, member, hub, keys, now, seen)
    return verdicts


@dataclass(frozen=True, slots=True)
class MaySign:
    """Whose signatures count for a member, and whose do not though its file names them."""

    keys: tuple[AllowedKey, ...]
    succession: Succession


def signers_of(root: Path, spec: Spec, member: Member, remembered: Remembered | None, today: date) -> MaySign:
    """Who may sign for a member: its file's signers that count, and the lab's key where it is an example and ROOT has a lab."""
    succeeded = succession(member, spec.region, remembered, today)
    keys = tuple(AllowedKey(bare(one.key), one.since, one.until) for one in succeeded.counted)
    lab = lab_key(root, member.stack) if member.example else None
    return MaySign((*keys, AllowedKey(lab, _LAB_SINCE, _LAB_UNTIL)) if lab else keys, succeeded)


def _of(
    root: Path,
    spec: Spec,
    member: Member,
    hub: Hub | None,
    keys: MaySign,
    now: datetime,
    seen: Mapping[str, Seen],
) -> AnyVerification:
    name = f"hub-{hub.id}" if hub else member.stack
    try:
        signed = read(Layout(root).publications, name)
    except OSError as error:
        return Refused(Reason.UNREADABLE, f"publications/{name}.json: {error.strerror or 'no regular file'}")
    return verify_one(signed, spec, member, hub, keys, now, seen.get(name))


def verify_one(
    signed: Signed,
    spec: Spec,
    member: Member,
    hub: Hub | None,
    keys: MaySign,
    now: datetime,
    seen: Seen | None,
) -> AnyVerification:
    """The verdict on one publication's bytes.

    Args:
        signed: The bytes and their signature.
        spec: What the region agreed on.
        member: Whose publication it must be; a hub's is its host's.
        hub: The hub whose publication it must be; None: the member's own.
        keys: Who may sign.
        now: The clock's time.
        seen: The newest one believed so far.
    """
    if signed.raw is None:
        return Absent()
    if refused := not_joining(member):
        return refused
    if len(signed.raw) > MAX_BYTES:
        return Refused(Reason.TOO_LARGE, f"it is larger than {MAX_BYTES // 1024} KiB")
    signer = _signer(signed.raw, signed.signature, member, keys, now)
    if isinstance(signer, Refused):
        return signer
    try:
        publication = parse(signed.raw)
    except MalformedError as error:
        return Refused(error.reason, error.message)
    name = f"hub-{hub.id}" if hub else member.stack
    if publication.name != name:
        return Refused(Reason.WRONG_NAME, f"it is {publication.name}'s, in the place of {name}'s")
    if publication.issued.date() < signer.since:
        return Refused(
            Reason.SIGNER_NOT_YET,
            f"it was issued on {publication.issued:%Y-%m-%d}, and its key counts from {signer.since}",
        )
    refused = untimely(publication, now) or _rolled_back(publication.issued, signed.raw, seen)
    if refused is not None:
        return refused
    mark = (fingerprint(signer.key), publication.issued, digest(signed.raw))
    if isinstance(publication, HubPublication):
        if hub is None:
            return Refused(Reason.WRONG_NAME, "it is a hub's, in the place of a country's")
        return hub_contradiction(publication, hub, spec) or Verified(publication, *mark)
    return contradiction(publication, member, spec) or Verified(publication, *mark)


def _signer(raw: bytes, signature: bytes | None, member: Member, keys: MaySign, now: datetime) -> AllowedKey | Refused:
    if signature is None:
        return Refused(
            Reason.UNSIGNED, f"it has no signature; {member.code} signs it with `ace publish {member.stack}`"
        )
    try:
        found = ssh.read_all(signature)
    except NoSignatureError as error:
        return Refused(Reason.BAD_SIGNATURE, f"its signature cannot be read: {error}")
    if len(found) != 1:
        return Refused(Reason.BAD_SIGNATURE, f"it has {len(found)} signatures; one is expected")
    return _counting(raw, found[0], member, keys, now)


def _counting(raw: bytes, signature: Signature, member: Member, keys: MaySign, now: datetime) -> AllowedKey | Refused:
    if signature.namespace != NAMESPACE:
        message = f"its signature is for {signature.namespace}, not for {NAMESPACE}"
        return Refused(Reason.WRONG_NAMESPACE, message)
    mark, today = fingerprint(signature.key), now.date()
    own = [key for key in keys.keys if bare(key.key) == signature.key]
    if why := keys.succession.why(signature.key):
        return Refused(Reason.SIGNER_NOT_INTRODUCED, f"{why} ({member.file})")
    if not own:
        return Refused(
            Reason.WRONG_SIGNER, f"it is signed by {mark}, which is no signer of {member.code} ({member.file})"
        )
    counting = [key for key in own if key.counts_on(today)]
    if not counting:
        if all(today < key.since for key in own):
            since = min(key.since for key in own)
            return Refused(Reason.SIGNER_NOT_YET, f"it is signed by {mark}, which counts from {since}")
        until = max(key.until for key in own)
        return Refused(Reason.SIGNER_ENDED, f"it is signed by {mark}, which counted until {until}")
    if not is_signed(raw, signature, member.stack, counting, NAMESPACE, now):
        return Refused(
            Reason.ALTERED, f"it is not what {mark} signed: it was altered since, or the signature belongs to another"
        )
    return counting[0]


def _rolled_back(issued: datetime, raw: bytes, seen: Seen | None) -> Refused | None:
    if seen is None or issued > seen.issued or (issued == seen.issued and digest(raw) == seen.digest):
        return None
    if issued == seen.issued:
        return Refused(Reason.ROLLED_BACK, f"another one of the same moment ({issued:%Y-%m-%d %H:%M:%S} UTC) was seen")
    summary = f"it was issued at {issued:%Y-%m-%d %H:%M:%S} UTC"
    return Refused(Reason.ROLLED_BACK, f"{summary}, before one that was seen already ({seen.issued:%Y-%m-%d %H:%M:%S})")


def remembering(seen: Mapping[str, Seen], verdicts: Mapping[str, AnyVerification]) -> dict[str, Seen]:
    """The memory with what has now been believed; what was refused or is absent leaves it as it was."""
    now = {
        name: Seen(verdict.issued, verdict.digest)
        for name, verdict in verdicts.items()
        if isinstance(verdict, Verified)
    }
    return {**seen, **now}


def remembering_signers(
    remembered: Mapping[str, Remembered], spec: Spec, verdicts: Mapping[str, AnyVerification], today: date
) -> dict[str, Remembered]:
    """The memory of who may sign, with the signers of each member of whom something has now been believed."""
    now = {
        member.stack: believed(
            succession(member, spec.region, remembered.get(member.stack), today),
            remembered.get(member.stack, {}),
            today,
        )
        for member in spec.members
        if isinstance(verdicts.get(member.stack), Verified)
    }
    return {**remembered, **now}
