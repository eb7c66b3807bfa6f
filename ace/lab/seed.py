"""Make a new cloud like one that a country would hand over: external network, image, zones, a project for ACE.

Every step looks before it makes, so that a seeding that was cut short is finished by the next.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from ace.lab.api import CloudApi
from ace.lab.disk_image import empty_qcow2
from ace.lab.folder import KnownCloud

ACE = "ace"
"""The user and the project that ACE works as; its gateways and transit networks live in that project."""
IMAGE_BYTES = 3 << 30
COMPUTE_QUOTA = {
    **{"instances": 1000, "cores": 4000, "ram": 16 * 1024 * 1024, "key_pairs": 1000},
    **{"server_groups": 1000, "server_group_members": 1000, "metadata_items": 256},
}
NETWORK_QUOTA = {
    **{"network": 1000, "subnet": 2000, "port": 10000, "router": 1000, "floatingip": 1000},
    **{"security_group": 1000, "security_group_rule": 10000, "rbac_policy": 2000, "subnetpool": 100},
}
VOLUME_QUOTA = {"volumes": 1000, "gigabytes": 100_000, "snapshots": 1000, "backups": 100, "backup_gigabytes": 10_000}


def seed(api: CloudApi, cloud: KnownCloud, ace_password: str) -> None:
    """Seed `cloud`, as its administrator.

    Raises:
        ace.lab.api.ApiError: The cloud refused or failed.
    """
    project_id = _project(api, ace_password)
    api.put(f"/compute/v2.1/os-quota-sets/{project_id}", {"quota_set": COMPUTE_QUOTA})
    api.put(f"/network/v2.0/quotas/{project_id}", {"quota": NETWORK_QUOTA})
    api.put(f"/volume/v3/{api.project_id}/os-quota-sets/{project_id}", {"quota_set": VOLUME_QUOTA})
    _external_network(api, cloud)
    _image(api, cloud.request.image)
    for zone in cloud.request.availability_zones:
        _zone(api, zone, f"{cloud.request.name}-{zone}")


def _project(api: CloudApi, password: str) -> str:
    project = (
        _named(api, "/identity/v3/projects", "projects", ACE)
        or api.post(
            "/identity/v3/projects",
            {"project": {"name": ACE, "domain_id": "default", "description": "What the ecosystem itself runs here"}},
        )["project"]
    )
    user = (
        _named(api, "/identity/v3/users", "users", ACE)
        or api.post("/identity/v3/users", {"user": {"name": ACE, "domain_id": "default", "password": password}})["user"]
    )
    role = _named(api, "/identity/v3/roles", "roles", "admin")
    assert role is not None, "bootstrapping makes it"  # noqa: S101
    api.put(f"/identity/v3/projects/{project['id']}/users/{user['id']}/roles/{role['id']}")
    return str(project["id"])


def _external_network(api: CloudApi, cloud: KnownCloud) -> None:
    name, prefixes = cloud.request.external_network, cloud.external
    network = (
        _named(api, "/network/v2.0/networks", "networks", name)
        or api.post(
            "/network/v2.0/networks",
            {
                "network": {
                    "name": name,
                    "router:external": True,
                    "shared": False,
                    "provider:network_type": "flat",
                    "provider:physical_network": "external",
                }
            },
        )["network"]
    )
    have = {subnet["cidr"] for subnet in api.get(f"/network/v2.0/subnets?network_id={network['id']}")["subnets"]}
    for version, prefix in ((4, prefixes.ipv4), (6, prefixes.ipv6)):
        if str(prefix) not in have:
            subnet: dict[str, Any] = {
                "network_id": network["id"],
                "name": f"{name}-v{version}",
                "ip_version": version,
                "cidr": str(prefix),
                "gateway_ip": str(prefix[1]),
                "enable_dhcp": False,
                "allocation_pools": [{"start": str(prefix[16]), "end": str(prefix[prefix.num_addresses - 2])}],
            }
            api.post("/network/v2.0/subnets", {"subnet": subnet})


def _image(api: CloudApi, name: str) -> None:
    found = _named(api, "/image/v2/images", "images", name)
    if found is None:
        found = api.post(
            "/image/v2/images",
            {
                "name": name,
                "visibility": "public",
                "disk_format": "qcow2",
                "container_format": "bare",
                "min_disk": 3,
                "os_distro": "debian",
                "os_version": "12",
                "architecture": "x86_64",
                "hw_disk_bus": "virtio",
                "hw_rng_model": "virtio",
            },
        )
    if found["status"] == "queued":
        path = f"/image/v2/images/{found['id']}/file"
        api.ask("PUT", path, empty_qcow2(IMAGE_BYTES), media="application/octet-stream")


def _zone(api: CloudApi, zone: str, host: str) -> None:
    aggregates = api.get("/compute/v2.1/os-aggregates")["aggregates"]
    aggregate = (
        next((found for found in aggregates if found["name"] == zone), None)
        or api.post("/compute/v2.1/os-aggregates", {"aggregate": {"name": zone, "availability_zone": zone}})[
            "aggregate"
        ]
    )
    if host not in aggregate.get("hosts", ()):
        api.post(f"/compute/v2.1/os-aggregates/{aggregate['id']}/action", {"add_host": {"host": host}})


def _named(api: CloudApi, path: str, key: str, name: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = api.get(f"{path}?name={quote(name)}")[key]
    return found[0] if found else None
