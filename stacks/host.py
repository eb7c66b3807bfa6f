"""What gateways, hubs and the hosts of shared services have in common: addresses, first-boot data, the server."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pulumi
import pulumi_openstack as openstack

from cloud import KeyPair
from network import Addressing, Network, NetworkArgs

FIRST_HOST = 10
"""Host number n of a network has address 10 + n: below are the router and what the cloud itself puts there."""
FIRST_LENT = 32
"""From this address on the cloud gives out what nobody chose."""


def host_addresses(ipv4: IPv4Network, ipv6: IPv6Network, number: int) -> tuple[IPv4Address, IPv6Address]:
    """The addresses of host `number` in a network, the same whoever else is there."""
    return ipv4[FIRST_HOST + number], ipv6[FIRST_HOST + number]


def lent4(network: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """First and last address that the cloud may give out by itself."""
    return network[FIRST_LENT], network[-2]


def lent6(network: IPv6Network) -> tuple[IPv6Address, IPv6Address]:
    """First and last address that the cloud may give out by itself."""
    return network[0x100], network[0xFFFF]


def hosts_network(
    name: str, title: str, prefixes: tuple[IPv4Network, IPv6Network], tags: tuple[str, ...], parent: pulumi.Resource
) -> Network:
    """A network whose hosts have addresses of ours, and whose other ports get one from the cloud."""
    ipv4, ipv6 = prefixes
    return Network(
        name,
        NetworkArgs(
            name=title,
            ipv4=ipv4,
            ipv6=ipv6,
            addressing=Addressing.HOSTS,
            tags=tags,
            pool4=lent4(ipv4),
            pool6=lent6(ipv6),
        ),
        pulumi.ResourceOptions(parent=parent),
    )


@dataclass(frozen=True)
class HostArgs:
    """What a server is made of. A change of zone or `loopbacks` makes it anew: they are settled at first boot."""

    name: str
    """Fully qualified, as in the inventory: `gw1.tunis-1.tn`."""
    role: str
    flavor_id: pulumi.Output[str]
    image: str
    """Its name."""
    key_pair: KeyPair
    port_ids: tuple[pulumi.Output[str], ...]
    """In the order of the server's interfaces; the first has the way out."""
    tags: tuple[str, ...]
    zone: str | None = None
    server_group_id: pulumi.Output[str] | None = None
    loopbacks: tuple[IPv4Address | IPv6Address, ...] = ()
    depends_on: tuple[pulumi.Resource, ...] = field(default=())


def first_boot(args: HostArgs) -> str:
    """The host's cloud-config: who it is and its loopback addresses; no key, for those are made on the host.

    A cloud-config is YAML, of which JSON is a part.
    """
    identity = {"host": args.name, "role": args.role, "loopbacks": [str(address) for address in args.loopbacks]}
    config = {
        "hostname": args.name.split(".", 1)[0],
        "fqdn": args.name,
        "manage_etc_hosts": True,
        "ssh_pwauth": False,
        "write_files": [
            {"path": "/etc/ace/host.json", "permissions": "0644", "content": json.dumps(identity, sort_keys=True)}
        ],
    }
    return "#cloud-config\n" + json.dumps(config, sort_keys=True, indent=1) + "\n"


def server(name: str, args: HostArgs, parent: pulumi.Resource) -> openstack.compute.Instance:
    """The server itself, in the credential's own project: the provider knows no other for servers.

    Where it has to be made anew the old one goes first, for both want the same ports.
    """
    return openstack.compute.Instance(
        name,
        name=args.name,
        flavor_id=args.flavor_id,
        image_name=args.image,
        key_pair=args.key_pair.name,
        availability_zone=args.zone,
        networks=[{"port": port_id} for port_id in args.port_ids],
        scheduler_hints=[{"group": args.server_group_id}] if args.server_group_id is not None else None,
        config_drive=True,
        user_data=pulumi.Output.secret(first_boot(args)),
        tags=args.tags,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=(*args.depends_on, args.key_pair.resource),
            delete_before_replace=True,
        ),
    )
