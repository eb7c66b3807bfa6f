"""Steps as people read them and as JSON: pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
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


def as_json(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps that change a real resource, in JSON."""
    return [
        {"op": str(step.op), "urn": step.urn, "type": step.type, "name": step.name, "diff": diff_json(step)}
        for step in steps
        if step.custom and step.op is not Op.SAME
    ]


def diff_json(step: Step) -> list[dict[str, Any]]:
    """The properties that differ."""
    return [
        {
            "path": of.path,
            "before": masked(of.before),
            "after": masked(of.after),
            "forces_replacement": of.forces_replacement,
        }
        for of in step.changes
    ]
