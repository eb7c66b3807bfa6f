"""`members/<cc>.yaml`: one country."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ace.addressing import HOST_NUMBERS, SITES, TENANT_NETWORK_LENGTHS
from ace.spec.fields import (
    Audience,
    Backend,
    CountryCode,
    Email,
    FlavorName,
    Hours,
    HttpsUrl,
    Id,
    Line,
    NonEmpty,
    PlainName,
    Prefix4,
    PublicKey,
    SignatureLine,
    Subject,
    Unique,
    choice_of,
)
from ace.spec.models.base import GatewayNumber, Language, Model, Slot, TextModel, Version, VolumeGib
from ace.spec.region import OperatorKind
from ace.spec.values import CloudAccess, FlavorSource, MemberStatus, PassphraseSource, ResidencyMode


class ContactModel(Model):
    """A role mailbox, not a person."""

    name: Line
    email: Email


class ContactsModel(Model):
    """Whom to write to."""

    technical: ContactModel
    security: ContactModel


class ApprovalModel(Model):
    """An approver's signature; `ace policy approve` prints it."""

    approver: Id
    signature: SignatureLine


class SignerModel(Model):
    """A key whose signatures on the member's publications count."""

    key: PublicKey
    from_: Annotated[date, Field(alias="from")]
    until: date
    introduced: SignatureLine | None = None
    """By an earlier key, where it is not one of the first; `ace publication introduce` prints it."""
    recovery: list[ApprovalModel] = []
    """Instead: two approvers of the region, where no earlier key is left."""


class WaiverModel(Model):
    """A rule that is not kept for one subject until a date."""

    rule: Id
    subject: Subject
    """As findings name it: `tenant/tn/health`, `service/tn-case-files`."""
    owner: ContactModel
    """Who answers for it."""
    reason: Line
    until: date
    """The last day on which it counts."""
    approval: ApprovalModel | None = None
    """Needed when the rule is the region's (`ace policy list`)."""


class SuspensionModel(Model):
    """Why the member is suspended; two different approvers of the region sign for it."""

    since: date
    reason: Line
    approvals: list[ApprovalModel] = []


class StateModel(Model):
    """Where the country keeps its own state."""

    backend: Backend
    """`local` (the embedded engine's, below ROOT), or a Pulumi backend's address."""
    passphrase: Annotated[PassphraseSource, choice_of(PassphraseSource)]
    """Where the passphrase of its secrets comes from: a file below ROOT, or the environment."""


class ResidencyModel(Model):
    """Where data of a class may live."""

    mode: Annotated[ResidencyMode, choice_of(ResidencyMode)]
    basis: Line
    """The law on which it rests."""
    transfers_to: Unique[CountryCode] = []


class OperatorModel(Model):
    """Who runs a data centre."""

    name: Line
    kind: Annotated[OperatorKind, choice_of(OperatorKind)]


class LabelModel(Model):
    """A label that the operator holds for the data centre."""

    scheme: Id
    number: PlainName
    valid_until: date
    evidence: HttpsUrl | None = None


class CloudModel(Model):
    """The data centre's OpenStack; credentials are in clouds.yaml, never here."""

    cloud: Id
    """The entry of clouds.yaml."""
    region: Id
    access: Annotated[CloudAccess, choice_of(CloudAccess)]
    external_network: PlainName
    availability_zones: NonEmpty[PlainName]
    image: PlainName
    flavors: Annotated[FlavorSource, choice_of(FlavorSource)]
    services: Unique[PlainName] = []
    """Optional services of the cloud that ACE may use; none is supported by this release."""


class CapacityModel(Model):
    """What the data centre can give to tenants and hosts altogether."""

    cores: Annotated[int, Field(ge=1, le=10_000_000)]
    ram_gib: Annotated[int, Field(ge=1, le=100_000_000)]
    volumes_gib: Annotated[int, Field(ge=1, le=1_000_000_000)]


class GatewayModel(Model):
    """One of up to four interconnect gateways."""

    name: Id
    number: GatewayNumber
    zone: PlainName
    flavor: FlavorName | None = None


class ServiceHostModel(Model):
    """A server of the country's shared services."""

    name: Id
    number: Annotated[int, Field(ge=HOST_NUMBERS.start, lt=HOST_NUMBERS.stop)]
    zone: PlainName
    runs: NonEmpty[Id]
    flavor: FlavorName | None = None
    data_volume_gib: VolumeGib = 0


class DataCentreModel(Model):
    """A site."""

    id: Id
    site: Annotated[int, Field(ge=SITES.start, lt=SITES.stop)]
    """Explicit and never reused: addresses follow from it."""
    city: Line
    operator: OperatorModel
    labels: list[LabelModel] = []
    cloud: CloudModel
    capacity: CapacityModel | None = None
    """Unless given, its capacity is unknown."""
    gateways: Annotated[list[GatewayModel], Field(min_length=1, max_length=4)]
    service_hosts: list[ServiceHostModel] = []
    admin_key: PublicKey


class NetworkModel(Model):
    """One network of a tenant."""

    name: Id
    slot: Slot | None = None
    """The first tenant slot (of 64 x /27 a country) that it takes; the tenant's own unless given."""
    length: Annotated[int, Field(ge=TENANT_NETWORK_LENGTHS.start, lt=TENANT_NETWORK_LENGTHS.stop)] = 27
    cidr: Prefix4 | None = None
    """An IPv4 prefix of its own instead; such a network is never exported."""
    exported: bool | None = None
    """false: never announced to other members. Unless given, residency decides."""


class TenantModel(Model):
    """A sector's project on a data centre."""

    name: Id | None = None
    """Unique in the country; the sector's id unless given."""
    sector: Id
    slot: Slot
    data_centre: Id
    size: Id
    data_classes: NonEmpty[Id] | None = None
    admins: NonEmpty[Email]
    networks: Annotated[list[NetworkModel], Field(min_length=1)] | None = None
    """One /27 called `main` unless given."""


class SlaModel(Model):
    """What a service promises."""

    availability: Annotated[float, Field(ge=0, le=100)]
    """Per cent."""
    rto_h: Annotated[float, Field(ge=0, le=8760)]
    rpo_h: Annotated[float, Field(ge=0, le=8760)]


class SupportModel(Model):
    """When and in which languages help is given."""

    hours: Hours
    languages: NonEmpty[Language]


class ServiceModel(Model):
    """What the member offers in the catalogue."""

    id: Id
    sector: Id
    title: TextModel
    description: TextModel
    tenant: Id | None = None
    """The tenant it runs in; the only one of its sector unless given."""
    endpoint: HttpsUrl
    data_classes: NonEmpty[Id]
    offered_to: NonEmpty[Audience]
    sla: SlaModel
    support: SupportModel


class MemberFile(Model):
    """`members/<cc>.yaml`: what one country states of itself."""

    version: Version
    country: CountryCode
    status: Annotated[MemberStatus, choice_of(MemberStatus)]
    example: bool = False
    """An illustration, no real membership: lab keys may sign for it, in a lab."""
    contacts: ContactsModel
    signers: Annotated[list[SignerModel], Field(min_length=1)]
    published_at: HttpsUrl | None = None
    """Where the region finds the country's publications: a git repository (`….git`) or a folder. None: brought by hand."""
    state: StateModel
    residency: dict[Id, ResidencyModel]
    """Class of data -> rule; a class without a rule is `unknown` and fails closed."""
    waivers: list[WaiverModel] = []
    """Rules that are not kept for a while (docs/trust.md)."""
    suspension: SuspensionModel | None = None
    """With `status: suspended`: why, since when, and who decided it."""
    data_centres: Annotated[list[DataCentreModel], Field(min_length=1, max_length=8)]
    tenants: list[TenantModel] = []
    services: list[ServiceModel] = []
