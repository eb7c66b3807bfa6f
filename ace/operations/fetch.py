"""Publications brought from where the countries put them into ROOT/publications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ace.errors import UserError
from ace.layout import Layout
from ace.publication import folder, transport
from ace.publication.folder import Seen
from ace.publication.values import Absent, AnyVerification, Refused
from ace.publication.verify import MaySign, remembering, signers_of, verify_one
from ace.spec import load
from ace.spec.values import Member, Spec

OUT_OF_REACH: Final = "out-of-reach"
_WELL: Final = ("fetched", "unchanged", "absent")


@dataclass(frozen=True, slots=True)
class FetchedPublication:
    """What came of one publication."""

    name: str
    result: str
    """`fetched`, `unchanged`, `absent`, `out-of-reach` (then `name` is the country), or the reason of its refusal."""
    message: str = ""

    @property
    def went_well(self) -> bool:
        """Whether it is in place, or there is none."""
        return self.result in _WELL


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of each publication; none: no country says where its publications are."""

    publications: tuple[FetchedPublication, ...]

    @property
    def went_well(self) -> bool:
        """Whether nothing was refused or out of reach."""
        return all(one.went_well for one in self.publications)


def fetch(
    spec_dir: Path, countries: Sequence[str] = (), sink: Callable[[FetchedPublication], None] = lambda _one: None
) -> Fetched:
    """Bring publications, judge them, and put in place and remember what is to be believed.

    What is refused, absent or out of reach changes nothing.

    Args:
        spec_dir: The spec folder.
        countries: Codes in any case; none: all members that say where their publications are.
        sink: Told of each publication as it is done with.

    Raises:
        UserError: A name is no member's, a named one does not have `published_at:`, or the memory is damaged.
    """
    root, spec, now = spec_dir.parent, load(spec_dir), datetime.now(UTC)
    chosen = [spec.member(one) for one in countries] if countries else list(spec.members)
    if countries and (lost := [member.code for member in chosen if member.published_at is None]):
        raise UserError(
            f"{', '.join(lost)} has no `published_at:` in its member file",
            hint="add it, or copy the files into publications/",
            code="no-place",
        )
    seen, signers = folder.read_seen(root) or {}, folder.read_signers(root) or {}
    verdicts: dict[str, AnyVerification] = {}
    done: list[FetchedPublication] = []
    for member in (one for one in chosen if one.published_at is not None):
        keys = signers_of(root, spec, member, signers.get(member.stack), now.date())
        for one in _of_member(root, spec, member, keys, now, seen, verdicts):
            sink(one)
            done.append(one)
    if (kept := remembering(seen, verdicts)) != seen:
        folder.write_seen(root, kept)
    return Fetched(tuple(done))


def _of_member(
    root: Path,
    spec: Spec,
    member: Member,
    keys: MaySign,
    now: datetime,
    seen: Mapping[str, Seen],
    verdicts: dict[str, AnyVerification],
) -> Iterator[FetchedPublication]:
    """The publications of a country and of the hubs that it hosts; notes each one's verdict."""
    hubs = {f"hub-{hub.id}": hub for hub in spec.region.hubs if hub.hosted_by == member.code}
    try:
        brought = transport.bring(str(member.published_at), [member.stack, *hubs])
    except transport.TransportError as error:
        yield FetchedPublication(member.stack, OUT_OF_REACH, str(error))
        return
    publications = Layout(root).publications
    for name, signed in brought.items():
        verdict = verdicts[name] = verify_one(signed, spec, member, hubs.get(name), keys, now, seen.get(name))
        if isinstance(verdict, Absent):
            yield FetchedPublication(name, "absent")
        elif isinstance(verdict, Refused):
            yield FetchedPublication(name, str(verdict.reason), verdict.message)
        elif folder.read(publications, name) == signed:
            yield FetchedPublication(name, "unchanged")
        else:
            folder.put_signed(publications, name, signed)
            yield FetchedPublication(name, "fetched")
