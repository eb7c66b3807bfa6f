"""A network with one IPv4 and one IPv6 subnet: `ace:country:Network`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Protocol

import pulumi
import pulumi_openstack as openstack

from naming import logical


class Subnets(Protocol):
    """A network and its two subnets, by id."""

    @property
    def network_id(self) -> pulumi.Output[str]: ...
    @property
    def subnet4_id(self) -> pulumi.Output[str]: ...
    @property
    def subnet6_id(self) -> pulumi.Output[str]: ...


class Addressing(Enum):
    """How ports of a network come by their addresses and their way out."""

    HOSTS = "dhcpv6-stateful"
    """DHCP for both families, so that hosts have fixed addresses; the router is announced."""
    TENANTS = "slaac"
    """DHCP and SLAAC: what a tenant's servers expect."""
    TRANSIT = None
    """Neither DHCP nor gateway: only routers and gateways live there, at addresses that their ports state."""


@dataclass(frozen=True)
class NetworkArgs:
    """What a network is made of. `pool4` and `pool6` are first and last address that the cloud may give out."""

    name: str
    ipv4: IPv4Network
    ipv6: IPv6Network
    addressing: Addressing
    tags: tuple[str, ...]
    project_id: pulumi.Output[str] | None = None
    """None: the project of the credential."""
    pool4: tuple[IPv4Address, IPv4Address] | None = None
    pool6: tuple[IPv6Address, IPv6Address] | None = None
    dns_servers: tuple[IPv4Address | IPv6Address, ...] = ()
    depends_on: tuple[pulumi.Resource, ...] = ()


class Network(pulumi.ComponentResource):
    """A network and its two subnets. A subnet goes before another takes its place: they may not overlap."""

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Network", name, None, opts)
        network = openstack.networking.Network(
            name,
            name=args.name,
            admin_state_up=True,
            tags=args.tags,
            tenant_id=args.project_id,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.depends_on),
        )
        self.network_id: pulumi.Output[str] = network.id
        self.subnet4_id = self._subnet(name, args, 4)
        self.subnet6_id = self._subnet(name, args, 6)
        self.register_outputs({"network_id": self.network_id})

    def _subnet(self, name: str, args: NetworkArgs, version: int) -> pulumi.Output[str]:
        routed = args.addressing is not Addressing.TRANSIT
        ipv6_mode = args.addressing.value if version == 6 else None
        pool = args.pool4 if version == 4 else args.pool6
        cidr = args.ipv4 if version == 4 else args.ipv6
        subnet = openstack.networking.Subnet(
            logical(name, f"ipv{version}"),
            name=f"{args.name}-ipv{version}",
            network_id=self.network_id,
            tenant_id=args.project_id,
            ip_version=version,
            cidr=str(cidr),
            enable_dhcp=routed,
            gateway_ip=str(cidr[1]) if routed else None,
            no_gateway=None if routed else True,
            ipv6_address_mode=ipv6_mode,
            ipv6_ra_mode=ipv6_mode,
            allocation_pools=[{"start": str(pool[0]), "end": str(pool[1])}] if pool else None,
            dns_nameservers=[str(server) for server in args.dns_servers if server.version == version] or None,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        subnet_id: pulumi.Output[str] = subnet.id
        return subnet_id
