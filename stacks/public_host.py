"""A host that the Internet reaches: a port in a routed network with a floating IP on it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

import pulumi
import pulumi_openstack as openstack

from naming import logical
from network import Network
from port import FixedPortArgs, fixed_port


@dataclass(frozen=True)
class PublicPortArgs:
    """A port with addresses of its own and a floating IP of the external network."""

    name: str
    """The host's."""
    network: Network
    addresses: tuple[IPv4Address, IPv6Address]
    security_group_id: pulumi.Output[str]
    external_network: str
    interfaces: tuple[pulumi.Resource, ...]
    """The router's interfaces in the network: they can be taken away only after the floating IP."""
    tags: tuple[str, ...]


@dataclass(frozen=True)
class PublicPort:
    """What was made."""

    port_id: pulumi.Output[str]
    address: pulumi.Output[str]
    """The floating IP."""


def public_port(name: str, args: PublicPortArgs, parent: pulumi.Resource) -> PublicPort:
    """Make the port, the floating IP and their association."""
    port = fixed_port(
        logical(name, "management"),
        FixedPortArgs(f"{args.name}-management", args.network, args.addresses, args.tags, args.security_group_id),
        parent,
    )
    floating_ip = openstack.networking.FloatingIp(
        logical(name, "public"),
        pool=args.external_network,
        description=args.name,
        tags=args.tags,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    openstack.networking.FloatingIpAssociate(
        logical(name, "public"),
        floating_ip=floating_ip.address,
        port_id=port.id,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=args.interfaces, delete_before_replace=True),
    )
    return PublicPort(port.id, floating_ip.address)
