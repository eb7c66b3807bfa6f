"""Networks, subnets, routers and what joins them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import NeutronType, text

_INTERFACE_OWNERS = (
    "network:router_interface",
    "network:router_interface_distributed",
    "network:ha_router_replicated_interface",
)


class Network(NeutronType):
    """`networking/network:Network`."""

    token = "openstack:networking/network:Network"
    collection, noun = "networks", "network"
    names = {
        "name": "name",
        "description": "description",
        "adminStateUp": "admin_state_up",
        "shared": "shared",
        "external": "router:external",
        "mtu": "mtu",
        "portSecurityEnabled": "port_security_enabled",
        "dnsDomain": "dns_domain",
        "qosPolicyId": "qos_policy_id",
        "tenantId": "project_id",
        "availabilityZoneHints": "availability_zone_hints",
        "transparentVlan": "vlan_transparent",
    }
    fixed = frozenset({"tenantId", "availabilityZoneHints", "transparentVlan"})
    replaces = frozenset({"tenantId", "valueSpecs", "availabilityZoneHints", "transparentVlan"})
    unordered = frozenset({"tags", "allTags", "availabilityZoneHints"})

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_network_v2` keeps it."""
        segment = {
            "networkType": text(found.get("provider:network_type")),
            "physicalNetwork": text(found.get("provider:physical_network")),
            "segmentationId": found.get("provider:segmentation_id") or 0,
        }
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "adminStateUp": found["admin_state_up"],
            "shared": found["shared"],
            "external": found.get("router:external", False),
            "mtu": found.get("mtu"),
            "portSecurityEnabled": found.get("port_security_enabled"),
            "dnsDomain": text(found.get("dns_domain")),
            "qosPolicyId": text(found.get("qos_policy_id")),
            "tenantId": found["project_id"],
            "availabilityZoneHints": found.get("availability_zone_hints") or [],
            "transparentVlan": bool(found.get("vlan_transparent")),
            "segments": [segment],
        }


class Subnet(NeutronType):
    """`networking/subnet:Subnet`."""

    token = "openstack:networking/subnet:Subnet"
    collection, noun = "subnets", "subnet"
    names = {
        "name": "name",
        "description": "description",
        "networkId": "network_id",
        "cidr": "cidr",
        "ipVersion": "ip_version",
        "tenantId": "project_id",
        "enableDhcp": "enable_dhcp",
        "dnsNameservers": "dns_nameservers",
        "dnsPublishFixedIp": "dns_publish_fixed_ip",
        "serviceTypes": "service_types",
        "ipv6AddressMode": "ipv6_address_mode",
        "ipv6RaMode": "ipv6_ra_mode",
        "subnetpoolId": "subnetpool_id",
        "segmentId": "segment_id",
    }
    fixed = frozenset({"networkId", "cidr", "ipVersion", "tenantId", "ipv6AddressMode", "ipv6RaMode", "subnetpoolId"})
    replaces = fixed | {"prefixLength", "valueSpecs"}
    defaults = {"ipVersion": 4, "enableDhcp": True, "noGateway": False}
    goes_with = (Network.token, "networkId")
    is_within = True
    unordered = frozenset({"tags", "allTags", "allocationPools", "serviceTypes"})

    def body(self, cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """With gateway and pools, which have forms of their own."""
        return super().body(cloud, inputs) | self._own(inputs)

    def update_body(
        self, cloud: Cloud, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> dict[str, Any]:
        """Likewise."""
        body = super().update_body(cloud, inputs, old_inputs, old_outputs)
        own = self._own(inputs)
        if own.get("gateway_ip") != (old_outputs.get("gatewayIp") or None):
            body |= {key: value for key, value in own.items() if key == "gateway_ip"}
        if not self._same("allocationPools", old_outputs.get("allocationPools"), inputs.get("allocationPools")):
            body |= {key: value for key, value in own.items() if key == "allocation_pools"}
        return body

    def emptied(self, key: str) -> Any:
        """Lists become empty lists."""
        return [] if key in ("dnsNameservers", "serviceTypes") else super().emptied(key)

    @staticmethod
    def _own(inputs: Properties) -> dict[str, Any]:
        own: dict[str, Any] = {}
        if inputs.get("noGateway"):
            own["gateway_ip"] = None
        elif inputs.get("gatewayIp"):
            own["gateway_ip"] = inputs["gatewayIp"]
        if inputs.get("allocationPools"):
            own["allocation_pools"] = [dict(pool) for pool in inputs["allocationPools"]]
        return own

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_subnet_v2` keeps it."""
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "networkId": found["network_id"],
            "cidr": found["cidr"],
            "ipVersion": found["ip_version"],
            "tenantId": found["project_id"],
            "enableDhcp": found["enable_dhcp"],
            "dnsNameservers": found.get("dns_nameservers") or [],
            "dnsPublishFixedIp": bool(found.get("dns_publish_fixed_ip")),
            "serviceTypes": found.get("service_types") or [],
            "ipv6AddressMode": text(found.get("ipv6_address_mode")),
            "ipv6RaMode": text(found.get("ipv6_ra_mode")),
            "subnetpoolId": text(found.get("subnetpool_id")),
            "segmentId": text(found.get("segment_id")),
            "gatewayIp": text(found.get("gateway_ip")),
            "noGateway": not found.get("gateway_ip"),
            "allocationPools": found.get("allocation_pools") or [],
        }


class Router(NeutronType):
    """`networking/router:Router`."""

    token = "openstack:networking/router:Router"
    collection, noun = "routers", "router"
    names = {
        "name": "name",
        "description": "description",
        "adminStateUp": "admin_state_up",
        "tenantId": "project_id",
        "distributed": "distributed",
        "availabilityZoneHints": "availability_zone_hints",
    }
    fixed = frozenset({"tenantId", "distributed", "availabilityZoneHints"})
    replaces = fixed | {"valueSpecs"}
    unordered = frozenset({"tags", "allTags", "externalFixedIps", "availabilityZoneHints"})

    def body(self, cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """With its gateway."""
        gateway = self._gateway(inputs)
        return super().body(cloud, inputs) | ({"external_gateway_info": gateway} if gateway else {})

    def update_body(
        self, cloud: Cloud, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> dict[str, Any]:
        """The gateway as a whole when anything of it differs."""
        body = super().update_body(cloud, inputs, old_inputs, old_outputs)
        parts = ("externalNetworkId", "enableSnat", "externalFixedIps")
        desired = {key for key in parts if key in inputs or key in old_inputs}
        if any(not self._same(key, old_outputs.get(key), inputs.get(key)) for key in desired):
            body["external_gateway_info"] = self._gateway(inputs)
        return body

    @staticmethod
    def _gateway(inputs: Properties) -> dict[str, Any]:
        if not inputs.get("externalNetworkId"):
            return {}
        gateway: dict[str, Any] = {"network_id": inputs["externalNetworkId"]}
        if inputs.get("enableSnat") is not None:
            gateway["enable_snat"] = inputs["enableSnat"]
        if inputs.get("externalFixedIps"):
            gateway["external_fixed_ips"] = [_fixed_ip(item) for item in inputs["externalFixedIps"]]
        return gateway

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_router_v2` keeps it."""
        gateway = found.get("external_gateway_info") or {}
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "adminStateUp": found["admin_state_up"],
            "tenantId": found["project_id"],
            "distributed": bool(found.get("distributed")),
            "availabilityZoneHints": found.get("availability_zone_hints") or [],
            "enableSnat": bool(gateway.get("enable_snat")),
            "externalNetworkId": text(gateway.get("network_id")),
            "externalFixedIps": [
                {"ipAddress": item["ip_address"], "subnetId": item["subnet_id"]}
                for item in gateway.get("external_fixed_ips") or []
            ],
        }


class RouterInterface(OpenStackType):
    """`networking/routerInterface:RouterInterface`; its id is its port's."""

    token = "openstack:networking/routerInterface:RouterInterface"
    replaces = frozenset({"routerId", "subnetId", "portId"})
    defaults = {"forceDestroy": False}
    is_within = True

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """Add the subnet or port to the router."""
        body = {"subnet_id": inputs["subnetId"]} if inputs.get("subnetId") else {"port_id": inputs["portId"]}
        path = f"/routers/{inputs['routerId']}/add_router_interface"
        made = cloud.request("network", "PUT", path, json=body, doing="add an interface to a router", once=True)
        return self._live(cloud, made["port_id"], inputs["routerId"], made["subnet_ids"], self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """Its port, if that is still a router's."""
        found = cloud.get("network", f"/ports/{id}")
        return self._of_port(cloud, found["port"], self.last(outputs)) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list of routers' ports."""
        ports = cloud.items("network", "/ports", "ports", params={"device_owner": _INTERFACE_OWNERS})
        listed = {port["id"]: port for port in ports}
        found = {id_: self._of_port(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}
        return {id_: live for id_, live in found.items() if live is not None}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Only `forceDestroy` can change, and that is ours alone."""
        return Live(id, {**old_outputs, "forceDestroy": bool(inputs.get("forceDestroy"))})

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """Take it off the router, waiting for floating IPs and routes that use it to go."""
        path = f"/routers/{outputs['routerId']}/remove_router_interface"
        refusal: list[CloudError] = []

        def gone() -> bool:
            try:
                cloud.request(
                    "network", "PUT", path, json={"port_id": id}, doing="take an interface off a router", absent_ok=True
                )
            except CloudError as error:
                if error.status != 409:
                    raise
                refusal[:] = [error]
                return False
            return True

        try:
            cloud.wait("taking an interface off a router", gone, 120)
        except CloudError as error:
            raise (refusal[0] if error.status == 504 and refusal else error) from None

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Its router's ports."""
        for port in cloud.items("network", "/ports", "ports", params={"device_id": inputs["routerId"]}):
            live = self._of_port(cloud, port, self.given(inputs))
            if live is not None:
                yield live

    def _of_port(self, cloud: Cloud, port: Mapping[str, Any], known: Known) -> Live | None:
        if port["device_id"] != known.get("routerId") or port["device_owner"] not in _INTERFACE_OWNERS:
            return None
        return self._live(
            cloud, port["id"], port["device_id"], [item["subnet_id"] for item in port["fixed_ips"]], known
        )

    def _live(self, cloud: Cloud, port: str, router: str, subnets: Sequence[str], known: Known) -> Live:
        # A port with addresses in several subnets is of none, unless one was asked for (as the provider has it: with a
        # subnet beside the port, it could not take the interface off again).
        desired = known.get("subnetId")
        subnet = subnets[0] if len(subnets) == 1 else desired if desired in subnets else ""
        reported = {
            "id": port,
            "region": cloud.region,
            "routerId": router,
            "portId": port,
            "subnetId": subnet,
            "forceDestroy": bool(known.get("forceDestroy")),
        }
        return known.live(port, reported, self.unordered)


class RouterRoutes(OpenStackType):
    """`networking/routerRoutesV2:RouterRoutesV2`: all extra routes of one router; its id is the router's."""

    token = "openstack:networking/routerRoutesV2:RouterRoutesV2"
    replaces = frozenset({"routerId"})
    unordered = frozenset({"routes"})
    is_within = True

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """Set them; repeating it does no harm."""
        return self._set(cloud, inputs["routerId"], inputs, self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """The router's routes; none left counts as gone."""
        found = cloud.get("network", f"/routers/{id}")
        return (
            self._live(cloud, found["router"], self.last(outputs)) if found and found["router"].get("routes") else None
        )

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list of routers."""
        routers = {router["id"]: router for router in cloud.items("network", "/routers", "routers")}
        return {
            id_: self._live(cloud, routers[id_], self.last(outputs))
            for id_, outputs in known
            if routers.get(id_, {}).get("routes")
        }

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Set them anew."""
        return self._set(cloud, id, inputs, self.changed(inputs, old_inputs, old_outputs))

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """Set none."""
        body: dict[str, Any] = {"router": {"routes": []}}
        cloud.request("network", "PUT", f"/routers/{id}", json=body, doing="remove a router's routes", absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The routes that the router has."""
        live = self.read(cloud, inputs["routerId"], self.kept(inputs))
        return [live] if live else []

    def _set(self, cloud: Cloud, router: str, inputs: Properties, known: Known) -> Live:
        routes = inputs.get("routes") or []
        desired = [{"destination": item["destinationCidr"], "nexthop": item["nextHop"]} for item in routes]
        body = {"router": {"routes": desired}}
        found = cloud.request("network", "PUT", f"/routers/{router}", json=body, doing="set a router's routes")
        return self._live(cloud, found["router"], known)

    def _live(self, cloud: Cloud, router: Mapping[str, Any], known: Known) -> Live:
        routes = [{"destinationCidr": item["destination"], "nextHop": item["nexthop"]} for item in router["routes"]]
        routes.sort(key=lambda item: (item["destinationCidr"], item["nextHop"]))
        reported = {"id": router["id"], "region": cloud.region, "routerId": router["id"], "routes": routes}
        return known.live(router["id"], reported, self.unordered)


class RbacPolicy(NeutronType):
    """`networking/rbacPolicyV2:RbacPolicyV2`."""

    token = "openstack:networking/rbacPolicyV2:RbacPolicyV2"
    collection, noun = "rbac-policies", "rbac_policy"
    names = {"action": "action", "objectId": "object_id", "objectType": "object_type", "targetTenant": "target_tenant"}
    fixed = frozenset({"action", "objectId", "objectType"})
    replaces = fixed
    tagged = False
    is_within = True

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list; its key is not the collection's name."""
        listed = {item["id"]: item for item in cloud.items("network", "/rbac-policies", "rbac_policies")}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its object."""
        filters = {"object_id": inputs["objectId"]}
        for found in cloud.items("network", "/rbac-policies", "rbac_policies", params=filters):
            yield self._live(cloud, found, self.given(inputs))

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """As `networking_rbac_policy_v2` keeps it."""
        return {
            "action": found["action"],
            "objectId": found["object_id"],
            "objectType": found["object_type"],
            "targetTenant": found["target_tenant"],
            "projectId": found["project_id"],
        }


def _fixed_ip(item: Mapping[str, Any]) -> dict[str, Any]:
    names = {"subnetId": "subnet_id", "ipAddress": "ip_address"}
    return {api: item[key] for key, api in names.items() if item.get(key)}
