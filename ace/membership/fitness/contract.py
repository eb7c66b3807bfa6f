"""What a fitness test is: a fact and the spec's requirements in, an assessment out.

Facts are collected once, lazily (`facts.CloudFacts`); assessments are pure functions. Adding a test is adding a function and
a line in `TESTS` of its subject's module.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ace.membership.fitness.facts import CloudFacts
from ace.membership.fitness.requirements import Requirements
from ace.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Assessment:
    """A verdict with its evidence, and what to do about it (empty when nothing)."""

    verdict: Verdict
    evidence: str
    advice: str = ""


def passed(evidence: str) -> Assessment:
    """All is well."""
    return Assessment(Verdict.PASS, evidence)


def failed(evidence: str, advice: str) -> Assessment:
    """It is not as ACE needs it."""
    return Assessment(Verdict.FAIL, evidence, advice)


def skipped(evidence: str) -> Assessment:
    """It does not apply here."""
    return Assessment(Verdict.SKIP, evidence)


def aborted(evidence: str, advice: str) -> Assessment:
    """It could not be found out."""
    return Assessment(Verdict.ABORT, evidence, advice)


@dataclass(frozen=True, slots=True)
class FitnessTest:
    """One test: a stable id, what it proves, which fact it looks at, and the pure function that assesses it."""

    id: str
    proves: str
    collect: Callable[[CloudFacts], Any]
    assess: Callable[[Any, Requirements], Assessment]


@dataclass(frozen=True, slots=True)
class FitnessResult:
    """The result of one test on one data centre."""

    id: str
    data_centre: str
    proves: str
    assessment: Assessment


SERVICES: Final = ("identity", "compute", "network", "image", "block_storage")
"""What the stacks talk to, by openstacksdk's names."""
SERVICE_TYPES: Final = {
    "identity": ("identity",),
    "compute": ("compute",),
    "network": ("network",),
    "image": ("image",),
    "block_storage": ("block-storage", "volumev3", "volume", "block-store"),
}
"""Their names in catalogues (the service types authority, aliases included)."""
