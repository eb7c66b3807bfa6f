"""Keystone: identity, and the catalogue of all services."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from drivers import configuration as conf
from drivers.cloud import CloudConfig
from drivers.configuration import Sections
from drivers.openstack import commands
from drivers.openstack.contract import Application

SERVICE_USERS = ("placement", "glance", "neutron", "nova", "cinder")


class Keystone:
    name = "keystone"
    path = "/identity"
    catalog = (("identity", "/identity"),)
    databases = ("keystone",)
    modules = (
        "keystone.server.wsgi",
        "keystone.server.flask.application",
        "keystone.cmd.bootstrap",
        "keystone.auth.plugins.password",
        "keystone.auth.plugins.token",
        "keystone.server.backends",
        "keystone.token.providers.fernet",
    )
    threads = 10

    def before_imports(self) -> None:
        pass

    def configuration(self, cloud: CloudConfig) -> Mapping[str, Sections]:
        keys = {"key_repository": cloud.state("fernet")}
        return {
            "keystone.conf": {
                "DEFAULT": conf.default(cloud, self.name, public_endpoint=f"{cloud.url}/identity"),
                "database": conf.database(cloud, "keystone"),
                "fernet_tokens": keys,
                "fernet_receipts": keys,
                "credential": {"key_repository": cloud.state("credential")},
                "token": {"expiration": 14400},
                "identity": {"password_hash_rounds": 4},  # bcrypt's least: passwords here are random and local
                "cache": {"enabled": True, "backend": "dogpile.cache.memory"},
                "oslo_messaging_notifications": {"driver": "noop"},
            }
        }

    def environment(self, cloud: CloudConfig) -> Mapping[str, str]:
        return {"OS_KEYSTONE_CONFIG_DIR": str(cloud.folder / "etc"), "OS_KEYSTONE_CONFIG_FILES": "keystone.conf"}

    def create_databases(self, cloud: CloudConfig) -> None:
        commands.run(self, cloud, "keystone-manage", "keystone.conf", "db_sync")

    def application(self, cloud: CloudConfig) -> Application:
        for repository in ("fernet", "credential"):
            _make_keys(cloud.state(repository))
        from keystone.server import wsgi

        application = wsgi.initialize_public_application()
        marker = cloud.state("keystone-bootstrapped")
        if not marker.exists():
            _bootstrap(cloud)
            marker.touch()
        return application


def _make_keys(repository: Path) -> None:
    from cryptography.fernet import Fernet

    repository.mkdir(mode=0o700, exist_ok=True)
    for number in ("0", "1"):
        key = repository / number
        if not key.exists():
            half = repository / f"{number}.new"
            with os.fdopen(os.open(half, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
                file.write(Fernet.generate_key())
            half.rename(key)


def _bootstrap(cloud: CloudConfig) -> None:
    """Domain, roles, administrator, service users, catalogue. May be repeated after having been cut short."""
    from keystone.cmd import bootstrap
    from keystone.common.provider_api import ProviderAPIs

    bootstrap.backends.load_backends = lambda: None  # the application has loaded them
    maker = bootstrap.Bootstrapper()
    maker.admin_username = maker.project_name = maker.admin_role_name = "admin"
    maker.admin_password = cloud.admin_password
    maker.service_name, maker.region_id, maker.immutable_roles = "keystone", cloud.region, True
    maker.public_url = maker.internal_url = maker.admin_url = f"{cloud.url}/identity"
    maker.bootstrap()
    project_id = _service_project(ProviderAPIs)
    for name in SERVICE_USERS:
        user_id = _service_user(ProviderAPIs, name, cloud.service_password)
        for role_id in (maker.admin_role_id, maker.service_role_id):
            ProviderAPIs.assignment_api.add_role_to_user_and_project(user_id, project_id, role_id)
    _fill_catalog(ProviderAPIs, cloud)


def _service_project(api: Any) -> str:
    from keystone import exception

    try:
        return str(api.resource_api.get_project_by_name("service", "default")["id"])
    except exception.ProjectNotFound:
        project_id = uuid.uuid4().hex
        made = {"id": project_id, "name": "service", "domain_id": "default", "parent_id": "default"}
        api.resource_api.create_project(project_id, {**made, "enabled": True, "is_domain": False, "description": ""})
        return project_id


def _service_user(api: Any, name: str, password: str) -> str:
    from keystone import exception

    try:
        return str(api.identity_api.get_user_by_name(name, "default")["id"])
    except exception.UserNotFound:
        desired = {"name": name, "password": password, "domain_id": "default", "enabled": True}
        return str(api.identity_api.create_user(desired)["id"])


def _fill_catalog(api: Any, cloud: CloudConfig) -> None:
    from drivers.openstack.registry import SERVICES
    from keystone import exception

    for service in SERVICES.values():
        for service_type, path in service.catalog:
            if service_type == "identity":
                continue
            service_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{cloud.url}#{service_type}").hex
            entry = {"id": service_id, "name": service.name, "type": service_type, "enabled": True, "description": ""}
            with suppress(exception.Conflict):
                api.catalog_api.create_service(service_id, entry)
            for interface in ("public", "internal", "admin"):
                endpoint_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{cloud.url}#{service_type}#{interface}").hex
                endpoint = {"id": endpoint_id, "service_id": service_id, "interface": interface, "enabled": True}
                with suppress(exception.Conflict):
                    api.catalog_api.create_endpoint(
                        endpoint_id, {**endpoint, "url": cloud.url + path, "region_id": cloud.region}
                    )
