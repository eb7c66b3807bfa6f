"""The hosts of a country's shared services on one data centre: `ace:country:SharedServices`."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_openstack as openstack

from ace.spec.values import DataCentre, ServiceHost
from cloud import CloudOffer
from host import HostArgs, host_addresses, server
from naming import host_name, logical, metadata, tags
from network import Network
from outputs import Host, Reach
from port import FixedPortArgs, fixed_port
from router import Router
from security_group import Remote, Rule, SecurityGroup, SecurityGroupArgs, dual, from_networks, ping, rules

SERVICE_PORTS: dict[str, tuple[tuple[str, int, int], ...]] = {
    "dns": (("udp", 53, 53), ("tcp", 53, 53)),
    "time": (("udp", 123, 123), ("tcp", 4460, 4460)),
    "monitoring": (("tcp", 9090, 9116),),
    "registry": (("tcp", 443, 443), ("tcp", 5000, 5000)),
    "identity": (("tcp", 443, 443),),
    "mail-relay": (("tcp", 25, 25),),
    "log": (("tcp", 6514, 6514),),
}
"""What members may ask of each shared service: protocol, first and last port. A service that is not here opens none."""


@dataclass(frozen=True)
class SharedServicesArgs:
    """What a data centre's hosts of shared services are made of."""

    country: str
    data_centre: DataCentre
    offer: CloudOffer
    services: Network
    router: Router
    members_id: pulumi.Output[str]


def rules_of(data_centre: DataCentre) -> tuple[Rule, ...]:
    """What the hosts receive: members ask the services that run here, SSH comes from management and from the gateways.

    Gateways lead SSH here and take the shortest way, transit; tenants' packets there keep addresses of their own.
    """
    site = data_centre.allocation
    runs = sorted({service for host in data_centre.service_hosts for service in host.runs})
    ports = sorted({port for service in runs for port in SERVICE_PORTS.get(service, ())})
    return rules(
        *(dual(f"{protocol}-{first}", Remote.MEMBERS, protocol, (first, last)) for protocol, first, last in ports),
        ping(Remote.MEMBERS),
        from_networks("ssh", site.management4, site.management6, "tcp", (22, 22)),
        from_networks("ssh-gateways", site.transit4, site.transit6, "tcp", (22, 22)),
    )


def jump_host(country: str, data_centre: DataCentre) -> str | None:
    """The gateway through which SSH reaches hosts without a floating IP: the one with the lowest number."""
    gateways = sorted(data_centre.gateways, key=lambda gateway: gateway.number)
    return host_name(gateways[0].name, data_centre.id, country) if gateways else None


class SharedServices(pulumi.ComponentResource):
    """Servers in the services network, each with a protected data volume where the spec gives it one."""

    hosts: tuple[Host, ...]

    def __init__(self, name: str, args: SharedServicesArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:SharedServices", name, None, opts)
        centre = args.data_centre
        group = SecurityGroup(
            name,
            SecurityGroupArgs(
                name=f"{centre.id}-services",
                description="Shared services: what members ask, SSH from management and gateways",
                rules=rules_of(centre),
                tags=tags(args.country, data_centre=centre.id),
                members_id=args.members_id,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.hosts = tuple(self._host(args, host, group.group_id) for host in centre.service_hosts)
        self.register_outputs({"group_id": group.group_id})

    def _host(self, args: SharedServicesArgs, host: ServiceHost, group_id: pulumi.Output[str]) -> Host:
        centre, site = args.data_centre, args.data_centre.allocation
        name = logical(centre.id, host.name)
        hostname = host_name(host.name, centre.id, args.country)
        own_tags = tags(args.country, data_centre=centre.id)
        addresses = host_addresses(site.services4, site.services6, host.number)
        port = fixed_port(
            logical(name, "services"),
            FixedPortArgs(f"{hostname}-services", args.services, addresses, own_tags, group_id),
            self,
        )
        instance = server(
            name,
            HostArgs(
                name=hostname,
                role="services",
                flavor_id=args.offer.flavor_ids[host.flavor],
                image=args.offer.image,
                key_pair=args.offer.key_pair,
                port_ids=(port.id,),
                tags=own_tags,
                zone=host.zone,
                depends_on=args.router.interfaces["services"],
            ),
            self,
        )
        volume_id = self._data_volume(args, host, name, hostname, instance.id) if host.data_volume_gib else None
        return Host(
            name=hostname,
            role="services",
            number=host.number,
            data_centre=centre.id,
            zone=host.zone,
            reach=Reach(addresses[0], jump=jump_host(args.country, centre)),
            asn=None,
            public_address=None,
            management=(),
            transit=(),
            services=addresses,
            loopbacks=(),
            runs=host.runs,
            data_volume_gib=host.data_volume_gib,
            data_volume_id=volume_id,
            hub=None,
        )

    def _data_volume(
        self, args: SharedServicesArgs, host: ServiceHost, name: str, hostname: str, instance_id: pulumi.Output[str]
    ) -> pulumi.Output[str]:
        volume = openstack.blockstorage.Volume(
            logical(name, "data"),
            name=f"{hostname}-data",
            description=f"Data of {hostname}; survives the server",
            size=host.data_volume_gib,
            enable_online_resize=True,
            metadata=metadata(args.country, data_centre=args.data_centre.id),
            opts=pulumi.ResourceOptions(parent=self, protect=True),
        )
        attached = openstack.compute.VolumeAttach(
            logical(name, "data"),
            instance_id=instance_id,
            volume_id=volume.id,
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        volume_id: pulumi.Output[str] = attached.volume_id
        return volume_id
