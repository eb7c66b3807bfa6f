"""A router with its interfaces and, on transit, the way to all members: `ace:country:Router`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pulumi
import pulumi_openstack as openstack

from naming import logical
from network import Network


@dataclass(frozen=True)
class Transit:
    """The network in which a data centre's routers meet its gateways, and what lies behind their address."""

    network_id: pulumi.Output[str]
    subnet4_id: pulumi.Output[str]
    subnet6_id: pulumi.Output[str]
    vip4: IPv4Address
    vip6: IPv6Address
    pool4: IPv4Network
    pool6: IPv6Network


@dataclass(frozen=True)
class RouterArgs:
    """What a router is made of; `networks` by the last part of their name."""

    name: str
    external_network_id: pulumi.Output[str]
    networks: Mapping[str, Network]
    tags: tuple[str, ...]
    transit: Transit | None = None
    project_id: pulumi.Output[str] | None = None
    """None: the project of the credential."""
    depends_on: tuple[pulumi.Resource, ...] = ()
    transit_depends_on: tuple[pulumi.Resource, ...] = field(default=())
    """What lets the router's project use transit: it can only be taken away after the port."""


class Router(pulumi.ComponentResource):
    """A router. SNAT is the cloud's own affair at the external gateway; between members there is none."""

    interfaces: dict[str, tuple[pulumi.Resource, ...]]
    """The interfaces in each network: what has a floating IP or boots there depends on them."""
    transit4: pulumi.Output[str] | None = None
    transit6: pulumi.Output[str] | None = None

    def __init__(self, name: str, args: RouterArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Router", name, None, opts)
        router = openstack.networking.Router(
            name,
            name=args.name,
            admin_state_up=True,
            external_network_id=args.external_network_id,
            tenant_id=args.project_id,
            tags=args.tags,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.depends_on),
        )
        self.router_id: pulumi.Output[str] = router.id
        self.interfaces = {key: self._interfaces(name, key, network) for key, network in args.networks.items()}
        if args.transit is not None:
            self._attach(name, args, args.transit)
        self.register_outputs({"router_id": self.router_id})

    def _interfaces(self, name: str, key: str, network: Network) -> tuple[pulumi.Resource, ...]:
        return tuple(
            openstack.networking.RouterInterface(
                logical(name, key, family),
                router_id=self.router_id,
                subnet_id=subnet_id,
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for family, subnet_id in (("ipv4", network.subnet4_id), ("ipv6", network.subnet6_id))
        )

    def _attach(self, name: str, args: RouterArgs, transit: Transit) -> None:
        port = openstack.networking.Port(
            logical(name, "transit"),
            name=f"{args.name}-transit",
            network_id=transit.network_id,
            tenant_id=args.project_id,
            admin_state_up=True,
            fixed_ips=[{"subnet_id": transit.subnet4_id}, {"subnet_id": transit.subnet6_id}],
            no_security_groups=True,
            tags=args.tags,
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=(*args.depends_on, *args.transit_depends_on), delete_before_replace=True
            ),
        )
        interface = openstack.networking.RouterInterface(
            logical(name, "transit"),
            router_id=self.router_id,
            port_id=port.id,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        openstack.networking.RouterRoutesV2(
            logical(name, "members"),
            router_id=self.router_id,
            routes=[
                {"destination_cidr": str(transit.pool4), "next_hop": str(transit.vip4)},
                {"destination_cidr": str(transit.pool6), "next_hop": str(transit.vip6)},
            ],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[interface]),
        )
        self.transit4 = port.all_fixed_ips.apply(lambda addresses: _of_version(addresses, 4))
        self.transit6 = port.all_fixed_ips.apply(lambda addresses: _of_version(addresses, 6))


def _of_version(addresses: Sequence[str], version: int) -> str:
    return next(address for address in addresses if ip_address(address).version == version)
