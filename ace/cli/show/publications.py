"""What may be believed of publications, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ace.cli.show.output import stdout
from ace.files import timestamp

if TYPE_CHECKING:
    from ace.operations.publish import SignedPublication
    from ace.publication.values import AnyVerification


@dataclass(frozen=True, slots=True)
class PublicationDocument:
    """One publication: a country's, or a hub's (`hub-tunis`)."""

    country: str
    valid: bool
    reason: str
    """Empty where it is valid, `absent` where there is none, else the reason of its refusal."""
    signer: str | None
    """The fingerprint of the key that signed it, where it is valid."""
    issued: str | None
    """When it was issued (UTC), where it is valid."""
    message: str | None = None
    """Why it is refused."""


@dataclass(frozen=True, slots=True)
class PublicationsDocument:
    """Publications, in the order of their names."""

    publications: tuple[PublicationDocument, ...]


def verified(name: str, verdict: AnyVerification) -> PublicationDocument:
    """What was found of one publication."""
    from ace.publication.values import Refused, Verified

    if isinstance(verdict, Verified):
        return PublicationDocument(name, True, "", verdict.signer, timestamp(verdict.issued))
    if isinstance(verdict, Refused):
        return PublicationDocument(name, False, str(verdict.reason), None, None, verdict.message)
    return PublicationDocument(name, False, "absent", None, None)


def signed(one: SignedPublication) -> PublicationDocument:
    """A publication that was just signed."""
    return PublicationDocument(one.name, True, "", one.signer, timestamp(one.issued))


def show(publications: Sequence[PublicationDocument]) -> None:
    """A line for each."""
    width = max((len(one.country) for one in publications), default=0)
    for one in publications:
        name = f"{one.country:<{width}}"
        if one.valid:
            stdout.print(f"{name}  valid    issued {one.issued} by {one.signer}", markup=False)
        elif one.reason == "absent":
            stdout.print(f"{name}  absent   nothing has been published yet", markup=False)
        else:
            stdout.print(f"{name}  refused  {one.reason}: {one.message}", markup=False)
