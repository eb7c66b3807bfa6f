"""Cinder: API, scheduler and one volume service per availability zone, in one process."""

from __future__ import annotations

import os
import shlex
import sys
import threading
from collections.abc import Mapping
from typing import Any

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack import commands
from drivers.openstack.contract import Application

DEFAULT_ZONE = "nova"
"""Where a volume goes whose request names no zone."""
REPORT_S, DOWN_S = 60, 600


class Cinder:
    name = "cinder"
    path = "/volume"
    catalog = (("volumev3", "/volume/v3/$(project_id)s"), ("block-storage", "/volume/v3/$(project_id)s"))
    databases = ("cinder",)
    modules = (
        "cinder.cmd.volume",
        "cinder.cmd.scheduler",
        "cinder.wsgi.wsgi",
        "cinder.api.openstack",
        "cinder.volume.manager",
        "cinder.scheduler.manager",
        "drivers.volumes.weightless",
        "drivers.volumes.files",
    )
    threads = 10

    def __init__(self) -> None:
        self._running: list[Any] = []

    def before_imports(self) -> None:
        sys.argv = ["cinder"]
        os.environ["OS_CINDER_DISABLE_EVENTLET_PATCHING"] = "true"
        from cinder import monkey_patch

        monkey_patch.patch(backend="threading")
        from cinder import objects

        objects.register_all()

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        from drivers.volumes import KINDS

        backends = {
            _backend(zone): {
                "volume_driver": KINDS[cloud.servers],
                "volume_backend_name": _backend(zone),
                "backend_availability_zone": zone,
            }
            for zone in _zones(cloud)
        }
        default = conf.default(
            cloud,
            self.name,
            host=cloud.host,
            state_path=cloud.state("cinder"),
            enabled_backends=",".join(backends),
            default_volume_type="__DEFAULT__",
            storage_availability_zone=DEFAULT_ZONE,
            default_availability_zone=DEFAULT_ZONE,
            allow_availability_zone_fallback=True,
            auth_strategy="keystone",
            api_paste_config=conf.shipped("cinder/api-paste.ini"),
            resource_query_filters_file=conf.shipped("cinder/resource_filters.json"),
            my_ip=cloud.address,
            glance_catalog_info="image:glance:publicURL",
            backend_stats_polling_interval=60,
            scheduler_driver_init_wait_time=1,
            report_interval=REPORT_S,
            service_down_time=DOWN_S,
        )
        return {
            "cinder.conf": {
                "DEFAULT": default,
                **backends,
                "coordination": {"backend_url": f"file://{cloud.state('cinder-coordination')}"},
                "nova": conf.login(cloud, "nova"),
                "service_user": {"send_service_user_token": True, **conf.login(cloud, self.name)},
                "database": conf.database(cloud, "cinder"),
                "keystone_authtoken": conf.token_check(cloud, self.name),
                **conf.in_process(cloud),
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {"OS_CINDER_DISABLE_EVENTLET_PATCHING": "true"}

    def create_databases(self, cloud: CloudConfig) -> None:
        commands.run(self, cloud, "cinder-manage", "cinder.conf", "db", "sync")

    def application(self, cloud: CloudConfig) -> Application:
        for folder in ("cinder", "cinder-coordination"):
            cloud.state(folder).mkdir(exist_ok=True)
        sys.argv = ["cinder-api", "--config-file", str(cloud.etc("cinder.conf"))]
        from cinder.wsgi import wsgi

        application = wsgi.initialize_application()
        self._start_services(cloud)
        return application

    def _start_services(self, cloud: CloudConfig) -> None:
        import os_brick
        from cinder import utils
        from cinder.cmd import volume as volume_command
        from cinder.common import constants
        from oslo_config import cfg
        from oslo_privsep import priv_context

        priv_context.init(root_helper=shlex.split(utils.get_root_helper()))
        os_brick.setup(cfg.CONF)
        service = _reporting_service()
        scheduler = service.create(binary=constants.SCHEDULER_BINARY)
        scheduler.start()
        self._running.append(scheduler)
        for backend in map(_backend, _zones(cloud)):
            cfg.CONF.register_opt(volume_command.host_opt, group=backend)
            volume = service.create(
                host=f"{cfg.CONF.host}@{backend}",
                service_name=backend,
                binary=constants.VOLUME_BINARY,
                coordination=True,
            )
            volume.start()
            self._running.append(volume)
        for running in self._running:
            running.report_state()


def _zones(cloud: CloudConfig) -> tuple[str, ...]:
    return (DEFAULT_ZONE, *(zone for zone in cloud.zones if zone != DEFAULT_ZONE))


def _backend(zone: str) -> str:
    """The zone's section of the configuration; a zone may be called as one of Cinder's own, such as `nova`."""
    return f"lab-{zone}"


def _reporting_service() -> Any:
    """Cinder's service, each object reporting for itself.

    Cinder keeps the id to report for in the class, because it has one service a process; here all would report for
    the one started last, and the others would be taken for dead.
    """
    from cinder import service

    turn = threading.Lock()

    class ReportingService(service.Service):  # type: ignore[misc]
        def report_state(self) -> None:
            with turn:
                service.Service.service_id = self.origin_service_id
                super().report_state()

    return ReportingService
