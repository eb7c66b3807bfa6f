"""Judge plain values by all rules of their level, as of a date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ace.policy.contract import PlanFacts, PublicationFacts
from ace.policy.rules import OWNERS, PLAN_RULES, PUBLICATION_RULES, SPEC_RULES
from ace.policy.values import Announcement, Judgement, Published, in_order
from ace.policy.waivers import with_waivers
from ace.spec.values import Spec


def judge_spec(spec: Spec, as_of: date) -> Judgement:
    """What the rules state of a spec on a date."""
    found = (finding for rule in SPEC_RULES.values() for finding in rule.check(spec, as_of))
    return Judgement(as_of, in_order(with_waivers(spec, found, as_of, OWNERS)))


def judge_plan(spec: Spec, announcements: Iterable[Announcement], as_of: date) -> Judgement:
    """What the rules state of what is about to be announced to other members.

    Announcements of what the spec's own judgement refuses are the caller's to leave out (`Judgement.refused`).
    """
    facts = PlanFacts(spec, tuple(announcements))
    found = (finding for rule in PLAN_RULES.values() for finding in rule.check(facts, as_of))
    return Judgement(as_of, in_order(found))


def judge_publication(spec: Spec, published: Published, as_of: date) -> Judgement:
    """What the rules state of a publication, what it announces included."""
    facts, plan = PublicationFacts(spec, published), PlanFacts(spec, published.announcements)
    found = (
        *(finding for rule in PUBLICATION_RULES.values() for finding in rule.check(facts, as_of)),
        *(finding for rule in PLAN_RULES.values() for finding in rule.check(plan, as_of)),
    )
    return Judgement(as_of, in_order(with_waivers(spec, found, as_of, OWNERS)))
