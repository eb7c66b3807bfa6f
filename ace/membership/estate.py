"""What a country has in a cloud: its tenants' servers stopped and started, and whether anything of it is left.

Everything is found by the tags that the stacks put on it (`ace`, `country:ke`), not by what the spec or a state states now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ace.engine.contract import CloudError
from ace.openstack.cloud import Cloud

_SEES_TAGS: Final = "2.26"
_SETTLED_S: Final = 120.0
_TAGGED: Final = {
    "networks": "networks",
    "routers": "routers",
    "ports": "ports",
    "floatingips": "floatingips",
    "security-groups": "security_groups",
}


def projects_of(cloud: Cloud, country: str) -> tuple[tuple[str, str], ...]:
    """Id and name of the country's projects.

    Raises:
        CloudError: The cloud gives no answer.
    """
    listed = cloud.items("identity", "/projects", "projects", params={"tags": f"ace,country:{country}"})
    return tuple((str(project["id"]), str(project["name"])) for project in listed)


def stop_servers(cloud: Cloud, project_ids: Iterable[str], already: Sequence[str]) -> tuple[str, ...]:
    """Stop every running server of these projects; returns the ids of those stopped now or before (`already`).

    Raises:
        CloudError: The cloud gives no answer, or a server does not stop.
    """
    stopped = list(already)
    for server in _servers(cloud, project_ids):
        if server["status"] == "ACTIVE":
            _act(cloud, server["id"], "os-stop", "SHUTOFF")
            if server["id"] not in stopped:
                stopped.append(str(server["id"]))
    return tuple(stopped)


def running_servers(cloud: Cloud, project_ids: Iterable[str]) -> tuple[str, ...]:
    """Ids of the running servers of these projects.

    Raises:
        CloudError: The cloud gives no answer.
    """
    return tuple(str(server["id"]) for server in _servers(cloud, project_ids) if server["status"] == "ACTIVE")


def start_servers(cloud: Cloud, server_ids: Iterable[str]) -> int:
    """Start those that are stopped and still there; returns how many run now.

    Raises:
        CloudError: The cloud gives no answer, or a server does not start.
    """
    running = 0
    for server_id in server_ids:
        found = cloud.get("compute", f"/servers/{server_id}")
        if found is None:
            continue
        if found["server"]["status"] == "SHUTOFF":
            _act(cloud, server_id, "os-start", "ACTIVE")
        running += 1
    return running


def reset_quotas(cloud: Cloud, project_ids: Iterable[str]) -> None:
    """Take these projects' own quotas away; Nova, Cinder and Neutron keep them when a project goes.

    Raises:
        CloudError: The cloud gives no answer.
    """
    for project_id in project_ids:
        doing = f"reset the quotas of project {project_id}"
        for service, path in (
            ("compute", f"/os-quota-sets/{project_id}"),
            ("block_storage", f"/os-quota-sets/{project_id}"),
            ("network", f"/quotas/{project_id}"),
        ):
            cloud.request(service, "DELETE", path, doing=doing, absent_ok=True)


def own_quotas(cloud: Cloud, project_ids: Iterable[str]) -> tuple[str, ...]:
    """Those of these projects for which Neutron still has quotas of their own.

    Raises:
        CloudError: The cloud gives no answer.
    """
    known = {str(quota.get("project_id")) for quota in cloud.items("network", "/quotas", "quotas")}
    return tuple(project_id for project_id in project_ids if project_id in known)


def left_of(cloud: Cloud, country: str, data_centre: str) -> tuple[str, ...]:
    """What is still there of a country, as `kind name`; nothing when it is gone.

    Raises:
        CloudError: The cloud gives no answer.
    """
    tags = f"ace,country:{country}"
    left = [f"project {name}" for _, name in projects_of(cloud, country)]
    servers = cloud.items("compute", "/servers/detail", "servers", params={"tags": tags}, microversion=_SEES_TAGS)
    left += [f"server {server['name']}" for server in servers]
    for kind, key in _TAGGED.items():
        found = cloud.items("network", f"/{kind}", key, params={"tags": tags})
        left += [f"{kind.rstrip('s')} {one.get('name') or one['id']}" for one in found]
    volumes = cloud.items("block_storage", "/volumes/detail", "volumes")
    left += [
        f"volume {volume['name']}" for volume in volumes if (volume.get("metadata") or {}).get("country") == country
    ]
    key_pair = f"ace-{country}-{data_centre}"
    if cloud.get("compute", f"/os-keypairs/{key_pair}") is not None:
        left.append(f"keypair {key_pair}")
    return tuple(left)


def _servers(cloud: Cloud, project_ids: Iterable[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for project_id in project_ids:
        params = {"all_tenants": "1", "project_id": project_id}
        found += cloud.items("compute", "/servers/detail", "servers", params=params)
    return found


def _act(cloud: Cloud, server_id: str, action: str, until: str) -> None:
    path, doing = f"/servers/{server_id}", f"{action.removeprefix('os-')} server {server_id}"
    try:
        cloud.request("compute", "POST", f"{path}/action", json={action: None}, doing=doing)
    except CloudError as error:
        if error.status != 409:  # it is in the desired state already, or about to be
            raise
    cloud.wait(
        doing,
        lambda: (cloud.get("compute", path) or {"server": {"status": until}})["server"]["status"] == until,
        _SETTLED_S,
    )
