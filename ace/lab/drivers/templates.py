"""Empty databases of every service, made once; every cloud starts from copies of them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import traceback
from pathlib import Path

from drivers import configuration
from drivers.cloud import CloudConfig
from drivers.openstack.registry import SERVICES

GROUPS = (("nova",), ("keystone", "glance", "placement", "cinder", "neutron"))
"""What is made side by side; Nova's three take as long as the others together."""


def build(folder: Path) -> None:
    """Leave `<database>.sqlite` of every service in `folder`, and nothing else.

    Raises:
        SystemExit: A service's tables could not be made; the reason is in `folder/work/log`.
    """
    work = folder / "work"
    cloud = CloudConfig("template", "template", "127.0.0.1", 1, ("az1",), "fake", "unused", "unused", work)
    cloud.make_folders()
    for service in SERVICES.values():
        for file, sections in service.configuration(cloud).items():
            configuration.write(cloud.etc(file), sections)
    children = [_side_by_side(cloud, group) for group in GROUPS]
    if any(os.waitpid(child, 0)[1] for child in children):
        sys.exit("templates: not all databases could be made")
    for service in SERVICES.values():
        for name in service.databases:
            made = cloud.database(name)
            with sqlite3.connect(made) as connection:
                connection.execute("vacuum")
                connection.execute("pragma journal_mode = wal")
            connection.close()
            made.rename(folder / made.name)
    shutil.rmtree(work)


def _side_by_side(cloud: CloudConfig, group: tuple[str, ...]) -> int:
    child = os.fork()
    if child:
        return child
    try:
        for name in group:
            SERVICES[name].create_databases(cloud)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
