"""A port at fixed addresses, one of each family: those of gateways, hubs and the hosts of shared services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pulumi
import pulumi_openstack as openstack

from network import Subnets


@dataclass(frozen=True)
class FixedPortArgs:
    """What a port is made of. Without a security group the port is open: it filters nothing."""

    name: str
    network: Subnets
    addresses: tuple[IPv4Address, IPv6Address]
    tags: tuple[str, ...]
    security_group_id: pulumi.Output[str] | None = None
    carries: Sequence[IPv4Address | IPv6Address | IPv4Network | IPv6Network] = ()
    """Other addresses that it may send from and receive for."""


def fixed_port(name: str, args: FixedPortArgs, parent: pulumi.Resource) -> openstack.networking.Port:
    """Make the port. It is deleted before another takes its place: both would have the same addresses."""
    address4, address6 = args.addresses
    return openstack.networking.Port(
        name,
        name=args.name,
        network_id=args.network.network_id,
        admin_state_up=True,
        fixed_ips=[
            {"subnet_id": args.network.subnet4_id, "ip_address": str(address4)},
            {"subnet_id": args.network.subnet6_id, "ip_address": str(address6)},
        ],
        allowed_address_pairs=[{"ip_address": str(one)} for one in args.carries] or None,
        security_group_ids=[args.security_group_id] if args.security_group_id is not None else None,
        no_security_groups=True if args.security_group_id is None else None,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
