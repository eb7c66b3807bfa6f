"""What clouds make by themselves, and nobody takes down with a project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ace.engine.contract import CloudError
from ace.errors import UserError
from ace.openstack.cloud import Cloud

if TYPE_CHECKING:
    from ace.openstack.registry import OpenStackProvider

PROJECT = "openstack:identity/project:Project"
PROVIDER = "pulumi:providers:openstack"


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


def sweep_destroyed(
    openstack: OpenStackProvider, resources: Sequence[Mapping[str, Any]], environment: Mapping[str, str]
) -> None:
    """After the Pulumi CLI has destroyed a stack: remove Neutron's `default` security groups of its projects, cloud by cloud.

    Args:
        openstack: How a cloud is reached.
        resources: Those of the deployment before it was destroyed, as exported.
        environment: Where clouds.yaml is named.

    Raises:
        UserError: A cloud gave no answer.
    """
    inputs = {
        f"{resource['urn']}::{resource.get('id', '')}": resource.get("inputs") or {}
        for resource in resources
        if resource["type"] == PROVIDER
    }
    projects: dict[str, set[str]] = defaultdict(set)
    for resource in resources:
        if resource["type"] == PROJECT and resource.get("provider") in inputs:
            projects[resource["provider"]].add(resource["id"])
    for reference, ids in projects.items():
        try:
            sweep_default_security_groups(openstack.configure(inputs[reference], environment), ids)
        except CloudError as error:
            raise UserError(
                f"all is deleted but the projects' default security groups: {error.message}",
                hint=error.hint or "run the same command again",
                code="not-swept",
            ) from None
