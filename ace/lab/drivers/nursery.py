"""The lab's tree of processes.

    nursery                      has what all services import
      zygote/nova, ...           one per service, has what that service imports
        tn-tunis-1/nova, ...     one per service and cloud: serves
      tn-tunis-1/front, ...      one per cloud: its one address
      outside                    where servers are real hosts: what they find behind their routers

Forking instead of starting anew makes a cloud quick and small: its processes share what was imported before. Nobody
here decides what runs: `ace lab up` asks for what is missing. Any of these processes may be killed; the others go on,
and the next `ace lab up` starts that one again.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
from pathlib import Path

from drivers import forking, titles

NICE = 2
"""The lab gives way to the person's own programs and to `ace` itself."""
SHARED_MODULES = (
    *("alembic", "cheroot.wsgi", "cryptography.fernet", "cryptography.x509", "jinja2", "jsonschema"),
    *("keystoneauth1.session", "keystonemiddleware.auth_token", "lxml.etree", "netaddr", "oslo_config.cfg"),
    *("oslo_db.sqlalchemy.enginefacade", "oslo_log.log", "oslo_policy.policy", "oslo_serialization.jsonutils"),
    *("oslo_utils.timeutils", "paste.deploy", "requests", "routes", "sqlalchemy.dialects.sqlite", "sqlalchemy.orm"),
    *("sqlite3", "stevedore", "urllib3", "webob", "yaml"),
)


PR_SET_CHILD_SUBREAPER = 36
"""prctl(2): orphans among the descendants become this process's children, and are cleared away when they end."""


def run(folder: Path) -> None:
    """Be the nursery of the lab in `folder`; does not come back."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.nice(NICE)
    os.umask(0o077)
    os.chdir(folder)
    titles.take(folder, titles.NURSERY)
    _import(SHARED_MODULES)
    forking.serve(folder, "run/nursery.sock", lambda name: _child(folder, name))


def _child(folder: Path, name: str) -> forking.Child:
    """`zygote/<service>`, `<cloud>/front` or `outside`."""
    if name == titles.OUTSIDE:
        return name, lambda: _be_outside(folder)
    kind, _, rest = name.partition("/")
    if kind == "zygote":
        return titles.zygote(rest), lambda: _be_zygote(folder, rest)
    if rest == "front":
        return name, lambda: _be_front(folder / "clouds" / kind)
    raise KeyError(name)


def _be_front(cloud_folder: Path) -> None:
    from drivers import front
    from drivers.cloud import CloudConfig

    front.run(CloudConfig.read(cloud_folder))


def _be_outside(folder: Path) -> None:
    from drivers import outside

    outside.run(folder)


def _be_zygote(folder: Path, service_name: str) -> None:
    from drivers.openstack.registry import SERVICES

    service = SERVICES[service_name]
    service.before_imports()
    sys.argv = [service.name]
    _import(service.modules)
    from drivers import messaging, sqlite

    sqlite.install()
    messaging.install()

    def child(cloud_name: str) -> forking.Child:
        cloud_folder = folder / "clouds" / cloud_name
        if not (cloud_folder / "cloud.json").is_file():
            raise KeyError(cloud_name)
        return f"{cloud_name}/{service_name}", lambda: _be_service(cloud_folder, service_name)

    forking.serve(folder, f"run/{service_name}.sock", child)


def _be_service(cloud_folder: Path, service_name: str) -> None:
    from drivers import serving
    from drivers.cloud import CloudConfig
    from drivers.openstack.registry import SERVICES

    serving.run(CloudConfig.read(cloud_folder), SERVICES[service_name])


def _import(modules: tuple[str, ...]) -> None:
    for module in modules:
        importlib.import_module(module)
