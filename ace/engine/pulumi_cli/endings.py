"""How a run of the CLI ended, assessed by what was done and what is left, never by its exit code alone: pure.

`pulumi destroy` that was cancelled exits with 0, and so does a `pulumi up` that was cancelled while it deleted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ace.engine.contract import Op, Step

_CANCELLED = re.compile(
    r"\bcancell?ed\b|\bcancell?ing\b|transport is closing|error reading from server: EOF", re.IGNORECASE
)

Resources = Sequence[Mapping[str, Any]]


def is_cancellation(text: str) -> bool:
    """Whether a failure reports only that its run was cancelled."""
    return bool(_CANCELLED.search(text))


def left_of_destroy(after: Resources, targets: Collection[str]) -> list[str]:
    """URNs of what a destroy was to delete and has not."""
    return [one["urn"] for one in after if not targets or one["urn"] in targets]


def left_of_up(after: Resources, planned: Sequence[Step], targets: Collection[str]) -> list[str]:
    """URNs of what an up was to delete and has not: what the program no longer has, and what was replaced.

    Args:
        after: The state after it.
        planned: Its plan.
        targets: URNs that it was limited to; what was replaced in another run may stay then.
    """
    going = {step.urn for step in planned if step.op is Op.DELETE}
    return [one["urn"] for one in after if (not targets if one.get("delete") else one["urn"] in going)]


def left_of_refresh(before: Resources, steps: Sequence[Step], targets: Collection[str]) -> list[str]:
    """URNs of what a refresh was to read and has not."""
    seen = {step.urn for step in steps}
    real = [one["urn"] for one in before if is_real(one) and not one.get("delete")]
    return [urn for urn in real if urn not in seen and (not targets or urn in targets)]


def as_left(steps: Sequence[Step], before: Resources, after: Resources) -> tuple[Step, ...]:
    """The steps that were carried out, corrected by comparing the states: events are lost when a run is cut off."""
    was, now = _live(before), _live(after)
    kept = [
        step
        for step in steps
        if not (step.op is Op.DELETE and step.urn in now) and not (step.op is Op.CREATE and step.urn not in now)
    ]
    reported = {step.urn for step in kept}
    made = [_step(Op.CREATE, one) for urn, one in now.items() if urn not in was and urn not in reported]
    gone = [_step(Op.DELETE, one) for urn, one in was.items() if urn not in now and urn not in reported]
    return (*kept, *made, *gone)


def is_real(resource: Mapping[str, Any]) -> bool:
    """Whether it has a being in a cloud: no component, no provider."""
    return bool(resource.get("custom")) and not str(resource["type"]).startswith("pulumi:")


def _live(resources: Resources) -> dict[str, Mapping[str, Any]]:
    return {one["urn"]: one for one in resources if not one.get("delete")}


def _step(op: Op, resource: Mapping[str, Any]) -> Step:
    urn = resource["urn"]
    return Step(op, urn, resource["type"], urn.rsplit("::", 1)[-1], custom=is_real(resource))
