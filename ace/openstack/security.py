"""Security groups, their rules, address groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import Live, Properties
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import NeutronType, text


class SecGroup(NeutronType):
    """`networking/secGroup:SecGroup`."""

    token = "openstack:networking/secGroup:SecGroup"
    collection, noun = "security-groups", "security_group"
    names = {"name": "name", "description": "description", "stateful": "stateful", "tenantId": "project_id"}
    fixed = frozenset({"tenantId"})
    replaces = frozenset({"tenantId", "deleteDefaultRules"})
    given_only = frozenset({"deleteDefaultRules"})

    def made(self, cloud: Cloud, found: Mapping[str, Any], inputs: Properties) -> None:
        """Remove the rules that Neutron put into it, if the inputs ask for it."""
        if inputs.get("deleteDefaultRules"):
            for rule in found.get("security_group_rules") or []:
                path = f"/security-group-rules/{rule['id']}"
                cloud.request("network", "DELETE", path, doing="delete a default rule", absent_ok=True)

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list; rules are left out of it."""
        fields = ("id", "name", "description", "stateful", "project_id", "tags")
        groups = cloud.items("network", "/security-groups", "security_groups", params={"fields": fields})
        listed = {group["id"]: group for group in groups}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name and project."""
        filters = {"name": inputs.get("name"), **self.in_project(cloud, inputs)}
        for found in cloud.items("network", "/security-groups", "security_groups", params=filters):
            yield self._live(cloud, found, self.given(inputs))

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_secgroup_v2` keeps it."""
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "stateful": found.get("stateful", True),
            "tenantId": found["project_id"],
        }


class SecGroupRule(NeutronType):
    """`networking/secGroupRule:SecGroupRule`: nothing of it can be changed in place."""

    token = "openstack:networking/secGroupRule:SecGroupRule"
    collection, noun = "security-group-rules", "security_group_rule"
    names = {
        "description": "description",
        "direction": "direction",
        "ethertype": "ethertype",
        "portRangeMin": "port_range_min",
        "portRangeMax": "port_range_max",
        "protocol": "protocol",
        "remoteGroupId": "remote_group_id",
        "remoteIpPrefix": "remote_ip_prefix",
        "remoteAddressGroupId": "remote_address_group_id",
        "securityGroupId": "security_group_id",
        "tenantId": "project_id",
    }
    fixed = frozenset(names)
    replaces = frozenset(names)
    tagged = False
    goes_with = (SecGroup.token, "securityGroupId")
    is_within = True

    def together(self, inputs: Properties) -> Hashable:
        """Neutron takes the rules of one group in one request."""
        return (inputs["securityGroupId"], inputs.get("tenantId"))

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        rules = cloud.items("network", "/security-group-rules", "security_group_rules")
        listed = {rule["id"]: rule for rule in rules}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def alike(self, cloud: Cloud, inputs: Properties) -> Sequence[Live]:
        """A rule is what it states: another one is not in its way."""
        return [live for live in self.search(cloud, inputs) if self._is_as_wanted(inputs, live)]

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its group."""
        filters = {"security_group_id": inputs["securityGroupId"]}
        for found in cloud.items("network", "/security-group-rules", "security_group_rules", params=filters):
            yield self._live(cloud, found, self.given(inputs))

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_secgroup_rule_v2` keeps it: what is not there is 0 or empty."""
        numbers = ("portRangeMin", "portRangeMax")
        return {key: found.get(api) or (0 if key in numbers else "") for key, api in self.names.items()}


class AddressGroup(NeutronType):
    """`networking/addressGroupV2:AddressGroupV2`."""

    token = "openstack:networking/addressGroupV2:AddressGroupV2"
    collection, noun = "address-groups", "address_group"
    names = {"name": "name", "description": "description", "addresses": "addresses", "projectId": "project_id"}
    fixed = frozenset({"projectId", "addresses"})
    replaces = frozenset({"projectId"})
    unordered = frozenset({"addresses"})
    tagged = False

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in cloud.items("network", "/address-groups", "address_groups")}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name and project."""
        filters = {"name": inputs.get("name"), **self.in_project(cloud, inputs)}
        for found in cloud.items("network", "/address-groups", "address_groups", params=filters):
            yield self._live(cloud, found, self.given(inputs))

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Addresses come and go by requests of their own: first the new ones, so that no rule loses its peers."""
        old, new = set(old_outputs.get("addresses") or []), set(inputs.get("addresses") or [])
        for verb, addresses in (("add_addresses", new - old), ("remove_addresses", old - new)):
            if addresses:
                body = {"addresses": sorted(addresses)}
                doing = f"change address group {inputs.get('name')}"
                cloud.request("network", "PUT", f"/address-groups/{id}/{verb}", json=body, doing=doing)
        return super().update(cloud, id, inputs, old_inputs, old_outputs)

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_address_group_v2` keeps it."""
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "addresses": sorted(found["addresses"]),
            "projectId": found["project_id"],
        }
