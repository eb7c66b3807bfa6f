"""What property values hold besides plain data: secrets, unwrapped and found, and the unknown. No gRPC is loaded for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ace.engine.contract import UNKNOWN, JsonValue, Secret


def clear(value: JsonValue) -> Any:
    """The value without its `Secret` wrappers: what a resource type works with."""
    if isinstance(value, Secret):
        return clear(value.value)
    if isinstance(value, Mapping):
        return {key: clear(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clear(item) for item in value]
    return value


def wrapped(properties: Mapping[str, JsonValue], secrets: Collection[str]) -> dict[str, JsonValue]:
    """The properties with the values of those keys as `Secret`, but for what is empty."""
    return {k: Secret(v) if k in secrets and v not in (None, "") else v for k, v in properties.items()}


def holds_secret(value: JsonValue) -> bool:
    """Whether a `Secret` is anywhere in it."""
    if isinstance(value, Secret):
        return True
    if isinstance(value, Mapping):
        return any(holds_secret(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(holds_secret(item) for item in value)


def holds_unknown(value: JsonValue) -> bool:
    """Whether `UNKNOWN` is anywhere in it."""
    if value is UNKNOWN:
        return True
    if isinstance(value, Secret):
        return holds_unknown(value.value)
    if isinstance(value, Mapping):
        return any(holds_unknown(item) for item in value.values())
    return isinstance(value, (list, tuple)) and any(holds_unknown(item) for item in value)
