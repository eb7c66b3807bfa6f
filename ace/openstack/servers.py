"""Servers (`compute/instance:Instance`), in the project that the credential is scoped to."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import text

CREATE_TIMEOUT_S = 1800
DELETE_TIMEOUT_S = 600
_WITH_TAGS = "2.52"
"""A create may carry tags from here on."""
_WITH_FLAVOR_ID = "2.46"
"""A server reports its flavour's id up to here, and its tags since 2.26."""


class Instance(OpenStackType):
    """`compute/instance:Instance` as far as ACE's stacks use it: ports for networks, an image, no volumes at boot."""

    token = "openstack:compute/instance:Instance"
    replaces = frozenset(
        {
            *("userData", "availabilityZone", "availabilityZoneHints", "networkMode", "networks", "keyPair"),
            *("hypervisorHostname", "configDrive", "imageId", "imageName", "schedulerHints", "blockDevices"),
        }
    )
    defaults = {"powerState": "active"}
    given_only = frozenset({"imageName", "imageId", "schedulerHints", "configDrive", "securityGroups"})
    hashed = {"userData": lambda text: hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST, and wait until it is ACTIVE."""
        for key in ("blockDevices", "personalities", "vendorOptions", "networkMode"):
            if inputs.get(key):
                raise CloudError(
                    f"{cloud.name}: server {inputs.get('name')!r}: the embedded engine does not support `{key}`",
                    hint="use the Pulumi CLI: --engine pulumi",
                    status=501,
                )
        body = self._body(cloud, inputs)
        doing = f"create server {inputs['name']!r}"
        request: dict[str, Any] = {"server": body}
        if hints := inputs.get("schedulerHints"):
            request["os:scheduler_hints"] = {"group": hints[0]["group"]} if hints[0].get("group") else {}
        made = cloud.request("compute", "POST", "/servers", json=request, microversion=_WITH_TAGS, doing=doing)
        id_ = made["server"]["id"]
        try:
            found = cloud.wait(doing, lambda: self._settled(cloud, id_, inputs["name"]), CREATE_TIMEOUT_S)
        except CloudError as error:
            raise error.leaving(self._read(cloud, id_, self.given(inputs))) from None
        return self._live(cloud, found, self.given(inputs))

    @staticmethod
    def _body(cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        body: dict[str, Any] = {
            "name": inputs["name"],
            "imageRef": inputs.get("imageId") or image_id(cloud, str(inputs["imageName"])),
            "flavorRef": inputs.get("flavorId") or _flavor_id(cloud, str(inputs["flavorName"])),
            "networks": [_nic(network) for network in inputs.get("networks") or []] or "auto",
        }
        for key, api in (("availabilityZone", "availability_zone"), ("keyPair", "key_name"), ("tags", "tags")):
            if inputs.get(key):
                body[api] = inputs[key]
        if inputs.get("configDrive") is not None:
            body["config_drive"] = inputs["configDrive"]
        if inputs.get("metadata"):
            body["metadata"] = dict(inputs["metadata"])
        if inputs.get("userData"):
            body["user_data"] = base64.b64encode(str(inputs["userData"]).encode()).decode()
        return body

    @staticmethod
    def _settled(cloud: Cloud, id_: str, name: str) -> dict[str, Any] | None:
        found = cloud.request("compute", "GET", f"/servers/{id_}", microversion=_WITH_FLAVOR_ID, doing="see a server")
        server: dict[str, Any] = found["server"]
        if server["status"] == "ERROR":
            fault = (server.get("fault") or {}).get("message", "nova gives no reason")
            raise CloudError(
                f"{cloud.name}: server {name!r} went to ERROR: {fault}",
                status=500,
                hint="no room in its zone, or a host fault; `ace refresh` and `ace up` make it again",
            )
        return server if server["status"] == "ACTIVE" else None

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        return self._read(cloud, id, self.last(outputs))

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list; what is on its ports is reported by the ports."""
        servers = cloud.items("compute", "/servers/detail", "servers", microversion=_WITH_FLAVOR_ID)
        listed = {server["id"]: server for server in servers}
        return {
            id_: self._live(cloud, listed[id_], self.last(outputs), ports_known=True)
            for id_, outputs in known
            if id_ in listed
        }

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Name, tags, metadata, power; another flavour is a resize, which this engine leaves to the Pulumi CLI."""
        for key in ("flavorId", "flavorName"):
            if key in inputs and not self._same(key, old_outputs.get(key), inputs[key]):
                raise CloudError(
                    f"{cloud.name}: server {inputs['name']!r}: the embedded engine does not resize servers",
                    hint="use the Pulumi CLI (--engine pulumi), or resize it by hand and `ace refresh`",
                    status=501,
                )
        path, doing = f"/servers/{id}", f"update server {inputs['name']!r}"
        if inputs["name"] != old_outputs.get("name"):
            cloud.request("compute", "PUT", path, json={"server": {"name": inputs["name"]}}, doing=doing)
        if not self._same("tags", old_outputs.get("tags"), inputs.get("tags")):
            tags = {"tags": list(inputs.get("tags") or [])}
            cloud.request("compute", "PUT", f"{path}/tags", json=tags, microversion=_WITH_TAGS, doing=doing)
        if not self._same("metadata", old_outputs.get("metadata"), inputs.get("metadata")):
            metadata = {"metadata": dict(inputs.get("metadata") or {})}
            cloud.request("compute", "PUT", f"{path}/metadata", json=metadata, doing=doing)
        desired = inputs.get("powerState")
        if desired != old_outputs.get("powerState"):
            action = {"os-start": None} if desired == "active" else {"os-stop": None}
            cloud.request("compute", "POST", f"{path}/action", json=action, doing=doing)
            status = "ACTIVE" if desired == "active" else "SHUTOFF"
            cloud.wait(doing, lambda: cloud.get("compute", path)["server"]["status"] == status, 300)
        live = self._read(cloud, id, self.changed(inputs, old_inputs, old_outputs))
        if live is None:
            raise CloudError(f"{cloud.name}: server {inputs['name']!r} is gone", status=404)
        return live

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE, and wait until it is gone."""
        doing = f"delete server {outputs.get('name')!r}"
        cloud.request("compute", "DELETE", f"/servers/{id}", doing=doing, absent_ok=True)
        cloud.wait(doing, lambda: cloud.get("compute", f"/servers/{id}") is None, DELETE_TIMEOUT_S)

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs, once it is ACTIVE.

        Raises:
            CloudError: It went to ERROR; with what was made, when it is known to be younger than `begun`.
        """
        for live in self.search(cloud, inputs):
            if live.id in known or not self.may_be_new(cloud, live, begun):
                continue
            settled = functools.partial(self._settled, cloud, live.id, inputs["name"])
            try:
                found = cloud.wait(f"wait for server {inputs['name']!r}", settled, CREATE_TIMEOUT_S)
            except CloudError as error:
                if begun is None or error.status not in (500, 504):
                    continue  # an old wreck of that name, or one that went while it was waited for
                raise error.leaving(live) from None
            usable = self._live(cloud, found, self.given(inputs))
            if self._is_as_wanted(inputs, usable):
                return usable
        return None

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name, usable or not."""
        params = {"name": f"^{re.escape(inputs['name'])}$"}
        servers = cloud.items("compute", "/servers/detail", "servers", params=params, microversion=_WITH_FLAVOR_ID)
        return [
            self._live(cloud, server, self.given(inputs), ports_known=True)
            for server in servers
            if server["name"] == inputs["name"]
        ]

    def _read(self, cloud: Cloud, id_: str, known: Known) -> Live | None:
        found = cloud.get("compute", f"/servers/{id_}", microversion=_WITH_FLAVOR_ID)
        return self._live(cloud, found["server"], known) if found else None

    @staticmethod
    def _networks(cloud: Cloud, server: Mapping[str, Any], known: Known) -> list[dict[str, Any]]:
        """Its ports, in the order in which they are known, else in that of its interfaces."""
        last = {network.get("port"): network for network in known.get("networks") or []}
        order = list(last)
        names = {
            address["OS-EXT-IPS-MAC:mac_addr"]: network
            for network, addresses in (server.get("addresses") or {}).items()
            for address in addresses
        }
        found = cloud.get("compute", f"/servers/{server['id']}/os-interface") or {"interfaceAttachments": []}
        networks = []
        for nic in found["interfaceAttachments"]:
            addresses = [item["ip_address"] for item in nic.get("fixed_ips") or []]
            before = last.get(nic["port_id"], {})
            networks.append(
                {
                    "accessNetwork": bool(before.get("accessNetwork")),
                    "fixedIpV4": _one([a for a in addresses if ":" not in a], before.get("fixedIpV4")),
                    "fixedIpV6": _one([a for a in addresses if ":" in a], before.get("fixedIpV6")),
                    "mac": nic["mac_addr"],
                    "name": names.get(nic["mac_addr"], ""),
                    "port": nic["port_id"],
                    "uuid": nic["net_id"],
                }
            )
        return sorted(networks, key=lambda n: order.index(n["port"]) if n["port"] in order else len(order))

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known, *, ports_known: bool = False) -> Live:
        networks = list(known.get("networks") or []) if ports_known else self._networks(cloud, found, known)
        flavor, image = found["flavor"]["id"], (found.get("image") or {}).get("id", "")
        tags = sorted(found.get("tags") or [])
        reported = {
            "id": found["id"],
            "region": cloud.region,
            "name": found["name"],
            "accessIpV4": text(found.get("accessIPv4")) or next((n.get("fixedIpV4", "") for n in networks), ""),
            "accessIpV6": text(found.get("accessIPv6")) or next((n.get("fixedIpV6", "") for n in networks), ""),
            "adminPass": known.get("adminPass", ""),
            "allMetadata": dict(found.get("metadata") or {}),
            "metadata": dict(found.get("metadata") or {}),
            "allTags": tags,
            "tags": tags,
            "availabilityZone": text(found.get("OS-EXT-AZ:availability_zone")),
            "configDrive": bool(found.get("config_drive")),
            "created": _go_time(found.get("created", "")),
            "updated": _go_time(found.get("updated", "")),
            "flavorId": flavor,
            "flavorName": _flavor_name(cloud, flavor) or _as_before(known, "flavor", flavor),
            "forceDelete": known.get("forceDelete", False),
            "hypervisorHostname": text(found.get("OS-EXT-SRV-ATTR:hypervisor_hostname")),
            "imageId": image,
            "imageName": _image_name(cloud, image) or _as_before(known, "image", image),
            "keyPair": text(found.get("key_name")),
            "networks": [dict(network) for network in networks],
            "powerState": "active" if found["status"] == "ACTIVE" else text(found.get("status")).lower(),
            "schedulerHints": list(known.get("schedulerHints") or []),
            "securityGroups": sorted({group["name"] for group in found.get("security_groups") or []}),
            "stopBeforeDestroy": known.get("stopBeforeDestroy", False),
        }
        return known.live(found["id"], reported, self.unordered, text(found.get("created")))


def image_id(cloud: Cloud, name: str) -> str:
    """The newest image of that name.

    Raises:
        CloudError: There is none.
    """

    def ask() -> str:
        params = {"name": name, "status": "active", "sort": "created_at:desc"}
        found = cloud.items("image", "/images", "images", params=params)
        if not found:
            raise CloudError(
                f"{cloud.name}: there is no image {name!r}",
                status=404,
                hint="upload it, or name another as `image:` of this data centre in the member file",
            )
        return str(found[0]["id"])

    return str(cloud.kept(f"image-id:{name}", ask))


def flavor_named(cloud: Cloud, name: str) -> dict[str, Any] | None:
    """The flavour of that name that this project may use."""
    flavors = cloud.items("compute", "/flavors/detail", "flavors")
    return next((flavor for flavor in flavors if flavor["name"] == name), None)


def _flavor_id(cloud: Cloud, name: str) -> str:
    found = flavor_named(cloud, name)
    if found is None:
        raise CloudError(f"{cloud.name}: there is no flavour {name!r}", status=404)
    return str(found["id"])


def _flavor_name(cloud: Cloud, id_: str) -> str:
    def ask() -> str:
        found = cloud.get("compute", f"/flavors/{id_}")
        return str(found["flavor"]["name"]) if found else ""

    return str(cloud.kept(f"flavor:{id_}", ask))


def _image_name(cloud: Cloud, id_: str) -> str:
    def ask() -> str:
        found = cloud.get("image", f"/images/{id_}") if id_ else None
        return str(found["name"]) if found else ""

    return str(cloud.kept(f"image-name:{id_}", ask))


def _one(addresses: Sequence[str], before: str | None) -> str:
    """The one that was reported last, if the port still has it."""
    return before if before in addresses and before else next(iter(addresses), "")


def _as_before(known: Known, what: str, id_: str) -> str:
    """The name of an image or a flavour that the cloud has no more; the server still is of it."""
    return str(known.get(f"{what}Name", "")) if known.get(f"{what}Id") in (id_, None) else ""


def _nic(network: Mapping[str, Any]) -> dict[str, Any]:
    names = {"port": "port", "uuid": "uuid", "fixedIpV4": "fixed_ip"}
    return {api: network[key] for key, api in names.items() if network.get(key)}


def _go_time(stamp: str) -> str:
    """`2026-11-24T11:05:24Z` as the provider writes it."""
    return stamp.replace("T", " ").replace("Z", " +0000 UTC")
