"""Servers that exist for the API: scheduled, counted, ACTIVE, with ports and volumes; nothing runs.

One driver object serves one compute host; several hosts of a cloud live in one process, so nothing here may ask
Nova's configuration which host this is.
"""

from __future__ import annotations

import logging
import uuid
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.virt import fake

LOG = logging.getLogger(__name__)
NODES = uuid.UUID("6f2f9a0e-1d4b-5b58-9b43-6b6f0a0b7c11")
"""Name space of the hosts' node ids."""


class FakeServers(fake.FakeDriverWithoutFakeNodes):  # type: ignore[misc]
    vcpus, memory_mb, local_gb = 1024, 4 * 1024 * 1024, 400 * 1024

    def init_host(self, host: str) -> None:
        """Know again, after a restart, what runs on this host."""
        super().init_host(host)
        self.host_status_base["hypervisor_hostname"] = host
        self._node_id = str(uuid.uuid5(NODES, host))
        for server in objects.InstanceList.get_by_host(nova_context.get_admin_context(), host):
            self.instances[server.uuid] = fake.FakeInstance(server.name, server.power_state, server.uuid)
            self.resources.claim(vcpus=server.vcpus, mem=server.memory_mb, disk=server.root_gb)
            for vif in server.get_network_info():
                self._interfaces[vif["id"]] = vif

    def get_available_resource(self, nodename: str) -> dict[str, Any]:
        resources: dict[str, Any] = fake.FakeDriver.get_available_resource(self, nodename)
        resources["uuid"] = self._node_id
        return resources

    def get_nodenames_by_uuid(self, refresh: bool = False) -> dict[str, str]:
        return {self._node_id: self.get_available_nodes()[0]}

    def get_host_uptime(self) -> str:
        return "00:00:00 up 1 day,  0:00,  0 users,  load average: 0.00, 0.00, 0.00"
