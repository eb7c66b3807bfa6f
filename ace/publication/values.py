"""What a country states of itself in public, as frozen values; these types are the whitelist of what can leave it.

`ace.publication.canonical` reads and writes them. Countries are in lower case here, as in every JSON that ACE prints.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Generic, Literal, TypeVar

from pydantic import ConfigDict, Field

from ace.addressing import GATEWAY_NUMBERS, HUB_SLOTS, SITES
from ace.publication.fields import (
    Address4,
    Address6,
    Audience,
    Country,
    Digest,
    HostName,
    Moment,
    Network,
    Network4,
    Network6,
    WireguardKey,
)
from ace.spec.fields import HttpsUrl, Id, Line, PlainName
from ace.spec.region import OperatorKind
from ace.spec.values import ResidencyMode

NAMESPACE: Final = "ace-publication"
"""The namespace of signatures over publications (`ssh-keygen -Y sign -n`): they count for nothing else."""

Site = Annotated[int, Field(ge=SITES.start, lt=SITES.stop)]
Number = Annotated[int, Field(ge=GATEWAY_NUMBERS.start, lt=GATEWAY_NUMBERS.stop)]
Slot = Annotated[int, Field(ge=HUB_SLOTS.start, lt=HUB_SLOTS.stop)]
Asn = Annotated[int, Field(ge=1, le=4_294_967_294)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]

_STRICT: Final = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class PublishedGateway:
    """A gateway, as its far ends need to know it. `name` is that within its data centre (`gw1`).

    `wireguard_key` is null until a host has made one: one key pair a gateway, used by all its interfaces.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    name: Id
    number: Number
    zone: PlainName
    data_centre: Id
    asn: Asn
    public_address: Address4 | None
    wireguard_key: WireguardKey | None
    loopbacks: tuple[Address4, Address6]


@dataclass(frozen=True, slots=True)
class PublishedDataCentre:
    """A site: its AS, its gateways, and what it announces: loopbacks, shared services, exported tenants' networks."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: Id
    site: Site
    city: Line
    operator: Line
    operator_kind: OperatorKind
    asn: Asn
    prefixes: tuple[Network, ...]
    gateways: tuple[PublishedGateway, ...]


@dataclass(frozen=True, slots=True)
class PublishedService:
    """A service of the catalogue that the country runs."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    id: Id
    sector: Id
    tenant: Id
    data_centre: Id
    endpoint: HttpsUrl
    data_classes: tuple[Id, ...]
    offered_to: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class PublishedLabel:
    """A label that a data centre's operator holds."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    data_centre: Id
    scheme: Id
    number: PlainName
    valid_until: date
    evidence: HttpsUrl | None


@dataclass(frozen=True, slots=True)
class PublishedResidency:
    """Where the country's data of one class may live, and the law on which it rests."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    data_class: Id
    mode: ResidencyMode
    basis: Line
    transfers_to: tuple[Country, ...]


@dataclass(frozen=True, slots=True)
class Fitness:
    """The summary of a fitness check (`ace member check`): when, and how many of its tests ended how."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    checked: Moment
    passed: Count
    failed: Count
    aborted: Count
    skipped: Count


@dataclass(frozen=True, slots=True)
class Publication:
    """A country's public facts: `publications/<cc>.json`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    country: Country
    issued: Moment
    expires: Moment
    spec_digest: Digest
    """Of the spec that the country was deployed from (`Spec.digest`)."""
    ipv4: Network4
    ipv6: Network6
    data_centres: tuple[PublishedDataCentre, ...]
    services: tuple[PublishedService, ...]
    labels: tuple[PublishedLabel, ...]
    residency: tuple[PublishedResidency, ...]
    fitness: Fitness | None
    schema: Literal["ace/publication/v1"] = "ace/publication/v1"

    @property
    def gateways(self) -> tuple[PublishedGateway, ...]:
        """Those of all data centres."""
        return tuple(gateway for centre in self.data_centres for gateway in centre.gateways)

    @property
    def name(self) -> str:
        """What its file is called, without `.json`."""
        return self.country


@dataclass(frozen=True, slots=True)
class HubPublication:
    """A hub's public facts, signed by the country that lodges it: `publications/hub-<id>.json`."""

    __pydantic_config__: ClassVar[ConfigDict] = _STRICT

    hub: Id
    country: Country
    """Its host."""
    issued: Moment
    expires: Moment
    spec_digest: Digest
    host_name: HostName
    data_centre: Id
    slot: Slot
    number: Number
    asn: Asn
    public_address: Address4 | None
    wireguard_key: WireguardKey | None
    loopbacks: tuple[Address4, Address6]
    schema: Literal["ace/hub-publication/v1"] = "ace/hub-publication/v1"

    @property
    def name(self) -> str:
        """What its file is called, without `.json`."""
        return f"hub-{self.hub}"


class Reason(StrEnum):
    """Why a publication is refused: stable text for machines."""

    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad-signature"
    WRONG_NAMESPACE = "wrong-namespace"
    WRONG_SIGNER = "wrong-signer"
    SIGNER_NOT_YET = "signer-not-yet-valid"
    SIGNER_ENDED = "signer-ended"
    SIGNER_NOT_INTRODUCED = "signer-not-introduced"
    ALTERED = "altered"
    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    NOT_JSON = "not-json"
    NOT_CANONICAL = "not-canonical"
    UNCLEAN_TEXT = "unclean-text"
    MALFORMED = "malformed"
    UNKNOWN_SCHEMA = "unknown-schema"
    WRONG_NAME = "wrong-name"
    NOT_A_MEMBER = "not-a-member"
    NOT_ACTIVE = "not-active"
    FROM_THE_FUTURE = "from-the-future"
    EXPIRED = "expired"
    LIVES_TOO_LONG = "lives-too-long"
    ROLLED_BACK = "rolled-back"
    FOREIGN_ASN = "foreign-asn"
    FOREIGN_PREFIX = "foreign-prefix"
    PREFIX_NOT_EXPORTED = "prefix-not-exported"
    FOREIGN_NAME = "foreign-name"
    FOREIGN_ENDPOINT = "foreign-endpoint"
    FOREIGN_LOOPBACK = "foreign-loopback"
    UNROUTABLE_ADDRESS = "unroutable-address"
    SAME_KEY = "same-key"
    SAME_ADDRESS = "same-address"
    DUPLICATE = "duplicate"
    CONTRADICTS_SPEC = "contradicts-spec"


Published = TypeVar("Published", Publication, HubPublication)


@dataclass(frozen=True, slots=True)
class Verified(Generic[Published]):
    """Signed by who may sign, fresh, and in agreement with the spec."""

    publication: Published
    signer: str
    """The key's SHA-256 fingerprint."""
    issued: datetime
    digest: str = ""
    """SHA-256 of the bytes that were verified."""


@dataclass(frozen=True, slots=True)
class Refused:
    """There is one, and nothing of it may be used. The message is clean text of one line or a few."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Absent:
    """There is none (yet): not the same as a refused one (docs/architecture.md, fail closed)."""


Verification = Verified[Published] | Refused | Absent
"""What the region may believe of one publication."""
AnyVerification = Verified[Publication] | Verified[HubPublication] | Refused | Absent
"""The same of a publication of either kind."""
