"""Run the tests on one cloud; the report of a check, written and read back."""

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
from ace.membership.fitness.contract import Assessment, FitnessResult, FitnessTest
from ace.membership.fitness.facts import FactUnavailable
from ace.spec.values import Member
from ace.verdict import Verdict

SCHEMA: Final = "ace/fitness-report/v1"
NAMESPACE: Final = "ace-fitness"
"""Of a country's signature over its report (`ssh-keygen -Y sign -n`)."""


def check(
    tests: Mapping[str, FitnessTest], collector: Collector, report: Callable[[FitnessResult], None]
) -> tuple[FitnessResult, ...]:
    """Every test's result; each is reported as it comes.

    Raises:
        InterruptedByUser: The person wants to stop; nothing is left behind.
    """
    results = []
    for test in tests.values():
        if collector.cancel.is_set():
            raise InterruptedByUser("interrupted; nothing was left in the cloud")
        result = FitnessResult(test.id, collector.required.data_centre, test.proves, _assess(test, collector))
        results.append(result)
        if not collector.cancel.is_set():
            report(result)
    if collector.cancel.is_set():
        raise InterruptedByUser("interrupted; nothing was left in the cloud")
    return tuple(results)


def _assess(test: FitnessTest, collector: Collector) -> Assessment:
    try:
        fact = test.collect(collector)
    except FactUnavailable as unknown:
        return Assessment(Verdict.ABORT, unknown.evidence, unknown.advice)
    return test.assess(fact, collector.required)


@dataclass(frozen=True, slots=True)
class FitnessTestDocument:
    """One test on one cloud."""

    id: str
    data_centre: str
    verdict: Verdict
    detail: str
    proves: str
    advice: str
    """What to do about it; empty where nothing is to be done."""


@dataclass(frozen=True, slots=True)
class FitnessDocument:
    """One check of one member's clouds, as it is kept and printed."""

    country: str
    at: str
    """When it was made (UTC)."""
    asked: str
    """The digest of what the spec required of the clouds."""
    fit: bool
    """Whether nothing failed and everything could be determined."""
    tests: tuple[FitnessTestDocument, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One check of one member's clouds."""

    country: str
    at: datetime
    asked: str
    """The digest of what the spec required of the clouds (`digest_of`): a report for other requirements proves nothing."""
    results: tuple[FitnessResult, ...]

    @property
    def fit(self) -> bool:
        """Whether nothing failed and everything could be found out."""
        return bool(self.results) and all(
            result.assessment.verdict in (Verdict.PASS, Verdict.SKIP) for result in self.results
        )

    def count(self, verdict: Verdict) -> int:
        """How many tests have that verdict."""
        return sum(1 for result in self.results if result.assessment.verdict is verdict)

    @property
    def document(self) -> FitnessDocument:
        """As JSON."""
        tests = tuple(
            FitnessTestDocument(
                result.id,
                result.data_centre,
                result.assessment.verdict,
                result.assessment.evidence,
                result.proves,
                result.assessment.advice,
            )
            for result in self.results
        )
        return FitnessDocument(self.country, timestamp(self.at), self.asked, self.fit, tests)


def read_report(text: str) -> Report:
    """A report as it was kept.

    Raises:
        ValueError: It is none.
    """
    try:
        body = json.loads(text)
        if body["schema"] != SCHEMA:
            raise ValueError("no report of a fitness check")
        results = tuple(
            FitnessResult(
                one["id"],
                one["data_centre"],
                one["proves"],
                Assessment(Verdict(one["verdict"]), one["detail"], one["advice"]),
            )
            for one in body["tests"]
        )
        return Report(body["country"], datetime.fromisoformat(body["at"]), body["asked"], results)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no report of a fitness check: {error}") from None


def digest_of(member: Member) -> str:
    """SHA-256 of what a member's file requires of its clouds: data centres and tenants."""
    plain: Iterable[Any] = [*(asdict(centre) for centre in member.data_centres), *(asdict(t) for t in member.tenants)]
    return hashlib.sha256(json.dumps(list(plain), sort_keys=True, default=str).encode()).hexdigest()
