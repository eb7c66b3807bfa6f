"""Keypairs, flavours, server groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.neutron import text

_GROUP_POLICY = "2.64"
"""From here on a server group has one policy and rules."""


class Keypair(OpenStackType):
    """`compute/keypair:Keypair`, always of a given public key."""

    token = "openstack:compute/keypair:Keypair"
    replaces = frozenset({"name", "publicKey", "valueSpecs", "userId"})

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST."""
        if not inputs.get("publicKey"):
            raise CloudError(
                f"{cloud.name}: keypair {inputs.get('name')!r} has no public key",
                hint="ACE never lets a cloud make a private key; give `public_key`",
            )
        body = {"name": inputs["name"], "public_key": inputs["publicKey"]}
        doing = f"create keypair {inputs['name']!r}"
        made = cloud.request("compute", "POST", "/os-keypairs", json={"keypair": body}, doing=doing)
        return self._live(cloud, made["keypair"])

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("compute", f"/os-keypairs/{id}")
        return self._live(cloud, found["keypair"]) if found else None

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Nothing of it can change in place."""
        return Live(id, old_outputs)

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE."""
        cloud.request("compute", "DELETE", f"/os-keypairs/{id}", doing=f"delete keypair {id!r}", absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The one of its name."""
        live = self.read(cloud, str(inputs["name"]), {})
        return [live] if live else []

    @staticmethod
    def _live(cloud: Cloud, found: Mapping[str, Any]) -> Live:
        outputs = {
            "id": found["name"],
            "region": cloud.region,
            "name": found["name"],
            "publicKey": found["public_key"],
            "fingerprint": found["fingerprint"],
            "privateKey": "",
            "userId": "",
        }
        return Live(found["name"], outputs, text(found.get("created_at")))


class Flavor(OpenStackType):
    """`compute/flavor:Flavor`."""

    token = "openstack:compute/flavor:Flavor"
    replaces = frozenset(
        {"flavorId", "name", "ram", "vcpus", "disk", "swap", "rxTxFactor", "isPublic", "ephemeral", "description"}
    )
    defaults = {"rxTxFactor": 1}

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST, then extra specs."""
        body = {
            "name": inputs["name"],
            "ram": inputs["ram"],
            "vcpus": inputs["vcpus"],
            "disk": inputs["disk"],
            "swap": inputs.get("swap", 0),
            "rxtx_factor": inputs.get("rxTxFactor", 1),
            "os-flavor-access:is_public": inputs.get("isPublic", False),
            "OS-FLV-EXT-DATA:ephemeral": inputs.get("ephemeral", 0),
        }
        if inputs.get("flavorId"):
            body["id"] = inputs["flavorId"]
        doing = f"create flavour {inputs['name']!r}"
        self.note_what_is_there(cloud, lambda: (item["id"] for item in self._all(cloud)))
        made = cloud.request("compute", "POST", "/flavors", json={"flavor": body}, doing=doing)["flavor"]
        return self._with_specs(cloud, self._live(cloud, made, {}), inputs)

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs, with what extra specs its create had still to set."""
        live = super().find(cloud, inputs, begun, known)
        return None if live is None else self._with_specs(cloud, live, inputs)

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        """But for extra specs, of which it may lack some: they are set by a request of their own."""
        plain = {key: value for key, value in inputs.items() if key != "extraSpecs"}
        wanted = inputs.get("extraSpecs") or {}
        lacks_or_has = all(wanted.get(key) == value for key, value in live.outputs["extraSpecs"].items())
        return lacks_or_has and super()._is_as_wanted(plain, live)

    def _with_specs(self, cloud: Cloud, live: Live, inputs: Properties) -> Live:
        try:
            specs = self._set_specs(cloud, live.id, live.outputs["extraSpecs"], inputs.get("extraSpecs") or {})
        except CloudError as error:
            raise error.leaving(live) from None
        return Live(live.id, {**live.outputs, "extraSpecs": dict(specs)})

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET, and its extra specs."""
        found = cloud.get("compute", f"/flavors/{id}")
        if not found:
            return None
        specs = cloud.get("compute", f"/flavors/{id}/os-extra_specs") or {}
        return self._live(cloud, found["flavor"], specs.get("extra_specs") or {})

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Only extra specs can change in place."""
        self._set_specs(cloud, id, old_outputs.get("extraSpecs") or {}, inputs.get("extraSpecs") or {})
        live = self.read(cloud, id, old_outputs)
        if live is None:
            raise CloudError(f"{cloud.name}: flavour {inputs.get('name')!r} is gone", status=404)
        return live

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE."""
        doing = f"delete flavour {outputs.get('name')!r}"
        cloud.request("compute", "DELETE", f"/flavors/{id}", doing=doing, absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Public and private ones."""
        for found in self._all(cloud):
            if found["name"] == inputs.get("name"):
                live = self.read(cloud, found["id"], {})
                if live is not None:
                    yield live

    @staticmethod
    def _all(cloud: Cloud) -> list[dict[str, Any]]:
        return cloud.items("compute", "/flavors/detail", "flavors", params={"is_public": "None"})

    @staticmethod
    def _set_specs(cloud: Cloud, flavor: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Mapping[str, Any]:
        path = f"/flavors/{flavor}/os-extra_specs"
        for key in old.keys() - new.keys():
            cloud.request("compute", "DELETE", f"{path}/{key}", doing="change a flavour", absent_ok=True)
        if new and dict(new) != dict(old):
            cloud.request("compute", "POST", path, json={"extra_specs": dict(new)}, doing="change a flavour")
        return new

    @staticmethod
    def _live(cloud: Cloud, found: Mapping[str, Any], specs: Mapping[str, Any]) -> Live:
        outputs = {
            "id": found["id"],
            "region": cloud.region,
            "flavorId": found["id"],
            "name": found["name"],
            "description": text(found.get("description")),
            "ram": found["ram"],
            "vcpus": found["vcpus"],
            "disk": found["disk"],
            "swap": found.get("swap") or 0,
            "rxTxFactor": found.get("rxtx_factor", 1),
            "isPublic": found.get("os-flavor-access:is_public", True),
            "ephemeral": found.get("OS-FLV-EXT-DATA:ephemeral", 0),
            "extraSpecs": dict(specs),
        }
        return Live(found["id"], outputs)


class ServerGroup(OpenStackType):
    """`compute/serverGroup:ServerGroup`."""

    token = "openstack:compute/serverGroup:ServerGroup"
    replaces = frozenset({"name", "policies", "rules", "valueSpecs"})

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST."""
        body: dict[str, Any] = {"name": inputs["name"], "policy": inputs.get("policies")}
        if (inputs.get("rules") or {}).get("maxServerPerHost"):
            body["rules"] = {"max_server_per_host": inputs["rules"]["maxServerPerHost"]}
        doing = f"create server group {inputs['name']!r}"
        self.note_what_is_there(cloud, lambda: (item["id"] for item in self._all(cloud)))
        made = cloud.request(
            "compute",
            "POST",
            "/os-server-groups",
            json={"server_group": body},
            microversion=_GROUP_POLICY,
            doing=doing,
        )
        return self._live(cloud, made["server_group"])

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("compute", f"/os-server-groups/{id}", microversion=_GROUP_POLICY)
        return self._live(cloud, found["server_group"]) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in self._all(cloud)}
        return {id_: self._live(cloud, listed[id_]) for id_, _ in known if id_ in listed}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Nothing of it can change in place."""
        return Live(id, old_outputs)

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE."""
        doing = f"delete server group {outputs.get('name')!r}"
        cloud.request("compute", "DELETE", f"/os-server-groups/{id}", doing=doing, absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name."""
        return [self._live(cloud, item) for item in self._all(cloud) if item["name"] == inputs.get("name")]

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        """And nobody is in it yet."""
        return not live.outputs["members"] and super()._is_as_wanted(inputs, live)

    @staticmethod
    def _all(cloud: Cloud) -> list[dict[str, Any]]:
        return cloud.items("compute", "/os-server-groups", "server_groups", microversion=_GROUP_POLICY)

    @staticmethod
    def _live(cloud: Cloud, found: Mapping[str, Any]) -> Live:
        outputs = {
            "id": found["id"],
            "region": cloud.region,
            "name": found["name"],
            "policies": found["policy"],
            "members": sorted(found.get("members") or []),
            "rules": {"maxServerPerHost": (found.get("rules") or {}).get("max_server_per_host", 0)},
        }
        return Live(found["id"], outputs)
