"""Publications as bytes: canonical JSON (RFC 8785) out, and in again by a parser that takes nothing else.

One publication has exactly one form, so that what is signed, compared and digested is the same for everybody. The
parser bounds size and depth before it looks at anything, and shows no text that is not one clean line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ace.publication.values import HubPublication, Publication, Reason
from ace.signatures.canonical import canonical
from ace.spec.text import hidden_character, is_clean, shorten, show_path

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 16
_SCHEMAS: Final = ("ace/publication/v1", "ace/hub-publication/v1")
_COUNTRY: Final[TypeAdapter[Publication]] = TypeAdapter(Publication)
_HUB: Final[TypeAdapter[HubPublication]] = TypeAdapter(HubPublication)


class MalformedError(Exception):
    """These bytes are no publication."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


def encode(publication: Publication | HubPublication) -> bytes:
    """The publication's one form: canonical JSON in UTF-8.

    Raises:
        MalformedError: It holds what no publication may hold; what is written can always be read again.
    """
    adapter: TypeAdapter[Any] = _COUNTRY if isinstance(publication, Publication) else _HUB
    try:
        raw = canonical(adapter.dump_python(publication, mode="json"))
    except UnicodeEncodeError:
        raise MalformedError(Reason.UNCLEAN_TEXT, "it holds a lone surrogate, which is no text") from None
    parse(raw)
    return raw


def parse(raw: bytes) -> Publication | HubPublication:
    """The publication in some bytes.

    Raises:
        MalformedError: They are none, or not in canonical form; with the reason.
    """
    if len(raw) > MAX_BYTES:
        raise MalformedError(Reason.TOO_LARGE, f"it is larger than {MAX_BYTES // 1024} KiB")
    plain = _load(raw)
    for path, text in _texts(plain, ()):
        if not is_clean(text):
            raise MalformedError(Reason.UNCLEAN_TEXT, f"{show_path(list(path)) or 'a key'}: {_unclean(text)}")
    if not isinstance(plain, dict):
        raise MalformedError(Reason.MALFORMED, "it is no JSON object")
    schema = plain.get("schema")
    if schema not in _SCHEMAS:
        shown = repr(shorten(schema)) if isinstance(schema, str) else "none"
        raise MalformedError(Reason.UNKNOWN_SCHEMA, f"schema {shown} is not known here; known: {', '.join(_SCHEMAS)}")
    if canonical(plain) != raw:
        raise MalformedError(Reason.NOT_CANONICAL, "it is not in canonical form (RFC 8785); `ace publish` writes it so")
    adapter: TypeAdapter[Publication] | TypeAdapter[HubPublication] = _COUNTRY if schema == _SCHEMAS[0] else _HUB
    try:
        parsed = adapter.validate_json(raw)
    except ValidationError as error:
        raise MalformedError(Reason.MALFORMED, _told(error)) from None
    if canonical(TypeAdapter(type(parsed)).dump_python(parsed, mode="json")) != raw:
        raise MalformedError(Reason.NOT_CANONICAL, "an address, a prefix or a date is not in its shortest usual form")
    return parsed


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schemas (draft 2020-12) of publications and of hubs' publications."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {
        "publication": dialect | _all_required(_COUNTRY.json_schema()),
        "hub-publication": dialect | _all_required(_HUB.json_schema()),
    }


def _all_required(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` has a default in Python; in a file it is always written."""
    return schema | {"required": sorted(schema["properties"])}


def _load(raw: bytes) -> Any:
    """The JSON in there, of bounded depth, without a key that comes twice and without fractions."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(Reason.NOT_JSON, f"byte {error.start + 1} is no UTF-8") from None
    depth = deepest = 0
    in_text = escaped = False
    for character in text:
        if in_text:
            in_text = escaped or character != '"'
            escaped = not escaped and character == "\\"
        elif character == '"':
            in_text = True
        elif character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth -= 1
    if deepest > MAX_DEPTH:
        raise MalformedError(Reason.NOT_JSON, f"it is nested deeper than {MAX_DEPTH} levels")
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_float=_no_fraction, parse_constant=_no_fraction)
    except ValueError as error:
        why = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        raise MalformedError(Reason.NOT_JSON, f"it is no JSON: {why}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise MalformedError(Reason.NOT_JSON, "a key is given twice in one object")
    return made


def _no_fraction(_: str) -> Any:
    raise MalformedError(Reason.NOT_JSON, "it holds a number that is not whole; a publication has none")


def _texts(plain: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in there with its place; a key's place is that of its object."""
    if isinstance(plain, str):
        yield path, plain
    elif isinstance(plain, list):
        for index, item in enumerate(plain):
            yield from _texts(item, (*path, index))
    elif isinstance(plain, dict):
        for key, item in plain.items():
            yield path, key
            yield from _texts(item, (*path, key))


def _unclean(text: str) -> str:
    if hidden := hidden_character(text):
        return f"{hidden[1]} is not allowed in a text"
    return "a text must be one line" if "\n" in text else f"a text of {len(text)} characters is too long"


def _told(error: ValidationError) -> str:
    """The first few things that are wrong, each with its place."""
    details = error.errors(include_url=False, include_input=False)
    lines = [f"{show_path(list(detail['loc'])) or 'it'}: {_words(detail)}" for detail in details[:3]]
    return "; ".join(lines) + (f"; and {len(details) - 3} more" if len(details) > 3 else "")


def _words(detail: ErrorDetails) -> str:
    if detail["type"] == "unexpected_keyword_argument":
        return "a publication has no such field"
    if detail["type"] in {"missing", "missing_argument"}:
        return "is missing"
    return shorten(detail["msg"], 160)
