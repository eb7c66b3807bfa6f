"""What a data centre's cloud offers to those who build on it: looked up where it is the cloud's own, else made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_openstack as openstack

from ace.errors import UserError
from ace.spec.region import Flavor
from ace.spec.values import CloudAccess, CloudSpec, DataCentre, FlavorSource
from naming import logical

MAX_RETRIES = 3
"""Of connection errors and 429 answers; the provider's own default is 0."""
ADMINS_ROLE = "manager"
"""Keystone's role for those who run a project without being the cloud's administrators."""
MEMBERS_ROLE = "member"


@dataclass(frozen=True)
class CloudOffer:
    """Ids that are the same for all that a data centre's stack makes."""

    external_network_id: pulumi.Output[str]
    image: str
    """By name, which the cloud looks up when it makes a server and never again: an operator who puts a newer image under
    the same name must not have every gateway rebuilt by the next up, its keys with it."""
    flavor_ids: Mapping[str, pulumi.Output[str]]
    key_pair: KeyPair
    admins_role_id: pulumi.Output[str]
    members_role_id: pulumi.Output[str]


@dataclass(frozen=True)
class KeyPair:
    """The hosts' first key, by name: a new key under the same name leaves hosts alone that were made with the old."""

    name: str
    resource: pulumi.Resource


@dataclass(frozen=True)
class Providers:
    """Which credentials of clouds.yaml are used for what."""

    main: openstack.Provider
    identity: openstack.Provider
    """The same as `main` where the credential is an administrator's."""
    domain_id: pulumi.Output[str] | None
    """The domain that projects and groups go into; None: the credential's project's, as Keystone has it by default."""


def providers(cloud: CloudSpec, parent: pulumi.Resource) -> Providers:
    """The data centre's provider, and a second one for projects and groups where ACE is but a domain's manager.

    Keystone wants a token of the domain for those (policy `domain_id:%(target.project.domain_id)s`, checked before
    any default is filled in), Nova and Neutron one of a project; clouds.yaml then holds both, `<cloud>` and
    `<cloud>-domain`.
    """

    def provider(entry: str) -> openstack.Provider:
        return openstack.Provider(
            entry,
            cloud=entry,
            region=cloud.region,
            max_retries=MAX_RETRIES,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    main = provider(cloud.cloud)
    if cloud.access is CloudAccess.ADMIN:
        return Providers(main, main, None)
    identity = provider(f"{cloud.cloud}-domain")
    scope = openstack.identity.get_auth_scope_output(
        name=cloud.cloud, opts=pulumi.InvokeOutputOptions(parent=parent, provider=identity)
    )
    return Providers(main, identity, scope.apply(lambda found: found.domain_id))


@dataclass(frozen=True)
class OfferArgs:
    """What an offer is made of."""

    data_centre: DataCentre
    flavors: tuple[Flavor, ...]
    """The region's."""
    key_pair: str
    """What the keypair is to be called."""
    identity: openstack.Provider
    """With what roles are looked up."""


def offer(name: str, args: OfferArgs, parent: pulumi.Resource) -> CloudOffer:
    """Look up the external network and roles, make or look up flavours, hand in the hosts' public key.

    Raises:
        UserError: Flavours are to be made with a credential that may not.
    """
    cloud = args.data_centre.cloud
    look_up = pulumi.InvokeOutputOptions(parent=parent)
    external = openstack.networking.get_network_output(name=cloud.external_network, external=True, opts=look_up)
    key = openstack.compute.Keypair(
        logical(name, "key"),
        name=args.key_pair,
        public_key=args.data_centre.admin_key,
        opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
    )
    return CloudOffer(
        external_network_id=external.apply(lambda network: network.id),
        image=cloud.image,
        flavor_ids=_flavor_ids(name, args, parent),
        key_pair=KeyPair(args.key_pair, key),
        admins_role_id=_role_id(ADMINS_ROLE, args.identity, parent),
        members_role_id=_role_id(MEMBERS_ROLE, args.identity, parent),
    )


def _role_id(role: str, identity: openstack.Provider, parent: pulumi.Resource) -> pulumi.Output[str]:
    found = openstack.identity.get_role_output(
        name=role, opts=pulumi.InvokeOutputOptions(parent=parent, provider=identity)
    )
    role_id: pulumi.Output[str] = found.apply(lambda result: result.id)
    return role_id


def _flavor_ids(name: str, args: OfferArgs, parent: pulumi.Resource) -> dict[str, pulumi.Output[str]]:
    data_centre, cloud = args.data_centre, args.data_centre.cloud
    if cloud.flavors is FlavorSource.EXISTING:
        return {
            desired: openstack.compute.get_flavor_output(
                name=desired, opts=pulumi.InvokeOutputOptions(parent=parent)
            ).apply(lambda found: found.id)
            for desired in sorted(_flavors_of_hosts(data_centre))
        }
    if cloud.access is not CloudAccess.ADMIN:
        raise UserError(
            f"data centre {data_centre.id}: a domain's manager cannot make flavours on cloud {cloud.cloud!r}",
            hint="write `flavors: existing` in the member's file and have the operator make the region's flavours",
            code="needs-admin",
        )
    made = {}
    for flavor in args.flavors:
        resource = openstack.compute.Flavor(
            logical(name, "flavor", flavor.name),
            name=flavor.name,
            vcpus=flavor.vcpus,
            ram=flavor.ram_gib * 1024,
            disk=flavor.disk_gb,
            is_public=True,
            opts=pulumi.ResourceOptions(parent=parent, delete_before_replace=True),
        )
        made[flavor.name] = resource.id
    return made


def _flavors_of_hosts(data_centre: DataCentre) -> set[str]:
    return {
        *(gateway.flavor for gateway in data_centre.gateways),
        *(host.flavor for host in data_centre.service_hosts),
        *(hub.flavor for hub in data_centre.hubs),
    }
