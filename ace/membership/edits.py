"""Changes to files that people write: only what is meant changes, every other byte stays."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import yaml

from ace.spec.values import MemberStatus

SUSPENSION: Final = "suspension"
_OWNED = re.compile(r"/\S+/(?:members/|answers/|Pulumi\.)?([a-z]{2})\.yaml\s")


def with_status(text: str, status: MemberStatus) -> str:
    """A member's file with another status.

    Raises:
        ValueError: The file has none, or more would change than the status.
    """
    value = _value(_root(text), "status")
    changed = text[: value.start_mark.index] + str(status) + text[value.end_mark.index :]
    _require_same(text, changed, "status")
    return changed


def with_suspension(text: str, since: date, reason: str, approvals: Sequence[tuple[str, str]]) -> str:
    """A member's file with why it is suspended, since when and who signed for it, below its status.

    Args:
        text: The file.
        since: The first day.
        reason: Why.
        approvals: Approver and signature, each.

    Raises:
        ValueError: It has that value already.
    """
    root = _root(text)
    if any(key.value == SUSPENSION for key, _ in root.value):
        raise ValueError(f"`{SUSPENSION}:` is there already")
    block = f"{SUSPENSION}:\n  since: {since}\n  reason: {json.dumps(reason, ensure_ascii=False)}\n"
    if approvals:
        block += "  approvals:\n"
        block += "".join(
            f"    - approver: {approver}\n      signature: {signature}\n" for approver, signature in approvals
        )
    end = text.index("\n", _value(root, "status").end_mark.index) + 1
    return text[:end] + block + text[end:]


def without_suspension(text: str) -> str:
    """A member's file without that, byte for byte as it was before."""
    root = _root(text)
    keys = [key for key, _ in root.value]
    at = next((index for index, key in enumerate(keys) if key.value == SUSPENSION), None)
    if at is None:
        return text
    start = keys[at].start_mark.index
    lines = text[start:].splitlines(keepends=True)
    length = len(lines[0])
    for line in lines[1:]:
        if not line.startswith(" "):
            break
        length += len(line)
    return text[:start] + text[start + length :]


def with_entry(text: str, country: str, numeric: int, since: date) -> str:
    """The register with one more entry at its end.

    Raises:
        ValueError: The register is not laid out so that an entry can be added at its end.
    """
    line = f"  - {{country: {country}, numeric: {numeric}, since: {since}}}\n"
    head = re.sub(r"(?m)^members:\s*\[\s*\]\s*$", "members:", text)
    changed = head + ("" if head.endswith("\n") else "\n") + line
    before, after = yaml.safe_load(text), yaml.safe_load(changed)
    if after["members"][:-1] != list(before["members"] or ()) or after["members"][-1]["country"] != country:
        raise ValueError("the register does not end with its list of members")
    return changed


def with_left(text: str, country: str, left: date) -> str:
    """The register with the day on which a country left in its entry.

    Raises:
        ValueError: The country has no entry, or has left before.
    """
    for entry in _value(_root(text), "members").value:
        if _value(entry, "country").value != country:
            continue
        if any(key.value == "left" for key, _ in entry.value):
            raise ValueError(f"{country} has left before")
        key, since = next((key, value) for key, value in entry.value if key.value == "since")
        glue = ", " if entry.flow_style else "\n" + " " * key.start_mark.column
        end = since.end_mark.index
        return f"{text[:end]}{glue}left: {left}{text[end:]}"
    raise ValueError(f"{country} has no entry in the register")


def with_owner(text: str, country: str, paths: tuple[str, ...], team: str) -> str:
    """CODEOWNERS with a country's lines, in the order of the countries' codes."""
    block = [f"{path:<30} {team}\n" for path in paths]
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    owners = [(index, match[1]) for index, line in enumerate(lines) if (match := _OWNED.match(line))]
    later = [index for index, owner in owners if owner > country.lower()]
    earlier = [index for index, owner in owners if owner <= country.lower()]
    at = earlier[-1] + 1 if earlier else later[0] if later else len(lines)
    return "".join([*lines[:at], *block, *lines[at:]])


def _root(text: str) -> Any:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _value(mapping: Any, name: str) -> Any:
    for key, value in mapping.value:
        if key.value == name:
            return value
    raise ValueError(f"there is no `{name}:`")


def _require_same(before: str, after: str, name: str) -> None:
    old, new = yaml.safe_load(before), yaml.safe_load(after)
    if {**old, name: None} != {**new, name: None}:
        raise ValueError(f"more would change than `{name}:`")
