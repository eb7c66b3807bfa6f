"""Check one file's tree against its model, and report what is wrong in plain text, with line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ace.errors import Finding, Severity
from ace.spec.fields import shown
from ace.spec.source import Node, Source
from ace.spec.text import show_path

SUPPORTED_VERSIONS: Final = (1,)
File = TypeVar("File", bound=BaseModel)

ADVICE: Final[Mapping[str, str]] = {
    "auth": "credentials belong in clouds.yaml, never in the spec",
    "auth_url": "how a cloud is reached belongs in clouds.yaml",
    "password": "credentials belong in clouds.yaml, never in the spec",
    "numeric": "the numeric code is looked up from the country's",
    "pinned": "numbers that a member brings along are pinned in register.yaml",
    "asn": "ASNs follow from the country's numeric code; pin others in register.yaml",
    "direct": "direct links are not supported by this release",
}
"""Hint about the keys that people are likely to try."""


@dataclass(frozen=True, slots=True)
class Shaped(Generic[File]):
    """A file checked against its model; `model` is None when there are findings."""

    model: File | None
    findings: tuple[Finding, ...]


def check_shape(source: Source, model: type[File]) -> Shaped[File]:
    """Validate a file's tree."""
    if source.root is None:
        return Shaped(None, ())
    if source.root.entries is None:
        return Shaped(
            None, (_finding(source, source.root, (), "wrong-type", "expected a mapping (`key: value` lines)"),)
        )
    if (version := _foreign_version(source)) is not None:
        return Shaped(None, (version,))
    try:
        return Shaped(model.model_validate(source.root.plain()), ())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=True)
        return Shaped(None, tuple(_explain(source, source.root, model, detail) for detail in details))


def _foreign_version(source: Source) -> Finding | None:
    node = source.root.get("version") if source.root else None
    if node is None or node.value in SUPPORTED_VERSIONS or not isinstance(node.value, int) or node.value is True:
        return None
    return _finding(
        source,
        node,
        ("version",),
        "unknown-version",
        f"this release of ACE reads version 1 of the spec, not {node.value}; version {node.value} needs "
        + ("a later release of ACE" if node.value > 1 else "to be written as version 1 (there is no earlier one)"),
    )


def _explain(source: Source, root: Node, model: type[BaseModel], detail: ErrorDetails) -> Finding:
    path, node, key_place = _locate(root, detail["loc"])
    kind, context, value = detail["type"], detail.get("ctx", {}), detail["input"]
    if kind == "extra_forbidden":
        key = str(path[-1])
        message = _unknown_key(key, _known_keys(model, path[:-1]))
        line, column = key_place or (node.line, node.column)
        return Finding(source.name, line, column, show_path(path[:-1]), "unknown-key", Severity.ERROR, message)
    if kind == "missing":
        key = str(detail["loc"][-1])
        return _finding(source, node, path, "missing-key", f"{key!r} is missing here")
    if kind == "ace":
        return _finding(source, node, path, context["code"], context["message"])
    if kind == "literal_error" and path == ["version"]:
        return _finding(source, node, path, "wrong-type", f"expected 1, the version of the format, not {shown(value)}")
    code, message = _builtin_words(kind, context, value)
    return _finding(source, node, path, code, message)


def _locate(root: Node, location: Iterable[int | str]) -> tuple[list[int | str], Node, tuple[int, int] | None]:
    """The path and node that a pydantic location leads to: as far as the tree goes."""
    path: list[int | str] = []
    node = root
    key_place: tuple[int, int] | None = None
    for part in location:
        if part == "[key]":
            if key_place is not None:
                node = Node(*key_place)
            break
        if isinstance(part, int) and node.items is not None and part < len(node.items):
            node, key_place = node.items[part], None
        elif isinstance(part, str) and (child := node.get(part)) is not None:
            key_place = node.keys[part]
            node = child
        else:
            break
        path.append(part)
    return path, node, key_place


def _finding(source: Source, node: Node, path: Iterable[int | str], code: str, message: str) -> Finding:
    return Finding(source.name, node.line, node.column, show_path(list(path)), code, Severity.ERROR, message)


def _unknown_key(key: str, known: list[str]) -> str:
    if key in ADVICE:
        return f"unknown key {shown(key)}: {ADVICE[key]}"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    return f"unknown key {shown(key)}; " + (f"is {near[0]!r} meant?" if near else f"known: {', '.join(known)}")


def _known_keys(model: type[BaseModel], path: Iterable[int | str]) -> list[str]:
    """The keys that a model knows at a path."""
    here: type[BaseModel] | None = model
    free_key = False
    for part in path:
        if isinstance(part, int) or free_key:
            free_key = False
            continue
        field = next((f for name, f in here.model_fields.items() if (f.alias or name) == part), None) if here else None
        here = _inner(field.annotation) if field else None
        free_key = field is not None and get_origin(field.annotation) is dict
    return [field.alias or name for name, field in here.model_fields.items()] if here else []


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model inside `X`, `X | None`, `list[X]`, `dict[str, X]` or `Annotated[...]` of these; None if none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for argument in reversed(get_args(annotation)) if (found := _inner(argument)) is not None), None)


_EXPECTED: Final[Mapping[str, str]] = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "date_type": "a date such as 2026-11-24",
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _builtin_words(kind: str, context: Mapping[str, Any], value: Any) -> tuple[str, str]:
    if kind in _EXPECTED:
        return "wrong-type", f"expected {_EXPECTED[kind]}, not {shown(value)}"
    match kind:
        case "greater_than_equal":
            return "out-of-range", f"{shown(value)} is too small; at least {_bound(context['ge'])} is expected"
        case "less_than_equal":
            return "out-of-range", f"{shown(value)} is too large; at most {_bound(context['le'])} is expected"
        case "less_than":
            return "out-of-range", f"{shown(value)} is too large; at most {context['lt'] - 1} is expected"
        case "literal_error":
            return "bad-choice", f"{shown(value)} is not one of {context['expected']}"
        case "too_short":
            return "too-few", f"at least {context['min_length']} expected, not {context['actual_length']}"
        case "too_long":
            return "too-many", f"at most {context['max_length']} expected, not {context['actual_length']}"
    return kind.replace("_", "-"), f"{shown(value)} is not accepted here"


def _bound(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)
