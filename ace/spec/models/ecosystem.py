"""`ecosystem.yaml`: what the region agrees on."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from ace.addressing import HUB_SLOTS
from ace.spec.fields import (
    Count,
    CountryCode,
    Domain,
    FlavorName,
    HttpsUrl,
    Id,
    Line,
    Months,
    NonEmpty,
    Prefix4,
    Prefix6,
    PublicKey,
    Unique,
    choice_of,
)
from ace.spec.models.base import GatewayNumber, Language, Model, TextModel, Version
from ace.spec.region import OperatorKind, Topology


class SectorModel(Model):
    """A field of public service."""

    title: TextModel
    data_classes: NonEmpty[Id]
    """The classes of data that tenants of the sector hold unless they state otherwise."""


class LabelSchemeModel(Model):
    """What a national cloud-provider label means."""

    title: TextModel
    issuer: Line
    country: CountryCode
    valid_for: Months
    allows: NonEmpty[Id]
    """The classes of data that a labelled data centre may hold."""
    source: HttpsUrl | None = None


class ApproverModel(Model):
    """A person of the regional body whose signature approves what a country can not decide alone."""

    id: Id
    name: Line
    key: PublicKey
    from_: Annotated[date, Field(alias="from")]
    until: date


class AddressingModel(Model):
    """The region's pools; never changed once a member is active."""

    ipv4_pool: Prefix4
    """A /10."""
    ipv6_pool: Prefix6
    """A /36."""
    asn_base: Annotated[int, Field(ge=4_200_000_000, le=4_294_867_000)] = 4_200_000_000


class HubModel(Model):
    """A transit point, an instance of its host country's stack with a slot of its own."""

    id: Id
    slot: Annotated[int, Field(ge=HUB_SLOTS.start, lt=HUB_SLOTS.stop)]
    hosted_by: CountryCode
    data_centre: Id
    number: GatewayNumber
    flavor: FlavorName | None = None


class BfdModel(Model):
    """How soon a dead link is noticed: interval x multiplier, in milliseconds."""

    interval_ms: Annotated[int, Field(ge=100, le=10_000)] = 500
    multiplier: Annotated[int, Field(ge=2, le=50)] = 4


class DirectModel(Model):
    """Two neighbours that have tunnels of their own beside the hubs."""

    between: Annotated[Unique[CountryCode], Field(min_length=2, max_length=2)]


class InterconnectModel(Model):
    """How members meet."""

    topology: Annotated[Topology, choice_of(Topology)]
    hubs: list[HubModel] = []
    direct: list[DirectModel] = []
    """Pairs of countries that are joined directly as well; in a mesh all are."""
    bfd: BfdModel = BfdModel()


class FlavorsModel(Model):
    """The server sizes of the region, and which of them ACE's own servers take."""

    offered: NonEmpty[FlavorName]
    gateway: FlavorName
    service_host: FlavorName
    hub: FlavorName


class TenantSizeModel(Model):
    """The quotas of a tenant of this size."""

    instances: Count
    cores: Count
    ram_gib: Count
    volumes: Count
    volumes_gib: Count
    snapshots: Count
    networks: Count
    subnets: Count
    routers: Count
    ports: Count
    floating_ips: Count
    security_groups: Count
    security_group_rules: Count


class EcosystemFile(Model):
    """`ecosystem.yaml`: what the region agrees on."""

    version: Version
    name: Line
    organisation: Line
    domain: Domain
    """Apex of the ecosystem's DNS."""
    languages: NonEmpty[Language]
    data_classes: NonEmpty[Id]
    sectors: Annotated[dict[Id, SectorModel], Field(min_length=1)]
    label_schemes: dict[Id, LabelSchemeModel]
    operator_kinds: dict[Id, NonEmpty[Annotated[OperatorKind, choice_of(OperatorKind)]]] = {}
    """Class of data -> the kinds of operator that may hold it; other classes may be with anybody."""
    approvers: list[ApproverModel] = []
    """Who signs for the region: waivers of its rules, suspensions, recoveries of a country's keys (docs/trust.md)."""
    addressing: AddressingModel
    interconnect: InterconnectModel
    shared_services: NonEmpty[Id]
    flavors: FlavorsModel
    tenant_sizes: Annotated[dict[Id, TenantSizeModel], Field(min_length=1)]
