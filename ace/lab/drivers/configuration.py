"""Configuration files of the services, as sections of options; and the sections that several have alike."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from drivers.cloud import CloudConfig

Options = Mapping[str, object]
Sections = Mapping[str, Options]


def shipped(path: str) -> str:
    """A file that the OpenStack packages bring, below `etc/` of the environment."""
    return str(Path(sys.prefix) / "etc" / path)


def write(path: Path, sections: Sections) -> None:
    """Write an oslo.config file; it holds passwords, so only its owner may read it."""
    text = ""
    for name, options in sections.items():
        text += f"[{name}]\n"
        for option, value in options.items():
            text += f"{option} = {str(value).lower() if isinstance(value, bool) else value}\n"
    with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def default(cloud: CloudConfig, service: str, **options: object) -> Options:
    """`[DEFAULT]`: logs to the cloud's folder, messages stay in the process."""
    return {
        "debug": False,
        "log_dir": cloud.folder / "log",
        "log_file": f"{service}.log",
        "use_stderr": False,
        "log_rotation_type": "size",
        "max_logfile_size_mb": 20,
        "max_logfile_count": 1,
        "transport_url": "fake://",
        **options,
    }


def database(cloud: CloudConfig, name: str) -> Options:
    """Where a service keeps its data."""
    return {"connection": cloud.database_url(name), "sqlite_synchronous": True, "max_retries": 10}


def login(cloud: CloudConfig, user: str) -> Options:
    """How a service logs in to another one, as the service user `user`."""
    return {
        "auth_type": "password",
        "auth_url": f"{cloud.url}/identity",
        "username": user,
        "password": cloud.service_password,
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": cloud.region,
    }


def token_check(cloud: CloudConfig, user: str) -> Options:
    """`[keystone_authtoken]`: how a service checks its callers' tokens."""
    return {
        "www_authenticate_uri": f"{cloud.url}/identity",
        "interface": "internal",
        "service_token_roles": "service",
        "service_token_roles_required": True,
        "token_cache_time": 300,
        **login(cloud, user),
    }


def in_process(cloud: CloudConfig) -> dict[str, Options]:
    """Locks below the cloud's folder, no notifications."""
    return {
        "oslo_concurrency": {"lock_path": cloud.state("locks")},
        "oslo_messaging_notifications": {"driver": "noop"},
    }
