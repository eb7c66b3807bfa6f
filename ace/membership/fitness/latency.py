"""latency: whether the API answers fast enough to work with."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed

MOST_MS: Final = 1000.0
"""A stack waits for about forty answers in a row: above a second each, an `up` takes most of a minute for nothing."""


def judge(round_trips_ms: tuple[float, ...], asked: Asked) -> Judged:
    """PASS: the best of five takes less than a second."""
    best = min(round_trips_ms)
    told = f"{best:.0f} ms at best of {len(round_trips_ms)}, {max(round_trips_ms):.0f} ms at worst"
    if best > MOST_MS:
        return failed(told, "run `ace` nearer to the cloud, or find what is slow between here and Keystone")
    return passed(told)


TEST = FitnessTest("latency", "The API answers fast enough to work with", lambda c: c.round_trips_ms, judge)
