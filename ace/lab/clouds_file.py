"""The lab's clouds.yaml: two entries a cloud, one for `ace` and one for the cloud's own administrator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import yaml

from ace.files import put
from ace.lab.folder import KnownCloud, LabFolder, Memory
from ace.lab.seed import ACE

HEAD: Final = "# The lab's clouds, written by `ace lab`. A test bed: do not point anything real at it.\n"


def auth_url(cloud: KnownCloud, port: int) -> str:
    """Of its Keystone."""
    return f"http://{cloud.request.address}:{port}/identity/v3"


def password(folder: LabFolder, cloud: str, user: str) -> str:
    """A user's, in one cloud."""
    settings = json.loads((folder.cloud(cloud) / "cloud.json").read_text(encoding="utf-8"))
    return str(settings["passwords"][user])


def write(file: Path, folder: LabFolder, memory: Memory) -> None:
    """Write the file. `<name>` works as user `ace` in project `ace`; `<name>-admin` as the cloud's own administrator."""
    entries = {}
    for name, cloud in memory.clouds.items():
        if not folder.cloud(name).is_dir():
            continue
        for entry, user in ((name, ACE), (f"{name}-admin", "admin")):
            entries[entry] = {
                "auth": {
                    "auth_url": auth_url(cloud, memory.port),
                    "username": user,
                    "password": password(folder, name, user),
                    "project_name": user,
                    "user_domain_name": "Default",
                    "project_domain_name": "Default",
                },
                "region_name": cloud.request.region,
                "interface": "public",
                "identity_api_version": "3",
            }
    put(file, HEAD + yaml.safe_dump({"clouds": entries}, sort_keys=True))
