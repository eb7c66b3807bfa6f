"""Run the tests on one cloud; and what is kept of a check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from ace.errors import InterruptedByUser
from ace.files import timestamp
from ace.membership.fitness.collector import Collector
from ace.membership.fitness.contract import FitnessTest, Judged, Outcome, UnknownFact, Verdict
from ace.spec.values import Member

SCHEMA: Final = "ace/fitness-report/v1"
NAMESPACE: Final = "ace-fitness"
"""Of a country's signature over its report (`ssh-keygen -Y sign -n`)."""


def check(
    tests: Mapping[str, FitnessTest], collector: Collector, tell: Callable[[Outcome], None]
) -> tuple[Outcome, ...]:
    """Every test's outcome, told as it comes.

    Raises:
        InterruptedByUser: The person wants to stop; nothing is left behind.
    """
    outcomes = []
    for test in tests.values():
        if collector.cancel.is_set():
            raise InterruptedByUser("interrupted; nothing was left in the cloud")
        outcome = Outcome(test.id, collector.asked.data_centre, test.proves, _judged(test, collector))
        outcomes.append(outcome)
        if not collector.cancel.is_set():
            tell(outcome)
    if collector.cancel.is_set():
        raise InterruptedByUser("interrupted; nothing was left in the cloud")
    return tuple(outcomes)


def _judged(test: FitnessTest, collector: Collector) -> Judged:
    try:
        fact = test.collect(collector)
    except UnknownFact as unknown:
        return Judged(Verdict.ABORT, unknown.evidence, unknown.advice)
    return test.judge(fact, collector.asked)


@dataclass(frozen=True, slots=True)
class Report:
    """One check of one member's clouds."""

    country: str
    at: datetime
    asked: str
    """The digest of what the spec asks of the clouds (`digest_of`): a report for something else proves nothing."""
    outcomes: tuple[Outcome, ...]

    @property
    def fit(self) -> bool:
        """Whether nothing failed and everything could be found out."""
        return bool(self.outcomes) and all(
            outcome.judged.verdict in (Verdict.PASS, Verdict.SKIP) for outcome in self.outcomes
        )

    def count(self, verdict: Verdict) -> int:
        """How many tests ended so."""
        return sum(1 for outcome in self.outcomes if outcome.judged.verdict is verdict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept and printed."""
        return {
            "country": self.country,
            "at": timestamp(self.at),
            "asked": self.asked,
            "fit": self.fit,
            "tests": [
                {
                    "id": outcome.id,
                    "data_centre": outcome.data_centre,
                    "verdict": str(outcome.judged.verdict),
                    "detail": outcome.judged.evidence,
                    "proves": outcome.proves,
                    "advice": outcome.judged.advice,
                }
                for outcome in self.outcomes
            ],
        }


def read_report(text: str) -> Report:
    """A report as it was kept.

    Raises:
        ValueError: It is none.
    """
    try:
        body = json.loads(text)
        if body["schema"] != SCHEMA:
            raise ValueError("no report of a fitness check")
        outcomes = tuple(
            Outcome(
                one["id"],
                one["data_centre"],
                one["proves"],
                Judged(Verdict(one["verdict"]), one["detail"], one["advice"]),
            )
            for one in body["tests"]
        )
        return Report(body["country"], datetime.fromisoformat(body["at"]), body["asked"], outcomes)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no report of a fitness check: {error}") from None


def digest_of(member: Member) -> str:
    """SHA-256 of what a member's file asks of its clouds: data centres and tenants."""
    plain: Iterable[Any] = [*(asdict(centre) for centre in member.data_centres), *(asdict(t) for t in member.tenants)]
    return hashlib.sha256(json.dumps(list(plain), sort_keys=True, default=str).encode()).hexdigest()
