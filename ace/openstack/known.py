"""What is known of a resource beside what its cloud reports, and how the two become its outputs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ace.engine.contract import Live, Properties

_PULUMI_ONLY = "__defaults"
"""A mark that Pulumi's bridge puts into inputs; outputs never have it."""


@dataclass(frozen=True, slots=True)
class Known:
    """Values in the form of outputs: what was put out last, or inputs as outputs keep them.

    Inputs and outputs differ in form (the state keeps a hash of a server's user data), so `live` takes neither as they
    come. `OpenStackType.given`, `last` and `changed` make this of them, for a create, a read and an update.
    """

    outputs: Properties

    def get(self, key: str, default: Any = None) -> Any:
        """What is known of that key."""
        return self.outputs.get(key, default)

    def live(self, id_: str, reported: Properties, unordered: Collection[str], made_at: str = "") -> Live:
        """The resource with what the cloud reports, and with what is known where the cloud reports nothing.

        Called with again in another order, a list of `unordered` is the list that is known: reading changes nothing by itself.
        """
        outputs = {key: value for key, value in self.outputs.items() if key != _PULUMI_ONLY}
        for key, now in reported.items():
            before = outputs.get(key)
            outputs[key] = before if key in unordered and _reordered(before, now) else now
        return Live(id_, outputs, made_at)


def _reordered(before: Any, now: Any) -> bool:
    if not isinstance(before, list) or not isinstance(now, list) or len(before) != len(now):
        return False
    left = list(before)
    for item in now:
        if item not in left:
            return False
        left.remove(item)
    return True
