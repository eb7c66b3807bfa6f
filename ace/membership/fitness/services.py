"""services: whether each service answers."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import AnswerFact


def judge(answers: tuple[AnswerFact, ...], asked: Asked) -> Judged:
    """PASS: each answers an authorised request."""
    broken = [one for one in answers if one.problem]
    if broken:
        return failed(
            "; ".join(f"{one.service.replace('_', ' ')} at {one.url or 'nowhere'}: {one.problem}" for one in broken),
            f"start {', '.join(one.service.replace('_', ' ') for one in broken)} and see its log; "
            "is the endpoint in the catalogue the right one?",
        )
    return passed(", ".join(one.service.replace("_", " ") for one in answers))


TEST = FitnessTest("services", "Every service answers an authorised request", lambda c: c.answers, judge)
