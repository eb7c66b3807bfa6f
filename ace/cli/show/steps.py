"""Steps as people read them and as JSON: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ace.engine.contract import UNKNOWN, JsonValue, Op, PropertyChange, Secret, Step
from ace.engine.values import masked

SIGNS = {Op.CREATE: "+", Op.UPDATE: "~", Op.REPLACE: "±", Op.DELETE: "-", Op.REFRESH: "·", Op.IMPORT: "=", Op.SAME: " "}
STYLES = {Op.CREATE: "green", Op.UPDATE: "yellow", Op.REPLACE: "magenta", Op.DELETE: "red", Op.IMPORT: "cyan"}
NAMES = {
    "quotaSetV2": "compute quota",
    "quoteSetV2": "volume quota",
    "quoteSetV3": "volume quota",
    "quotaV2": "network quota",
    "secGroup": "security group",
    "secGroupRule": "security group rule",
    "instance": "server",
}
"""Types whose names in Pulumi are not the field's terms."""
_LONGEST = 60


def kind(type_: str) -> str:
    """A type token in words: `openstack:networking/routerInterface:RouterInterface` is a `router interface`."""
    if (word := type_.rsplit(":", 1)[0].rsplit("/", 1)[-1]) in NAMES:
        return NAMES[word]
    last = re.sub(r"(?<=[a-z])V\d+$", "", type_.rsplit(":", 1)[-1])
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", last).lower()


def value(of: JsonValue) -> str:
    """A property's value in a few words."""
    if of is None:
        return "(none)"
    text = json.dumps(masked(of), ensure_ascii=False) if not isinstance(of, str) else of
    text = text.strip('"') if of is UNKNOWN or isinstance(of, Secret) else text
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def change(of: PropertyChange) -> str:
    """One property's change: `cores: 20 → 40`."""
    why = "  (forces replacement)" if of.forces_replacement else ""
    return f"{of.path}: {value(of.before)} → {value(of.after)}{why}"


def lines(country: str, steps: Sequence[Step]) -> list[tuple[str, str]]:
    """What the steps of real resources do: lines, each with its style; further properties on lines of their own."""
    shown = sorted(
        (step for step in steps if step.custom and step.op is not Op.SAME), key=lambda step: (step.name, step.type)
    )
    widths = (
        max((len(kind(step.type)) for step in shown), default=0),
        max((len(step.name) for step in shown), default=0),
    )
    found: list[tuple[str, str]] = []
    for step in shown:
        start = f"{SIGNS[step.op]} {country}  {kind(step.type):<{widths[0]}}  "
        changes = [change(of) for of in step.changes] if step.op in (Op.UPDATE, Op.REPLACE) else []
        first = f"{start}{step.name:<{widths[1]}}  {changes[0]}" if changes else f"{start}{step.name}"
        found.append((first, STYLES.get(step.op, "")))
        indent = " " * (len(start) + widths[1] + 2)
        found += [(indent + more, STYLES.get(step.op, "")) for more in changes[1:]]
    return found


@dataclass(frozen=True, slots=True)
class PropertyDocument:
    """A property that differs; secrets are masked."""

    path: str
    before: Any
    after: Any
    forces_replacement: bool


@dataclass(frozen=True, slots=True)
class ResourceDocument:
    """A real resource that differs."""

    urn: str
    type: str
    """Pulumi's type token."""
    name: str
    diff: tuple[PropertyDocument, ...]


@dataclass(frozen=True, slots=True)
class StepDocument:
    """A step that changes a real resource."""

    op: Op
    urn: str
    type: str
    """Pulumi's type token."""
    name: str
    diff: tuple[PropertyDocument, ...]


def step_documents(steps: Sequence[Step]) -> tuple[StepDocument, ...]:
    """The steps that change a real resource, as JSON."""
    return tuple(StepDocument(step.op, step.urn, step.type, step.name, _properties(step)) for step in _shown(steps))


def resource_documents(steps: Sequence[Step]) -> tuple[ResourceDocument, ...]:
    """The real resources that differ, as JSON."""
    return tuple(ResourceDocument(step.urn, step.type, step.name, _properties(step)) for step in _shown(steps))


def _shown(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.custom and step.op is not Op.SAME]


def _properties(step: Step) -> tuple[PropertyDocument, ...]:
    return tuple(
        PropertyDocument(of.path, masked(of.before), masked(of.after), of.forces_replacement) for of in step.changes
    )
