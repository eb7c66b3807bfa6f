"""What rules find and what follows from it: frozen values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from ace.errors import Severity
from ace.spec.location import SpecLocation
from ace.spec.values import Waiver


class Kind(StrEnum):
    """What a rule may speak of. Ids: `tn`, `tunis-1`, `tn/health`, `tn-case-files`, `10.113.72.0/26`, `tn-g-cloud`."""

    REGION = "region"
    MEMBER = "member"
    DATA_CENTRE = "data_centre"
    TENANT = "tenant"
    SERVICE = "service"
    ROUTE = "route"
    """A prefix that is announced to other members."""
    WAIVER = "waiver"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """One thing that a rule speaks of."""

    kind: Kind
    id: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(frozen=True, slots=True)
class PolicyFinding:
    """A rule that is not kept, or soon will not be.

    `fact` is what breaks it, `remedy` what would satisfy it. `takes_along` is what can not be without the subject: of a
    refused tenant, its services and routes. `waiver` is the one that lets it through, if any.
    """

    rule: str
    severity: Severity
    member: str
    """The member's stack name; empty when it is the region's affair."""
    subject: Subject
    fact: str
    remedy: str
    location: SpecLocation
    takes_along: tuple[Subject, ...] = ()
    waiver: Waiver | None = None

    @property
    def stops(self) -> bool:
        """Whether it stops `up`, `publish` and listing."""
        return self.severity is Severity.ERROR and self.waiver is None

    @property
    def message(self) -> str:
        """What is wrong and what to do, in a line."""
        if self.waiver is not None:
            return f"{self.fact} (let through until {self.waiver.until}: {self.waiver.reason})"
        return f"{self.fact}; {self.remedy}"

    def concerns(self, kind: Kind, id_: str) -> bool:
        """Whether it is about that thing, or takes it along."""
        return any((subject.kind, subject.id) == (kind, id_) for subject in (self.subject, *self.takes_along))


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that the rules state as of a date, errors first, then by member."""

    as_of: date
    findings: tuple[PolicyFinding, ...]

    @property
    def errors(self) -> tuple[PolicyFinding, ...]:
        """What stops."""
        return tuple(finding for finding in self.findings if finding.stops)

    def errors_for(self, kind: Kind, id_: str) -> tuple[PolicyFinding, ...]:
        """What stops that thing; empty when it may be deployed, published, routed and listed."""
        return tuple(finding for finding in self.errors if finding.concerns(kind, id_))

    def errors_of(self, stack: str) -> tuple[PolicyFinding, ...]:
        """What stops that member's `up` and `publish`."""
        return tuple(finding for finding in self.errors if finding.member == stack)

    def refused(self, kind: Kind) -> frozenset[str]:
        """Ids of all things of a kind that are stopped."""
        return frozenset(
            subject.id
            for finding in self.errors
            for subject in (finding.subject, *finding.takes_along)
            if subject.kind is kind
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A prefix that a member would announce to others, from one of its data centres."""

    member: str
    data_centre: str
    prefix: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Published:
    """What rules look at in a publication: plain facts, whoever read them."""

    member: str
    expires: date
    announcements: tuple[Announcement, ...]
    gateways_without_key: tuple[str, ...]
    gateways_without_address: tuple[str, ...]
    unfit_tests: int
    """Tests of the fitness check that failed; 0 without a check."""


def in_order(findings: Iterable[PolicyFinding]) -> tuple[PolicyFinding, ...]:
    """Errors first, then by member, rule and subject; each once."""
    ranks = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
    return tuple(
        sorted(
            dict.fromkeys(findings),
            key=lambda one: (ranks[one.severity], one.member, one.rule, one.subject, one.fact),
        )
    )
