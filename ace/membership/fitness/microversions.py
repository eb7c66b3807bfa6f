"""microversions: whether compute and block storage are new enough."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import Microversions

NEEDED: Final = {"compute": (2, 64), "block_storage": (3, 0)}
"""Compute 2.64: server groups with one policy; below it also tags at creation (2.52) and embedded flavours (2.47)."""
_RELEASES: Final = {"compute": "Rocky (2018)", "block_storage": "Mitaka (2016)"}


def judge(versions: Microversions, asked: Asked) -> Judged:
    """PASS: what the stacks ask for lies between the least and the most."""
    told = []
    for service, needed in NEEDED.items():
        name, span = service.replace("_", " "), versions.get(service)
        if span is None or not span[0] <= needed <= span[1]:
            has = f"{_dotted(span[0])}-{_dotted(span[1])}" if span else "none"
            return failed(
                f"{name} has microversions {has}; {_dotted(needed)} is needed",
                f"upgrade it: {_RELEASES[service]} or later",
            )
        told.append(f"{name} {_dotted(span[0])}-{_dotted(span[1])}")
    return passed(", ".join(told))


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


TEST = FitnessTest("microversions", "Compute and block storage are new enough", lambda c: c.microversions, judge)
