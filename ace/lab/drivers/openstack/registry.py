"""The services of a lab cloud, in the order in which they come up."""

from __future__ import annotations

from drivers.openstack.cinder import Cinder
from drivers.openstack.contract import OpenStackService
from drivers.openstack.glance import Glance
from drivers.openstack.keystone import Keystone
from drivers.openstack.neutron import Neutron
from drivers.openstack.nova import Nova
from drivers.openstack.placement import Placement

SERVICES: dict[str, OpenStackService] = {
    service.name: service for service in (Keystone(), Placement(), Glance(), Neutron(), Cinder(), Nova())
}
