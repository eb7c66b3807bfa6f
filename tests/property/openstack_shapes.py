"""The documents of every resource type: what a program may give, what the cloud then has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from ace.engine.contract import Properties
from tests.property.openstack_documents import (
    ADDRESSES,
    FLAG,
    MAP,
    NAMED,
    NUMBER,
    SPOKEN,
    TEXT,
    TYPES,
    WORDS,
    PaperCloud,
    Shape,
    address_paths,
    association_paths,
    association_told,
    attachment_paths,
    attachment_told,
    collection,
    flavor_paths,
    flavor_told,
    interface_paths,
    interface_told,
    keypair_paths,
    keypair_told,
    keystone,
    neutron,
    port_told,
    quota,
    role_paths,
    router_told,
    routes_told,
    server_group_told,
    server_paths,
    server_told,
    subnet_told,
    volume_told,
)

FIXED = {"availability_zone_hints": ["z2", "z1"], "admin_state_up": True}
SHAPES: dict[str, Shape] = {
    "identity/project:Project": Shape(
        NAMED, SPOKEN, **keystone("identity/project:Project", {"enabled": True, "tags": []}), untold=("description",)
    ),
    "identity/groupV3:GroupV3": Shape(NAMED, {"description": TEXT}, **keystone("identity/groupV3:GroupV3", {})),
    "identity/roleAssignment:RoleAssignment": Shape(
        {key: st.just(key) for key in ("groupId", "projectId", "roleId")}, {}, role_paths, dict
    ),
    "compute/quotaSetV2:QuotaSetV2": quota("compute/quotaSetV2:QuotaSetV2"),
    "networking/quotaV2:QuotaV2": quota("networking/quotaV2:QuotaV2"),
    "blockstorage/quoteSetV3:QuoteSetV3": quota("blockstorage/quoteSetV3:QuoteSetV3"),
    "networking/network:Network": Shape(
        NAMED,
        {**SPOKEN, "mtu": NUMBER, "valueSpecs": MAP, "dnsDomain": TEXT},
        **neutron("networking/network:Network", {"shared": False, **FIXED}),
        untold=("dns_domain", "mtu"),
    ),
    "networking/subnet:Subnet": Shape(
        {**NAMED, "networkId": st.just("n1"), "cidr": st.just("fd00:0::/64")},
        {**SPOKEN, "noGateway": FLAG, "dnsNameservers": st.just(["192.0.2.2", "192.0.2.1"]), "prefixLength": NUMBER},
        **neutron("networking/subnet:Subnet", {"service_types": ["b", "a"]}, own=subnet_told),
        untold=("service_types",),
    ),
    "networking/router:Router": Shape(
        NAMED,
        {**SPOKEN, "externalNetworkId": st.just("public-id"), "vendorOptions": st.just({"a": 1})},
        **neutron("networking/router:Router", FIXED, own=router_told),
    ),
    "networking/routerInterface:RouterInterface": Shape(
        {"routerId": st.just("r1"), "subnetId": st.just("s1")},
        {"forceDestroy": FLAG},
        interface_paths,
        interface_told,
    ),
    "networking/routerRoutesV2:RouterRoutesV2": Shape(
        {
            "routerId": st.just("r1"),
            "routes": st.just([{"destinationCidr": f"10.{n}.0.0/16", "nextHop": "10.0.0.9"} for n in (3, 1, 2)]),
        },
        {},
        lambda inputs, document: {
            f"/routers/{inputs['routerId']}": {"router": dict(document)},
            "list /routers": {"routers": [dict(document)]},
        },
        routes_told,
    ),
    "networking/rbacPolicyV2:RbacPolicyV2": Shape(
        {key: st.just(key) for key in ("action", "objectId", "objectType", "targetTenant")},
        {},
        **neutron("networking/rbacPolicyV2:RbacPolicyV2", {}),
    ),
    "networking/secGroup:SecGroup": Shape(
        NAMED,
        {**SPOKEN, "deleteDefaultRules": FLAG},
        **neutron("networking/secGroup:SecGroup", {"security_group_rules": [{"id": "d1"}]}),
    ),
    "networking/secGroupRule:SecGroupRule": Shape(
        {"securityGroupId": st.just("g1"), "direction": st.just("ingress"), "ethertype": st.just("IPv4")},
        {"portRangeMin": NUMBER, "portRangeMax": NUMBER, "protocol": st.just("tcp"), "description": TEXT},
        **neutron("networking/secGroupRule:SecGroupRule", {"port_range_min": None, "remote_ip_prefix": None}),
    ),
    "networking/addressGroupV2:AddressGroupV2": Shape(
        {**NAMED, "addresses": st.permutations(["192.0.2.0/24", "2001:db8::/32", "10.0.0.0/8"])},
        {"description": TEXT},
        **neutron("networking/addressGroupV2:AddressGroupV2", {}),
    ),
    "networking/port:Port": Shape(
        {**NAMED, "networkId": st.just("n1")},
        {
            **SPOKEN,
            "fixedIps": ADDRESSES,
            "securityGroupIds": st.permutations(["g1", "g2"]),
            "allowedAddressPairs": st.permutations([{"ipAddress": "10.9.0.1"}, {"ipAddress": "10.9.0.2"}]),
            "noSecurityGroups": st.just(False),
            "valueSpecs": MAP,
            "dnsName": TEXT,
        },
        **neutron(
            "networking/port:Port",
            {"admin_state_up": True, "mac_address": "fa:16:3e:00:00:01", "binding:vif_details": {"port_filter": True}},
            own=port_told,
        ),
        untold=("dns_assignment",),
    ),
    "networking/floatingIp:FloatingIp": Shape(
        {"pool": st.just("public")},
        {**SPOKEN, "subnetIds": WORDS},
        paths=address_paths,
        told=lambda inputs: {
            **neutron("networking/floatingIp:FloatingIp", {})["told"](inputs),
            "floating_network_id": "public-id",
            "floating_ip_address": "203.0.113.9",
        },
    ),
    "networking/floatingIpAssociate:FloatingIpAssociate": Shape(
        {"floatingIp": st.just("203.0.113.9"), "portId": st.just("p1")},
        {"fixedIp": st.just("10.0.0.5")},
        association_paths,
        association_told,
    ),
    "compute/keypair:Keypair": Shape(
        {**NAMED, "publicKey": st.just("ssh-ed25519 AAAA")},
        {"userId": TEXT, "valueSpecs": MAP},
        keypair_paths,
        keypair_told,
    ),
    "compute/flavor:Flavor": Shape(
        {**NAMED, "ram": NUMBER, "vcpus": NUMBER, "disk": NUMBER},
        {"extraSpecs": MAP, "description": TEXT, "swap": NUMBER, "isPublic": FLAG},
        flavor_paths,
        flavor_told,
        untold=("rxtx_factor",),
    ),
    "compute/serverGroup:ServerGroup": Shape(
        {**NAMED, "policies": st.just("anti-affinity")},
        {"rules": st.just({"maxServerPerHost": 2}), "valueSpecs": MAP},
        collection("/os-server-groups", "server_groups", "server_group"),
        server_group_told,
    ),
    "compute/instance:Instance": Shape(
        {
            **NAMED,
            "imageName": st.just("Debian 12"),
            "flavorId": st.just("f1"),
            "networks": st.lists(
                st.sampled_from(["p1", "p2"]).map(lambda port: {"port": port}), unique_by=str, max_size=2
            ),
        },
        {
            "userData": TEXT,
            "tags": WORDS,
            "metadata": MAP,
            "keyPair": TEXT,
            "schedulerHints": st.just([{"group": "g1"}]),
            "stopBeforeDestroy": FLAG,
            "forceDelete": FLAG,
            "adminPass": TEXT,
        },
        server_paths,
        server_told,
        untold=("tags", "config_drive"),
    ),
    "blockstorage/volume:Volume": Shape(
        {**NAMED, "size": NUMBER},
        {
            "description": TEXT,
            "metadata": MAP,
            "imageId": TEXT,
            "enableOnlineResize": FLAG,
            "schedulerHints": st.just([{"sameHosts": ["v1"]}]),
        },
        collection("/volumes", "volumes", "volume"),
        volume_told,
    ),
    "compute/volumeAttach:VolumeAttach": Shape(
        {"instanceId": st.just("i1"), "volumeId": st.just("v1")},
        {"multiattach": FLAG, "tag": TEXT},
        attachment_paths,
        attachment_told,
    ),
}


@dataclass(frozen=True)
class Drawn:
    """Inputs, and a cloud that has what they ask for."""

    inputs: Properties
    cloud: Any


@st.composite
def drawn(draw: st.DrawFn, token: str) -> Drawn:
    """Inputs of a type and a cloud with the resource."""
    shape, kind = SHAPES[token], TYPES[f"openstack:{token}"]
    inputs = kind.check(draw(st.fixed_dictionaries(dict(shape.needed), optional=dict(shape.may))))
    document = shape.told(inputs)
    plain = shape.told({key: value for key, value in inputs.items() if key in shape.needed})
    for key in draw(st.sets(st.sampled_from(shape.untold))) if shape.untold else ():
        if document.get(key) == plain.get(key):  # what it does not know of, a cloud refuses
            document.pop(key, None)
    return Drawn(inputs, PaperCloud(shape.paths(inputs, document)))
