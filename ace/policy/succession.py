"""Which of a member's signing keys count: who follows whom (docs/trust.md).

A key that comes later is introduced by one that counted before it: its signature over the new key and its dates stands in
the member's file. Where no such key is left (lost, stolen), two of the region's approvers sign instead: the recovery. Keys
with which a member joined need neither: they were reviewed with the rest of its file, and whoever has once believed them
remembers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Final

from ace.policy.approval import why_not
from ace.signatures.canonical import canonical
from ace.signatures.ssh import AllowedKey, NoSignatureError, bare, fingerprint, from_line, is_signed
from ace.spec.region import Region
from ace.spec.values import Member, Signer

NAMESPACE: Final = "ace-signers"
"""The namespace of signatures by which a country's key introduces the next one."""
APPROVERS: Final = 2
"""So many must sign a recovery."""

Remembered = Mapping[str, date]
"""Fingerprint -> the last end of that key that was believed."""


@dataclass(frozen=True, slots=True)
class Succession:
    """A member's signers, distinguished."""

    counted: tuple[Signer, ...]
    """Whose signatures count, between their dates; by date."""
    unknown: tuple[Signer, ...]
    """Whom nobody has introduced."""

    def why(self, key: str) -> str:
        """Why a key does not count though the file names it; empty: it does, or the file does not name it."""
        named = [signer for signer in self.unknown if bare(signer.key) == bare(key)]
        if not named or any(bare(signer.key) == bare(key) for signer in self.counted):
            return ""
        mark = fingerprint(bare(key))
        return (
            f"{mark} was added to the signers, or its end put off, and no earlier key has signed that{_half(named[0])}"
        )


def statement(stack: str, signer: Signer) -> bytes:
    """What an earlier key, or two approvers, sign: the key, its dates and whose it is."""
    return canonical(
        {
            "schema": "ace/signer/v1",
            "country": stack,
            "key": bare(signer.key),
            "from": signer.since.isoformat(),
            "until": signer.until.isoformat(),
        }
    )


def succession(
    member: Member, region: Region, remembered: Remembered | None = None, today: date | None = None
) -> Succession:
    """Distinguish a member's signers.

    Args:
        member: Whose.
        region: Whose approvers may recover.
        remembered: The keys that were believed before; none: those with the earliest date are the first ones.
        today: The day of judgement, where something is remembered: who introduces a key that is not must still count on
            it, so that a stolen key that was ended can not introduce one that begins before its end.
    """
    waiting = sorted(member.signers, key=lambda signer: (signer.since, signer.key))
    if remembered:
        counted = [one for one in waiting if one.until <= remembered.get(fingerprint(bare(one.key)), date.min)]
    else:
        counted = [one for one in waiting if one.since == waiting[0].since]
    waiting = [one for one in waiting if one not in counted]
    day = today if remembered else None
    while followers := [one for one in waiting if _follows(member.stack, one, counted, region, day)]:
        counted += followers
        waiting = [one for one in waiting if one not in followers]
    return Succession(tuple(sorted(counted, key=lambda one: (one.since, one.key))), tuple(waiting))


def believed(succeeded: Succession, remembered: Remembered, today: date) -> dict[str, date]:
    """The memory with the keys that now count; an end that was brought forward, or a key that was taken out, stays so."""
    now = {fingerprint(bare(signer.key)): signer.until for signer in succeeded.counted}
    waiting = {fingerprint(bare(signer.key)) for signer in succeeded.unknown}
    kept = {mark: until if mark in waiting else min(until, today) for mark, until in remembered.items()}
    return {**kept, **now}


def _follows(stack: str, signer: Signer, before: Iterable[Signer], region: Region, today: date | None) -> bool:
    signed_bytes = statement(stack, signer)
    days = {signer.since, today or signer.since}
    if signer.introduced is not None:
        keys = tuple(AllowedKey(bare(one.key), one.since, one.until) for one in before if one.key != signer.key)
        if all(_introduced(signed_bytes, signer.introduced, stack, keys, day) for day in days):
            return True
    good = {one.approver for one in signer.recovery if not any(why_not(region, signed_bytes, one, day) for day in days)}
    return len(good) >= APPROVERS


@lru_cache(maxsize=256)
def _introduced(signed_bytes: bytes, line: str, stack: str, keys: tuple[AllowedKey, ...], day: date) -> bool:
    try:
        signature = from_line(line)
    except NoSignatureError:
        return False
    living = [key for key in keys if bare(key.key) == signature.key and key.counts_on(day)]
    noon = datetime.combine(day, time(12), UTC)
    return bool(living) and is_signed(signed_bytes, signature, stack, living, NAMESPACE, noon)


def _half(signer: Signer) -> str:
    count = len({one.approver for one in signer.recovery})
    return (
        f"; {count} of {APPROVERS} approvers of the region have" if count else ", nor have two approvers of the region"
    )
