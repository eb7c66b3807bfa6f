"""Where in a file a resolved value came from: resolved values are sorted, so locations name items by their identity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ace.errors import Finding, Severity
from ace.spec.load import Sources
from ace.spec.source import Node, Source
from ace.spec.text import show_path


@dataclass(frozen=True, slots=True)
class Item:
    """The item of a list whose entry `key` has that value."""

    key: str
    value: str | int | date


@dataclass(frozen=True, slots=True)
class SpecLocation:
    """A value in a file: its name relative to ROOT, and the way to it through mappings and lists."""

    file: str
    steps: tuple[str | Item, ...] = ()

    def __truediv__(self, step: str | Item) -> SpecLocation:
        return SpecLocation(self.file, (*self.steps, step))

    def __str__(self) -> str:
        """The path, as far as it is known without the file: `tenants[slot=4].data_classes`."""
        text = ""
        for step in self.steps:
            text += f"[{step.key}={step.value}]" if isinstance(step, Item) else ("." if text else "") + step
        return text


def locate(sources: Sources, location: SpecLocation, code: str, severity: Severity, message: str) -> Finding:
    """A finding at a location, with line and column; where a value was left out, at what would hold it."""
    source = next((one for one in _files(sources) if one.name == location.file), None)
    node = source.root if source is not None else None
    path: list[str | int] = []
    for step in location.steps if node is not None else ():
        index, child = _child(node, step)
        if child is None:
            break
        path.append(index)
        node = child
    line, column = (node.line, node.column) if node is not None else (0, 0)
    return Finding(location.file, line, column, show_path(path), code, severity, message)


def _files(sources: Sources) -> tuple[Source, ...]:
    return (sources.ecosystem, sources.register, *sources.members)


def _child(node: Node | None, step: str | Item) -> tuple[str | int, Node | None]:
    if node is None or isinstance(step, str):
        return str(step), node.get(str(step)) if node is not None else None
    for index, item in enumerate(node):
        value = item.get(step.key)
        if value is not None and value.value == step.value:
            return index, item
    return 0, None
