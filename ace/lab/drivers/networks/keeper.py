"""Keeps the data plane as Neutron wants it: one thread inside the Neutron API, for clouds whose servers are real.

Level-triggered, as `statuses`: an event only states that something changed; the thread reads the desired state and changes
what differs. So it heals by itself after a crash, a reboot, or somebody's `ip link del`.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import Any

from drivers.dataplane.kernel import DataPlane
from drivers.dataplane.plan import plan
from drivers.networks import reader
from neutron_lib.callbacks import events, registry, resources
from neutron_lib.plugins import constants as plugins
from neutron_lib.plugins import directory

LOG = logging.getLogger(__name__)
WATCHED = (
    *(resources.NETWORK, resources.SUBNET, resources.PORT, resources.ADDRESS_GROUP),
    *(resources.ROUTER, resources.ROUTER_INTERFACE, resources.ROUTER_GATEWAY, resources.FLOATING_IP),
    *(resources.SECURITY_GROUP, resources.SECURITY_GROUP_RULE),
)
GATHER_S = 0.2
LOOK_AGAIN_S = 30
LOOK_AT_ALL_S = 300


class DataPlaneKeeper:
    """The thread. `start` may be called before Neutron is complete."""

    def __init__(self, cloud_folder: Path) -> None:
        self._plane = DataPlane.of(cloud_folder)
        self._database = cloud_folder / "db" / "neutron.sqlite"
        self._changed = threading.Event()

    def start(self) -> None:
        for resource in WATCHED:
            for event in (events.AFTER_CREATE, events.AFTER_UPDATE, events.AFTER_DELETE):
                registry.subscribe(self._note, resource, event)
        self._changed.set()
        threading.Thread(target=self._run, name="ace-lab-data-plane", daemon=True).start()

    def _note(self, *_: Any, **__: Any) -> None:
        self._changed.set()

    def _run(self) -> None:
        pause = threading.Event()
        while directory.get_plugin(plugins.L3) is None:
            pause.wait(0.1)
        looked_at_all = time.monotonic()
        while True:
            if self._changed.wait(LOOK_AGAIN_S):
                pause.wait(GATHER_S)
            self._changed.clear()
            if time.monotonic() - looked_at_all > LOOK_AT_ALL_S:
                self._plane.forget()
                looked_at_all = time.monotonic()
            try:
                self._keep()
            except Exception:
                LOG.exception("the data plane could not be kept; trying again")
                pause.wait(1)
                self._changed.set()

    def _keep(self) -> None:
        began = time.monotonic()
        desired = reader.read(self._database)
        read = time.monotonic()
        changed = self._plane.keep(plan(desired, self._plane.names))
        if changed:
            LOG.warning(
                "data plane: %d changes; read in %.2f s, made in %.2f s",
                *(changed, read - began, time.monotonic() - read),
            )
