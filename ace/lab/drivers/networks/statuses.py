"""Floating IPs and routers' ports have status ACTIVE when they would work, as the L3 agent of a real cloud sets it.

Level-triggered: an event only states that something changed; one thread then looks at what is, and mends what differs.
So nothing is lost when the process is killed between a change and its mending.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from neutron_lib import constants
from neutron_lib import context as neutron_context
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.db import api as database
from neutron_lib.plugins import constants as plugins
from neutron_lib.plugins import directory
from sqlalchemy import and_, or_

LOG = logging.getLogger(__name__)
WATCHED = (
    resources.PORT,
    resources.ROUTER,
    resources.ROUTER_INTERFACE,
    resources.ROUTER_GATEWAY,
    resources.FLOATING_IP,
)
GATHER_S = 0.05
"""How long to let events of one burst come together."""
LOOK_ANYWAY_S = 60
ROUTER_PORTS = (constants.DEVICE_OWNER_ROUTER_INTF, constants.DEVICE_OWNER_ROUTER_GW)


class StatusKeeper:
    """One thread inside the Neutron API."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def start(self) -> None:
        for resource in WATCHED:
            for event in (events.AFTER_CREATE, events.AFTER_UPDATE, events.AFTER_DELETE):
                registry.subscribe(self._note, resource, event)
        self._changed.set()
        threading.Thread(target=self._run, name="ace-lab-statuses", daemon=True).start()

    def _note(self, *_: Any, **__: Any) -> None:
        self._changed.set()

    def _run(self) -> None:
        pause = threading.Event()
        while directory.get_plugin(plugins.L3) is None:
            pause.wait(0.1)
        while True:
            if self._changed.wait(LOOK_ANYWAY_S):
                pause.wait(GATHER_S)
            self._changed.clear()
            try:
                mend(neutron_context.get_admin_context())
            except Exception:
                LOG.exception("statuses could not be kept; trying again")
                pause.wait(1)
                self._changed.set()


def mend(context: Any) -> None:
    """Write every status that differs from what it should be."""
    from neutron.db.models import l3
    from neutron.db.models_v2 import Port

    up, down = constants.FLOATINGIP_STATUS_ACTIVE, constants.FLOATINGIP_STATUS_DOWN
    works = and_(l3.FloatingIP.router_id.is_not(None), l3.FloatingIP.fixed_port_id.is_not(None))
    works_not = or_(l3.FloatingIP.router_id.is_(None), l3.FloatingIP.fixed_port_id.is_(None))
    with database.CONTEXT_READER.using(context):
        find = context.session.query
        raise_ips = [row.id for row in find(l3.FloatingIP.id).filter(works, l3.FloatingIP.status != up)]
        lower_ips = [row.id for row in find(l3.FloatingIP.id).filter(works_not, l3.FloatingIP.status != down)]
        ports = find(Port.id).filter(Port.device_owner.in_(ROUTER_PORTS), Port.status != constants.PORT_STATUS_ACTIVE)
        raise_ports = [row.id for row in ports]
    router_plugin, core_plugin = directory.get_plugin(plugins.L3), directory.get_plugin()
    for floating_ip in raise_ips:
        router_plugin.update_floatingip_status(context, floating_ip, up)
    for floating_ip in lower_ips:
        router_plugin.update_floatingip_status(context, floating_ip, down)
    for port in raise_ports:
        core_plugin.update_port_status(context, port, constants.PORT_STATUS_ACTIVE)
