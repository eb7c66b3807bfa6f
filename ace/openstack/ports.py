"""Ports and floating IPs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import NeutronType, text


class Port(NeutronType):
    """`networking/port:Port`."""

    token = "openstack:networking/port:Port"
    collection, noun = "ports", "port"
    names = {
        "name": "name",
        "description": "description",
        "adminStateUp": "admin_state_up",
        "networkId": "network_id",
        "macAddress": "mac_address",
        "tenantId": "project_id",
        "deviceOwner": "device_owner",
        "deviceId": "device_id",
        "securityGroupIds": "security_groups",
        "portSecurityEnabled": "port_security_enabled",
        "qosPolicyId": "qos_policy_id",
        "dnsName": "dns_name",
    }
    fixed = frozenset({"networkId", "macAddress", "tenantId", "deviceOwner", "deviceId"})
    replaces = fixed | {"valueSpecs"}
    unordered = frozenset(
        {
            *("tags", "securityGroupIds", "allowedAddressPairs", "fixedIps"),
            *("allTags", "allSecurityGroupIds", "allFixedIps", "dnsAssignments"),
        }
    )
    given_only = frozenset({"noSecurityGroups", "noFixedIp"})

    def body(self, cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """With addresses and pairs in Neutron's form."""
        body = super().body(cloud, inputs)
        if inputs.get("noSecurityGroups"):
            body["security_groups"] = []
        if inputs.get("noFixedIp"):
            body["fixed_ips"] = []
        elif inputs.get("fixedIps"):
            body["fixed_ips"] = _addresses(inputs["fixedIps"])
        if inputs.get("allowedAddressPairs"):
            body["allowed_address_pairs"] = _pairs(inputs["allowedAddressPairs"])
        return body

    def update_body(
        self, cloud: Cloud, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> dict[str, Any]:
        """Likewise."""
        body = super().update_body(cloud, inputs, old_inputs, old_outputs)
        for key, api, translate in (
            ("fixedIps", "fixed_ips", _addresses),
            ("allowedAddressPairs", "allowed_address_pairs", _pairs),
        ):
            if (key in inputs or key in old_inputs) and not self._same(key, old_outputs.get(key), inputs.get(key)):
                body[api] = translate(inputs.get(key) or [])
        if inputs.get("noSecurityGroups"):
            body["security_groups"] = []
        return body

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_port_v2` keeps it."""
        addresses = [item["ip_address"] for item in found["fixed_ips"]]
        pairs = [
            {
                "ipAddress": pair["ip_address"],
                # Neutron fills in the port's own; the provider leaves out what was not given.
                "macAddress": "" if pair.get("mac_address") == found["mac_address"] else text(pair.get("mac_address")),
            }
            for pair in found.get("allowed_address_pairs") or []
        ]
        groups = sorted(found.get("security_groups") or [])
        binding = {
            "hostId": text(found.get("binding:host_id")),
            "profile": json.dumps(found.get("binding:profile") or {}),
            "vifDetails": {k: _detail(v) for k, v in (found.get("binding:vif_details") or {}).items()},
            "vifType": text(found.get("binding:vif_type")),
            "vnicType": text(found.get("binding:vnic_type")),
        }
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "adminStateUp": found["admin_state_up"],
            "networkId": found["network_id"],
            "macAddress": found["mac_address"],
            "tenantId": found["project_id"],
            "deviceOwner": text(found.get("device_owner")),
            "deviceId": text(found.get("device_id")),
            "securityGroupIds": groups,
            "allSecurityGroupIds": groups,
            "portSecurityEnabled": found.get("port_security_enabled", True),
            "qosPolicyId": text(found.get("qos_policy_id")),
            "dnsName": text(found.get("dns_name")),
            "dnsAssignments": found.get("dns_assignment") or [],
            "extraDhcpOptions": [],
            "fixedIps": _as_given(found["fixed_ips"], known.get("fixedIps") or []),
            "allFixedIps": addresses,
            "allowedAddressPairs": sorted(pairs, key=lambda pair: pair["ipAddress"]),
            "binding": binding,
        }


class FloatingIp(NeutronType):
    """`networking/floatingIp:FloatingIp`."""

    token = "openstack:networking/floatingIp:FloatingIp"
    collection, noun = "floatingips", "floatingip"
    names = {
        "description": "description",
        "address": "floating_ip_address",
        "portId": "port_id",
        "fixedIp": "fixed_ip_address",
        "subnetId": "subnet_id",
        "tenantId": "project_id",
        "dnsName": "dns_name",
        "dnsDomain": "dns_domain",
    }
    fixed = frozenset({"address", "tenantId", "dnsName", "dnsDomain", "subnetId"})
    replaces = frozenset({"address", "pool", "tenantId", "valueSpecs", "dnsName", "dnsDomain"})

    def body(self, cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """With its pool's network."""
        return super().body(cloud, inputs) | {"floating_network_id": _network_of(cloud, str(inputs["pool"]))}

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its description, and of nothing else: two nameless addresses cannot be distinguished."""
        if inputs.get("description"):
            yield from super().search(cloud, inputs)

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_floatingip_v2` keeps it."""
        return {
            "address": found["floating_ip_address"],
            "description": text(found.get("description")),
            "dnsDomain": text(found.get("dns_domain")),
            "dnsName": text(found.get("dns_name")),
            "fixedIp": text(found.get("fixed_ip_address")),
            "pool": _pool_of(cloud, found["floating_network_id"]),
            "portId": text(found.get("port_id")),
            "tenantId": found["project_id"],
        }


class FloatingIpAssociate(OpenStackType):
    """`networking/floatingIpAssociate:FloatingIpAssociate`; its id is the floating IP's."""

    token = "openstack:networking/floatingIpAssociate:FloatingIpAssociate"
    replaces = frozenset({"floatingIp"})
    is_within = True

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """Give the address to the port; repeating it does no harm."""
        found = self._of_address(cloud, inputs)
        if not found:
            raise CloudError(f"{cloud.name}: there is no floating IP {inputs['floatingIp']}", status=404)
        return self._set(cloud, found[0]["id"], inputs, self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """The floating IP, if a port has it."""
        found = cloud.get("network", f"/floatingips/{id}")
        if not found or not found["floatingip"].get("port_id"):
            return None
        return self._live(cloud, found["floatingip"], self.last(outputs))

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in cloud.items("network", "/floatingips", "floatingips")}
        return {
            id_: self._live(cloud, listed[id_], self.last(outputs))
            for id_, outputs in known
            if listed.get(id_, {}).get("port_id")
        }

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Give it to another port."""
        return self._set(cloud, id, inputs, self.changed(inputs, old_inputs, old_outputs))

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """Take it from the port."""
        body = {"floatingip": {"port_id": None}}
        doing = f"take {outputs.get('floatingIp')} from its port"
        cloud.request("network", "PUT", f"/floatingips/{id}", json=body, doing=doing, absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The address, if a port has it."""
        known = self.given(inputs)
        return [self._live(cloud, found, known) for found in self._of_address(cloud, inputs) if found.get("port_id")]

    @staticmethod
    def _of_address(cloud: Cloud, inputs: Properties) -> list[dict[str, Any]]:
        params = {"floating_ip_address": inputs["floatingIp"]}
        return cloud.items("network", "/floatingips", "floatingips", params=params)

    def _set(self, cloud: Cloud, id_: str, inputs: Properties, known: Known) -> Live:
        body: dict[str, Any] = {"port_id": inputs["portId"]}
        if inputs.get("fixedIp"):
            body["fixed_ip_address"] = inputs["fixedIp"]
        doing = f"give {inputs['floatingIp']} to a port"
        found = cloud.request("network", "PUT", f"/floatingips/{id_}", json={"floatingip": body}, doing=doing)
        return self._live(cloud, found["floatingip"], known)

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        reported = {
            "id": found["id"],
            "region": cloud.region,
            "floatingIp": found["floating_ip_address"],
            "portId": found["port_id"],
            "fixedIp": text(found.get("fixed_ip_address")),
        }
        return known.live(found["id"], reported, self.unordered)


def _as_given(found: Sequence[Mapping[str, str]], given: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Fixed addresses as the provider keeps them.

    Where the program gave a subnet alone, the address that Neutron drew is reported in `allFixedIps` only.
    """
    drawn = [item["subnetId"] for item in given if not item.get("ipAddress")]
    chosen = {item["ipAddress"] for item in given if item.get("ipAddress")}
    addresses = []
    for item in found if given else ():
        if item["subnet_id"] in drawn and item["ip_address"] not in chosen:
            drawn.remove(item["subnet_id"])
            addresses.append({"ipAddress": "", "subnetId": item["subnet_id"]})
        else:
            addresses.append({"ipAddress": item["ip_address"], "subnetId": item["subnet_id"]})
    return addresses


def _network_of(cloud: Cloud, pool: str) -> str:
    def ask() -> str:
        found = cloud.items("network", "/networks", "networks", params={"name": pool, "router:external": True})
        if not found:
            raise CloudError(
                f"{cloud.name}: there is no external network {pool!r}",
                status=404,
                hint="check `external_network:` of this data centre in the member file",
            )
        return str(found[0]["id"])

    return str(cloud.kept(f"pool:{pool}", ask))


def _pool_of(cloud: Cloud, network: str) -> str:
    def ask() -> str:
        found = cloud.get("network", f"/networks/{network}")
        return str(found["network"]["name"]) if found else network

    return str(cloud.kept(f"network:{network}", ask))


def _addresses(given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = {"subnetId": "subnet_id", "ipAddress": "ip_address"}
    return [{api: item[key] for key, api in names.items() if item.get(key)} for item in given]


def _pairs(given: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = {"ipAddress": "ip_address", "macAddress": "mac_address"}
    return [{api: item[key] for key, api in names.items() if item.get(key)} for item in given]


def _detail(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
