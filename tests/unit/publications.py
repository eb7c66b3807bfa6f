"""Builders: publications of the shipped spec's members as their stacks would give them, without a stack."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml

from ace.addressing import gateway_loopback, site_allocation
from ace.publication.values import (
    HubPublication,
    Publication,
    PublishedDataCentre,
    PublishedGateway,
    PublishedLabel,
    PublishedResidency,
    PublishedService,
)
from ace.spec import load
from ace.spec.values import DataCentre, Member, Spec

SPEC_DIR = Path(__file__).parents[2] / "ecosystem"
NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def lab_root(folder: Path, clouds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ROOT like a lab's with the shipped spec and entries for those clouds; nothing in the environment tells of others."""
    for name in list(os.environ):
        if name.startswith(("OS_", "ACE_", "PULUMI_", "SSH_")):
            monkeypatch.delenv(name)
    shutil.copytree(SPEC_DIR, folder / "ecosystem")
    lab = folder / ".ace" / "lab"
    lab.mkdir(parents=True)
    entries = {cloud: {"auth": {"auth_url": "http://127.0.0.1:9/v3"}} for cloud in clouds}
    (lab / "clouds.yaml").write_text(yaml.safe_dump({"clouds": entries}), encoding="utf-8")
    return folder


@cache
def shipped() -> Spec:
    return load(SPEC_DIR)


def wireguard_key(of: str) -> str:
    """A key that is always the same for one host."""
    return base64.b64encode(hashlib.sha256(of.encode()).digest()).decode()


def public_address(member: Member, site: int, number: int) -> IPv4Address:
    return IPv4Address(f"198.18.{member.numeric % 256}.{32 * site + 16 + number}")


def a_publication(
    country: str = "tn", *, spec: Spec | None = None, issued: datetime = NOW, keys: bool = True
) -> Publication:
    spec = spec or shipped()
    member = spec.member(country)
    homes = {tenant.name: tenant.data_centre for tenant in member.tenants}
    return Publication(
        country=member.stack,
        issued=issued,
        expires=issued + timedelta(days=30),
        spec_digest=spec.digest,
        ipv4=member.allocation.ipv4,
        ipv6=member.allocation.ipv6,
        data_centres=tuple(_data_centre(member, centre, keys=keys) for centre in member.data_centres),
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
            PublishedResidency(
                rule.data_class, rule.mode, rule.basis, tuple(country.lower() for country in rule.transfers_to)
            )
            for rule in member.residency
        ),
        fitness=None,
    )


def _data_centre(member: Member, centre: DataCentre, *, keys: bool) -> PublishedDataCentre:
    site = centre.allocation
    exported = (
        prefix
        for tenant in member.tenants
        if tenant.data_centre == centre.id
        for network in tenant.networks
        if network.exported
        for prefix in (network.ipv4, network.ipv6)
    )
    return PublishedDataCentre(
        id=centre.id,
        site=centre.site,
        city=centre.city,
        operator=centre.operator.name,
        operator_kind=centre.operator.kind,
        asn=site.asn,
        prefixes=(site.loopback4, site.loopback6, site.services4, site.services6, *exported),
        gateways=tuple(
            PublishedGateway(
                name=gateway.name,
                number=gateway.number,
                zone=gateway.zone,
                data_centre=centre.id,
                asn=site.asn,
                public_address=public_address(member, centre.site, gateway.number),
                wireguard_key=wireguard_key(f"{gateway.name}.{centre.id}.{member.stack}") if keys else None,
                loopbacks=gateway_loopback(site, gateway.number),
            )
            for gateway in centre.gateways
        ),
    )


def a_hub_publication(
    hub_id: str = "tunis", *, spec: Spec | None = None, issued: datetime = NOW, keys: bool = True
) -> HubPublication:
    spec = spec or shipped()
    hub = next(hub for hub in spec.region.hubs if hub.id == hub_id)
    host = f"hub-{hub.id}.{hub.data_centre}.{hub.hosted_by.lower()}"
    site = site_allocation(hub.allocation, 0)
    return HubPublication(
        hub=hub.id,
        country=hub.hosted_by.lower(),
        issued=issued,
        expires=issued + timedelta(days=30),
        spec_digest=spec.digest,
        host_name=host,
        data_centre=hub.data_centre,
        slot=hub.slot,
        number=hub.number,
        asn=site.asn,
        public_address=IPv4Address(f"198.19.{hub.slot % 256}.10"),
        wireguard_key=wireguard_key(host) if keys else None,
        loopbacks=gateway_loopback(site, hub.number),
    )
