"""What OpenStack's APIs answer about one resource, drawn for each type, and a cloud that answers with it.

A document has the fields of the API references (Keystone v3, Nova 2.1, Cinder v3, Neutron v2.0): what the inputs asked for,
what the service adds by itself, and now and then without what an extension or a microversion would have told. The answers
are those; the order of what is a set there differs from answer to answer. What a cloud never gives back is in none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ace.engine.contract import CloudError, Properties
from ace.openstack import provider

TYPES = provider().types
ID, PROJECT = "5f0c2a74-0000-4000-8000-000000000001", "c0ffee00000040008000000000000001"
SETS = frozenset(
    {
        *("tags", "security_groups", "fixed_ips", "allocation_pools", "allowed_address_pairs", "members", "addresses"),
        *("routes", "attachments", "availability_zone_hints", "service_types", "external_fixed_ips", "dns_assignment"),
        *("interfaceAttachments", "subnet_ids", "roles", "dns_assignments"),
    }
)
"""Fields whose order is the database's."""

TEXT = st.text("abc é", min_size=1, max_size=8)
WORDS = st.lists(st.sampled_from(["ace", "country:tn", "b", "a"]), unique=True, max_size=4)
NUMBER = st.integers(1, 9)
FLAG = st.booleans()
MAP = st.dictionaries(st.sampled_from(["a", "b", "c"]), TEXT, max_size=3)


@dataclass
class PaperCloud:
    """Answers with documents: by path what is there, by service and path a list; each answer in another order."""

    found: dict[str, Any]
    answers: int = 0
    sent: list[Any] = field(default_factory=list)
    name: str = "tn-tunis-1"
    region: str = "tn-tunis-1"
    project_id: str = PROJECT

    def _answer(self, body: Any) -> Any:
        self.answers += 1
        return _turned(copy.deepcopy(body), self.answers % 2 == 1)

    def request(self, service: str, method: str, path: str, **options: Any) -> Any:
        self.sent.append((method, path, copy.deepcopy(options.get("json"))))
        for key in (f"{method} {path}", path, f"{service} {path}"):
            if key in self.found:
                return self._answer(self.found[key])
        if options.get("absent_ok") or method == "DELETE":
            return None
        raise CloudError(f"{self.name}: nothing at {method} {path}", status=404)

    def get(self, service: str, path: str, **options: Any) -> Any:
        return self.request(service, "GET", path, absent_ok=True, **options)

    def items(self, _service: str, path: str, key: str, **_options: Any) -> list[Any]:
        return list(self._answer((self.found.get(f"list {path}") or {key: []})[key]))

    def kept(self, _key: str, make: Callable[[], Any]) -> Any:
        return make()

    def has_kept(self, _key: str, default: Any) -> Any:
        return default

    def wait(self, what: str, settled: Callable[[], Any], _timeout_s: float) -> Any:
        if result := settled():
            return result
        raise CloudError(f"{what}: not in time", status=504)


def _turned(value: Any, turn: bool, within: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _turned(item, turn, key) for key, item in value.items()}
    if isinstance(value, list):
        items = [_turned(item, turn) for item in value]
        return items[::-1] if turn and within in SETS else items
    return value


@dataclass(frozen=True)
class Shape:
    """One type: what a program may give (`needed` always), and what is then found at which path.

    `untold` are fields that a cloud without an extension leaves out.
    """

    needed: Mapping[str, st.SearchStrategy[Any]]
    may: Mapping[str, st.SearchStrategy[Any]]
    paths: Callable[[Properties, Mapping[str, Any]], dict[str, Any]]
    told: Callable[[Properties], dict[str, Any]]
    untold: tuple[str, ...] = ()


def collection(service_path: str, key: str, noun: str, *, single: str = "") -> Callable[..., dict[str, Any]]:
    """A resource made by a POST to its collection and read there."""

    def paths(_inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
        id_ = document.get("id", single)
        one = {noun: dict(document)}
        tags = {"tags": list(document.get("tags", []))}
        return {
            f"POST {service_path}": one,
            f"{service_path}/{id_}": one,
            f"PUT {service_path}/{id_}/tags": tags,
            f"list {service_path}": {key: [dict(document)]},
            f"list {service_path}/detail": {key: [dict(document)]},
        }

    return paths


def neutron(token: str, defaults: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Paths and document of one of Neutron's collections; `defaults` is what Neutron fills in."""
    kind: Any = TYPES[f"openstack:{token}"]
    own: Callable[[Properties], dict[str, Any]] = more.get("own", lambda _inputs: {})

    def told(inputs: Properties) -> dict[str, Any]:
        given = {api: inputs[key] for key, api in kind.names.items() if key in inputs}
        tags = {"tags": list(inputs.get("tags", []))} if kind.tagged else {}
        return {"id": ID, "project_id": PROJECT, **defaults, **given, **tags, **own(inputs)}

    key = kind.collection.replace("-", "_")

    def paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
        found = collection(f"/{kind.collection}", key, kind.noun)(inputs, document)
        return found | {f"list /{kind.collection}": {key: [dict(document)], kind.collection: [dict(document)]}}

    return {"paths": paths, "told": told}


def keystone(token: str, defaults: Mapping[str, Any]) -> dict[str, Any]:
    kind: Any = TYPES[f"openstack:{token}"]

    def told(inputs: Properties) -> dict[str, Any]:
        given = {api: inputs[key] for key, api in kind.names.items() if key in inputs}
        return {"id": ID, "domain_id": "default", **defaults, **given}

    return {"paths": collection(f"/{kind.collection}", kind.collection, kind.noun), "told": told}


def quota(token: str) -> Shape:
    kind: Any = TYPES[f"openstack:{token}"]

    def paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
        project = inputs["projectId"]
        one = {kind.noun: dict(document)}
        return {f"{kind.path}/{project}": one, f"/projects/{project}": {"project": {"id": project}}}

    def told(inputs: Properties) -> dict[str, Any]:
        return dict.fromkeys(kind.names.values(), 10) | {
            api: inputs[key] for key, api in kind.names.items() if key in inputs
        }

    untold = tuple(kind.names.values())[-2:]
    return Shape({"projectId": st.just(PROJECT)}, dict.fromkeys(kind.names, NUMBER), paths, told, untold)


NAMED = {"name": TEXT}
SPOKEN = {"description": TEXT, "tags": WORDS}
ADDRESSES = st.lists(
    st.fixed_dictionaries({"subnetId": st.sampled_from(["s1", "s2"])}, optional={"ipAddress": st.just("")}),
    max_size=3,
)


def port_told(inputs: Properties) -> dict[str, Any]:
    fixed = [
        {"subnet_id": item["subnetId"], "ip_address": item.get("ipAddress") or f"10.0.0.{number}"}
        for number, item in enumerate(inputs.get("fixedIps") or [{"subnetId": "s1"}], start=10)
    ]
    pairs = [
        {"ip_address": pair["ipAddress"], "mac_address": "fa:16:3e:00:00:01"}
        for pair in inputs.get("allowedAddressPairs", [])
    ]
    assignment = [{"hostname": "h", "ip_address": item["ip_address"], "fqdn": "h."} for item in fixed]
    return {"fixed_ips": fixed, "allowed_address_pairs": pairs, "dns_assignment": assignment}


def subnet_told(inputs: Properties) -> dict[str, Any]:
    pools = [dict(pool) for pool in inputs.get("allocationPools", [{"start": "10.0.0.2", "end": "10.0.0.9"}])]
    gateway = None if inputs.get("noGateway") else inputs.get("gatewayIp", "10.0.0.1")
    return {"gateway_ip": gateway, "allocation_pools": pools}


def router_told(inputs: Properties) -> dict[str, Any]:
    if not inputs.get("externalNetworkId"):
        return {"external_gateway_info": None}
    fixed = [{"subnet_id": "p1", "ip_address": "203.0.113.7"}, {"subnet_id": "p2", "ip_address": "2001:db8::7"}]
    gateway = {"network_id": inputs["externalNetworkId"], "enable_snat": True, "external_fixed_ips": fixed}
    return {"external_gateway_info": gateway}


def interface_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    answer = {"port_id": document["id"], "subnet_ids": [item["subnet_id"] for item in document["fixed_ips"]]}
    return {
        f"PUT /routers/{inputs['routerId']}/add_router_interface": answer,
        f"/ports/{document['id']}": {"port": dict(document)},
        "list /ports": {"ports": [dict(document)]},
    }


def interface_told(inputs: Properties) -> dict[str, Any]:
    fixed = [{"subnet_id": inputs["subnetId"], "ip_address": "10.0.0.1"}]
    if inputs.get("forceDestroy"):  # somebody gave its port an address in another subnet as well
        fixed.append({"subnet_id": "s2", "ip_address": "10.0.1.1"})
    owner = "network:router_interface"
    return {"id": ID, "device_id": inputs["routerId"], "device_owner": owner, "fixed_ips": fixed}


def routes_told(inputs: Properties) -> dict[str, Any]:
    routes = [{"destination": one["destinationCidr"], "nexthop": one["nextHop"]} for one in inputs["routes"]]
    return {"id": inputs["routerId"], "routes": routes}


def association_paths(_inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"/floatingips/{document['id']}": {"floatingip": dict(document)},
        "list /floatingips": {"floatingips": [dict(document)]},
    }


def association_told(inputs: Properties) -> dict[str, Any]:
    told = {"id": ID, "floating_ip_address": inputs["floatingIp"], "port_id": inputs["portId"]}
    return {**told, "fixed_ip_address": inputs.get("fixedIp", "10.0.0.5")}


def address_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    found = neutron("networking/floatingIp:FloatingIp", {})["paths"](inputs, document)
    network = {"id": "public-id", "name": inputs["pool"]}
    return {**found, "/networks/public-id": {"network": network}, "list /networks": {"networks": [network]}}


def role_paths(inputs: Properties, _document: Mapping[str, Any]) -> dict[str, Any]:
    base = f"/projects/{inputs['projectId']}/groups/{inputs['groupId']}/roles"
    scope, group = {"project": {"id": inputs["projectId"]}}, {"id": inputs["groupId"]}
    assignment = {"role": {"id": inputs["roleId"]}, "group": group, "scope": scope}
    return {
        f"PUT {base}/{inputs['roleId']}": {},
        base: {"roles": [{"id": "another"}, {"id": inputs["roleId"]}]},
        "list /role_assignments": {"role_assignments": [assignment]},
    }


def flavor_told(inputs: Properties) -> dict[str, Any]:
    numbers = {key: inputs.get(key, 0) for key in ("ram", "vcpus", "disk")}
    told = {"id": inputs.get("flavorId", ID), "name": inputs["name"], **numbers, "swap": inputs.get("swap", "")}
    more = {"os-flavor-access:is_public": inputs.get("isPublic", False), "rxtx_factor": inputs.get("rxTxFactor", 1.0)}
    return {**told, **more, "OS-FLV-EXT-DATA:ephemeral": inputs.get("ephemeral", 0)}


def flavor_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    specs = {"extra_specs": dict(inputs.get("extraSpecs", {}))}
    found = collection("/flavors", "flavors", "flavor")(inputs, document)
    return {**found, f"/flavors/{document['id']}/os-extra_specs": specs}


def server_group_told(inputs: Properties) -> dict[str, Any]:
    rules = {"max_server_per_host": inputs["rules"]["maxServerPerHost"]} if "rules" in inputs else {}
    return {"id": ID, "name": inputs["name"], "policy": inputs["policies"], "members": ["b", "a"], "rules": rules}


def keypair_told(inputs: Properties) -> dict[str, Any]:
    return {"name": inputs["name"], "public_key": inputs["publicKey"], "fingerprint": "aa:bb"}


def keypair_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    return collection("/os-keypairs", "keypairs", "keypair", single=inputs["name"])(inputs, document)


def server_told(inputs: Properties) -> dict[str, Any]:
    told = {"id": ID, "name": inputs["name"], "status": "ACTIVE", "flavor": {"id": "f1"}, "image": {"id": "i1"}}
    given = {"metadata": dict(inputs.get("metadata", {})), "tags": list(inputs.get("tags", []))}
    times = {"created": "2026-11-24T11:05:24Z", "updated": "2026-11-24T11:05:44Z"}
    groups = {"security_groups": [{"name": "web"}, {"name": "base"}], "key_name": inputs.get("keyPair")}
    return {**told, **given, **times, **groups, "config_drive": "True", "OS-EXT-AZ:availability_zone": "nova"}


def server_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    addresses = [{"ip_address": "10.0.0.5", "subnet_id": "s1"}, {"ip_address": "10.0.0.6", "subnet_id": "s1"}]
    nics = [
        {"port_id": network.get("port", f"p{n}"), "net_id": "n1", "mac_addr": f"fa:{n}", "fixed_ips": addresses}
        for n, network in enumerate(inputs["networks"])
    ]
    found = collection("/servers", "servers", "server")(inputs, document)
    found[f"/servers/{ID}/os-interface"] = {"interfaceAttachments": nics}
    image = {"id": "i1", "name": inputs["imageName"]}
    found["list /images"] = {"images": [image]}
    if inputs.get("forceDelete"):  # the operator has removed both since: a server stays what it is
        return found
    return {**found, "/flavors/f1": {"flavor": {"id": "f1", "name": "small"}}, "/images/i1": image}


def volume_told(inputs: Properties) -> dict[str, Any]:
    told = {"id": ID, "name": inputs["name"], "size": inputs["size"], "status": "available", "metadata": {}}
    given = {"description": inputs.get("description"), "metadata": dict(inputs.get("metadata", {}))}
    attached = [{"device": f"/dev/vd{n}", "id": ID, "server_id": n} for n in "bc"]
    return {**told, **given, "availability_zone": inputs.get("availabilityZone", "nova"), "attachments": attached}


def attachment_told(inputs: Properties) -> dict[str, Any]:
    return {"id": inputs["volumeId"], "device": inputs.get("device", "/dev/vdb"), "serverId": inputs["instanceId"]}


def attachment_paths(inputs: Properties, document: Mapping[str, Any]) -> dict[str, Any]:
    server, volume = inputs["instanceId"], inputs["volumeId"]
    one = {"volumeAttachment": dict(document)}
    return {
        f"POST /servers/{server}/os-volume_attachments": one,
        f"/servers/{server}/os-volume_attachments/{volume}": one,
        f"/volumes/{volume}": {"volume": {"id": volume, "status": "in-use"}},
    }
