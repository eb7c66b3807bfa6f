"""A place in a spec file's tree that checks walk: never fails, whatever is or is not there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from pydantic import ValidationError
from pydantic.type_adapter import TypeAdapter

from ace.errors import Finding, Severity
from ace.spec.source import Node, Source
from ace.spec.text import is_clean, show_path

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A node with its file and path; `node` is None where there is nothing, and everything asked of it is then empty.

    Files are checked against their models elsewhere, so a check only speaks of what it understands: values of another
    type than asked for are None, and what hangs on them is skipped.
    """

    file: str
    node: Node | None
    path: tuple[int | str, ...] = ()
    key_place: tuple[int, int] | None = None

    @classmethod
    def of(cls, source: Source) -> Cursor:
        """The top of a file."""
        return cls(source.name, source.root)

    def __bool__(self) -> bool:
        return self.node is not None

    def __getitem__(self, key: str) -> Cursor:
        child = self.node.get(key) if self.node is not None else None
        place = self.node.keys[key] if self.node is not None and child is not None else None
        return Cursor(self.file, child, (*self.path, key), place)

    @property
    def items(self) -> Iterator[Cursor]:
        """A list's items."""
        for index, item in enumerate(self.node or ()):
            yield Cursor(self.file, item, (*self.path, index))

    @property
    def entries(self) -> Iterator[tuple[str, Cursor]]:
        """A mapping's entries."""
        if self.node is not None:
            for key, _ in self.node.pairs():
                yield key, self[key]

    @property
    def text(self) -> str | None:
        """A text, else None; None too when it is none that a message could show as it is."""
        value = self.node.value if self.node is not None else None
        return value if isinstance(value, str) and is_clean(value) else None

    @property
    def number(self) -> int | None:
        """A whole number, else None."""
        value = self.node.value if self.node is not None else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    @property
    def flag(self) -> bool | None:
        """True or false, else None."""
        value = self.node.value if self.node is not None else None
        return value if isinstance(value, bool) else None

    @property
    def day(self) -> date | None:
        """A date, else None."""
        value = self.node.value if self.node is not None else None
        return value if isinstance(value, date) else None

    @property
    def texts(self) -> list[str]:
        """The texts in a list."""
        return [item.text for item in self.items if item.text is not None]

    @property
    def place(self) -> str:
        """File and line, for messages that point elsewhere."""
        return f"{self.file}:{self.node.line}" if self.node is not None else self.file

    def parsed(self, adapter: TypeAdapter[Value]) -> Value | None:
        """The value as a field's type reads it, None when it does not."""
        if self.node is None:
            return None
        try:
            return adapter.validate_python(self.node.plain())
        except ValidationError:
            return None

    def finding(self, code: str, message: str, severity: Severity = Severity.ERROR) -> Finding:
        """Something found here."""
        line, column = (self.node.line, self.node.column) if self.node is not None else (0, 0)
        return Finding(self.file, line, column, show_path(list(self.path)), code, severity, message)

    def key_finding(self, code: str, message: str) -> Finding:
        """Something found in the key whose value this is."""
        line, column = self.key_place or (0, 0)
        return Finding(self.file, line, column, show_path(list(self.path)), code, Severity.ERROR, message)
