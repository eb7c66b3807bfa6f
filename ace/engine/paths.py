"""Pulumi's property paths, such as `tags[0]`, `metadata["a.b"].key` and `rules[*].port` (sdk/go/common/resource): pure.

A path is a tuple of names and indices; the name `*` stands for any.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Final

from ace.engine.contract import JsonValue, Properties, PropertyChange, Secret

Path = tuple[str | int, ...]

_ABSENT: Final = object()


def parse(text: str) -> Path:
    """The path that a text spells.

    Raises:
        ValueError: It is not a path; with the reason.
    """
    if text.startswith("."):
        raise ValueError("a path starts with a name or an index")
    found: list[str | int] = []
    rest = text
    while rest:
        if rest[0] == ".":
            rest = rest[1:]
            if not rest:
                raise ValueError("a path ends with a name or an index")
        elif rest.startswith('["'):
            key, rest = _quoted(rest)
            found.append(key)
        elif rest[0] == "[":
            inner, bracket, after = rest[1:].partition("]")
            if not bracket or not (inner == "*" or inner.removeprefix("-").isdigit()):
                raise ValueError(f"{rest!r} is no index")
            found.append(inner if inner == "*" else int(inner))
            rest = after
        else:
            end = next((i for i, mark in enumerate(rest) if mark in ".["), len(rest))
            found.append(rest[:end])
            rest = rest[end:]
    return tuple(found)


def _quoted(text: str) -> tuple[str, str]:
    """The name in `["…"]` at the start of a text, and what follows it."""
    key, i = "", 2
    while i < len(text) and text[i] != '"':
        i += text.startswith('\\"', i)
        key += text[i : i + 1]
        i += 1
    if text[i : i + 2] != '"]':
        raise ValueError(f"{text!r} has no end")
    return key, text[i + 2 :]


def root(text: str) -> str:
    """The property that a path begins with."""
    return text.partition(".")[0].partition("[")[0]


def contains(path: Path, other: Path) -> bool:
    """Whether `other` is that place or lies within it: `foo.*` contains `foo.bar[1]`."""
    return len(path) <= len(other) and all(mine in ("*", theirs) for mine, theirs in zip(path, other, strict=False))


def within(paths: Iterable[str], change: PropertyChange) -> bool:
    """Whether all of a change is at one of these locations."""
    at = _lenient(change.path)
    return any(contains(_lenient(text), at) for text in paths)


def touched(paths: Iterable[str], change: PropertyChange) -> bool:
    """Whether a change is at one of these locations. A change of a whole property is looked into."""
    at = _lenient(change.path)
    for text in paths:
        path = _lenient(text)
        if contains(path, at):
            return True
        if len(at) < len(path) and contains(path[: len(at)], at):
            inner = path[len(at) :]
            if _at(change.before, inner) != _at(change.after, inner):
                return True
    return False


def _lenient(text: str) -> Path:
    try:
        return parse(text)
    except ValueError:
        return (text,)


def _at(value: JsonValue, path: Path) -> Any:
    """What is at a place; for a path with `*` all that is at such locations, by their names; `_ABSENT` for nothing."""
    value = value.value if isinstance(value, Secret) else value
    if not path:
        return value
    key, rest = path[0], path[1:]
    if key == "*":
        return [(k, _at(value[k], rest)) for k in _keys(value)]
    return _at(value[key], rest) if key in _keys(value) else _ABSENT


def _keys(value: JsonValue) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


def kept(paths: Iterable[str], old: Properties, new: Properties) -> tuple[dict[str, JsonValue], list[str]]:
    """The new properties with what is at these paths as it was in the old ones.

    Returns:
        The properties, and the paths that lead through what was added or removed, so that nothing can be kept there.
    """
    result = copy.deepcopy(dict(new))
    missed = [text for text in paths if not _reset(_lenient(text), old, result, secret=False)]
    return result, missed


def _reset(path: Path, old: JsonValue, new: JsonValue, *, secret: bool) -> bool:
    """Make what is at the path in `new` (changed in place) what it is in `old`; False when it leads nowhere.

    `secret`: the old value lies within a secret, and the new one does not; what is copied becomes one.
    """
    if isinstance(old, Secret):
        return _reset(path, old.value, new, secret=not isinstance(new, Secret))
    if isinstance(new, Secret):
        return _reset(path, old, new.value, secret=False)
    if not path:
        return False
    key, rest = path[0], path[1:]
    if key == "*":
        return _reset_all(rest, old, new, secret=secret)
    if isinstance(key, int):
        return _reset_index(key, rest, old, new, secret=secret)
    return _reset_name(key, rest, old, new, secret=secret)


def _reset_index(index: int, rest: Path, old: JsonValue, new: JsonValue, *, secret: bool) -> bool:
    if index < 0 or isinstance(old, list) != isinstance(new, list):
        return False
    if not isinstance(old, list):
        return True
    there, desired = index < len(old), index < len(new)
    if there and desired:
        if rest:
            return _reset(rest, old[index], new[index], secret=secret)
        new[index] = _copied(old[index], secret=secret)
        return True
    return not rest and there == desired  # a list's length is never changed


def _reset_name(name: str, rest: Path, old: JsonValue, new: JsonValue, *, secret: bool) -> bool:
    there = isinstance(old, dict) and name in old
    if not isinstance(new, dict):
        return not isinstance(old, dict) if rest else not there
    if not rest:
        if there:
            new[name] = _copied(old[name], secret=secret)
        else:
            new.pop(name, None)
        return True
    if not isinstance(old, dict):
        return False
    if name not in new:
        return not there
    return _reset(rest, old.get(name), new[name], secret=secret)


def _reset_all(rest: Path, old: JsonValue, new: JsonValue, *, secret: bool) -> bool:
    if not isinstance(new, (dict, list)):
        return False
    if not isinstance(old, type(new)):
        return not rest
    if isinstance(new, dict) and isinstance(old, dict):
        if not rest:
            new.clear()
            new.update({name: _copied(value, secret=secret) for name, value in old.items()})
            return True
        return all(name in new and _reset(rest, old[name], new[name], secret=secret) for name in old)
    for index in range(min(len(old), len(new))):
        if not rest:
            new[index] = _copied(old[index], secret=secret)
        elif not _reset(rest, old[index], new[index], secret=secret):
            return False
    return len(old) == len(new)


def _copied(value: JsonValue, *, secret: bool) -> JsonValue:
    value = copy.deepcopy(value)
    return Secret(value) if secret and not isinstance(value, Secret) else value
