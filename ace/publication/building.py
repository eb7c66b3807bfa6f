"""A country's public facts, from its spec, its stack's outputs and what its hosts reported: pure.

Nothing is passed through: every value is taken by name, parsed into the type that `ace.publication.values` names for
it, and whatever else outputs and facts hold stays where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from typing import Any, Final

from ace.addressing import gateway_loopback, site_allocation
from ace.errors import UserError
from ace.publication.values import (
    Fitness,
    HubPublication,
    Publication,
    PublishedDataCentre,
    PublishedGateway,
    PublishedLabel,
    PublishedResidency,
    PublishedService,
)
from ace.spec.region import Hub
from ace.spec.values import DataCentre, Member, Spec

LIFETIME: Final = timedelta(days=30)
"""How long a publication counts unless it is renewed; the region takes none that would live longer."""
HUB_SITE: Final = 0


@dataclass(frozen=True, slots=True)
class Made:
    """What there is of a country beyond its spec.

    `addresses` is host name -> public address, of the stack's outputs; `keys` is host name -> WireGuard public key, as
    the hosts reported.
    """

    addresses: Mapping[str, IPv4Address]
    keys: Mapping[str, str]


def made(outputs: Mapping[str, Any], facts: Mapping[str, Mapping[str, Any]]) -> Made:
    """What a stack's outputs and hosts' facts state that a publication needs, and nothing else of them.

    Raises:
        UserError: The stack has no `publication`, or not in the form that this release writes.
    """
    found = outputs.get("publication")
    addresses: dict[str, IPv4Address] = {}
    try:
        centres = found["data_centres"]  # type: ignore[index]
        for host in (*(gateway for centre in centres for gateway in centre["gateways"]), *found["hubs"]):  # type: ignore[index]
            if host["public_address"]:
                addresses[str(host["name"])] = IPv4Address(host["public_address"])
    except (KeyError, TypeError, ValueError):
        raise UserError(
            "the stack's outputs have no complete `publication`",
            hint="deploy the country with this release first: `ace up`",
            code="no-outputs",
        ) from None
    keys = {host: facts[host].get("wireguard_public_key") for host in facts}
    return Made(addresses, {host: key for host, key in keys.items() if isinstance(key, str)})


def build(spec: Spec, member: Member, has: Made, issued: datetime, fitness: Fitness | None = None) -> Publication:
    """What the country states of itself: the spec's public facts, and the addresses and keys of what was made."""
    homes = {tenant.name: tenant.data_centre for tenant in member.tenants}
    return Publication(
        country=member.stack,
        issued=issued,
        expires=issued + LIFETIME,
        spec_digest=spec.digest,
        ipv4=member.allocation.ipv4,
        ipv6=member.allocation.ipv6,
        data_centres=tuple(_data_centre(member, centre, has) for centre in member.data_centres),
        services=tuple(
            PublishedService(
                service.id,
                service.sector,
                service.tenant,
                homes[service.tenant],
                service.endpoint,
                service.data_classes,
                tuple(audience.lower() for audience in service.offered_to),
            )
            for service in member.services
        ),
        labels=tuple(
            PublishedLabel(centre.id, label.scheme, label.number, label.valid_until, label.evidence)
            for centre in member.data_centres
            for label in centre.labels
        ),
        residency=tuple(
            PublishedResidency(rule.data_class, rule.mode, rule.basis, tuple(to.lower() for to in rule.transfers_to))
            for rule in member.residency
        ),
        fitness=fitness,
    )


def _data_centre(member: Member, centre: DataCentre, has: Made) -> PublishedDataCentre:
    site = centre.allocation
    return PublishedDataCentre(
        id=centre.id,
        site=centre.site,
        city=centre.city,
        operator=centre.operator.name,
        operator_kind=centre.operator.kind,
        asn=site.asn,
        prefixes=announced(member, centre),
        gateways=tuple(
            PublishedGateway(
                name=gateway.name,
                number=gateway.number,
                zone=gateway.zone,
                data_centre=centre.id,
                asn=site.asn,
                public_address=has.addresses.get(f"{gateway.name}.{centre.id}.{member.stack}"),
                wireguard_key=has.keys.get(f"{gateway.name}.{centre.id}.{member.stack}"),
                loopbacks=gateway_loopback(site, gateway.number),
            )
            for gateway in centre.gateways
        ),
    )


def announced(member: Member, centre: DataCentre) -> tuple[Any, ...]:
    """What a data centre announces: loopbacks, shared services, its tenants' exported networks."""
    site = centre.allocation
    exported = (
        prefix
        for tenant in member.tenants
        if tenant.data_centre == centre.id
        for network in tenant.networks
        if network.exported
        for prefix in (network.ipv4, network.ipv6)
    )
    return (site.loopback4, site.loopback6, site.services4, site.services6, *exported)


def build_hub(spec: Spec, hub: Hub, has: Made, issued: datetime) -> HubPublication:
    """What a host country publishes of a hub that it hosts."""
    host = hub_host(hub)
    site = site_allocation(hub.allocation, HUB_SITE)
    return HubPublication(
        hub=hub.id,
        country=hub.hosted_by.lower(),
        issued=issued,
        expires=issued + LIFETIME,
        spec_digest=spec.digest,
        host_name=host,
        data_centre=hub.data_centre,
        slot=hub.slot,
        number=hub.number,
        asn=site.asn,
        public_address=has.addresses.get(host),
        wireguard_key=has.keys.get(host),
        loopbacks=gateway_loopback(site, hub.number),
    )


def hub_host(hub: Hub) -> str:
    """The name of the hub's server, as stacks give it."""
    return f"hub-{hub.id}.{hub.data_centre}.{hub.hosted_by.lower()}"
