"""What a country's stack tells.

`publication` has the public facts, to be signed; `inventory` the hosts and how to reach them. Both are typed here and
become plain values (snake_case keys, lists, no secrets) with `plain`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import pulumi


@dataclass(frozen=True)
class PublishedGateway:
    """A gateway, as far as its far ends need to know it before it has a key."""

    name: str
    number: int
    zone: str
    public_address: pulumi.Output[str]
    loopbacks: tuple[str, ...]


@dataclass(frozen=True)
class PublishedService:
    """A service of the catalogue that runs here."""

    id: str
    sector: str
    tenant: str
    endpoint: str
    data_classes: tuple[str, ...]
    offered_to: tuple[str, ...]


@dataclass(frozen=True)
class PublishedDataCentre:
    """A site: its AS, its gateways, what it announces and offers."""

    id: str
    site: int
    city: str
    operator: str
    operator_kind: str
    asn: int
    prefixes: tuple[str, ...]
    """Loopbacks, shared services and the tenants' exported networks."""
    gateways: tuple[PublishedGateway, ...]
    services: tuple[PublishedService, ...]


@dataclass(frozen=True)
class PublishedHub:
    """A transit point that the country hosts for the region."""

    id: str
    name: str
    slot: int
    asn: int
    data_centre: str
    public_address: pulumi.Output[str]
    loopbacks: tuple[str, ...]


@dataclass(frozen=True)
class Publication:
    """The country's public facts."""

    country: str
    ipv4: str
    ipv6: str
    data_centres: tuple[PublishedDataCentre, ...]
    hubs: tuple[PublishedHub, ...]


@dataclass(frozen=True)
class Reach:
    """Where SSH finds a host: an address, through the host `jump` where it has none of its own outside."""

    address: str | pulumi.Output[str]
    jump: str | None = None


@dataclass(frozen=True)
class Host:
    """A server that Ansible configures. Addresses come in pairs, IPv4 first; an empty one: not in that network."""

    name: str
    role: str
    """`gateway`, `hub` or `services`."""
    number: int
    data_centre: str
    zone: str | None
    reach: Reach
    asn: int | None = None
    public_address: pulumi.Output[str] | None = None
    management: tuple[str, ...] = ()
    transit: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    loopbacks: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    """Shared services on it."""
    data_volume_gib: int = 0
    data_volume_id: pulumi.Output[str] | None = None
    """By which the host knows it among its disks; known once it is attached."""
    hub: str | None = None


@dataclass(frozen=True)
class TransitRouter:
    """A router on transit: gateways send what is for `prefixes` to its addresses."""

    transit4: pulumi.Output[str] | None
    transit6: pulumi.Output[str] | None
    prefixes: tuple[str, ...]
    exported: tuple[str, ...]
    """Those of `prefixes` that may be announced to other members."""


@dataclass(frozen=True)
class TenantFacts:
    """A tenant as made."""

    name: str
    sector: str
    data_centre: str
    data_classes: tuple[str, ...]
    project: str
    project_id: pulumi.Output[str]
    router: TransitRouter


@dataclass(frozen=True)
class DataCentreFacts:
    """What a data centre's hosts have in common."""

    id: str
    site: int
    city: str
    cloud: str
    region: str
    asn: int
    transit_vip4: str
    transit_vip6: str
    router: TransitRouter
    """Of management and shared services."""


@dataclass(frozen=True)
class Inventory:
    """All that `ace.services` builds Ansible's inventory from."""

    country: str
    domain: str
    data_centres: tuple[DataCentreFacts, ...]
    hosts: tuple[Host, ...]
    tenants: tuple[TenantFacts, ...]


def plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as dicts and lists; outputs and scalars as they are."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value
