"""What the spec asks of a data centre's cloud, added up."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, Need
from ace.spec.values import CloudAccess, DataCentre, FlavorSource, Member, MemberStatus, Region

_RULES_OF_HOSTS, _RULES_OF_A_HUB, _RULES_OF_A_TENANT = 60, 12, 12
"""Security-group rules, rounded up."""


def asked_of(region: Region, member: Member, centre: DataCentre) -> Asked:
    """What one data centre's cloud must offer."""
    wanted = {
        *(gateway.flavor for gateway in centre.gateways),
        *(host.flavor for host in centre.service_hosts),
        *(hub.flavor for hub in centre.hubs),
    }
    makes = centre.cloud.flavors is FlavorSource.CREATE
    return Asked(
        country=member.stack,
        data_centre=centre.id,
        cloud=centre.cloud.cloud,
        region=centre.cloud.region,
        access=centre.cloud.access,
        external_network=centre.cloud.external_network,
        availability_zones=centre.cloud.availability_zones,
        image=centre.cloud.image,
        flavor_source=centre.cloud.flavors,
        flavors=tuple(flavor for flavor in region.flavors if makes or flavor.name in wanted),
        need=need_of(region, member, centre),
        deployed=member.status is not MemberStatus.CANDIDATE,
    )


def need_of(region: Region, member: Member, centre: DataCentre) -> Need:
    """What the credential's project must hold: hosts, their networks, and (of a domain's manager) the tenants' too."""
    sizes = {flavor.name: flavor for flavor in region.flavors}
    servers = [
        *(sizes[gateway.flavor] for gateway in centre.gateways),
        *(sizes[host.flavor] for host in centre.service_hosts),
        *(sizes[hub.flavor] for hub in centre.hubs),
    ]
    tenants = [tenant for tenant in member.tenants if tenant.data_centre == centre.id]
    gateways, hosts, hubs = len(centre.gateways), len(centre.service_hosts), len(centre.hubs)
    lent = centre.cloud.access is CloudAccess.DOMAIN_MANAGER
    tenant_networks = sum(len(tenant.networks) for tenant in tenants) if lent else 0
    tenant_routers = len(tenants) if lent else 0
    networks, routers = 3 + hubs + tenant_networks, 1 + hubs + tenant_routers
    volumes = [host.data_volume_gib for host in centre.service_hosts if host.data_volume_gib]
    return Need(
        compute={
            "instances": len(servers),
            "cores": sum(flavor.vcpus for flavor in servers),
            "ram": sum(flavor.ram_gib for flavor in servers) * 1024,
            "server_groups": 1,
            "server_group_members": gateways,
            "key_pairs": 1,
        },
        network={
            "network": networks,
            "subnet": 2 * networks,
            "router": routers,
            "port": 1 + 2 * gateways + hosts + hubs + 2 * networks + routers + networks,
            "floatingip": gateways + hubs,
            "security_group": 4 + hubs + (2 * len(tenants) if lent else 0),
            "security_group_rule": _RULES_OF_HOSTS
            + _RULES_OF_A_HUB * hubs
            + (_RULES_OF_A_TENANT * len(tenants) if lent else 0),
            "rbac_policy": 2 * len(tenants) + tenant_networks,
        },
        block_storage={"volumes": len(volumes), "gigabytes": sum(volumes)},
        external_addresses=gateways + hubs + 1 + hubs + len(tenants),
    )
