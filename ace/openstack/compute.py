"""Keypairs, flavours, server groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import text

_WITH_DESCRIPTION = "2.55"
"""A flavour may have a description from here on; before, it is not reported."""
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
        return self._live(cloud, made["keypair"], self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("compute", f"/os-keypairs/{id}")
        return self._live(cloud, found["keypair"], self.last(outputs)) if found else None

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
        live = self.read(cloud, str(inputs["name"]), self.kept(inputs))
        return [live] if live else []

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        reported = {
            "id": found["name"],
            "region": cloud.region,
            "name": found["name"],
            "publicKey": found["public_key"],
            "fingerprint": found["fingerprint"],
            "privateKey": known.get("privateKey", ""),
            "userId": known.get("userId", ""),
        }
        return known.live(found["name"], reported, self.unordered, text(found.get("created_at")))


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
        version = None
        if inputs.get("description"):
            body["description"], version = inputs["description"], _WITH_DESCRIPTION
        doing = f"create flavour {inputs['name']!r}"
        self.note_what_is_there(cloud, lambda: (item["id"] for item in self._all(cloud)))
        made = cloud.request("compute", "POST", "/flavors", json={"flavor": body}, microversion=version, doing=doing)[
            "flavor"
        ]
        return self._with_specs(cloud, self._live(cloud, made, {}, self.given(inputs)), inputs)

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs, with what extra specs its create had still to set."""
        live = super().find(cloud, inputs, begun, known)
        return None if live is None else self._with_specs(cloud, live, inputs)

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        """But for extra specs, of which it may lack some: they are set by a request of their own."""
        plain = {key: value for key, value in inputs.items() if key != "extraSpecs"}
        desired = inputs.get("extraSpecs") or {}
        lacks_or_has = all(desired.get(key) == value for key, value in live.outputs["extraSpecs"].items())
        return lacks_or_has and super()._is_as_wanted(plain, live)

    def _with_specs(self, cloud: Cloud, live: Live, inputs: Properties) -> Live:
        try:
            specs = self._set_specs(cloud, live.id, live.outputs["extraSpecs"], inputs.get("extraSpecs") or {})
        except CloudError as error:
            raise error.leaving(live) from None
        return Live(live.id, {**live.outputs, "extraSpecs": dict(specs)})

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET, and its extra specs."""
        return self._read(cloud, id, self.last(outputs))

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Only extra specs can change in place."""
        self._set_specs(cloud, id, old_outputs.get("extraSpecs") or {}, inputs.get("extraSpecs") or {})
        live = self._read(cloud, id, self.changed(inputs, old_inputs, old_outputs))
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
                live = self._read(cloud, found["id"], self.given(inputs))
                if live is not None:
                    yield live

    def _read(self, cloud: Cloud, id_: str, known: Known) -> Live | None:
        found = cloud.get("compute", f"/flavors/{id_}")
        if not found:
            return None
        specs = cloud.get("compute", f"/flavors/{id_}/os-extra_specs") or {}
        return self._live(cloud, found["flavor"], specs.get("extra_specs") or {}, known)

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

    def _live(self, cloud: Cloud, found: Mapping[str, Any], specs: Mapping[str, Any], known: Known) -> Live:
        reported = {
            "id": found["id"],
            "region": cloud.region,
            "flavorId": found["id"],
            "name": found["name"],
            "description": text(found.get("description", known.get("description"))),
            "ram": found["ram"],
            "vcpus": found["vcpus"],
            "disk": found["disk"],
            "swap": found.get("swap") or 0,
            "rxTxFactor": found.get("rxtx_factor", 1),
            "isPublic": found.get("os-flavor-access:is_public", True),
            "ephemeral": found.get("OS-FLV-EXT-DATA:ephemeral", 0),
            "extraSpecs": dict(specs),
        }
        return known.live(found["id"], reported, self.unordered)


class ServerGroup(OpenStackType):
    """`compute/serverGroup:ServerGroup`."""

    token = "openstack:compute/serverGroup:ServerGroup"
    replaces = frozenset({"name", "policies", "rules", "valueSpecs"})
    unordered = frozenset({"members"})

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
        return self._live(cloud, made["server_group"], self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("compute", f"/os-server-groups/{id}", microversion=_GROUP_POLICY)
        return self._live(cloud, found["server_group"], self.last(outputs)) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in self._all(cloud)}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

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
        known = self.given(inputs)
        return [self._live(cloud, item, known) for item in self._all(cloud) if item["name"] == inputs.get("name")]

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        """And nobody is in it yet."""
        return not live.outputs["members"] and super()._is_as_wanted(inputs, live)

    @staticmethod
    def _all(cloud: Cloud) -> list[dict[str, Any]]:
        return cloud.items("compute", "/os-server-groups", "server_groups", microversion=_GROUP_POLICY)

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        reported = {
            "id": found["id"],
            "region": cloud.region,
            "name": found["name"],
            "policies": found["policy"],
            "members": sorted(found.get("members") or []),
            "rules": {"maxServerPerHost": (found.get("rules") or {}).get("max_server_per_host", 0)},
        }
        return known.live(found["id"], reported, self.unordered)
