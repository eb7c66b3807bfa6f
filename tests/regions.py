"""Builds whole regions for tests: any countries, gateways, hubs and links, over the shipped spec's values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from ace.addressing import Pools, member_allocation, site_allocation, tenant_network4, tenant_network6
from ace.spec import load
from ace.spec.iso3166 import COUNTRIES
from ace.spec.region import Direct, Hub, LocalizedText, Region, Topology
from ace.spec.values import DataCentre, Gateway, Member, MemberStatus, Spec, Tenant, TenantNetwork

ROOT = Path(__file__).parents[1]


@cache
def shipped() -> Spec:
    """The spec that ships."""
    return load(ROOT / "ecosystem")


def pools() -> Pools:
    region = shipped().region
    return Pools(region.ipv4_pool, region.ipv6_pool, region.asn_base)


def a_member(
    code: str,
    *,
    gateways: Sequence[int] = (1, 2),
    sites: Sequence[int] = (0,),
    slot: int | None = None,
    status: MemberStatus = MemberStatus.ACTIVE,
) -> Member:
    """A country with the policies and tenants of the shipped Tunisia and numbers of its own."""
    model = shipped().member("TN")
    country = COUNTRIES.get(code)
    numeric = slot if slot is not None else (country.numeric if country else 0)
    allocation = member_allocation(numeric, pools())
    centres = []
    for site in sites:
        centre: DataCentre = replace(
            model.data_centres[0],
            id=f"{code.lower()}-{site + 1}",
            site=site,
            city="",
            allocation=site_allocation(allocation, site),
            gateways=tuple(Gateway(f"gw{n}", n, f"az{1 + n % 2}", "SCS-2V-4-10") for n in gateways),
            hubs=(),
        )
        centres.append(centre)
    tenants: list[Tenant] = []
    for tenant in model.tenants:
        networks = tuple(
            TenantNetwork(
                network.name,
                tenant_network4(allocation, tenant.slot + place, 27),
                tenant_network6(allocation, sites[0], tenant.slot + place),
                network.exported,
            )
            for place, network in enumerate(tenant.networks)
        )
        tenants.append(replace(tenant, data_centre=centres[0].id, networks=networks))
    return replace(
        model,
        code=code,
        numeric=numeric,
        name=LocalizedText(country.en if country else code),
        status=status,
        allocation=allocation,
        data_centres=tuple(centres),
        tenants=tuple(tenants),
        services=(),
        file=f"ecosystem/members/{code.lower()}.yaml",
    )


def a_region(
    members: Iterable[Member],
    *,
    hubs: Sequence[str] = (),
    direct: Iterable[tuple[str, str]] = (),
    topology: Topology = Topology.HUBS,
) -> Spec:
    """A spec of these members; `hubs` names the countries that lodge one, in the order of their slots from 901."""
    by_code = {member.code: member for member in members}
    lodged = tuple(
        Hub(
            id=f"hub{place}",
            slot=901 + place,
            hosted_by=code,
            data_centre=by_code[code].data_centres[0].id if code in by_code else f"{code.lower()}-1",
            number=1,
            flavor="SCS-2V-4-10",
            allocation=member_allocation(901 + place, pools()),
        )
        for place, code in enumerate(hubs)
    )
    region: Region = replace(
        shipped().region,
        topology=topology,
        hubs=lodged if topology is Topology.HUBS else (),
        direct=tuple(sorted((Direct(*sorted(pair)) for pair in direct), key=lambda pair: (pair.a, pair.b))),
    )
    return Spec(region, tuple(sorted(by_code.values(), key=lambda member: member.code)), "0" * 64)
