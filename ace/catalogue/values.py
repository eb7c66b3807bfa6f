"""The catalogue's frozen values: records, each with where it comes from, and what is withheld by which rule.

Every text in them has passed `ace.catalogue.text`: one line, no character that hides or reorders others, bounded.
A record's `slug` is unique in its kind and never changes as long as what it stands for is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from ace.spec.region import OperatorKind
from ace.spec.values import ResidencyMode, Support


class Kind(StrEnum):
    """The kinds of record; the word is also the folder of its pages and the path of its address."""

    COUNTRY = "countries"
    PROVIDER = "providers"
    DATA_CENTRE = "data-centres"
    SECTOR = "sectors"
    LABEL_SCHEME = "labels"
    LABEL = "label-grants"
    SERVICE = "services"
    INTERCONNECTION = "interconnections"


class Status(StrEnum):
    """Whether a country's signed publication stands behind a record."""

    VERIFIED = "verified"
    DECLARED = "declared"
    """Only the spec declares it; there is no endpoint."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in the ecosystem's languages; None where there is no translation."""

    en: str
    fr: str | None = None
    ar: str | None = None

    def by_language(self) -> dict[str, str]:
        """The translations that there are, English first."""
        found = {"en": self.en, "fr": self.fr, "ar": self.ar}
        return {language: text for language, text in found.items() if text is not None}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record comes from: the file that declares it, and the publication that confirms it if there is one."""

    file: str
    publication: str | None = None
    signer: str | None = None
    issued: datetime | None = None
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """A role mailbox."""

    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Residency:
    """Where a country's data of one class may live, and the law on which it rests."""

    data_class: str
    mode: ResidencyMode
    basis: str
    transfers_to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Country:
    """A member. `slug` is its ISO alpha-2 code in lower case."""

    slug: str
    code: str
    name: Text
    since: date
    example: bool
    residency: tuple[Residency, ...]
    technical: Contact
    security: Contact
    ipv4: str
    ipv6: str
    status: Status
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Provider:
    """Who runs data centres of a country."""

    slug: str
    name: str
    operator_kind: OperatorKind
    country: str
    status: Status
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class DataCentre:
    """A site. `country` and `provider` are slugs."""

    slug: str
    id: str
    city: str
    country: str
    provider: str
    cloud: str
    region: str
    zones: tuple[str, ...]
    gateways: int
    shared_services: tuple[str, ...]
    status: Status
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Sector:
    """A field of public service."""

    slug: str
    title: Text
    data_classes: tuple[str, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """What a national label means, and which country grants it (a slug; perhaps no member)."""

    slug: str
    title: Text
    issuer: str
    country: str
    valid_for_months: int
    allows: tuple[str, ...]
    source: str | None
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a data centre's provider holds; not listed any more the day after `valid_until`."""

    slug: str
    scheme: str
    data_centre: str
    number: str
    valid_until: date
    evidence: str | None
    status: Status
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Sla:
    """What a service promises: availability in per cent, recovery time and recovery point in hours."""

    availability: float
    rto_h: float
    rpo_h: float

    @property
    def downtime_h(self) -> float:
        """The hours of a year of 365 days in which it may be down."""
        return (100 - self.availability) * 87.6


@dataclass(frozen=True, slots=True)
class Service:
    """What a member offers. Country, provider, data centre, sector and labels are slugs."""

    slug: str
    title: Text
    description: Text
    sector: str
    country: str
    provider: str
    data_centre: str
    data_classes: tuple[str, ...]
    residency: tuple[Residency, ...]
    labels: tuple[str, ...]
    offered_to: tuple[str, ...]
    sla: Sla
    support: Support
    endpoint: str | None
    status: Status
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Home:
    """A gateway of a data centre, the hub that it is connected to, and the loopback addresses that it speaks from."""

    gateway: str
    hub: str
    loopback4: str
    loopback6: str


@dataclass(frozen=True, slots=True)
class Interconnection:
    """Where a data centre, or a hub of the region, meets the others.

    `hub` names which hub it is, if it is one; `homes` names which gateway of a data centre is connected to which hub.
    """

    slug: str
    data_centre: str
    country: str
    asn: int
    loopbacks: tuple[str, ...]
    prefixes: tuple[str, ...]
    gateways: int
    hub: str | None
    slot: int
    """The number that the region has given to the member or the hub."""
    homes: tuple[Home, ...]
    status: Status
    provenance: Provenance


Record = Country | Provider | DataCentre | Sector | LabelScheme | Label | Service | Interconnection
RecordType = TypeVar("RecordType", bound=Record)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is, or is not, listed: a rule's name, what it found, where to look and what to do."""

    rule: str
    fact: str
    place: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one record is listed, and all reasons for it. A withheld one is in no page and no export."""

    kind: Kind
    slug: str
    listed: bool
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All that is listed, and every decision. Tuples are sorted by slug."""

    name: str
    organisation: str
    languages: tuple[str, ...]
    base_url: str
    spec_digest: str
    as_of: date
    data_classes: tuple[str, ...]
    countries: tuple[Country, ...]
    providers: tuple[Provider, ...]
    data_centres: tuple[DataCentre, ...]
    sectors: tuple[Sector, ...]
    label_schemes: tuple[LabelScheme, ...]
    labels: tuple[Label, ...]
    services: tuple[Service, ...]
    interconnections: tuple[Interconnection, ...]
    decisions: tuple[Decision, ...]

    def by_kind(self) -> dict[Kind, tuple[Record, ...]]:
        """The listed records of each kind."""
        return {
            Kind.COUNTRY: self.countries,
            Kind.PROVIDER: self.providers,
            Kind.DATA_CENTRE: self.data_centres,
            Kind.SECTOR: self.sectors,
            Kind.LABEL_SCHEME: self.label_schemes,
            Kind.LABEL: self.labels,
            Kind.SERVICE: self.services,
            Kind.INTERCONNECTION: self.interconnections,
        }

    @property
    def withheld(self) -> tuple[Decision, ...]:
        """What is declared and not listed."""
        return tuple(decision for decision in self.decisions if not decision.listed)

    @property
    def last_verified(self) -> datetime | None:
        """When the newest publication behind a listed record was signed."""
        moments = [country.provenance.issued for country in self.countries if country.provenance.issued]
        return max(moments, default=None)

    def address(self, kind: Kind, slug: str) -> str:
        """A record's id: an address that is the same in every language and format, and has a page."""
        return f"{self.base_url}id/{kind}/{slug}/"
