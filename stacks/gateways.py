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
from outputs import GatewayOutput, Host, Reach
from port import FixedPortArgs, fixed_port
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
VRRP over IPv6 comes from link-local addresses (RFC 9568). What a gateway itself answers is nftables' to state.
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
    published: tuple[GatewayOutput, ...]

    def __init__(self, name: str, args: GatewaysArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Gateways", name, None, opts)
        group = openstack.compute.ServerGroup(
            name,
            name=name.replace(".", "-"),
            policies="anti-affinity",
            opts=pulumi.ResourceOptions(parent=self),
        )
        public, forwarding = self._public_group(name, args), self._forwarding_group(name, args)
        fixed_port(
            logical(name, "vip"),
            FixedPortArgs(
                name=f"{args.data_centre.id}-gateways-vip",
                network=args.transit,
                addresses=(args.transit.vip4, args.transit.vip6),
                tags=tags(args.country, data_centre=args.data_centre.id),
            ),
            self,
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

    def _public_group(self, name: str, args: GatewaysArgs) -> SecurityGroup:
        centre = args.data_centre
        site = centre.allocation
        return SecurityGroup(
            logical(name, "public"),
            SecurityGroupArgs(
                name=f"{centre.id}-gateways-public",
                description="Gateways, from outside: tunnels, SSH, ping",
                rules=rules(
                    PUBLIC_RULES,
                    from_networks("monitoring", site.services4, site.services6, "tcp", EXPORTER_PORTS),
                ),
                tags=tags(args.country, data_centre=centre.id),
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _forwarding_group(self, name: str, args: GatewaysArgs) -> SecurityGroup:
        return SecurityGroup(
            logical(name, "forwarding"),
            SecurityGroupArgs(
                name=f"{args.data_centre.id}-gateways-forwarding",
                description="Gateways, on transit: what members send to each other",
                rules=TRANSIT_RULES,
                tags=tags(args.country, data_centre=args.data_centre.id),
                members_id=args.members_id,
                stateful=False,
            ),
            pulumi.ResourceOptions(parent=self),
        )


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
    published: GatewayOutput

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Gateway", name, None, opts)
        common, gateway = args.common, args.gateway
        centre, site = common.data_centre, common.data_centre.allocation
        hostname = host_name(gateway.name, centre.id, common.country)
        own_tags = tags(common.country, data_centre=centre.id)
        management = host_addresses(site.management4, site.management6, gateway.number)
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
        transit = self._transit_port(name, args, hostname)
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
            reach=Reach(public.address, jump=None),
            public_address=public.address,
            management=management,
            transit=gateway_transit(site, gateway.number),
            services=(),
            loopbacks=loopbacks,
            runs=(),
            data_volume_gib=0,
            data_volume_id=None,
            hub=None,
        )
        self.published = GatewayOutput(hostname, gateway.number, gateway.zone, public.address, loopbacks)
        self.register_outputs({"public_address": public.address})

    def _transit_port(self, name: str, args: GatewayArgs, hostname: str) -> openstack.networking.Port:
        common, transit = args.common, args.common.transit
        return fixed_port(
            logical(name, "transit"),
            FixedPortArgs(
                name=f"{hostname}-transit",
                network=transit,
                addresses=gateway_transit(common.data_centre.allocation, args.gateway.number),
                tags=tags(common.country, data_centre=common.data_centre.id),
                security_group_id=args.forwarding_group_id,
                carries=(transit.vip4, transit.vip6, transit.pool4, transit.pool6),
            ),
            self,
        )
