"""Plain facts of a cloud, as its APIs report them; nothing is assessed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class IdentityFact:
    """Versions that Keystone offers at the auth_url: id (`v3.14`) and status."""

    auth_url: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CredentialFact:
    """What an entry of clouds.yaml may do."""

    entry: str
    roles: frozenset[str]
    scope: str
    """`project`, `domain`, `system` or `none`."""
    unrestricted: bool
    """An application credential that may make further credentials."""


@dataclass(frozen=True, slots=True)
class EndpointFact:
    """One line of the catalogue."""

    service: str
    region: str
    interface: str
    url: str


@dataclass(frozen=True, slots=True)
class AnswerFact:
    """What a service's API answers to an authorised request; `problem` is empty when it answers."""

    service: str
    url: str
    problem: str


@dataclass(frozen=True, slots=True)
class QuotaFact:
    """One limit (-1: none) and what is used of it."""

    service: str
    name: str
    limit: int
    used: int


@dataclass(frozen=True, slots=True)
class FlavorFact:
    """One flavour."""

    name: str
    vcpus: int
    ram_mib: int
    disk_gb: int
    public: bool


@dataclass(frozen=True, slots=True)
class ImageFact:
    """One image; `min_disk_gb` is the smallest disk that it fits on."""

    name: str
    status: str
    min_disk_gb: int


@dataclass(frozen=True, slots=True)
class ExternalFact:
    """The external networks by name, and of the required one its subnets (family, prefix) and free IPv4 addresses."""

    names: tuple[str, ...]
    status: str
    subnets: tuple[tuple[int, str], ...]
    total4: int | None
    """None: the cloud does not report it."""
    used4: int | None


@dataclass(frozen=True, slots=True)
class TlsFact:
    """One endpoint's certificate. `problem` is why a client that verifies would refuse it; empty when it would not."""

    host: str
    problem: str
    not_after: datetime | None
    asked_at: datetime
    plain: bool = False
    loopback: bool = False


@dataclass(frozen=True, slots=True)
class CanaryFact:
    """A tenant made for trial: what was made, what failed (if anything), what could not be deleted again."""

    made: tuple[str, ...]
    problem: str
    left: tuple[str, ...]


Microversions = Mapping[str, tuple[tuple[int, int], tuple[int, int]] | None]
"""Service -> least and most microversion; None: it has none."""


class FactUnavailable(Exception):  # noqa: N818 - no error of ours
    """A fact could not be collected: the tests that need it abort, and show why."""

    def __init__(self, evidence: str, advice: str = "") -> None:
        super().__init__(evidence)
        self.evidence = evidence
        self.advice = advice


class CloudFacts(Protocol):
    """The facts of one data centre's cloud, each collected when it is first read.

    Every property may raise `FactUnavailable`.
    """

    @property
    def identity(self) -> IdentityFact: ...
    @property
    def clock_skew_s(self) -> float: ...
    @property
    def round_trips_ms(self) -> tuple[float, ...]: ...
    @property
    def tls(self) -> tuple[TlsFact, ...]: ...
    @property
    def credentials(self) -> tuple[CredentialFact, ...]: ...
    @property
    def catalogue(self) -> tuple[EndpointFact, ...]: ...
    @property
    def answers(self) -> tuple[AnswerFact, ...]: ...
    @property
    def microversions(self) -> Microversions: ...
    @property
    def extensions(self) -> frozenset[str]: ...
    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def quotas(self) -> tuple[QuotaFact, ...]: ...
    @property
    def flavors(self) -> tuple[FlavorFact, ...]: ...
    @property
    def images(self) -> tuple[ImageFact, ...]: ...
    @property
    def zones(self) -> tuple[tuple[str, bool], ...]: ...
    @property
    def external(self) -> ExternalFact: ...
    @property
    def canary(self) -> CanaryFact: ...
