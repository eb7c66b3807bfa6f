"""Records as plain values: what the JSON export, the CSV export and `ace catalogue --format json` print."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from .values import Catalogue, Kind, Record, Text

WORDS = {kind: kind.name.lower() for kind in Kind}
"""`service`, `data_centre`, ...: the kinds as machines see them."""
TABLES = {kind: f"{word[:-1]}ies" if word.endswith("y") else f"{word}s" for kind, word in WORDS.items()}
"""`services`, `countries`, ...: where the JSON export keeps each kind."""


def plain(value: Any) -> Any:
    """Dataclasses, tuples, dates and enumerations as JSON has them; translations that are missing are left out."""
    if isinstance(value, Text):
        return value.by_language()
    if is_dataclass(value):
        return {each.name: plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def record(catalogue: Catalogue, kind: Kind, value: Record) -> dict[str, Any]:
    """A record with its address as `id`."""
    return {"id": catalogue.address(kind, value.slug), **plain(value)}


def export(catalogue: Catalogue) -> dict[str, Any]:
    """The whole catalogue: its head, then the records of each kind."""
    head = {
        "version": 1,
        "id": catalogue.base_url,
        "name": catalogue.name,
        "organisation": catalogue.organisation,
        "languages": list(catalogue.languages),
        "as_of": plain(catalogue.as_of),
        "last_verified": plain(catalogue.last_verified),
        "spec_digest": catalogue.spec_digest,
    }
    kinds = {
        table: [record(catalogue, kind, each) for each in catalogue.by_kind()[kind]] for kind, table in TABLES.items()
    }
    return head | kinds
