"""Quotas of a project: set on create, set anew on update, left as they are on delete, as the provider does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from ace.engine.contract import Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known


class _QuotaType(OpenStackType):
    """One service's quotas; the id is `<project>/<region>`."""

    replaces = frozenset({"projectId"})
    is_within = True
    service: ClassVar[str]
    path: ClassVar[str]
    noun: ClassVar[str]
    names: ClassVar[Mapping[str, str]]

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """PUT; repeating it does no harm."""
        return self._set(cloud, inputs["projectId"], inputs, self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET; a project that is gone has none, though Nova, Cinder and Neutron would report defaults for it."""
        project = id.split("/", maxsplit=1)[0]
        if cloud.get("identity", f"/projects/{project}") is None:
            return None
        found = cloud.get(self.service, f"{self.path}/{project}")
        return self._live(cloud, project, found[self.noun], self.last(outputs)) if found else None

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """PUT."""
        known = self.changed(inputs, old_inputs, old_outputs)
        return self._set(cloud, id.split("/", maxsplit=1)[0], inputs, known)

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """Nothing: quotas go with their project."""

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The project's quotas as they are."""
        live = self.read(cloud, f"{inputs['projectId']}/{cloud.region}", self.kept(inputs))
        return [live] if live else []

    def _set(self, cloud: Cloud, project: str, inputs: Properties, known: Known) -> Live:
        body = {api: inputs[key] for key, api in self.names.items() if inputs.get(key) is not None}
        if not any(body.values()):  # nothing at all is meant (a suspension), though more than that is in use
            body |= self._forced(cloud)
        path, doing = f"{self.path}/{project}", f"set the {self.service.replace('_', ' ')} quota of project {project}"
        cloud.request(self.service, "PUT", path, json={self.noun: body}, doing=doing)
        found = cloud.request(self.service, "GET", path, doing=doing)
        return self._live(cloud, project, found[self.noun], known)

    def _forced(self, cloud: Cloud) -> dict[str, bool]:
        """What makes the service take less than is in use."""
        return {}

    def _live(self, cloud: Cloud, project: str, found: Mapping[str, Any], known: Known) -> Live:
        id_ = f"{project}/{cloud.region}"
        limits = {key: found[api] for key, api in self.names.items() if api in found}
        reported = {"id": id_, "region": cloud.region, "projectId": project, **limits}
        return known.live(id_, reported, self.unordered)


class ComputeQuota(_QuotaType):
    """`compute/quotaSetV2:QuotaSetV2`."""

    token = "openstack:compute/quotaSetV2:QuotaSetV2"
    service, path, noun = "compute", "/os-quota-sets", "quota_set"
    names = {
        "cores": "cores",
        "fixedIps": "fixed_ips",
        "floatingIps": "floating_ips",
        "injectedFileContentBytes": "injected_file_content_bytes",
        "injectedFilePathBytes": "injected_file_path_bytes",
        "injectedFiles": "injected_files",
        "instances": "instances",
        "keyPairs": "key_pairs",
        "metadataItems": "metadata_items",
        "ram": "ram",
        "securityGroupRules": "security_group_rules",
        "securityGroups": "security_groups",
        "serverGroupMembers": "server_group_members",
        "serverGroups": "server_groups",
    }

    def _forced(self, cloud: Cloud) -> dict[str, bool]:
        return {"force": True}


class NetworkQuota(_QuotaType):
    """`networking/quotaV2:QuotaV2`."""

    token = "openstack:networking/quotaV2:QuotaV2"
    service, path, noun = "network", "/quotas", "quota"
    names = {
        "floatingip": "floatingip",
        "network": "network",
        "port": "port",
        "rbacPolicy": "rbac_policy",
        "router": "router",
        "securityGroup": "security_group",
        "securityGroupRule": "security_group_rule",
        "subnet": "subnet",
        "subnetpool": "subnetpool",
    }

    def _forced(self, cloud: Cloud) -> dict[str, bool]:
        """Neutrons without this extension (before Yoga) take less than is in use as it is, and know no `force`."""
        checks = cloud.get("network", "/extensions/quota-check-limit-default")
        return {"force": True} if checks else {}


class VolumeQuota(_QuotaType):
    """`blockstorage/quoteSetV3:QuoteSetV3` (the provider's own spelling)."""

    token = "openstack:blockstorage/quoteSetV3:QuoteSetV3"
    service, path, noun = "block_storage", "/os-quota-sets", "quota_set"
    names = {
        "backupGigabytes": "backup_gigabytes",
        "backups": "backups",
        "gigabytes": "gigabytes",
        "groups": "groups",
        "perVolumeGigabytes": "per_volume_gigabytes",
        "snapshots": "snapshots",
        "volumes": "volumes",
    }
