"""Volumes and their attachments, in the project that the credential is scoped to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import text

TIMEOUT_S = 600


class Volume(OpenStackType):
    """`blockstorage/volume:Volume`."""

    token = "openstack:blockstorage/volume:Volume"
    replaces = frozenset(
        {
            *("availabilityZone", "snapshotId", "sourceVolId", "imageId", "backupId", "consistencyGroupId"),
            *("sourceReplica", "schedulerHints"),
        }
    )
    defaults = {"volumeRetypePolicy": "never"}
    given_only = frozenset({"volumeRetypePolicy", "enableOnlineResize", "schedulerHints"})
    unordered = frozenset({"attachments"})
    _names = {
        "name": "name",
        "description": "description",
        "size": "size",
        "availabilityZone": "availability_zone",
        "volumeType": "volume_type",
        "snapshotId": "snapshot_id",
        "sourceVolId": "source_volid",
        "imageId": "imageRef",
        "metadata": "metadata",
    }

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST, and wait until it is available."""
        body = {api: inputs[key] for key, api in self._names.items() if inputs.get(key) not in (None, "")}
        doing = f"create volume {inputs.get('name')!r}"
        made = cloud.request("block_storage", "POST", "/volumes", json={"volume": body}, doing=doing)
        try:
            found = self._await(cloud, made["volume"]["id"], ("available",), doing)
        except CloudError as error:
            raise error.leaving(self._live(cloud, made["volume"], self.given(inputs))) from None
        return self._live(cloud, found, self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("block_storage", f"/volumes/{id}")
        return self._live(cloud, found["volume"], self.last(outputs)) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in cloud.items("block_storage", "/volumes/detail", "volumes")}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Name, description, metadata; a larger size; never a smaller one, nor another type."""
        doing, path = f"update volume {inputs.get('name')!r}", f"/volumes/{id}"
        if inputs.get("volumeType") and inputs["volumeType"] != old_outputs.get("volumeType"):
            raise CloudError(
                f"{cloud.name}: {doing}: the embedded engine does not change a volume's type",
                hint="use the Pulumi CLI: --engine pulumi",
                status=501,
            )
        body = {key: text(inputs.get(key)) for key in ("name", "description")} | {
            "metadata": dict(inputs.get("metadata") or {})
        }
        cloud.request("block_storage", "PUT", path, json={"volume": body}, doing=doing)
        size, old_size = int(inputs["size"]), int(old_outputs["size"])
        if size < old_size:
            raise CloudError(
                f"{cloud.name}: {doing}: {old_size} GiB cannot shrink to {size}",
                hint="a volume only grows; make a new one and copy",
                status=400,
            )
        if size > old_size:
            extend = {"os-extend": {"new_size": size}}
            version = "3.42" if inputs.get("enableOnlineResize") else None
            cloud.request("block_storage", "POST", f"{path}/action", json=extend, microversion=version, doing=doing)
        found = self._await(cloud, id, ("available", "in-use"), doing)
        return self._live(cloud, found, self.changed(inputs, old_inputs, old_outputs))

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE, and wait until it is gone."""
        doing = f"delete volume {outputs.get('name')!r}"

        def may_go() -> str:
            """Its status once it can be deleted, or is on its way out."""
            found = cloud.get("block_storage", f"/volumes/{id}")
            status = str(found["volume"]["status"]) if found else "gone"
            return status if status in ("available", "error", "error_deleting", "deleting", "gone") else ""

        status = cloud.wait(doing, may_go, TIMEOUT_S)
        if status not in ("deleting", "gone"):
            cloud.request("block_storage", "DELETE", f"/volumes/{id}", doing=doing, absent_ok=True)
        cloud.wait(doing, lambda: cloud.get("block_storage", f"/volumes/{id}") is None, TIMEOUT_S)

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs, once it is usable."""
        live = super().find(cloud, inputs, begun, known)
        if live is None:
            return None
        doing = f"wait for volume {inputs.get('name')!r}"
        try:
            return self._live(cloud, self._await(cloud, live.id, ("available", "in-use"), doing), self.given(inputs))
        except CloudError as error:
            raise error.leaving(live) from None

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name."""
        params = {"name": inputs.get("name")}
        for found in cloud.items("block_storage", "/volumes/detail", "volumes", params=params):
            yield self._live(cloud, found, self.given(inputs))

    @staticmethod
    def _await(cloud: Cloud, id_: str, desired: Sequence[str], doing: str) -> dict[str, Any]:
        def settled() -> dict[str, Any] | None:
            found = cloud.request("block_storage", "GET", f"/volumes/{id_}", doing=doing)
            volume: dict[str, Any] = found["volume"]
            if volume["status"].startswith("error") and "error" not in desired:
                raise CloudError(f"{cloud.name}: {doing}: it went to {volume['status']}", status=500)
            return volume if volume["status"] in desired else None

        settled_volume: dict[str, Any] = cloud.wait(doing, settled, TIMEOUT_S)
        return settled_volume

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        attachments = [
            {"device": item["device"], "id": item["id"], "instanceId": item["server_id"]}
            for item in found.get("attachments") or []
        ]
        reported = {
            "id": found["id"],
            "region": cloud.region,
            "name": found["name"],
            "description": text(found.get("description")),
            "size": found["size"],
            "availabilityZone": found["availability_zone"],
            "volumeType": text(found.get("volume_type")),
            "metadata": dict(found.get("metadata") or {}),
            "snapshotId": text(found.get("snapshot_id")),
            "sourceVolId": text(found.get("source_volid")),
            "backupId": text(found.get("backup_id")),
            "attachments": attachments,
            "schedulerHints": list(known.get("schedulerHints") or []),
            "volumeRetypePolicy": known.get("volumeRetypePolicy", "never"),
        }
        return known.live(found["id"], reported, self.unordered, text(found.get("created_at")))


class VolumeAttach(OpenStackType):
    """`compute/volumeAttach:VolumeAttach`; its id is `<server>/<volume>`."""

    token = "openstack:compute/volumeAttach:VolumeAttach"
    replaces = frozenset({"instanceId", "volumeId", "multiattach", "tag", "vendorOptions", "device"})
    is_within = True

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST, and wait until the volume is in use."""
        server, volume = inputs["instanceId"], inputs["volumeId"]
        body = {"volumeId": volume} | ({"device": inputs["device"]} if inputs.get("device") else {})
        path, doing = f"/servers/{server}/os-volume_attachments", f"attach volume {volume}"
        cloud.request("compute", "POST", path, json={"volumeAttachment": body}, doing=doing)

        def attached() -> dict[str, Any] | None:
            found: dict[str, Any] = cloud.request("block_storage", "GET", f"/volumes/{volume}", doing=doing)["volume"]
            return found if found["status"] == "in-use" else None

        cloud.wait(doing, attached, TIMEOUT_S)
        live = self.read(cloud, f"{server}/{volume}", self.kept(inputs))
        if live is None:
            raise CloudError(f"{cloud.name}: {doing}: nova has lost the attachment", status=404)
        return live

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        server, volume = id.split("/")
        found = cloud.get("compute", f"/servers/{server}/os-volume_attachments/{volume}")
        if not found:
            return None
        reported = {
            "id": id,
            "region": cloud.region,
            "instanceId": server,
            "volumeId": volume,
            "device": text(found["volumeAttachment"].get("device")),
        }
        return self.last(outputs).live(id, reported, self.unordered)

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Nothing of it can change in place."""
        return Live(id, old_outputs)

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE, and wait until the volume is free."""
        server, volume = id.split("/")
        doing = f"detach volume {volume}"
        path = f"/servers/{server}/os-volume_attachments/{volume}"
        cloud.request("compute", "DELETE", path, doing=doing, absent_ok=True)

        def detached() -> bool:
            found = cloud.get("block_storage", f"/volumes/{volume}")
            return not found or not any(a["server_id"] == server for a in found["volume"]["attachments"])

        cloud.wait(doing, detached, TIMEOUT_S)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The one of its server and volume."""
        live = self.read(cloud, f"{inputs['instanceId']}/{inputs['volumeId']}", self.kept(inputs))
        return [live] if live else []
