"""What the region agrees on, resolved: frozen values of `ecosystem.yaml`, every default filled in, every number allocated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

from ace.addressing import MemberAllocation


class OperatorKind(StrEnum):
    """What kind of organisation runs a data centre."""

    MINISTRY = "ministry"
    PUBLIC_BODY = "public_body"
    TELECOM = "telecom"
    IT_COMPANY = "it_company"


class Topology(StrEnum):
    """How members meet: through hubs, or each with each (small regions)."""

    HUBS = "hubs"
    MESH = "mesh"


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """One short text in the ecosystem's languages; English is always there."""

    en: str
    fr: str | None = None
    ar: str | None = None


@dataclass(frozen=True, slots=True)
class Sector:
    """A field of public service that tenants and services belong to."""

    id: str
    title: LocalizedText
    data_classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """What a national cloud-provider label means: who grants it, for how long, what data it allows."""

    id: str
    title: LocalizedText
    issuer: str
    country: str
    valid_for_months: int
    allows: tuple[str, ...]
    source: str | None


@dataclass(frozen=True, slots=True)
class Flavor:
    """A server size by its SCS name (`SCS-2V-4-20`): vcpus, RAM in GiB, disk in GB."""

    name: str
    vcpus: int
    ram_gib: int
    disk_gb: int


@dataclass(frozen=True, slots=True)
class TenantSize:
    """The quotas of a tenant, in OpenStack's own units where they have one."""

    id: str
    instances: int
    cores: int
    ram_gib: int
    volumes: int
    volumes_gib: int
    snapshots: int
    networks: int
    subnets: int
    routers: int
    ports: int
    floating_ips: int
    security_groups: int
    security_group_rules: int


@dataclass(frozen=True, slots=True)
class Hub:
    """A transit point of the interconnect, an instance of its host country's stack with a slot and ASN of its own."""

    id: str
    slot: int
    hosted_by: str
    data_centre: str
    number: int
    flavor: str
    allocation: MemberAllocation


@dataclass(frozen=True, slots=True)
class Direct:
    """Two countries joined by tunnels of their own beside the hubs; `a` sorts before `b`."""

    a: str
    b: str


@dataclass(frozen=True, slots=True)
class OperatorRule:
    """Which kinds of operator may hold data of a class."""

    data_class: str
    kinds: tuple[OperatorKind, ...]


@dataclass(frozen=True, slots=True)
class Approver:
    """A person of the regional body whose signature approves what one country can not decide alone.

    Waivers of the region's rules, suspensions, the recovery of a country's signing keys (docs/trust.md).
    """

    id: str
    name: str
    key: str
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Region:
    """What the region agrees on."""

    name: str
    organisation: str
    domain: str
    languages: tuple[str, ...]
    ipv4_pool: IPv4Network
    ipv6_pool: IPv6Network
    sectors: tuple[Sector, ...]
    data_classes: tuple[str, ...]
    label_schemes: tuple[LabelScheme, ...]
    approvers: tuple[Approver, ...]
    operator_kinds: tuple[OperatorRule, ...]
    tenant_sizes: tuple[TenantSize, ...]
    flavors: tuple[Flavor, ...]
    shared_services: tuple[str, ...]
    topology: Topology
    hubs: tuple[Hub, ...]
    direct: tuple[Direct, ...]
    asn_base: int
    gateway_flavor: str
    service_host_flavor: str
    bfd_interval_ms: int
    bfd_multiplier: int
