"""What a catalogue is made from: the spec, where each country's publication stands, what the policies object to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from ace.spec.values import Spec

from .values import Kind, Reason


@dataclass(frozen=True, slots=True)
class Proof:
    """A country's verified publication, as far as the catalogue reads it."""

    file: str
    signer: str
    issued: datetime
    expires: datetime
    endpoints: Mapping[str, str]
    """Address of each published service by its id."""
    data_centres: frozenset[str]
    hubs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A publication that is there and does not count: tampered with, unsigned, expired, replayed."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The catalogue's input.

    `standing` has a country's `Proof` or `Refusal` by code; a country without either has not published yet.
    `objections` has the error-level policy findings against a record; country findings hold for all of its records.
    """

    spec: Spec
    as_of: date
    standing: Mapping[str, Proof | Refusal] = field(default_factory=dict)
    objections: Mapping[tuple[Kind, str], tuple[Reason, ...]] = field(default_factory=dict)
