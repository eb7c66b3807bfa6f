"""The JSON Schema (draft 2020-12) of the JSON export, read off the records' own types, so that it cannot lag behind."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from ace.catalogue import values
from ace.catalogue.plain import TABLES

RECORDS: Final = {
    values.Kind.COUNTRY: values.Country,
    values.Kind.PROVIDER: values.Provider,
    values.Kind.DATA_CENTRE: values.DataCentre,
    values.Kind.SECTOR: values.Sector,
    values.Kind.LABEL_SCHEME: values.LabelScheme,
    values.Kind.LABEL: values.Label,
    values.Kind.SERVICE: values.Service,
    values.Kind.INTERCONNECTION: values.Interconnection,
}
_ADDRESS: Final = {"type": "string", "format": "uri"}
_SIMPLE: Final[dict[Any, dict[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    date: {"type": "string", "format": "date"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
}


def schema() -> dict[str, Any]:
    """The schema of `catalogue.json`."""
    head: dict[str, Any] = {
        "$schema": {"type": "string"},
        "version": {"const": 1},
        "id": _ADDRESS,
        "name": {"type": "string"},
        "organisation": {"type": "string"},
        "languages": {"type": "array", "items": {"type": "string"}},
        "as_of": _SIMPLE[date],
        "last_verified": {"anyOf": [_SIMPLE[datetime], _SIMPLE[type(None)]]},
        "spec_digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }
    tables = {TABLES[kind]: {"type": "array", "items": _object(record, id_=True)} for kind, record in RECORDS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Catalogue of the Africa Cloud Ecosystem",
        "type": "object",
        "properties": head | tables,
        "required": [*head, *tables],
        "additionalProperties": False,
    }


def _object(record: type[Any], *, id_: bool = False) -> dict[str, Any]:
    hints = get_type_hints(record)
    own = {each.name: _schema(hints[each.name]) for each in fields(record)}
    properties = ({"id": _ADDRESS} if id_ else {}) | own
    optional = {"fr", "ar"} if record is values.Text else set()
    return {
        "type": "object",
        "description": " ".join((record.__doc__ or "").split()),
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _schema(hint: Any) -> dict[str, Any]:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    if get_origin(hint) in {Union, types.UnionType}:
        return {"anyOf": [_schema(each) for each in get_args(hint)]}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return {"enum": [str(each) for each in hint]}
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(hint)
    raise TypeError(f"no JSON Schema for {hint}")
