"""Placement: what the compute hosts have left."""

from __future__ import annotations

from collections.abc import Mapping

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack import commands
from drivers.openstack.contract import Application


class Placement:
    name = "placement"
    path = "/placement"
    catalog = (("placement", "/placement"),)
    databases = ("placement",)
    modules = ("placement.wsgi",)
    threads = 8

    def before_imports(self) -> None:
        pass

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        default = {name: value for name, value in conf.default(cloud, self.name).items() if name != "transport_url"}
        return {
            "placement.conf": {
                "DEFAULT": default,
                "placement_database": conf.database(cloud, "placement"),
                "api": {"auth_strategy": "keystone"},
                "keystone_authtoken": conf.token_check(cloud, self.name),
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {"OS_PLACEMENT_CONFIG_DIR": str(cloud.folder / "etc")}

    def create_databases(self, cloud: CloudConfig) -> None:
        commands.run(self, cloud, "placement-manage", "placement.conf", "db", "sync")

    def application(self, cloud: CloudConfig) -> Application:
        from placement import wsgi

        return wsgi.init_application()
