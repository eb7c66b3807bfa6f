"""Property values inside an engine.

Plain JSON values (camelCase keys as on Pulumi's wire) in which `Secret` wraps what must never be seen in clear and
`UNKNOWN` stands for what only the cloud knows (in a preview, or before an up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

JsonValue = Any
"""None, bool, int, float, str, list or dict of these; may hold `Secret` and `UNKNOWN` anywhere."""

Properties = Mapping[str, JsonValue]

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
"""The key by which Pulumi marks a value that is more than plain JSON (sdk/go/common/resource/sig)."""
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a type tag of Pulumi's, no secret
UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands on the wire for a value that is not known yet (sdk/go/common/resource/plugin/rpc.go)."""
MASK: Final = "***"
KNOWN_LATER: Final = "(known after up)"


class _Unknown:
    """A value that only the cloud knows. There is one, `UNKNOWN`."""

    _only: _Unknown | None = None

    def __new__(cls) -> _Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "<known after up>"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted in state and never printed."""

    value: JsonValue = field(repr=False)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


def masked(of: JsonValue, *, show_secrets: bool = False) -> Any:
    """A value that JSON can hold, for people and files: secrets are `***`, what is not known yet says so."""
    if isinstance(of, Secret):
        return masked(of.value, show_secrets=True) if show_secrets else MASK
    if of is UNKNOWN:
        return KNOWN_LATER
    if isinstance(of, dict):
        return {key: masked(item, show_secrets=show_secrets) for key, item in of.items()}
    if isinstance(of, (list, tuple)):
        return [masked(item, show_secrets=show_secrets) for item in of]
    return of
