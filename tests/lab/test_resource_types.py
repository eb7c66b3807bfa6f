"""Every resource type of the registry against a real cloud: made, read, found again, changed, refreshed, removed.

A type's cases are data; the laws are the same for all. A type without a case fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack import provider
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from tests.lab.region import LabCloud

pytestmark = pytest.mark.lab

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRnUkYQ4H3yE6nVnIPsCqVZ0JXxW0rD9D5C1uQ2mQ5F types"
POOL = "public"
TYPES = provider().types


@dataclass
class Workshop:
    """What a case needs to exist is made here, and removed in reverse."""

    cloud: Cloud
    _made: list[tuple[Any, Live]] = field(default_factory=list)

    def make(self, token: str, **given: Any) -> Live:
        kind = TYPES[f"openstack:{token}"]
        live = kind.create(self.cloud, kind.check(given))
        self._made.append((kind, live))
        return live

    def close(self) -> None:
        while self._made:
            kind, live = self._made.pop()
            kind.delete(self.cloud, live.id, live.outputs)

    # What many need.

    def project(self) -> str:
        return self.make("identity/project:Project", name="types-tenant").id

    def group(self) -> str:
        return self.make("networking/secGroup:SecGroup", name="types-base-group").id

    def network(self) -> str:
        return self.make("networking/network:Network", name="types-base-net").id

    def subnet(self, network: str) -> str:
        made = self.make(
            "networking/subnet:Subnet", name="types-base-subnet", networkId=network, cidr="198.51.100.0/24"
        )
        return made.id

    def router(self, **given: Any) -> str:
        return self.make("networking/router:Router", name="types-base-router", **given).id

    def public(self) -> str:
        return str(self.cloud.items("network", "/networks", "networks", params={"name": POOL})[0]["id"])

    def port(self, network: str, subnet: str, name: str = "types-base-port") -> str:
        fixed = [{"subnetId": subnet}]
        return self.make("networking/port:Port", name=name, networkId=network, fixedIps=fixed).id

    def flavor(self) -> str:
        return self.make("compute/flavor:Flavor", name="types-base-flavor", ram=512, vcpus=1, disk=10).id

    def server(self) -> str:
        port, flavor = self.port(network := self.network(), self.subnet(network)), self.flavor()
        image = {"imageName": "Debian 12", "flavorId": flavor}
        return self.make("compute/instance:Instance", name="types-base-server", networks=[{"port": port}], **image).id


@dataclass(frozen=True)
class Case:
    """One type: what is given, what then changes in place, and what would need another resource."""

    token: str
    given: Callable[[Workshop], Properties]
    change: Mapping[str, Any] | Callable[[Workshop], Mapping[str, Any]] = field(default_factory=dict)
    replacing: Mapping[str, Any] = field(default_factory=dict)
    outlives_its_delete: bool = False


def _subnet(work: Workshop) -> Properties:
    return {"name": "types-subnet", "networkId": work.network(), "cidr": "203.0.113.0/24", "gatewayIp": "203.0.113.1"}


def _interface(work: Workshop) -> Properties:
    return {"subnetId": work.subnet(work.network()), "routerId": work.router()}


def _routes(work: Workshop) -> Properties:
    router = work.router()
    work.make("networking/routerInterface:RouterInterface", routerId=router, subnetId=work.subnet(work.network()))
    return {"routerId": router, "routes": [{"destinationCidr": "10.64.0.0/10", "nextHop": "198.51.100.9"}]}


def _policy(work: Workshop) -> Properties:
    network, tenant = work.network(), work.project()
    return {"action": "access_as_shared", "objectType": "network", "objectId": network, "targetTenant": tenant}


def _port(work: Workshop) -> Properties:
    network, group = work.network(), work.group()
    fixed = [{"subnetId": work.subnet(network), "ipAddress": "198.51.100.20"}]
    named = {"name": "types-port", "description": "of a test", "networkId": network, "fixedIps": fixed}
    pairs = [{"ipAddress": "198.51.100.9"}]
    return {**named, "securityGroupIds": [group], "allowedAddressPairs": pairs, "tags": ["one", "two"]}


def _association(work: Workshop) -> Properties:
    network = work.network()
    subnet, router = work.subnet(network), work.router(externalNetworkId=work.public())
    work.make("networking/routerInterface:RouterInterface", routerId=router, subnetId=subnet)
    address = work.make("networking/floatingIp:FloatingIp", pool=POOL, description="types-base-address")
    return {"floatingIp": address.outputs["address"], "portId": work.port(network, subnet)}


def _instance(work: Workshop) -> Properties:
    network = work.network()
    port = work.port(network, work.subnet(network))
    named = {"name": "types-server", "imageName": "Debian 12", "flavorId": work.flavor(), "userData": "#cloud-config\n"}
    return {**named, "networks": [{"port": port}], "metadata": {"of": "a test"}, "tags": ["one"]}


def _role(work: Workshop) -> Properties:
    group = work.make("identity/groupV3:GroupV3", name="types-base-people").id
    roles = work.cloud.items("identity", "/roles", "roles", params={"name": "member"})
    return {"groupId": group, "projectId": work.project(), "roleId": roles[0]["id"]}


def _rule(work: Workshop) -> Properties:
    ports = {"portRangeMin": 22, "portRangeMax": 22, "protocol": "tcp", "remoteIpPrefix": "192.0.2.0/24"}
    return {"securityGroupId": work.group(), "direction": "ingress", "ethertype": "IPv4", **ports}


def _attachment(work: Workshop) -> Properties:
    server = work.server()
    return {
        "instanceId": server,
        "volumeId": work.make("blockstorage/volume:Volume", name="types-base-disk", size=1).id,
    }


CASES = [
    Case(
        "identity/project:Project",
        lambda _: {"name": "types-project", "description": "before", "tags": ["one"]},
        {"description": "after", "tags": ["two"], "enabled": False},
        {"domainId": "another"},
    ),
    Case(
        "identity/groupV3:GroupV3",
        lambda _: {"name": "types-people", "description": "before"},
        {"name": "types-folk", "description": "after"},
        {"domainId": "another"},
    ),
    Case("identity/roleAssignment:RoleAssignment", _role, {}, {"roleId": "another"}),
    Case(
        "compute/quotaSetV2:QuotaSetV2",
        lambda work: {"projectId": work.project(), "cores": 7, "ram": 4096},
        {"cores": 9},
        {"projectId": "another"},
        outlives_its_delete=True,
    ),
    Case(
        "networking/quotaV2:QuotaV2",
        lambda work: {"projectId": work.project(), "network": 3, "port": 30},
        {"port": 40},
        {"projectId": "another"},
        outlives_its_delete=True,
    ),
    Case(
        "blockstorage/quoteSetV3:QuoteSetV3",
        lambda work: {"projectId": work.project(), "volumes": 3, "gigabytes": 30},
        {"gigabytes": 40},
        {"projectId": "another"},
        outlives_its_delete=True,
    ),
    Case(
        "networking/network:Network",
        lambda _: {"name": "types-net", "description": "before", "mtu": 1400, "tags": ["one"]},
        {"name": "types-net-2", "description": "after", "mtu": 1300, "tags": ["one", "two"]},
        {"tenantId": "another"},
    ),
    Case(
        "networking/subnet:Subnet",
        _subnet,
        {"name": "types-subnet-2", "dnsNameservers": ["192.0.2.53"], "enableDhcp": False},
        {"cidr": "192.0.2.0/24"},
    ),
    Case(
        "networking/router:Router",
        lambda work: {"name": "types-router", "externalNetworkId": work.public(), "tags": ["one"]},
        {"description": "after", "externalNetworkId": None},
        {"tenantId": "another"},
    ),
    Case("networking/routerInterface:RouterInterface", _interface, {"forceDestroy": True}, {"routerId": "another"}),
    Case(
        "networking/routerRoutesV2:RouterRoutesV2",
        _routes,
        {"routes": [{"destinationCidr": "10.128.0.0/10", "nextHop": "198.51.100.10"}]},
        {"routerId": "another"},
    ),
    Case(
        "networking/rbacPolicyV2:RbacPolicyV2",
        _policy,
        lambda work: {"targetTenant": work.cloud.project_id},
        {"objectId": "another"},
    ),
    Case(
        "networking/secGroup:SecGroup",
        lambda _: {"name": "types-group", "description": "before", "deleteDefaultRules": True, "tags": ["one"]},
        {"name": "types-group-2", "description": "after", "tags": []},
        {"tenantId": "another"},
    ),
    Case("networking/secGroupRule:SecGroupRule", _rule, {}, {"portRangeMax": 23}),
    Case(
        "networking/addressGroupV2:AddressGroupV2",
        lambda _: {"name": "types-far", "addresses": ["192.0.2.0/24", "2001:db8::/32"]},
        {"name": "types-farther", "addresses": ["2001:db8::/32", "203.0.113.0/24"]},
        {"projectId": "another"},
    ),
    Case(
        "networking/port:Port",
        _port,
        {"name": "types-port-2", "allowedAddressPairs": [], "tags": ["two"], "adminStateUp": False},
        {"networkId": "another"},
    ),
    Case(
        "networking/floatingIp:FloatingIp",
        lambda _: {"pool": POOL, "description": "types-address", "tags": ["one"]},
        {"description": "types-address-2", "tags": ["two"]},
        {"pool": "another"},
    ),
    Case("networking/floatingIpAssociate:FloatingIpAssociate", _association, {}, {"floatingIp": "192.0.2.1"}),
    Case("compute/keypair:Keypair", lambda _: {"name": "types-key", "publicKey": KEY}, {}, {"publicKey": "another"}),
    Case(
        "compute/flavor:Flavor",
        lambda _: {"name": "types-flavor", "ram": 512, "vcpus": 1, "disk": 5, "extraSpecs": {"scs:a": "1"}},
        {"extraSpecs": {"scs:b": "2"}},
        {"ram": 1024},
    ),
    Case(
        "compute/serverGroup:ServerGroup",
        lambda _: {"name": "types-apart", "policies": "anti-affinity"},
        {},
        {"policies": "affinity"},
    ),
    Case(
        "compute/instance:Instance",
        _instance,
        {"name": "types-server-2", "metadata": {"of": "another"}, "tags": ["two"], "powerState": "shutoff"},
        {"keyPair": "another"},
    ),
    Case(
        "blockstorage/volume:Volume",
        lambda _: {
            "name": "types-disk",
            "description": "before",
            "size": 1,
            "enableOnlineResize": True,
            "metadata": {"of": "a test"},
        },
        {"name": "types-disk-2", "description": "after", "size": 2, "metadata": {}},
        {"availabilityZone": "another"},
    ),
    Case("compute/volumeAttach:VolumeAttach", _attachment, {}, {"volumeId": "another"}),
]


@pytest.fixture(scope="module")
def cloud(lab_cloud: LabCloud) -> Cloud:
    return Cloud({"cloud": lab_cloud.name}, {"OS_CLIENT_CONFIG_FILE": str(lab_cloud.clouds_file)})


@pytest.fixture
def work(cloud: Cloud) -> Iterator[Workshop]:
    made = Workshop(cloud)
    try:
        yield made
    finally:
        made.close()


def test_every_type_of_the_registry_has_a_case() -> None:
    assert {f"openstack:{case.token}" for case in CASES} == set(TYPES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token.partition(":")[0])
def test_a_type_is_made_read_found_changed_and_removed(case: Case, work: Workshop) -> None:
    kind: Any = TYPES[f"openstack:{case.token}"]
    cloud, given = work.cloud, dict(case.given(work))
    inputs = kind.check(given)
    change = dict(case.change(work) if callable(case.change) else case.change)
    live = kind.create(cloud, inputs)
    removed = False
    try:
        assert_as_wanted(kind, cloud, live, inputs)
        assert_reading_changes_nothing(kind, cloud, live, inputs)
        assert_found_again(kind, cloud, live, inputs)
        now, desired = live, inputs
        if change:
            desired = kind.check({**given, **change})
            diff = kind.diff(desired, inputs, live.outputs)
            assert {one.path for one in diff.changes} == set(change)
            assert not diff.replaces
            now = kind.update(cloud, live.id, desired, inputs, live.outputs)
            assert_as_wanted(kind, cloud, now, desired)
            assert_reading_changes_nothing(kind, cloud, now, desired)
            assert_drift_shows(kind, cloud, now, inputs, change)
        assert kind.diff({**desired, **case.replacing}, desired, now.outputs).replaces
        kind.delete(cloud, live.id, now.outputs)
        removed = not case.outlives_its_delete
        if removed:
            assert kind.read(cloud, live.id, now.outputs) is None
            assert many(kind, cloud, live.id, now.outputs) == {}
            assert kind.find(cloud, desired) is None
            kind.delete(cloud, live.id, now.outputs)
    finally:
        if not removed:
            kind.delete(cloud, live.id, live.outputs)


def assert_as_wanted(kind: Any, cloud: Cloud, live: Live, inputs: Properties) -> None:
    """What the act told, what a read tells and what a list tells: all are what was desired, and refresh finds no drift."""
    told = {
        "act": live,
        "read": kind.read(cloud, live.id, live.outputs),
        "list": many(kind, cloud, live.id, live.outputs)[live.id],
    }
    for where, one in told.items():
        assert one is not None, where
        assert one.id == live.id == one.outputs["id"], where
        assert kind.diff(inputs, inputs, one.outputs).changes == (), where
        assert kind.inputs_of(one, inputs) == inputs, where
        assert set(one.outputs) == set(live.outputs), where


def assert_reading_changes_nothing(kind: Any, cloud: Cloud, live: Live, inputs: Properties) -> None:
    """Read again and again, alone and in a list: byte for byte what the act put out."""
    outputs = live.outputs
    for _ in range(3):
        known = json.loads(json.dumps(outputs))
        told = {"read": kind.read(cloud, live.id, known), "list": many(kind, cloud, live.id, known)[live.id]}
        for where, one in told.items():
            assert json.dumps(one.outputs, sort_keys=True) == json.dumps(live.outputs, sort_keys=True), where
            assert kind.inputs_of(one, inputs) == inputs, where
            outputs = one.outputs


def assert_found_again(kind: Any, cloud: Cloud, live: Live, inputs: Properties) -> None:
    """After a lost answer: a type that can tell its resource finds it, and none but it."""
    found = kind.find(cloud, inputs)
    if type(kind).search is OpenStackType.search:
        assert found is None, "its create may be repeated"
        assert kind.create(cloud, inputs).id == live.id
    else:
        assert found is not None
        assert found.id == live.id
        name = next((key for key in ("name", "description") if inputs.get(key)), "")
        if name:
            assert kind.find(cloud, {**inputs, name: "somebody-else"}) is None


def assert_drift_shows(kind: Any, cloud: Cloud, now: Live, before: Properties, change: Mapping[str, Any]) -> None:
    """Seen from what was desired before, a refresh tells all that has changed since (but what the cloud never tells)."""
    read = kind.read(cloud, now.id, now.outputs)
    refreshed = kind.inputs_of(read, before)
    changed = {one.path for one in kind.diff(before, refreshed, read.outputs).changes}
    assert changed == {key for key in change if key in before and key not in {*kind.given_only, *kind.hashed}}


def many(kind: Any, cloud: Cloud, id_: str, outputs: Properties) -> Mapping[str, Live]:
    """A list's answer for this resource and for one that never was."""
    ghost = re.sub("[0-9a-f]", "0", id_)
    found: Mapping[str, Live] = kind.read_many(cloud, [(id_, outputs), (ghost, outputs)])
    assert ghost not in found
    return found


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if hasattr(TYPES[f"openstack:{case.token}"], "goes_with")],
    ids=lambda case: case.token.partition(":")[0],
)
def test_what_goes_with_another_is_gone_when_that_is(case: Case, work: Workshop) -> None:
    kind: Any = TYPES[f"openstack:{case.token}"]
    inputs = kind.check(case.given(work))
    live = kind.create(work.cloud, inputs)
    carrier, key = kind.goes_with
    TYPES[carrier].delete(work.cloud, inputs[key], {})
    assert kind.read(work.cloud, live.id, live.outputs) is None


def test_rules_of_one_group_are_made_in_one_request_and_each_is_told_as_it_is(work: Workshop) -> None:
    kind: Any = TYPES["openstack:networking/secGroupRule:SecGroupRule"]
    given = dict(_rule(work))
    desired = [kind.check({**given, "portRangeMin": port, "portRangeMax": port}) for port in (80, 22, 443)]
    assert len({kind.together(one) for one in desired}) == 1
    assert kind.together({**given, "securityGroupId": "another"}) != kind.together(given)
    made = kind.create_many(work.cloud, desired)
    for one, live in zip(desired, made, strict=True):
        assert_as_wanted(kind, work.cloud, live, one)
    with pytest.raises(CloudError) as refused:
        kind.create_many(work.cloud, [kind.check({**given, "portRangeMin": 8080, "portRangeMax": 8080}), desired[0]])
    assert refused.value.status == 409
    ports = {
        rule["port_range_min"]
        for rule in work.cloud.items(
            "network",
            "/security-group-rules",
            "security_group_rules",
            params={"security_group_id": given["securityGroupId"]},
        )
    }
    assert 8080 not in ports, "all of them or none"
