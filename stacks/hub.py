"""A hub of the interconnect: `ace:country:Hub`.

A hub is the region's, not the host country's: it has a network, router and AS of its own, from its own slot, and
touches neither the country's transit nor its management network.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from ace.addressing import gateway_loopback, site_allocation
from ace.spec.region import Hub as HubValues
from ace.spec.values import DataCentre
from cloud import CloudOffer
from gateways import PUBLIC_RULES
from host import HostArgs, host_addresses, hosts_network, server
from naming import host_name, logical, tags
from network import Network
from outputs import Host, HubOutput, Reach
from public_host import PublicPortArgs, public_port
from router import Router, RouterArgs
from security_group import SecurityGroup, SecurityGroupArgs

HUB_SITE = 0
"""A hub is one place: its slot has no other site."""


@dataclass(frozen=True)
class HubArgs:
    """What a hub is made of."""

    country: str
    data_centre: DataCentre
    hub: HubValues
    offer: CloudOffer


class Hub(pulumi.ComponentResource):
    """A hub's network, router, port with floating IP, and server."""

    host: Host
    published: HubOutput

    def __init__(self, name: str, args: HubArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Hub", name, None, opts)
        hub, centre = args.hub, args.data_centre
        site = site_allocation(hub.allocation, HUB_SITE)
        label = f"hub-{hub.id}"
        hostname = host_name(label, centre.id, args.country)
        own_tags = tags(args.country, data_centre=centre.id, hub=hub.id)
        loopbacks = gateway_loopback(site, hub.number)
        management = host_addresses(site.management4, site.management6, hub.number)
        network = hosts_network(
            logical(name, "management"), f"{label}-management", (site.management4, site.management6), own_tags, self
        )
        router = self._router(name, args, network, own_tags)
        group = self._security_group(name, label, own_tags)
        interfaces = router.interfaces["management"]
        public = public_port(
            name,
            PublicPortArgs(
                name=hostname,
                network=network,
                addresses=management,
                security_group_id=group.group_id,
                external_network=centre.cloud.external_network,
                interfaces=interfaces,
                tags=own_tags,
            ),
            self,
        )
        server(
            name,
            HostArgs(
                name=hostname,
                role="hub",
                flavor_id=args.offer.flavor_ids[hub.flavor],
                image=args.offer.image,
                key_pair=args.offer.key_pair,
                port_ids=(public.port_id,),
                tags=own_tags,
                loopbacks=loopbacks,
                depends_on=interfaces,
            ),
            self,
        )
        self.host = _facts(args, hostname, public.address)
        self.published = HubOutput(hub.id, hostname, hub.slot, site.asn, centre.id, public.address, loopbacks)
        self.register_outputs({"public_address": public.address})

    def _security_group(self, name: str, label: str, own_tags: tuple[str, ...]) -> SecurityGroup:
        return SecurityGroup(
            logical(name, "public"),
            SecurityGroupArgs(
                name=f"{label}-public",
                description="Hub, from outside: tunnels, SSH, ping",
                rules=PUBLIC_RULES,
                tags=own_tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _router(self, name: str, args: HubArgs, network: Network, own_tags: tuple[str, ...]) -> Router:
        return Router(
            logical(name, "router"),
            RouterArgs(
                name=f"hub-{args.hub.id}",
                external_network_id=args.offer.external_network_id,
                networks={"management": network},
                tags=own_tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _facts(args: HubArgs, hostname: str, public_address: pulumi.Output[str]) -> Host:
    hub = args.hub
    site = site_allocation(hub.allocation, HUB_SITE)
    return Host(
        name=hostname,
        role="hub",
        number=hub.number,
        data_centre=args.data_centre.id,
        zone=None,
        reach=Reach(public_address, jump=None),
        asn=site.asn,
        public_address=public_address,
        management=host_addresses(site.management4, site.management6, hub.number),
        transit=(),
        services=(),
        loopbacks=gateway_loopback(site, hub.number),
        runs=(),
        data_volume_gib=0,
        data_volume_id=None,
        hub=hub.id,
    )
