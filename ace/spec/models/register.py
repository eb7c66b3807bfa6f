"""`register.yaml`: who is, or was, a member."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ace.spec.fields import (
    CountryCode,
    Prefix4,
    Prefix6,
)
from ace.spec.models.base import Model, Version


class PinModel(Model):
    """Numbers that a member brought along and keeps."""

    ipv4: Prefix4 | None = None
    """A /20."""
    ipv6: Prefix6 | None = None
    """A /48."""
    asn_base: Annotated[int, Field(ge=1, le=4_294_967_000)] | None = None
    """First of eight ASNs, one a site."""


class EntryModel(Model):
    """One member, for ever: an entry is never deleted or changed, `left` is added."""

    country: CountryCode
    numeric: Annotated[int, Field(ge=1, le=899)]
    since: date
    left: date | None = None
    pinned: PinModel | None = None


class RegisterFile(Model):
    """`register.yaml`: who is, or was, a member (append-only)."""

    version: Version
    members: list[EntryModel]
