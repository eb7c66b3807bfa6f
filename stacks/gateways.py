"""A data centre's interconnect gateways: `ace:country:Gateways` and, for each, `ace:country:Gateway`."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_openstack as openstack

from ace.addressing import gateway_loopback, gateway_transit
from ace.spec.values import DataCentre
from ace.spec.values import Gateway as GatewayValues
from cloud import CloudOffer
from host import HostArgs, host_addresses, server
from naming import host_name, logical, tags
from network import Network
from outputs import Host, PublishedGateway, Reach
from public_host import PublicPortArgs, public_port
from router import Router, Transit
from security_group import Family, Remote, Rule, SecurityGroup, SecurityGroupArgs, dual, from_networks, ping, rules

WIREGUARD_PORTS = (20_000, 51_999)
"""One for each far gateway (ace.addressing.wireguard_port)."""
EXPORTER_PORTS = (9100, 9999)
"""Where Prometheus exporters listen."""


PUBLIC_RULES = rules(
    [Rule("wireguard", Family.IPV4, Remote.ANYWHERE, "udp", WIREGUARD_PORTS)],
    dual("ssh", Remote.ANYWHERE, "tcp", (22, 22)),
    ping(Remote.ANYWHERE),
)
"""What a gateway or hub receives on the port that has its floating IP. SSH is open to everybody: hosts take the admin
key alone, no password, and the spec names no network that all administrators come from."""

TRANSIT_RULES = rules(
    dual("forwarded", Remote.MEMBERS),
    [Rule("vrrp-link-local", Family.IPV6, Remote.ANYWHERE, "vrrp")],
)
"""On transit: all that gateways forward, and BGP, BFD and VRRP among them (their addresses are in the pools too).
VRRP over IPv6 comes from link-local addresses (RFC 9568). What a gateway itself answers is nftables' to say.
The group tracks no connections: an answer may enter by the other gateway, on another compute node, whose Neutron has never
seen what was asked and would call it invalid."""


@dataclass(frozen=True)
class GatewaysArgs:
    """What a data centre's gateways are made of."""

    country: str
    data_centre: DataCentre
    offer: CloudOffer
    management: Network
    router: Router
    transit: Transit
    members_id: pulumi.Output[str]


class Gateways(pulumi.ComponentResource):
    """All gateways of a data centre, apart from each other, behind one address on transit that keepalived holds."""

    hosts: tuple[Host, ...]
    published: tuple[PublishedGateway, ...]

    def __init__(self, name: str, args: GatewaysArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Gateways", name, None, opts)
        site = args.data_centre.allocation
        own_tags = tags(args.country, data_centre=args.data_centre.id)
        group = openstack.compute.ServerGroup(
            name,
            name=name.replace(".", "-"),
            policies="anti-affinity",
            opts=pulumi.ResourceOptions(parent=self),
        )
        public = SecurityGroup(
            logical(name, "public"),
            SecurityGroupArgs(
                name=f"{args.data_centre.id}-gateways-public",
                description="Gateways, from outside: tunnels, SSH, ping",
                rules=rules(
                    PUBLIC_RULES,
                    from_networks("monitoring", site.services4, site.services6, "tcp", EXPORTER_PORTS),
                ),
                tags=own_tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        forwarding = SecurityGroup(
            logical(name, "forwarding"),
            SecurityGroupArgs(
                name=f"{args.data_centre.id}-gateways-forwarding",
                description="Gateways, on transit: what members send to each other",
                rules=TRANSIT_RULES,
                tags=own_tags,
                members_id=args.members_id,
                stateful=False,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        openstack.networking.Port(
            logical(name, "vip"),
            name=f"{args.data_centre.id}-gateways-vip",
            network_id=args.transit.network_id,
            admin_state_up=True,
            fixed_ips=[
                {"subnet_id": args.transit.subnet4_id, "ip_address": str(args.transit.vip4)},
                {"subnet_id": args.transit.subnet6_id, "ip_address": str(args.transit.vip6)},
            ],
            no_security_groups=True,
            tags=own_tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        gateways = [
            Gateway(
                logical(args.data_centre.id, gateway.name),
                GatewayArgs(args, gateway, group.id, public.group_id, forwarding.group_id),
                pulumi.ResourceOptions(parent=self),
            )
            for gateway in args.data_centre.gateways
        ]
        self.hosts = tuple(gateway.host for gateway in gateways)
        self.published = tuple(gateway.published for gateway in gateways)
        self.register_outputs({"server_group_id": group.id})


@dataclass(frozen=True)
class GatewayArgs:
    """What one gateway is made of."""

    common: GatewaysArgs
    gateway: GatewayValues
    server_group_id: pulumi.Output[str]
    public_group_id: pulumi.Output[str]
    forwarding_group_id: pulumi.Output[str]


class Gateway(pulumi.ComponentResource):
    """One gateway: a management port with a floating IP, a transit port that may carry others' packets, the server."""

    host: Host
    published: PublishedGateway

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Gateway", name, None, opts)
        common, gateway = args.common, args.gateway
        centre, site = common.data_centre, common.data_centre.allocation
        hostname = host_name(gateway.name, centre.id, common.country)
        own_tags = tags(common.country, data_centre=centre.id)
        management = host_addresses(site.management4, site.management6, gateway.number)
        transit4, transit6 = gateway_transit(site, gateway.number)
        loopbacks = gateway_loopback(site, gateway.number)
        interfaces = common.router.interfaces["management"]
        public = public_port(
            name,
            PublicPortArgs(
                name=hostname,
                network=common.management,
                addresses=management,
                security_group_id=args.public_group_id,
                external_network=centre.cloud.external_network,
                interfaces=interfaces,
                tags=own_tags,
            ),
            self,
        )
        carried = (common.transit.vip4, common.transit.vip6, common.transit.pool4, common.transit.pool6)
        transit = openstack.networking.Port(
            logical(name, "transit"),
            name=f"{hostname}-transit",
            network_id=common.transit.network_id,
            admin_state_up=True,
            fixed_ips=[
                {"subnet_id": common.transit.subnet4_id, "ip_address": str(transit4)},
                {"subnet_id": common.transit.subnet6_id, "ip_address": str(transit6)},
            ],
            allowed_address_pairs=[{"ip_address": str(prefix)} for prefix in carried],
            security_group_ids=[args.forwarding_group_id],
            tags=own_tags,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        server(
            name,
            HostArgs(
                name=hostname,
                role="gateway",
                flavor_id=common.offer.flavor_ids[gateway.flavor],
                image=common.offer.image,
                key_pair=common.offer.key_pair,
                port_ids=(public.port_id, transit.id),
                tags=own_tags,
                zone=gateway.zone,
                server_group_id=args.server_group_id,
                loopbacks=loopbacks,
                depends_on=interfaces,
            ),
            self,
        )
        self.host = Host(
            name=hostname,
            role="gateway",
            number=gateway.number,
            data_centre=centre.id,
            zone=gateway.zone,
            asn=site.asn,
            reach=Reach(address=public.address),
            public_address=public.address,
            management=tuple(map(str, management)),
            transit=(str(transit4), str(transit6)),
            loopbacks=tuple(map(str, loopbacks)),
        )
        self.published = PublishedGateway(hostname, gateway.number, gateway.zone, public.address, self.host.loopbacks)
        self.register_outputs({"public_address": public.address})
