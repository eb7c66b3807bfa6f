"""What clouds make by themselves, and nobody takes down with a project."""

from __future__ import annotations

from collections.abc import Collection

from ace.openstack.cloud import Cloud


def sweep_default_security_groups(cloud: Cloud, project_ids: Collection[str]) -> int:
    """Remove the `default` security group that Neutron made for each of these projects; returns how many there were.

    One that a port still uses is left alone. Listing the groups of a project that has none would make one, so all are
    listed and then sorted out.

    Raises:
        CloudError: Neutron gives no answer.
    """
    if not project_ids:
        return 0
    params = {"name": "default", "fields": ("id", "project_id")}
    groups = cloud.items("network", "/security-groups", "security_groups", params=params)
    doomed = [group["id"] for group in groups if group["project_id"] in project_ids]
    swept = 0
    for group in doomed:
        ports = cloud.items("network", "/ports", "ports", params={"security_groups": group, "fields": ("id",)})
        if not ports:
            path = f"/security-groups/{group}"
            doing = "delete the default security group of a project that goes"
            cloud.request("network", "DELETE", path, doing=doing, absent_ok=True)
            swept += 1
    return swept
