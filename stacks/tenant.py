"""A sector's project on one data centre: `ace:country:Tenant`."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from ipaddress import IPv4Address, IPv6Address

import pulumi
import pulumi_openstack as openstack

from ace.spec.outputs import Prefix
from ace.spec.region import Sector, TenantSize
from ace.spec.values import CloudAccess, TenantNetwork
from ace.spec.values import Tenant as TenantValues
from cloud import CloudOffer, Providers
from naming import logical, project_name, tags
from network import Addressing, Network, NetworkArgs
from outputs import TenantFacts, TransitRouter
from router import Router, RouterArgs, Transit
from security_group import Remote, SecurityGroup, SecurityGroupArgs, dual, ping, rules

INTERNAL_RULES = rules(dual("tenant", Remote.SAME_GROUP))
"""Within the tenant, everything."""
EXPORTED_RULES = rules(ping(Remote.MEMBERS), dual("https", Remote.MEMBERS, "tcp", (443, 443)))
"""What other members may ask of a server in an exported network, until the tenant's own groups allow more."""


@dataclass(frozen=True)
class TenantArgs:
    """What a tenant is made of."""

    country: str
    country_title: str
    tenant: TenantValues
    sector: Sector
    access: CloudAccess
    providers: Providers
    offer: CloudOffer
    transit: Transit
    members_id: pulumi.Output[str]
    """The address group of both pools, in the gateways' project."""
    dns_servers: tuple[IPv4Address | IPv6Address, ...]


class Tenant(pulumi.ComponentResource):
    """A project with its people, quotas, networks and security groups.

    With an administrator's credential all of it belongs to the project. With a domain manager's the networks and groups
    belong to the credential's project and are shared with the tenant's, and quotas are the operator's to set: neither
    Neutron nor Nova lets a domain's manager act in another project.
    """

    facts: TenantFacts

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions) -> None:
        super().__init__("ace:country:Tenant", name, None, opts)
        self._name = name
        self._args = args
        self._tags = tags(args.country, sector=args.tenant.sector, data_class=args.tenant.data_classes)
        self._title = f"{args.sector.title.en}, {args.country_title}"
        self._project = project_name(args.country, args.tenant.name)
        project = openstack.identity.Project(
            logical(name, "project"),
            name=self._project,
            description=self._title,
            domain_id=args.providers.domain_id,
            tags=self._tags,
            opts=pulumi.ResourceOptions(parent=self, provider=args.providers.identity, protect=True),
        )
        self._project_id: pulumi.Output[str] = project.id
        self._people()
        owned = args.access is CloudAccess.ADMIN
        self._owner: pulumi.Output[str] | None = self._project_id if owned else None
        quotas = self._quotas() if owned else ()
        networks = {network.name: self._network(network, quotas) for network in args.tenant.networks}
        admitted = (
            (self._share("transit", "network", args.transit.network_id),) if owned else tuple(self._lend(networks))
        )
        router = Router(
            logical(name, "router"),
            RouterArgs(
                name=args.tenant.name,
                external_network_id=args.offer.external_network_id,
                networks=networks,
                tags=self._tags,
                transit=args.transit,
                project_id=self._owner,
                depends_on=quotas,
                transit_depends_on=admitted,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self._security_groups(quotas, owned)
        self.facts = TenantFacts(
            name=args.tenant.name,
            sector=args.tenant.sector,
            data_centre=args.tenant.data_centre,
            data_classes=args.tenant.data_classes,
            project=self._project,
            project_id=self._project_id,
            router=TransitRouter(
                transit4=router.transit4,
                transit6=router.transit6,
                prefixes=prefixes(args.tenant.networks),
                exported=exported_prefixes(args.tenant),
            ),
        )
        self.register_outputs({"project_id": self._project_id})

    def _people(self) -> None:
        """Two groups with a role each. Who is in them is the identity provider's affair: people come and go."""
        options = pulumi.ResourceOptions(parent=self, provider=self._args.providers.identity)
        admins = f"Administrators of {self._title}; ask {', '.join(self._args.tenant.admins)}"
        for key, role_id, description in (
            ("admins", self._args.offer.admins_role_id, admins),
            ("members", self._args.offer.members_role_id, f"Members of {self._title}"),
        ):
            group = openstack.identity.GroupV3(
                logical(self._name, key),
                name=f"{self._project}-{key}",
                description=description,
                domain_id=self._args.providers.domain_id,
                opts=options,
            )
            openstack.identity.RoleAssignment(
                logical(self._name, key),
                project_id=self._project_id,
                group_id=group.id,
                role_id=role_id,
                opts=options,
            )

    def _quotas(self) -> tuple[pulumi.Resource, ...]:
        """Set the quotas; returns those that networks have to wait for, so that too small a one fails every time."""
        size = self._args.tenant.size
        options = pulumi.ResourceOptions(parent=self)
        name = logical(self._name, "quota")
        openstack.compute.QuotaSetV2(
            name,
            project_id=self._project_id,
            instances=size.instances,
            cores=size.cores,
            ram=size.ram_gib * 1024,
            opts=options,
        )
        openstack.blockstorage.QuoteSetV3(
            name,
            project_id=self._project_id,
            volumes=size.volumes,
            gigabytes=size.volumes_gib,
            snapshots=size.snapshots,
            opts=options,
        )
        return (
            openstack.networking.QuotaV2(
                name,
                project_id=self._project_id,
                network=size.networks,
                subnet=size.subnets,
                router=size.routers,
                port=size.ports,
                floatingip=size.floating_ips,
                security_group=size.security_groups,
                security_group_rule=size.security_group_rules,
                opts=options,
            ),
        )

    def _network(self, network: TenantNetwork, depends_on: tuple[pulumi.Resource, ...]) -> Network:
        return Network(
            logical(self._name, network.name),
            NetworkArgs(
                name=f"{self._args.tenant.name}-{network.name}",
                ipv4=network.ipv4,
                ipv6=network.ipv6,
                addressing=Addressing.TENANTS,
                tags=self._tags,
                project_id=self._owner,
                dns_servers=self._args.dns_servers,
                depends_on=depends_on,
            ),
            pulumi.ResourceOptions(parent=self),
        )

    def _security_groups(self, depends_on: tuple[pulumi.Resource, ...], owned: bool) -> None:
        name = self._args.tenant.name
        internal = SecurityGroup(
            logical(self._name, "internal"),
            SecurityGroupArgs(
                name=f"{name}-internal",
                description=f"{self._title}: within the tenant",
                rules=INTERNAL_RULES,
                tags=self._tags,
                project_id=self._owner,
                depends_on=depends_on,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        groups = {"internal": internal}
        if exported_prefixes(self._args.tenant):
            admitted = (self._share("members", "address_group", self._args.members_id),) if owned else ()
            groups["exported"] = SecurityGroup(
                logical(self._name, "exported"),
                SecurityGroupArgs(
                    name=f"{name}-exported",
                    description=f"{self._title}: what other members may ask of servers in exported networks",
                    rules=EXPORTED_RULES,
                    tags=self._tags,
                    members_id=self._args.members_id,
                    project_id=self._owner,
                    depends_on=(*depends_on, *admitted),
                ),
                pulumi.ResourceOptions(parent=self),
            )
        if not owned:
            for key, group in groups.items():
                self._share(key, "security_group", group.group_id)

    def _lend(self, networks: dict[str, Network]) -> list[pulumi.Resource]:
        return [self._share(key, "network", network.network_id) for key, network in networks.items()]

    def _share(self, key: str, object_type: str, object_id: pulumi.Output[str]) -> pulumi.Resource:
        """Let the tenant's project use something of the gateways' project; it can be taken away once it does not."""
        policy: pulumi.Resource = openstack.networking.RbacPolicyV2(
            logical(self._name, "share", key),
            action="access_as_shared",
            object_type=object_type,
            object_id=object_id,
            target_tenant=self._project_id,
            # Neutron lets nobody take from a project what its ports and rules still use: share with the new one first.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["target_tenant"]),
        )
        return policy


def paused(tenant: TenantValues) -> TenantValues:
    """A suspended member's tenant: what it has stays, and nothing can be added (quotas of nothing)."""
    nothing = [0 for field in fields(tenant.size) if field.name != "id"]
    return replace(tenant, size=TenantSize(tenant.size.id, *nothing))


def prefixes(networks: tuple[TenantNetwork, ...]) -> tuple[Prefix, ...]:
    """The prefixes of networks, IPv4 and IPv6."""
    return tuple(prefix for network in networks for prefix in (network.ipv4, network.ipv6))


def exported_prefixes(tenant: TenantValues) -> tuple[Prefix, ...]:
    """Those that may be announced to other members."""
    return prefixes(tuple(network for network in tenant.networks if network.exported))
