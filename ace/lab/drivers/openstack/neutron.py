"""Neutron: networks, without agents; the lab's mechanism driver does what they do elsewhere."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack.contract import Application

PHYSICAL_MTU = 1500


class Neutron:
    name = "neutron"
    path = "/network"
    catalog = (("network", "/network"),)
    databases = ("neutron",)
    modules = (
        "neutron.server.api",
        "neutron.plugins.ml2.plugin",
        "neutron.services.l3_router.l3_router_plugin",
        "neutron.db.migration.models.head",
        "drivers.networks.mechanism",
    )
    threads = 16

    def before_imports(self) -> None:
        pass

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        default = conf.default(
            cloud,
            self.name,
            host=cloud.host,
            core_plugin="ml2",
            service_plugins="router,segments",
            auth_strategy="keystone",
            state_path=cloud.state("neutron"),
            api_paste_config=conf.shipped("neutron/api-paste.ini"),
            dhcp_agent_notification=False,
            notify_nova_on_port_status_changes=True,
            notify_nova_on_port_data_changes=True,
            send_events_interval=1,
            global_physnet_mtu=PHYSICAL_MTU,
            rpc_workers=0,
            # Tenants' subnets may take any prefix length and their own default quota is the project's, set by quota.
            max_allowed_address_pair=32,
        )
        return {
            "neutron.conf": {
                "DEFAULT": default,
                "ml2": {
                    "type_drivers": "flat,vlan,vxlan,local",
                    "tenant_network_types": "vxlan",
                    "mechanism_drivers": "ace_lab",
                    "extension_drivers": "port_security",
                    "path_mtu": 0,
                },
                "ml2_type_flat": {"flat_networks": "*"},
                "ml2_type_vlan": {"network_vlan_ranges": "physical:100:400"},
                "ml2_type_vxlan": {"vni_ranges": "1:4000"},
                "securitygroup": {"enable_security_group": True},
                "database": conf.database(cloud, "neutron"),
                "nova": conf.login(cloud, "nova"),
                "placement": conf.login(cloud, "placement"),
                "keystone_authtoken": conf.token_check(cloud, self.name),
                **conf.in_process(cloud),
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {"OS_NEUTRON_CONFIG_DIR": str(cloud.folder / "etc"), "OS_NEUTRON_CONFIG_FILES": "neutron.conf"}

    def create_databases(self, cloud: CloudConfig) -> None:
        start = Path(__file__).parents[1] / "start.py"
        with cloud.log("neutron-tables.log").open("ab") as log:
            subprocess.run(
                [sys.executable, "-I", "-W", "ignore", str(start), "neutron-tables", str(cloud.etc("neutron.conf"))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=True,
            )

    def application(self, cloud: CloudConfig) -> Application:
        _seed_default_rules(cloud.database("neutron"))
        cloud.state("neutron").mkdir(exist_ok=True)
        sys.argv = ["neutron-api"]
        from neutron import server
        from neutron.server import api

        return server.boot_server(api.api_server, prog="neutron-api")


def create_tables(config_file: str) -> None:
    """Make Neutron's tables from its models and note that its migrations are done.

    Its migrations alter constraints, which SQLite cannot; Neutron's own tests do it this way too.
    """
    from alembic.script import ScriptDirectory
    from neutron.common import config
    from neutron.db.migration import cli
    from neutron.db.migration.models import head
    from oslo_config import cfg
    from oslo_db import options
    from sqlalchemy import create_engine, text

    config.register_common_config_options()
    config.init(["--config-file", config_file])
    options.set_defaults(cfg.CONF)
    engine = create_engine(cfg.CONF.database.connection)
    head.get_metadata().create_all(engine)
    scripts = ScriptDirectory.from_config(cli.get_alembic_configs()[0])
    with engine.begin() as connection:
        connection.execute(text("create table alembic_version (version_num varchar(32) not null primary key)"))
        for revision in scripts.get_heads():
            connection.execute(text("insert into alembic_version values (:revision)"), {"revision": revision})


def _seed_default_rules(database: Path) -> None:
    """Security groups start with the rules that every real cloud has.

    They come from a migration (Neutron 2023.2, revision c33da356b165), which the tables here have not gone through.
    """
    rules = (
        ("egress", "IPv4", None, True),
        ("egress", "IPv6", None, True),
        ("ingress", "IPv4", "PARENT", False),
        ("ingress", "IPv6", "PARENT", False),
    )
    with sqlite3.connect(database, timeout=60) as connection:
        connection.execute("begin immediate")
        if connection.execute("select count(*) from securitygroupdefaultrules").fetchone()[0]:
            return
        for direction, ethertype, remote_group, in_custom_groups in rules:
            attributes = connection.execute(
                "insert into standardattributes (resource_type, description, revision_number) values (?, ?, 0)",
                ("securitygroupdefaultrules", f"Legacy default SG rule for {direction} traffic"),
            ).lastrowid
            connection.execute(
                "insert into securitygroupdefaultrules (id, standard_attr_id, direction, ethertype, remote_group_id,"
                " used_in_default_sg, used_in_non_default_sg) values (?, ?, ?, ?, ?, 1, ?)",
                (str(uuid.uuid4()), attributes, direction, ethertype, remote_group, in_custom_groups),
            )
