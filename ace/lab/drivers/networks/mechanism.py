"""The ML2 mechanism driver: every port can be bound on every host, and is ACTIVE as soon as it is.

With it comes what agents do on a real cloud: statuses, and where servers are real, the data plane.

Found by its entry point `ace_lab`, which `ace.lab.environment` puts into the lab's environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drivers import servers
from drivers.cloud import CloudConfig
from drivers.networks.keeper import DataPlaneKeeper
from drivers.networks.statuses import StatusKeeper
from neutron_lib import constants
from neutron_lib.api.definitions import portbindings
from neutron_lib.plugins.ml2 import api
from oslo_config import cfg


class LabMechanism(api.MechanismDriver):  # type: ignore[misc]
    def initialize(self) -> None:
        StatusKeeper().start()
        cloud = CloudConfig.read(Path(cfg.CONF.state_path).parents[1])
        if servers.are_real(cloud.servers):
            DataPlaneKeeper(cloud.folder).start()

    @property
    def connectivity(self) -> str:
        return str(portbindings.CONNECTIVITY_L2)

    def bind_port(self, context: Any) -> None:
        segment = context.segments_to_bind[0]
        context.set_binding(
            segment[api.ID],
            portbindings.VIF_TYPE_OVS,
            {portbindings.CAP_PORT_FILTER: True},
            status=constants.PORT_STATUS_ACTIVE,
        )
