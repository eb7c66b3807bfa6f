"""What the spec requires of a data centre's cloud, added up."""

from __future__ import annotations

from dataclasses import dataclass

from ace.spec.region import Flavor, Region
from ace.spec.values import CloudAccess, CloudSpec, DataCentre, FlavorSource, Member, MemberStatus

_RULES_OF_HOSTS, _RULES_OF_A_HUB, _RULES_OF_A_TENANT = 60, 12, 12
"""Security-group rules, rounded up."""


@dataclass(frozen=True, slots=True)
class CapacityNeeds:
    """What ACE's own project must be able to hold, by the names that OpenStack's quotas have."""

    compute: dict[str, int]
    network: dict[str, int]
    block_storage: dict[str, int]
    external_addresses: int
    """IPv4: floating IPs, and one for each router."""


@dataclass(frozen=True, slots=True)
class Requirements:
    """What the spec requires of one data centre's cloud."""

    country: str
    data_centre: str
    cloud: CloudSpec
    flavors: tuple[Flavor, ...]
    """To be made, or to be found, according to the source."""
    capacity: CapacityNeeds
    deployed: bool
    """What ACE needs is there already, so it is a part of what is in use."""


def requirements_of(region: Region, member: Member, centre: DataCentre) -> Requirements:
    """What one data centre's cloud must offer."""
    used = {
        *(gateway.flavor for gateway in centre.gateways),
        *(host.flavor for host in centre.service_hosts),
        *(hub.flavor for hub in centre.hubs),
    }
    makes = centre.cloud.flavors is FlavorSource.CREATE
    return Requirements(
        country=member.stack,
        data_centre=centre.id,
        cloud=centre.cloud,
        flavors=tuple(flavor for flavor in region.flavors if makes or flavor.name in used),
        capacity=capacity_of(region, member, centre),
        deployed=member.status is not MemberStatus.CANDIDATE,
    )


def capacity_of(region: Region, member: Member, centre: DataCentre) -> CapacityNeeds:
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
    return CapacityNeeds(
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
