"""The package `openstack` as the embedded engine knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ace.engine.contract import CloudIdentity, Invoke, Properties, ResourceType
from ace.openstack import compute, identity, networks, ports, quotas, security, servers, volumes
from ace.openstack.cloud import Cloud
from ace.openstack.invokes import INVOKES

_TYPES: tuple[ResourceType, ...] = (
    identity.Project(),
    identity.Group(),
    identity.RoleAssignment(),
    quotas.ComputeQuota(),
    quotas.NetworkQuota(),
    quotas.VolumeQuota(),
    networks.Network(),
    networks.Subnet(),
    networks.Router(),
    networks.RouterInterface(),
    networks.RouterRoutes(),
    networks.RbacPolicy(),
    security.SecGroup(),
    security.SecGroupRule(),
    security.AddressGroup(),
    ports.Port(),
    ports.FloatingIp(),
    ports.FloatingIpAssociate(),
    compute.Keypair(),
    compute.Flavor(),
    compute.ServerGroup(),
    servers.Instance(),
    volumes.Volume(),
    volumes.VolumeAttach(),
)


@dataclass(frozen=True, slots=True)
class OpenStackProvider:
    """`Provider` of the package `openstack`; `version` is the Pulumi package's whose outputs the types follow."""

    package: str
    version: str
    types: Mapping[str, ResourceType]
    invokes: Mapping[str, Invoke]
    settling_s: float = 10.0
    """Neutron was seen to roll back after six seconds what it had shown as made."""

    def configure(self, inputs: Properties, environment: Mapping[str, str]) -> Cloud:
        """A cloud, not yet spoken to."""
        return Cloud(inputs, environment)

    def clock(self, cloud: Cloud) -> float:
        """What time it is there, in seconds since the epoch."""
        return cloud.now

    def within(self, cloud: Cloud, seconds: float) -> Cloud:
        """The same cloud, for one operation that may take that long from now."""
        return cloud.within(seconds)

    def identity(self, cloud: Cloud) -> CloudIdentity:
        """Which cloud it is; one request."""
        return cloud.identity()


def provider() -> OpenStackProvider:
    """All that the engine needs of OpenStack."""
    return OpenStackProvider("openstack", "5.5.3", {kind.token: kind for kind in _TYPES}, INVOKES)
