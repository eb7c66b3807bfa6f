"""What runs have deleted before the stack is empty: noted beside the workspace, for the sweep at its end.

An interrupted teardown takes projects out of the state; the next one, which ends, would no longer know of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ace.files import put

FILE = "removed.json"

Resources = Sequence[Mapping[str, Any]]


def note(folder: Path, before: Resources, after: Resources) -> None:
    """Note what a run has deleted: it was in the state and is not. What is kept in its cloud all the same is not meant."""
    there = {_key(one) for one in after}
    gone = [dict(one) for one in before if _key(one) not in there and one.get("custom")]
    if gone:
        put(folder / FILE, json.dumps([*known(folder), *gone]))


def known(folder: Path) -> list[dict[str, Any]]:
    """All that was noted so far."""
    try:
        noted: list[dict[str, Any]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return noted


def forget(folder: Path) -> None:
    """All is swept."""
    (folder / FILE).unlink(missing_ok=True)


def swept_with(folder: Path, resources: Resources) -> list[Mapping[str, Any]]:
    """What is to be swept when these, the last, are gone."""
    return [one for one in [*known(folder), *resources] if not one.get("retainOnDelete")]


def _key(resource: Mapping[str, Any]) -> tuple[str, str]:
    return (resource["urn"], str(resource.get("id", "")))
