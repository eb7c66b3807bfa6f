"""Nova: API, conductor, scheduler and one compute service per availability zone, in one process."""

from __future__ import annotations

import os
import shlex
import socket
import sqlite3
import sys
import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack import commands
from drivers.openstack.contract import Application

FILTERS = (
    "ComputeFilter",
    "ComputeCapabilitiesFilter",
    "ImagePropertiesFilter",
    "ServerGroupAntiAffinityFilter",
    "ServerGroupAffinityFilter",
)
REPORT_S, DOWN_S = 60, 600
WAIT_S = 120


class Nova:
    name = "nova"
    path = "/compute"
    catalog = (("compute", "/compute/v2.1"),)
    databases = ("nova_api", "nova_cell0", "nova_cell1")
    modules = (
        "nova.api.openstack.wsgi_app",
        "nova.api.openstack.compute",
        "nova.compute.manager",
        "nova.conductor.manager",
        "nova.scheduler.manager",
        "nova.virt.fake",
        "nova.virt.ace_lab.fake",
        "nova.virt.ace_lab.nspawn",
        "os_vif",
    )
    threads = 16

    def __init__(self) -> None:
        self._running: list[Any] = []

    def before_imports(self) -> None:
        sys.argv = ["nova"]
        os.environ["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"
        from nova import monkey_patch

        monkey_patch.patch(backend="threading")
        import nova.virt
        from drivers import servers

        sys.modules["nova.virt.ace_lab"] = nova.virt.ace_lab = servers

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        from drivers.servers import KINDS

        default = conf.default(
            cloud,
            self.name,
            host=cloud.host,
            my_ip=cloud.address,
            state_path=cloud.state("nova"),
            compute_driver=KINDS[cloud.servers],
            vif_plugging_is_fatal=False,
            vif_plugging_timeout=0,
            report_interval=REPORT_S,
            service_down_time=DOWN_S,
            update_resources_interval=300,
            use_rootwrap_daemon=False,
            max_concurrent_builds=10,
            resume_guests_state_on_host_boot=True,
        )
        return {
            "nova.conf": {
                "DEFAULT": default,
                "wsgi": {"api_paste_config": conf.shipped("nova/api-paste.ini")},
                "api": {"auth_strategy": "keystone"},
                "api_database": conf.database(cloud, "nova_api"),
                "database": conf.database(cloud, "nova_cell1"),
                "vnc": {"enabled": False},
                "image_cache": {"manager_interval": -1},
                "glance": {"region_name": cloud.region},
                "cinder": {"os_region_name": cloud.region, **conf.login(cloud, self.name)},
                "neutron": conf.login(cloud, self.name),
                "placement": conf.login(cloud, "placement"),
                "service_user": {"send_service_user_token": True, **conf.login(cloud, self.name)},
                "upgrade_levels": {"compute": "auto"},
                "scheduler": {"workers": 1, "discover_hosts_in_cells_interval": -1},
                "conductor": {"workers": 1},
                "filter_scheduler": {"enabled_filters": ",".join(FILTERS)},
                "keystone_authtoken": conf.token_check(cloud, self.name),
                **conf.in_process(cloud),
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {
            "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true",
            "OS_NOVA_CONFIG_DIR": str(cloud.folder / "etc"),
            "OS_NOVA_CONFIG_FILES": f"{conf.shipped('nova/api-paste.ini')};nova.conf",  # in this order
        }

    def create_databases(self, cloud: CloudConfig) -> None:
        for arguments in (
            ("api_db", "sync"),
            ("cell_v2", "map_cell0", "--database_connection", cloud.database_url("nova_cell0")),
            ("db", "sync"),
            (
                *("cell_v2", "create_cell", "--name", "cell1", "--transport-url", "fake://"),
                *("--database_connection", cloud.database_url("nova_cell1")),
            ),
        ):
            commands.run(self, cloud, "nova-manage", "nova.conf", *arguments)

    def application(self, cloud: CloudConfig) -> Application:
        cloud.state("nova").mkdir(exist_ok=True)
        _identify(cloud)
        _point_cells(cloud)
        for service in ("keystone", "placement"):
            _wait_for(cloud.socket(service))
        sys.argv = ["nova-api"]
        from nova.api.openstack import wsgi_app

        application = wsgi_app.init_application("osapi_compute", "nova-api")
        self._start_services(cloud)
        return application

    def _start_services(self, cloud: CloudConfig) -> None:
        import nova.conf
        import os_brick
        import os_vif
        from nova import context, objects, service, utils
        from nova.compute import rpcapi as compute
        from nova.conductor import rpcapi as conductor
        from nova.objects import host_mapping
        from nova.scheduler import rpcapi as scheduler
        from oslo_privsep import priv_context

        priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
        os_brick.setup(nova.conf.CONF)
        os_vif.initialize()
        _be_at_home_on(cloud.compute_hosts.values())
        objects.Service.enable_min_version_cache()
        desired = [
            {"binary": "nova-conductor", "topic": conductor.RPC_TOPIC},
            {"binary": "nova-scheduler", "topic": scheduler.RPC_TOPIC},
        ]
        desired += [
            {
                "binary": "nova-compute",
                "topic": compute.RPC_TOPIC,
                "topic_alt": compute.RPC_TOPIC_ALT,
                "host": host,
            }
            for host in cloud.compute_hosts.values()
        ]
        for arguments in desired:
            running = service.Service.create(**arguments)
            running.start()
            self._running.append(running)
        host_mapping.discover_hosts(context.get_admin_context())
        for running in self._running:
            # Seen alive at once, not after the first interval: after a long stop the scheduler would find no host.
            running.service_ref.report_count += 1
            running.service_ref.save()


def _be_at_home_on(hosts: Collection[str]) -> None:
    """Detach volumes from servers of every compute service of this process.

    Nova takes its configuration's host for the only one that lives here, and leaves the disk with servers of others.
    """
    from nova.virt import block_device

    class Here(str):
        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            return other in hosts

    class Configuration:
        host = Here()

        def __getattr__(self, name: str) -> Any:
            return getattr(whole, name)

    whole = block_device.CONF
    block_device.CONF = Configuration()


def _identify(cloud: CloudConfig) -> None:
    """A compute service that has been here before wants to see an identity on disk; the driver gives each its own."""
    identity = cloud.state("nova") / "compute_id"
    if not identity.exists():
        identity.write_text(str(uuid.uuid4()), encoding="ascii")


def _point_cells(cloud: CloudConfig) -> None:
    """Cells are known by absolute paths: write down where they are now."""
    with sqlite3.connect(cloud.database("nova_api"), timeout=60) as connection:
        for cell in ("cell0", "cell1"):
            connection.execute(
                "update cell_mappings set database_connection = ? where name = ?",
                (cloud.database_url(f"nova_{cell}"), cell),
            )


def _wait_for(path: str) -> None:
    """Wait until something listens on that unix socket: compute services register with Keystone and Placement."""
    deadline = time.monotonic() + WAIT_S
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(path)
            except OSError:
                if time.monotonic() > deadline:
                    raise
            else:
                return
        time.sleep(0.1)
