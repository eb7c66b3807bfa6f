"""Turn checked files into the frozen values of `ace.spec.values`: defaults filled in, numbers allocated, all sorted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from operator import attrgetter
from typing import TypeVar

from ace.addressing import (
    MemberAllocation,
    Pin,
    Pools,
    member_allocation,
    site_allocation,
    tenant_network4,
    tenant_network6,
)
from ace.spec import iso3166
from ace.spec import region as r
from ace.spec import values as v
from ace.spec.fields import parse_flavor
from ace.spec.models.base import TextModel
from ace.spec.models.ecosystem import AddressingModel, EcosystemFile, HubModel, LabelSchemeModel, TenantSizeModel
from ace.spec.models.member import (
    ApprovalModel,
    DataCentreModel,
    MemberFile,
    NetworkModel,
    ServiceHostModel,
    ServiceModel,
    SignerModel,
    SuspensionModel,
    TenantModel,
    WaiverModel,
)
from ace.spec.models.register import EntryModel, PinModel, RegisterFile

CLOSED_MODES = frozenset({v.ResidencyMode.IN_COUNTRY_ONLY, v.ResidencyMode.UNKNOWN})
"""Residency modes under which a network is never announced to other members."""
DEFAULT_NETWORK = NetworkModel(name="main")

Item = TypeVar("Item")


def resolve(ecosystem: EcosystemFile, members: Mapping[str, MemberFile], register: RegisterFile) -> v.Spec:
    """The spec's values. The files have passed every check, so nothing here can fail.

    Args:
        ecosystem: The region.
        members: Member files by their name relative to ROOT.
        register: Who is a member since when.
    """
    region = _region(ecosystem)
    entries = {entry.country: entry for entry in register.members}
    resolved = [_member(region, model, entries[model.country], file) for file, model in members.items()]
    ordered = _sorted(resolved, "code")
    return v.Spec(region, ordered, digest_of(region, ordered))


def digest_of(region: r.Region, members: Iterable[v.Member]) -> str:
    """SHA-256 of the resolved values, in hex: the same spec has the same digest however its files are laid out."""
    plain = [asdict(region), *(asdict(member) for member in members)]
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def pools_of(addressing: AddressingModel) -> Pools:
    """The region's pools.

    Raises:
        ValueError: They are not of the expected size.
    """
    return Pools(addressing.ipv4_pool, addressing.ipv6_pool, addressing.asn_base)


def pin_of(model: PinModel | None) -> Pin | None:
    """A register entry's pinned numbers."""
    return Pin(model.ipv4, model.ipv6, model.asn_base) if model else None


def _sorted(items: Iterable[Item], *keys: str) -> tuple[Item, ...]:
    return tuple(sorted(items, key=attrgetter(*keys)))


def _text(model: TextModel) -> r.LocalizedText:
    return r.LocalizedText(model.en, model.fr, model.ar)


def _names(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))


def _region(model: EcosystemFile) -> r.Region:
    pools = pools_of(model.addressing)
    return r.Region(
        name=model.name,
        organisation=model.organisation,
        domain=model.domain,
        languages=_names(model.languages),
        ipv4_pool=pools.ipv4,
        ipv6_pool=pools.ipv6,
        sectors=_sorted(
            (r.Sector(id_, _text(s.title), _names(s.data_classes)) for id_, s in model.sectors.items()), "id"
        ),
        data_classes=_names(model.data_classes),
        label_schemes=_sorted((_label_scheme(id_, scheme) for id_, scheme in model.label_schemes.items()), "id"),
        operator_kinds=_sorted(
            (r.OperatorRule(name, tuple(sorted(kinds))) for name, kinds in model.operator_kinds.items()), "data_class"
        ),
        approvers=_sorted((r.Approver(a.id, a.name, a.key, a.from_, a.until) for a in model.approvers), "id"),
        tenant_sizes=_sorted((_tenant_size(id_, size) for id_, size in model.tenant_sizes.items()), "id"),
        flavors=_sorted((_flavor(name) for name in model.flavors.offered), "name"),
        gateway_flavor=model.flavors.gateway,
        service_host_flavor=model.flavors.service_host,
        shared_services=_names(model.shared_services),
        topology=model.interconnect.topology,
        hubs=_sorted((_hub(hub, model, pools) for hub in model.interconnect.hubs), "slot"),
        direct=_sorted((r.Direct(*sorted(pair.between)) for pair in model.interconnect.direct), "a", "b"),
        asn_base=pools.asn_base,
        bfd_interval_ms=model.interconnect.bfd.interval_ms,
        bfd_multiplier=model.interconnect.bfd.multiplier,
    )


def _label_scheme(id_: str, model: LabelSchemeModel) -> r.LabelScheme:
    return r.LabelScheme(
        id=id_,
        title=_text(model.title),
        issuer=model.issuer,
        country=model.country,
        valid_for_months=model.valid_for,
        allows=_names(model.allows),
        source=model.source,
    )


def _tenant_size(id_: str, model: TenantSizeModel) -> r.TenantSize:
    return r.TenantSize(id=id_, **{name: getattr(model, name) for name in TenantSizeModel.model_fields})


def _flavor(name: str) -> r.Flavor:
    vcpus, ram_gib, disk_gb = parse_flavor(name) or (0, 0, 0)
    return r.Flavor(name, vcpus, ram_gib, disk_gb)


def _hub(model: HubModel, ecosystem: EcosystemFile, pools: Pools) -> r.Hub:
    return r.Hub(
        id=model.id,
        slot=model.slot,
        hosted_by=model.hosted_by,
        data_centre=model.data_centre,
        number=model.number,
        flavor=model.flavor or ecosystem.flavors.hub,
        allocation=member_allocation(model.slot, pools),
    )


def _member(region: r.Region, model: MemberFile, entry: EntryModel, file: str) -> v.Member:
    country = iso3166.COUNTRIES[model.country]
    pools = Pools(region.ipv4_pool, region.ipv6_pool, region.asn_base)
    allocation = member_allocation(country.numeric, pools, pin_of(entry.pinned))
    residency = _residency(region, model)
    data_centres = _sorted((_data_centre(region, model, dc, allocation) for dc in model.data_centres), "site")
    sites = {data_centre.id: data_centre.site for data_centre in data_centres}
    tenants = _sorted(
        (_tenant(region, tenant, allocation, sites[tenant.data_centre], residency) for tenant in model.tenants), "slot"
    )
    return v.Member(
        code=model.country,
        numeric=country.numeric,
        name=r.LocalizedText(country.en, country.fr, country.ar),
        status=model.status,
        example=model.example,
        allocation=allocation,
        technical_contact=v.Contact(model.contacts.technical.name, model.contacts.technical.email),
        security_contact=v.Contact(model.contacts.security.name, model.contacts.security.email),
        signers=_sorted(map(_signer, model.signers), "since", "key"),
        residency=residency,
        waivers=_sorted((_waiver(waiver) for waiver in model.waivers), "rule", "subject", "until"),
        suspension=_suspension(model.suspension),
        data_centres=data_centres,
        tenants=tenants,
        services=_sorted((_service(service, tenants) for service in model.services), "id"),
        file=file,
        state=v.StateSettings(model.state.backend, model.state.passphrase),
        since=entry.since,
        published_at=model.published_at,
    )


def _signer(model: SignerModel) -> v.Signer:
    recovery = _sorted(map(_approval, model.recovery), "approver")
    return v.Signer(model.key, model.from_, model.until, model.introduced, recovery)


def _approval(model: ApprovalModel) -> v.Approval:
    return v.Approval(model.approver, model.signature)


def _waiver(model: WaiverModel) -> v.Waiver:
    return v.Waiver(
        rule=model.rule,
        subject=model.subject,
        owner=v.Contact(model.owner.name, model.owner.email),
        reason=model.reason,
        until=model.until,
        approval=_approval(model.approval) if model.approval else None,
    )


def _suspension(model: SuspensionModel | None) -> v.Suspension | None:
    if model is None:
        return None
    return v.Suspension(model.since, model.reason, _sorted(map(_approval, model.approvals), "approver"))


def _residency(region: r.Region, model: MemberFile) -> tuple[v.ResidencyRule, ...]:
    """A rule for every class of data of the region; `unknown` where the member states none."""
    rules = []
    for data_class in region.data_classes:
        rule = model.residency.get(data_class)
        rules.append(
            v.ResidencyRule(data_class, rule.mode, rule.basis, _names(rule.transfers_to))
            if rule
            else v.ResidencyRule(data_class, v.ResidencyMode.UNKNOWN, "not stated", ())
        )
    return tuple(rules)


def _data_centre(
    region: r.Region, member: MemberFile, model: DataCentreModel, allocation: MemberAllocation
) -> v.DataCentre:
    cloud = model.cloud
    return v.DataCentre(
        id=model.id,
        site=model.site,
        city=model.city,
        operator=v.Operator(model.operator.name, model.operator.kind),
        labels=_sorted(
            (v.Label(x.scheme, x.number, x.valid_until, x.evidence) for x in model.labels), "scheme", "number"
        ),
        cloud=v.CloudSpec(
            cloud=cloud.cloud,
            region=cloud.region,
            access=cloud.access,
            external_network=cloud.external_network,
            availability_zones=_names(cloud.availability_zones),
            image=cloud.image,
            flavors=cloud.flavors,
        ),
        allocation=site_allocation(allocation, model.site),
        gateways=_sorted(
            (v.Gateway(g.name, g.number, g.zone, g.flavor or region.gateway_flavor) for g in model.gateways), "number"
        ),
        service_hosts=_sorted((_service_host(region, host) for host in model.service_hosts), "number"),
        hubs=tuple(hub for hub in region.hubs if (hub.hosted_by, hub.data_centre) == (member.country, model.id)),
        capacity=v.Capacity(model.capacity.cores, model.capacity.ram_gib, model.capacity.volumes_gib)
        if model.capacity
        else None,
        admin_key=model.admin_key,
    )


def _service_host(region: r.Region, model: ServiceHostModel) -> v.ServiceHost:
    return v.ServiceHost(
        name=model.name,
        number=model.number,
        zone=model.zone,
        flavor=model.flavor or region.service_host_flavor,
        runs=_names(model.runs),
        data_volume_gib=model.data_volume_gib,
    )


def _tenant(
    region: r.Region,
    model: TenantModel,
    allocation: MemberAllocation,
    site: int,
    residency: tuple[v.ResidencyRule, ...],
) -> v.Tenant:
    sector = next(sector for sector in region.sectors if sector.id == model.sector)
    data_classes = _names(model.data_classes or sector.data_classes)
    closed = any(rule.mode in CLOSED_MODES for rule in residency if rule.data_class in data_classes)
    networks = (
        v.TenantNetwork(
            name=network.name,
            ipv4=network.cidr or tenant_network4(allocation, _slot(model, network), network.length),
            ipv6=tenant_network6(allocation, site, _slot(model, network)),
            exported=not closed and network.cidr is None and network.exported is not False,
        )
        for network in model.networks or [DEFAULT_NETWORK]
    )
    return v.Tenant(
        name=model.name or model.sector,
        sector=model.sector,
        slot=model.slot,
        data_centre=model.data_centre,
        size=next(size for size in region.tenant_sizes if size.id == model.size),
        data_classes=data_classes,
        admins=_names(model.admins),
        networks=_sorted(networks, "name"),
    )


def _slot(tenant: TenantModel, network: NetworkModel) -> int:
    return tenant.slot if network.slot is None else network.slot


def _service(model: ServiceModel, tenants: tuple[v.Tenant, ...]) -> v.Service:
    tenant = model.tenant or next(tenant.name for tenant in tenants if tenant.sector == model.sector)
    return v.Service(
        id=model.id,
        sector=model.sector,
        title=_text(model.title),
        description=_text(model.description),
        tenant=tenant,
        endpoint=model.endpoint,
        data_classes=_names(model.data_classes),
        offered_to=_names(model.offered_to),
        sla=v.Sla(model.sla.availability, model.sla.rto_h, model.sla.rpo_h),
        support=v.Support(model.support.hours, _names(model.support.languages)),
    )
