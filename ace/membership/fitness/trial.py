"""canary: whether a tenant can be made and taken away."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import CanaryFact


def judge(canary: CanaryFact, asked: Asked) -> Judged:
    """PASS: every part was made and is gone again."""
    if canary.left:
        return failed(f"could not be removed: {'; '.join(canary.left)}", "delete it by hand; it is called ace-canary-…")
    if canary.problem:
        made = f" after {', '.join(canary.done)}" if canary.done else ""
        return failed(f"{canary.problem}{made}; all is gone again", "the first failed test above usually shows why")
    return passed(f"made and removed: {', '.join(canary.done)}")


TEST = FitnessTest("canary", "A tenant can be created and removed", lambda c: c.canary, judge)
