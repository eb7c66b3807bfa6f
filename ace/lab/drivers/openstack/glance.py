"""Glance: images, kept as files."""

from __future__ import annotations

from collections.abc import Mapping

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack import commands
from drivers.openstack.contract import Application


class Glance:
    name = "glance"
    path = "/image"
    catalog = (("image", "/image"),)
    databases = ("glance",)
    modules = ("glance.common.wsgi_app", "glance.api.v2.router")
    threads = 8

    def before_imports(self) -> None:
        pass

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        staging = cloud.state("glance-staging")
        default = conf.default(
            cloud, self.name, enabled_backends="lab:file", workers=0, node_staging_uri=f"file://{staging}"
        )
        return {
            "glance-api.conf": {
                "DEFAULT": default,
                "database": conf.database(cloud, "glance"),
                "glance_store": {"default_backend": "lab"},
                "lab": {"filesystem_store_datadir": cloud.folder / "images"},
                "os_glance_staging_store": {"filesystem_store_datadir": staging},
                "os_glance_tasks_store": {"filesystem_store_datadir": cloud.state("glance-tasks")},
                "paste_deploy": {"flavor": "keystone", "config_file": conf.shipped("glance/glance-api-paste.ini")},
                "keystone_authtoken": conf.token_check(cloud, self.name),
                **conf.in_process(cloud),
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {"OS_GLANCE_CONFIG_DIR": str(cloud.folder / "etc")}

    def create_databases(self, cloud: CloudConfig) -> None:
        commands.run(self, cloud, "glance-manage", "glance-api.conf", "db_sync")

    def application(self, cloud: CloudConfig) -> Application:
        for folder in ("glance-staging", "glance-tasks"):
            cloud.state(folder).mkdir(exist_ok=True)
        from glance.common import wsgi_app

        return wsgi_app.init_app()
