"""What a fitness test is: facts in, a verdict out.

Facts are collected once, lazily, by a `Cloud`'s `Collector`; verdicts are pure functions over them and over what the spec
asks of the cloud. Adding a test is adding a file and a line in the registry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from ace.spec.values import CloudAccess, Flavor, FlavorSource

if TYPE_CHECKING:
    from ace.membership.fitness.collector import Collector


class Verdict(StrEnum):
    """How a test ended. ABORT: it could not be found out. SKIP: it is no question here."""

    PASS = "PASS"  # noqa: S105
    FAIL = "FAIL"
    ABORT = "ABORT"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict with what it rests on, and what to do about it (empty when nothing)."""

    verdict: Verdict
    evidence: str
    advice: str = ""


def passed(evidence: str) -> Judged:
    """All is well."""
    return Judged(Verdict.PASS, evidence)


def failed(evidence: str, advice: str) -> Judged:
    """It is not as ACE needs it."""
    return Judged(Verdict.FAIL, evidence, advice)


def skipped(evidence: str) -> Judged:
    """It is no question here."""
    return Judged(Verdict.SKIP, evidence)


def aborted(evidence: str, advice: str) -> Judged:
    """It could not be found out."""
    return Judged(Verdict.ABORT, evidence, advice)


class UnknownFact(Exception):  # noqa: N818 - no error of ours
    """A fact could not be had: the tests that need it abort, and say why."""

    def __init__(self, evidence: str, advice: str = "") -> None:
        super().__init__(evidence)
        self.evidence = evidence
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Need:
    """What ACE's own project must be able to hold, by the names that OpenStack's quotas have."""

    compute: dict[str, int]
    network: dict[str, int]
    block_storage: dict[str, int]
    external_addresses: int
    """IPv4: floating IPs, and one for each router."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the spec asks of one data centre's cloud."""

    country: str
    data_centre: str
    cloud: str
    region: str
    access: CloudAccess
    external_network: str
    availability_zones: tuple[str, ...]
    image: str
    flavor_source: FlavorSource
    flavors: tuple[Flavor, ...]
    """To be made, or to be found, according to the source."""
    need: Need
    deployed: bool
    """What ACE needs is there already, so it is a part of what is in use."""


@dataclass(frozen=True, slots=True)
class FitnessTest:
    """One test: a stable id, what it proves, which fact it looks at, and the pure function that judges it."""

    id: str
    proves: str
    collect: Callable[[Collector], Any]
    judge: Callable[[Any, Asked], Judged]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one test on one data centre."""

    id: str
    data_centre: str
    proves: str
    judged: Judged


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
