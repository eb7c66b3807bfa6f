"""Read one file of the spec: bytes -> YAML events -> a tree of nodes that know their line and column.

What others write is hostile until parsed: sizes, depth and aliases are bounded before anything is composed (libyaml's
own composer crashes on deep nesting), only plain data comes out, and scalars mean what they look like: `true` and
`false` are the only booleans (`no` is Norway), there are no octals, no sexagesimals, no tags, no merge keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import yaml

from ace.errors import Finding, Severity
from ace.spec.files import UnreadableError, read_text
from ace.spec.text import hidden_character, shorten, show_path

MAX_DEPTH: Final = 64
MAX_ALIASES: Final = 64
MAX_NODES: Final = 100_000
"""Nodes of one file, every alias counted as often as it is used."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,18}(?:[eE][-+]?[0-9]{1,2})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Scalar = str | int | float | bool | date | None


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it was written: a scalar, a list (`items`) or a mapping (`entries`, keys in `keys`)."""

    line: int
    column: int
    value: Scalar = None
    items: list[Node] | None = None
    entries: dict[str, Node] | None = None
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1

    def plain(self) -> Any:
        """The value as plain Python data."""
        if self.entries is not None:
            return {key: node.plain() for key, node in self.entries.items()}
        if self.items is not None:
            return [node.plain() for node in self.items]
        return self.value

    def get(self, key: str) -> Node | None:
        """The value of a mapping's key; None when it has none or this is no mapping."""
        return self.entries.get(key) if self.entries is not None else None

    def __iter__(self) -> Iterator[Node]:
        """A list's items; nothing when this is no list."""
        return iter(self.items or ())

    def pairs(self) -> Iterator[tuple[str, Node]]:
        """A mapping's entries; nothing when this is no mapping."""
        return iter((self.entries or {}).items())


@dataclass(frozen=True, slots=True)
class Source:
    """One file that was read. `root` is None when it could not be; `findings` then state why."""

    name: str
    """Relative to ROOT, as findings show it."""
    root: Node | None
    findings: tuple[Finding, ...]


def read(path: Path, name: str, within: Path) -> Source:
    """Read and parse a file of the spec; never raises for what is in the file or in its place.

    Args:
        path: The file.
        name: What findings call it.
        within: A folder that a link in the file's place may not lead out of (messages quote what they read).
    """
    reader = _Reader(name)
    try:
        reader.parse(read_text(path, within))
    except UnreadableError as problem:
        reader.found(problem.line, problem.column, problem.code, problem.message)
        return Source(name, None, tuple(reader.findings))
    return Source(name, reader.root, tuple(reader.findings))


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet."""

    node: Node
    anchor: str | None
    key: tuple[str, int, int] | None = None
    """The key that waits for its value."""
    skip: bool = False
    """The value to come belongs to a refused key."""


class _Reader:
    """Composes one document from events, with limits, and collects findings."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.findings: list[Finding] = []
        self.root: Node | None = None
        self._stack: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._aliases = 0
        self._nodes = 0

    def found(self, line: int, column: int, code: str, message: str) -> None:
        self.findings.append(Finding(self.name, line, column, self._path(), code, Severity.ERROR, message))

    def parse(self, text: str) -> None:
        documents = 0
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._stop(event, "many-documents", "a second document begins; a file holds one")
                elif isinstance(event, yaml.NodeEvent):
                    self._refuse_tag(event)
                    self._take(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._close()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            detail = " ".join(part for part in (error.context, error.problem) if part)
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            raise UnreadableError("yaml-syntax", f"no valid YAML: {detail}", line, column) from None
        except yaml.YAMLError as error:
            raise UnreadableError("yaml-syntax", f"no valid YAML: {error}") from None
        if self.root is None:
            raise UnreadableError("empty-file", "the file is empty")

    def _take(self, event: Any) -> None:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.AliasEvent):
            self._place_value(self._dereference(event, line, column))
        elif isinstance(event, yaml.ScalarEvent):
            if self._wants_key():
                self._take_key(event, line, column)
                return
            self._check_text(event.value, line, column)
            node = Node(line, column, value=_scalar(event))
            self._count(event, 1)
            self._anchor(event.anchor, node)
            self._place_value(node)
        else:
            if self._wants_key():
                raise self._stop(event, "key-type", "a key must be plain text, not a list or a mapping")
            if len(self._stack) >= MAX_DEPTH:
                raise self._stop(event, "too-deep", f"nested deeper than {MAX_DEPTH} levels")
            self._count(event, 1)
            node = Node(line, column)
            if isinstance(event, yaml.SequenceStartEvent):
                node.items = []
            else:
                node.entries = {}
            self._stack.append(_Open(node, event.anchor))

    def _wants_key(self) -> bool:
        top = self._stack[-1] if self._stack else None
        return top is not None and top.node.entries is not None and top.key is None

    def _take_key(self, event: Any, line: int, column: int) -> None:
        top = self._stack[-1]
        key = event.value
        if event.anchor:
            raise self._stop(event, "key-anchor", "an anchor on a key is not allowed")
        value = _scalar(event)
        top.key = (key, line, column)
        top.skip = True
        if key == "<<" and event.implicit[0]:
            self._found_at(line, column, "merge-key", "merge keys (`<<`) are not allowed; write the values out")
        elif not isinstance(value, str) or not key:
            shown = key or "nothing"
            self._found_at(
                line, column, "key-type", f"a key must be text, not {shown}; put it in quotes if it is meant"
            )
        elif hidden := hidden_character(key):
            self._found_at(line, column, "control-character", f"{hidden[1]} is not allowed in a key")
        elif top.node.entries is not None and key in top.node.entries:
            first = top.node.keys[key][0]
            self._found_at(line, column, "duplicate-key", f"{shorten(key)!r} is given twice; first on line {first}")
        else:
            top.skip = False

    def _found_at(self, line: int, column: int, code: str, message: str) -> None:
        self.found(line, column, code, message)

    def _place_value(self, node: Node) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        if top.node.items is not None:
            top.node.items.append(node)
        elif top.node.entries is not None and top.key is not None:
            if not top.skip:
                key, line, column = top.key
                top.node.entries[key] = node
                top.node.keys[key] = (line, column)
            top.key = None
        top.node.size += node.size

    def _close(self) -> None:
        done = self._stack.pop()
        self._anchor(done.anchor, done.node)
        self._place_value(done.node)

    def _anchor(self, anchor: str | None, node: Node) -> None:
        if anchor:
            self._anchors[anchor] = node

    def _dereference(self, event: Any, line: int, column: int) -> Node:
        if self._wants_key():
            raise self._stop(event, "key-type", "a key must be plain text, not an alias")
        self._aliases += 1
        if self._aliases > MAX_ALIASES:
            raise self._stop(event, "too-many-aliases", f"more than {MAX_ALIASES} aliases in one file")
        target = self._anchors.get(event.anchor)
        if target is None:
            inside = any(open_.anchor == event.anchor for open_ in self._stack)
            detail = "refers to what it is itself part of" if inside else "refers to an anchor that is not there"
            raise self._stop(event, "bad-alias", f"alias *{shorten(event.anchor)} {detail}")
        self._count(event, target.size)
        return Node(line, column, target.value, target.items, target.entries, target.keys, target.size)

    def _count(self, event: Any, nodes: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            raise self._stop(
                event, "too-large", f"more than {MAX_NODES:,} values, aliases counted as often as they are used"
            )

    def _check_text(self, text: str, line: int, column: int) -> None:
        if "\n" in text:
            self.found(line, column, "many-lines", "the text must be on one line (a long one may be folded with `>-`)")
        elif hidden := hidden_character(text):
            self.found(line, column, "control-character", f"{hidden[1]} is not allowed in a text")

    def _refuse_tag(self, event: Any) -> None:
        tag = getattr(event, "tag", None)
        if tag:
            raise self._stop(event, "tag", f"the tag {shorten(tag)!r} is not allowed; values are plain YAML")

    def _stop(self, event: Any, code: str, message: str) -> UnreadableError:
        return UnreadableError(code, message, event.start_mark.line + 1, event.start_mark.column + 1)

    def _path(self) -> str:
        parts: list[str | int] = []
        for open_ in self._stack:
            if open_.node.items is not None:
                parts.append(len(open_.node.items))
            elif open_.key is not None:
                parts.append(open_.key[0])
        return show_path(parts)


def _scalar(event: Any) -> Scalar:
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in {"", "~", "null"}:
        return None
    if text == "true":
        return True
    if text == "false":
        return False
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text
