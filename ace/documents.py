"""JSON from types: a document is a frozen dataclass; this writes it as JSON and describes it as a JSON Schema.

One rule for both: a field whose default is None is left out while it is None; every other field is always there, as
`null` where it is None. A field that has to be named like a word of Python ends in `_`, its key does not. Schemas are
pydantic's; writing needs no pydantic, because importing it takes longer than all that some commands do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, Final

from ace.errors import Finding

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong: `code` is a stable kebab-case word, `hint` what to do about it (may be empty)."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class _Failed:
    """What any document may have where a command failed."""

    findings: tuple[Finding, ...] | None = None
    """What is wrong in the spec's files, where that is why it failed."""
    error: Failure | None = None
    """Why it failed; then only what is known by then is there."""


def plain(value: Any) -> Any:
    """A document, or a value in one, as plain JSON values; keys are in the order of the fields.

    Dates, addresses and paths are their text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(given) for name, given in _present(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | Set) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def text(name: str, document: Any) -> str:
    """A document as it is written to a file: `{"schema": name, ...}`, with a newline at the end."""
    return json.dumps({"schema": name, **plain(document)}, indent=2, ensure_ascii=False) + "\n"


def _present(document: Any) -> list[tuple[str, Any]]:
    """The document's fields, but those that may be left out and are None."""
    return [
        (_key(field.name), given)
        for field in fields(document)
        if (given := getattr(document, field.name)) is not None or field.default is MISSING
    ]


def _key(field: str) -> str:
    return field.removesuffix("_")


def schema_of(name: str, kind: type) -> dict[str, Any]:
    """The JSON Schema of documents of a kind, as they are printed: under the key `schema` is their name.

    Args:
        name: Such as `ace/validate/v1`.
        kind: A frozen dataclass.
    """
    own, failed = _described(kind), _described(_Failed)
    properties: dict[str, Any] = {"schema": {"const": name}, **own.pop("properties", {})}
    for key, described in failed["properties"].items():
        had = properties.get(key)
        properties[key] = described if had in (None, described) else {"anyOf": [had, described]}
    return {
        "$schema": DIALECT,
        "title": name,
        "description": own.get("description", ""),
        "type": "object",
        "properties": properties,
        "required": ["schema"],
        "anyOf": [{"required": own.get("required", [])}, {"required": ["error"]}],
        "additionalProperties": False,
        "$defs": dict(sorted((own.get("$defs", {}) | failed["$defs"]).items())),
    }


@cache
def _generator() -> Any:
    """Pydantic's generator of schemas, with the rule of this module about defaults."""
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ARG002
            given = field["schema"]
            return not (given["type"] == "default" and given.get("default", MISSING) is None)

        def default_schema(self, schema: Any) -> dict[str, Any]:
            inner = schema["schema"]
            leaves_out = schema.get("default", MISSING) is None and inner["type"] == "nullable"
            return self.generate_inner(inner["schema"] if leaves_out else inner)

        def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
            return False

    return Generator


def _described(kind: type) -> dict[str, Any]:
    """A dataclass as pydantic describes it, its fields by the strings below them."""
    from pydantic import ConfigDict, TypeAdapter

    config = ConfigDict(use_attribute_docstrings=True, extra="forbid", alias_generator=_key)
    adapter: TypeAdapter[Any] = TypeAdapter(list[kind], config=config)  # type: ignore[valid-type]
    found = adapter.json_schema(mode="serialization", schema_generator=_generator())
    items = found["items"]
    defs = found.get("$defs", {})
    if "$ref" in items:
        items = defs.pop(items["$ref"].rpartition("/")[2])
    return {**items, "$defs": defs}
