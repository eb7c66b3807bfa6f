"""A data centre of a country: `ace:country:DataCentre`."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import pulumi
import pulumi_openstack as openstack

from ace.addressing import transit_router_pool4, transit_router_pool6
from ace.spec.region import Region
from ace.spec.values import DataCentre as DataCentreValues
from ace.spec.values import Member, MemberStatus
from cloud import CloudOffer, OfferArgs, Providers, offer
from gateways import Gateways, GatewaysArgs
from host import host_addresses, hosts_network
from hub import Hub, HubArgs
from naming import OWNER_TAG, logical, tags
from network import Addressing, Network, NetworkArgs
from outputs import DataCentreFacts, GatewayOutput, Host, HubOutput, TenantFacts, TransitRouter
from router import Router, RouterArgs, Transit
from shared_services import SharedServices, SharedServicesArgs
from tenant import Tenant, TenantArgs, paused


@dataclass(frozen=True)
class DataCentreArgs:
    """What a data centre is made of."""

    region: Region
    member: Member
    data_centre: DataCentreValues
    providers: Providers


class DataCentre(pulumi.ComponentResource):
    """Networks and hosts of a country on one cloud, and the tenants that it lodges."""

    facts: DataCentreFacts
    hosts: tuple[Host, ...]
    gateways: tuple[GatewayOutput, ...]
    hubs: tuple[HubOutput, ...]
    tenants: tuple[TenantFacts, ...]

    def __init__(self, name: str, args: DataCentreArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:DataCentre", name, None, opts)
        region, member, centre = args.region, args.member, args.data_centre
        site, country = centre.allocation, member.stack
        self._name = name
        self._tags = tags(country, data_centre=centre.id)
        child = pulumi.ResourceOptions(parent=self)
        offered = offer(
            name,
            OfferArgs(centre, region.flavors, f"{OWNER_TAG}-{country}-{centre.id}", args.providers.identity),
            self,
        )
        members = openstack.networking.AddressGroupV2(
            logical(name, "members"),
            name=f"{centre.id}-members",
            description=f"Both pools of {region.name}: all members",
            addresses=[str(region.ipv4_pool), str(region.ipv6_pool)],
            opts=child,
        )
        transit = self._transit(region, centre)
        management = hosts_network(
            logical(name, "management"),
            f"{centre.id}-management",
            (site.management4, site.management6),
            self._tags,
            self,
        )
        services = hosts_network(
            logical(name, "services"), f"{centre.id}-services", (site.services4, site.services6), self._tags, self
        )
        router = Router(
            logical(name, "router"),
            RouterArgs(
                name=centre.id,
                external_network_id=offered.external_network_id,
                networks={"management": management, "services": services},
                tags=self._tags,
                transit=transit,
            ),
            child,
        )
        gateways = Gateways(
            logical(name, "gateways"),
            GatewaysArgs(country, centre, offered, management, router, transit, members.id),
            child,
        )
        shared = SharedServices(
            logical(name, "shared-services"),
            SharedServicesArgs(country, centre, offered, services, router, members.id),
            child,
        )
        hubs = [
            Hub(logical(name, f"hub-{hub.id}"), HubArgs(country, centre, hub, offered), child) for hub in centre.hubs
        ]
        self.hosts = (*gateways.hosts, *shared.hosts, *(hub.host for hub in hubs))
        self.gateways = gateways.published
        self.hubs = tuple(hub.published for hub in hubs)
        self.tenants = self._tenants(args, offered, transit, members.id)
        self.facts = _facts(centre, router)
        self.register_outputs({"router_id": router.router_id})

    def _tenants(
        self, args: DataCentreArgs, offered: CloudOffer, transit: Transit, members_id: pulumi.Output[str]
    ) -> tuple[TenantFacts, ...]:
        member, centre = args.member, args.data_centre
        sectors = {sector.id: sector for sector in args.region.sectors}
        return tuple(
            Tenant(
                logical(self._name, tenant.name),
                TenantArgs(
                    country=member.stack,
                    country_title=member.name.en,
                    tenant=paused(tenant) if member.status is MemberStatus.SUSPENDED else tenant,
                    sector=sectors[tenant.sector],
                    access=centre.cloud.access,
                    providers=args.providers,
                    offer=offered,
                    transit=transit,
                    members_id=members_id,
                    dns_servers=dns_servers(centre),
                ),
                pulumi.ResourceOptions(parent=self),
            ).facts
            for tenant in member.tenants
            if tenant.data_centre == centre.id
        )

    def _transit(self, region: Region, centre: DataCentreValues) -> Transit:
        site = centre.allocation
        network = Network(
            logical(self._name, "transit"),
            NetworkArgs(
                name=f"{centre.id}-transit",
                ipv4=site.transit4,
                ipv6=site.transit6,
                addressing=Addressing.TRANSIT,
                tags=self._tags,
                pool4=transit_router_pool4(site),
                pool6=transit_router_pool6(site),
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return Transit(
            network_id=network.network_id,
            subnet4_id=network.subnet4_id,
            subnet6_id=network.subnet6_id,
            vip4=site.transit_vip4,
            vip6=site.transit_vip6,
            pool4=region.ipv4_pool,
            pool6=region.ipv6_pool,
        )


def _facts(centre: DataCentreValues, router: Router) -> DataCentreFacts:
    site = centre.allocation
    return DataCentreFacts(
        id=centre.id,
        site=centre.site,
        city=centre.city,
        cloud=centre.cloud.cloud,
        region=centre.cloud.region,
        asn=site.asn,
        transit_vip4=site.transit_vip4,
        transit_vip6=site.transit_vip6,
        router=TransitRouter(
            transit4=router.transit4,
            transit6=router.transit6,
            prefixes=(site.management4, site.management6, site.services4, site.services6),
            exported=(site.services4, site.services6),
        ),
    )


def dns_servers(centre: DataCentreValues) -> tuple[IPv4Address | IPv6Address, ...]:
    """The resolvers that a data centre's tenants are informed of; none: the cloud's own."""
    site = centre.allocation
    return tuple(
        address
        for host in sorted(centre.service_hosts, key=lambda host: host.number)
        if "dns" in host.runs
        for address in host_addresses(site.services4, site.services6, host.number)
    )
