"""clock: whether the cloud's clock is right."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed

MOST_S: Final = 10.0
"""Tokens, certificates and signed publications are judged by clocks; the fact itself is only good to a second or two."""


def judge(skew_s: float, asked: Asked) -> Judged:
    """PASS: not more than ten seconds from this machine's."""
    if abs(skew_s) > MOST_S:
        direction = "ahead of" if skew_s > 0 else "behind"
        return failed(
            f"the cloud's clock is {abs(skew_s):.0f} s {direction} this machine's",
            "run chrony on the controllers (and look at this machine's own clock)",
        )
    return passed(f"within {MOST_S:.0f} s of this machine's")


TEST = FitnessTest("clock", "The cloud's clock is right", lambda c: c.clock_skew_s, judge)
