"""After the Pulumi CLI has destroyed a stack: remove what the clouds made by themselves for its projects."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError
from ace.errors import UserError
from ace.openstack import provider, sweep_default_security_groups

PROJECT = "openstack:identity/project:Project"
PROVIDER = "pulumi:providers:openstack"


def sweep(resources: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> None:
    """Remove Neutron's `default` security groups of the destroyed projects, cloud by cloud.

    Args:
        resources: Those of the deployment before it was destroyed, as exported.
        environment: Where clouds.yaml is named.

    Raises:
        UserError: A cloud gave no answer.
    """
    openstack = provider()
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
