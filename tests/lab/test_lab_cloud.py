"""One cloud of the lab does what a country's cloud does: every kind of thing that the stacks use, asked of the cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openstack
import pytest
from openstack import exceptions
from openstack.connection import Connection

from ace.lab import CloudRequest, Lab
from ace.lab.environment import DRIVERS, Cache
from tests.lab.region import free_port

pytestmark = pytest.mark.lab

CLOUD = "tn-tunis-1"
CHAINS = 16
"""As many as Neutron has threads: each always finds others that write."""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEdw6GkSbnVbmTFRSlMXEHY0zW2oZjLE3AGkLQ0TqLVb test"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("cloud"))
    try:
        request = CloudRequest(name=CLOUD, country="tn", region=CLOUD, numeric=788)
        assert made.up([request], port=free_port()).ready
        yield made
    finally:
        made.down(wipe=True)


def connect(lab: Lab, **login: str) -> Connection:
    """A fresh connection; as ACE unless another login is named."""
    config = openstack.config.OpenStackConfig(config_files=[str(lab.clouds_file)]).get_one(cloud=CLOUD)
    if not login:
        return Connection(config=config)
    return Connection(region_name=CLOUD, auth={**config.config["auth"], **login})


@pytest.fixture(scope="module")
def cloud(lab: Lab) -> Connection:
    """The cloud as ACE sees it."""
    return connect(lab)


@pytest.fixture(scope="module")
def image(cloud: Connection) -> Any:
    return cloud.image.find_image("Debian 12", ignore_missing=False)


@pytest.fixture(scope="module")
def flavor(cloud: Connection) -> Any:
    return cloud.compute.create_flavor(name="SCS-1V-4-10", vcpus=1, ram=4096, disk=10)


@pytest.fixture
def tenant(lab: Lab, cloud: Connection) -> Connection:
    """A new project, as a member of it sees the cloud."""
    return a_tenant(lab, cloud)


def a_tenant(lab: Lab, cloud: Connection) -> Connection:
    name = f"tenant-{uuid.uuid4().hex[:8]}"
    project = cloud.identity.create_project(name=name, domain_id="default")
    user = cloud.identity.create_user(name=name, password=name, domain_id="default", default_project_id=project.id)
    member = cloud.identity.find_role("member", ignore_missing=False)
    cloud.identity.assign_project_role_to_user(project, user, member)
    return connect(lab, username=name, password=name, project_name=name)


def eventually(what: Callable[[], Any], desired: Any, timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while (found := what()) != desired:
        assert time.monotonic() < deadline, f"still {found!r}, not {desired!r}"
        time.sleep(0.1)


@contextmanager
def busy_machine() -> Iterator[None]:
    """Two programs a core that only compute, as on a machine that starts a region."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def a_network(connection: Connection, cidr: str = "10.9.0.0/24", **attributes: Any) -> tuple[Any, Any]:
    network = connection.network.create_network(name=f"net-{uuid.uuid4().hex[:6]}", **attributes)
    subnet = connection.network.create_subnet(network_id=network.id, ip_version=4, cidr=cidr)
    return network, subnet


# -- what a country would hand over


def test_the_roles_that_real_clouds_have_exist_and_imply_one_another(cloud: Connection) -> None:
    assert {"admin", "manager", "member", "reader"} <= {role.name for role in cloud.identity.roles()}
    user = cloud.identity.get_user(cloud.current_user_id)
    assert (user.name, cloud.current_project.name) == ("ace", "ace")


def test_the_external_network_has_both_families_and_is_not_shared(cloud: Connection) -> None:
    public = cloud.network.find_network("public", ignore_missing=False)
    assert (public.is_router_external, public.is_shared) == (True, False)
    assert sorted(cloud.network.get_subnet(subnet).ip_version for subnet in public.subnet_ids) == [4, 6]


def test_the_image_can_be_downloaded_and_is_a_qcow2_file(cloud: Connection, image: Any) -> None:
    assert (image.visibility, image.status, image.os_distro) == ("public", "active", "debian")
    assert cloud.image.download_image(image).content.startswith(b"QFI\xfb")


def test_both_zones_are_up_and_every_service_reports_for_itself(cloud: Connection) -> None:
    zones = {zone.name for zone in cloud.compute.availability_zones() if zone.state["available"]}
    assert {"az1", "az2"} <= zones
    assert {service.state for service in cloud.compute.services()} == {"up"}
    assert {service.state for service in cloud.block_storage.services()} == {"up"}
    assert len(list(cloud.block_storage.services())) == 4, "the scheduler and three zones"


def test_new_security_groups_start_with_the_rules_of_a_real_cloud(cloud: Connection, tenant: Connection) -> None:
    assert len(list(cloud.network.default_security_group_rules())) == 4
    (default,) = tenant.network.security_groups(name="default", project_id=tenant.current_project_id)
    rules = {(rule["direction"], rule["ethertype"]) for rule in default.security_group_rules}
    assert rules == {(way, family) for way in ("egress", "ingress") for family in ("IPv4", "IPv6")}
    own = tenant.network.create_security_group(name="own")
    assert {rule["direction"] for rule in own.security_group_rules} == {"egress"}


def test_the_network_extensions_that_the_stacks_use_are_there(cloud: Connection) -> None:
    desired = {
        *("router", "extraroute", "extraroute-atomic", "ext-gw-mode", "address-group", "rbac-policies", "quotas"),
        *("rbac-address-group", "security-group", "security-groups-remote-address-group", "allowed-address-pairs"),
        *("security-groups-default-rules", "standard-attr-tag", "subnet_allocation", "quota_details", "net-mtu"),
        *("net-mtu-writable", "external-net", "port-security", "availability_zone"),
    }
    assert desired <= {extension.alias for extension in cloud.network.extensions()}


# -- tenants


def test_a_group_with_a_role_on_a_project_is_kept(cloud: Connection) -> None:
    project = cloud.identity.create_project(name="groups", domain_id="default", tags=["ace", "country=tn"])
    group = cloud.identity.create_group(name="groups-admins", domain_id="default")
    role = cloud.identity.find_role("member", ignore_missing=False)
    cloud.identity.assign_project_role_to_group(project, group, role)
    assert cloud.identity.validate_group_has_project_role(project, group, role)
    assert [found.id for found in cloud.identity.projects(tags="ace")] == [project.id]


def test_a_network_over_the_quota_is_refused(cloud: Connection, tenant: Connection) -> None:
    cloud.network.update_quota(tenant.current_project_id, networks=1, routers=0, security_group_rules=6)
    tenant.network.create_network(name="one")
    with pytest.raises(exceptions.ConflictException, match="Quota exceeded"):
        tenant.network.create_network(name="two")
    with pytest.raises(exceptions.ConflictException, match="Quota exceeded"):
        cloud.network.create_router(name="by-admin", project_id=tenant.current_project_id)
    used = cloud.network.get_quota(tenant.current_project_id, details=True).networks
    assert (used["limit"], used["used"]) == (1, 1)


def test_a_server_over_the_quota_is_refused(cloud: Connection, tenant: Connection, image: Any, flavor: Any) -> None:
    cloud.compute.update_quota_set(tenant.current_project_id, instances=1, cores=1)
    network, _ = a_network(tenant)
    asked = {"image_id": image.id, "flavor_id": flavor.id, "networks": [{"uuid": network.id}]}
    tenant.compute.wait_for_server(tenant.compute.create_server(name="one", **asked), wait=90)
    with pytest.raises(exceptions.ForbiddenException, match="Quota exceeded"):
        tenant.compute.create_server(name="two", **asked)


def test_a_volume_over_the_quota_is_refused(cloud: Connection, tenant: Connection) -> None:
    cloud.block_storage.update_quota_set(tenant.current_project_id, volumes=2, gigabytes=10)
    tenant.block_storage.create_volume(name="one", size=8)
    with pytest.raises(exceptions.HttpException, match="exceeds allowed"):
        tenant.block_storage.create_volume(name="two", size=8)


# -- networks


def test_a_router_has_gateways_of_both_families_interfaces_and_extra_routes(cloud: Connection) -> None:
    network, subnet = a_network(cloud, "10.20.0.0/24", mtu=1400)
    subnet6 = cloud.network.create_subnet(
        network_id=network.id, ip_version=6, cidr="fd00:20::/64", ipv6_address_mode="slaac", ipv6_ra_mode="slaac"
    )
    public = cloud.network.find_network("public", ignore_missing=False)
    router = cloud.network.create_router(name="r", external_gateway_info={"network_id": public.id})
    families = {":" in ip["ip_address"] for ip in router.external_gateway_info["external_fixed_ips"]}
    assert families == {True, False}
    for added in (subnet, subnet6):
        cloud.network.add_interface_to_router(router, subnet=added.id)
    routes = [{"destination": "10.64.0.0/10", "nexthop": "10.20.0.2"}]
    cloud.network.add_extra_routes_to_router(router, {"router": {"routes": routes}})
    assert cloud.network.get_router(router.id).routes == routes
    cloud.network.remove_extra_routes_from_router(router, {"router": {"routes": routes}})
    assert cloud.network.get_router(router.id).routes == []
    eventually(lambda: {port.status for port in cloud.network.ports(device_id=router.id)}, {"ACTIVE"})
    assert cloud.network.get_network(network.id).mtu == 1400
    cloud.network.set_tags(router, ["ace", "country=tn"])
    assert [found.id for found in cloud.network.routers(tags=["ace", "country=tn"])] == [router.id]


def test_a_network_shared_by_rbac_is_seen_by_that_tenant_alone(lab: Lab, cloud: Connection) -> None:
    shared_with, other = a_tenant(lab, cloud), a_tenant(lab, cloud)
    network, _ = a_network(cloud, "10.21.0.0/24")
    cloud.network.create_rbac_policy(
        object_type="network",
        object_id=network.id,
        action="access_as_shared",
        target_project_id=shared_with.current_project_id,
    )
    assert shared_with.network.find_network(network.id) is not None
    assert other.network.find_network(network.id) is None


def test_an_address_group_can_be_the_far_side_of_a_rule(cloud: Connection) -> None:
    group = cloud.network.create_address_group(name="region", addresses=["10.64.0.0/10", "fd00::/8"])
    security_group = cloud.network.create_security_group(name="wide")
    rule = cloud.network.create_security_group_rule(
        security_group_id=security_group.id,
        direction="ingress",
        ethertype="IPv4",
        protocol="tcp",
        port_range_min=443,
        port_range_max=443,
        remote_address_group_id=group.id,
    )
    assert rule.remote_address_group_id == group.id


def test_a_port_keeps_its_allowed_address_pairs(cloud: Connection) -> None:
    network, _ = a_network(cloud, "10.22.0.0/24")
    pairs = [{"ip_address": "10.64.0.0/10"}, {"ip_address": "10.22.0.5"}]
    port = cloud.network.create_port(network_id=network.id, allowed_address_pairs=pairs)
    assert {pair["ip_address"] for pair in port.allowed_address_pairs} == {"10.64.0.0/10", "10.22.0.5"}


def test_a_floating_ip_is_active_while_it_is_associated_and_down_when_not(
    cloud: Connection, image: Any, flavor: Any
) -> None:
    network, subnet = a_network(cloud, "10.23.0.0/24")
    public = cloud.network.find_network("public", ignore_missing=False)
    router = cloud.network.create_router(name="fip", external_gateway_info={"network_id": public.id})
    cloud.network.add_interface_to_router(router, subnet=subnet.id)
    port = cloud.network.create_port(network_id=network.id)
    cloud.compute.create_keypair(name="key", public_key=KEY)
    server = cloud.compute.create_server(
        name="s", image_id=image.id, flavor_id=flavor.id, networks=[{"port": port.id}], key_name="key"
    )
    cloud.compute.wait_for_server(server, wait=90)
    assert cloud.network.get_port(port.id).status == "ACTIVE"
    address = cloud.network.create_ip(floating_network_id=public.id, port_id=port.id)
    eventually(lambda: cloud.network.get_ip(address.id).status, "ACTIVE")
    cloud.network.update_ip(address, port_id=None)
    eventually(lambda: cloud.network.get_ip(address.id).status, "DOWN")


# -- servers and volumes


def test_servers_of_an_anti_affine_group_land_on_different_hosts_and_a_third_is_refused(
    cloud: Connection, image: Any, flavor: Any
) -> None:
    network, _ = a_network(cloud, "10.24.0.0/24")
    group = cloud.compute.create_server_group(name="apart", policy="anti-affinity")
    servers = [
        cloud.compute.create_server(
            name=f"apart-{number}",
            image_id=image.id,
            flavor_id=flavor.id,
            networks=[{"uuid": network.id}],
            scheduler_hints={"group": group.id},
        )
        for number in range(2)
    ]
    done = [cloud.compute.wait_for_server(server, wait=90) for server in servers]
    assert len({server.compute_host for server in done}) == 2
    third = cloud.compute.create_server(
        name="apart-3",
        image_id=image.id,
        flavor_id=flavor.id,
        networks=[{"uuid": network.id}],
        scheduler_hints={"group": group.id},
    )
    eventually(lambda: cloud.compute.get_server(third.id).status, "ERROR")


@pytest.mark.parametrize("zone", ["az1", "az2"])
def test_a_server_and_its_volume_run_in_the_zone_that_was_asked_for(
    cloud: Connection, image: Any, flavor: Any, zone: str
) -> None:
    network, _ = a_network(cloud, "10.25.0.0/24")
    volume = cloud.block_storage.create_volume(name=f"v-{zone}", size=2, availability_zone=zone)
    server = cloud.compute.create_server(
        name=f"s-{zone}",
        image_id=image.id,
        flavor_id=flavor.id,
        networks=[{"uuid": network.id}],
        availability_zone=zone,
    )
    server = cloud.compute.wait_for_server(server, wait=90)
    assert server.availability_zone == zone
    assert server.compute_host == f"{CLOUD}-{zone}"
    cloud.block_storage.wait_for_status(volume, "available", wait=60)
    assert cloud.block_storage.get_volume(volume.id).availability_zone == zone
    cloud.compute.create_volume_attachment(server, volume_id=volume.id)
    eventually(lambda: cloud.block_storage.get_volume(volume.id).status, "in-use")


def test_a_volume_without_a_zone_goes_to_the_zone_nova(cloud: Connection) -> None:
    volume = cloud.block_storage.create_volume(name="anywhere", size=1)
    cloud.block_storage.wait_for_status(volume, "available", wait=60)
    found = cloud.block_storage.get_volume(volume.id)
    assert (found.availability_zone, found.volume_type) == ("nova", "__DEFAULT__")


def test_an_image_is_uploaded_and_a_flavour_keeps_its_extra_specs(cloud: Connection, tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    file.write_bytes(bytes(1 << 20))
    made = cloud.image.create_image(
        name="own", filename=str(file), disk_format="raw", container_format="bare", wait=True, timeout=60
    )
    assert cloud.image.get_image(made.id).status == "active"
    flavor = cloud.compute.create_flavor(name="SCS-2V-8-20", vcpus=2, ram=8192, disk=20)
    cloud.compute.create_flavor_extra_specs(flavor, {"scs:name-v2": "SCS-2V-8-20"})
    assert cloud.compute.fetch_flavor_extra_specs(flavor).extra_specs == {"scs:name-v2": "SCS-2V-8-20"}


# -- many at once


def test_many_writers_on_a_busy_machine_lose_nothing_and_repeat_nothing(
    lab: Lab, cloud: Connection, image: Any, flavor: Any
) -> None:
    public = cloud.network.find_network("public", ignore_missing=False)

    def chain(number: int) -> str:
        mine, name = connect(lab), f"many-{number}"
        network = mine.network.create_network(name=name)
        subnets = [
            mine.network.create_subnet(network_id=network.id, name=name, ip_version=version, cidr=cidr)
            for version, cidr in ((4, f"10.30.{number}.0/24"), (6, f"fd00:30:{number:x}::/64"))
        ]
        router = mine.network.create_router(name=name, external_gateway_info={"network_id": public.id})
        for subnet in subnets:
            mine.network.add_interface_to_router(router, subnet=subnet.id)
        group = mine.network.create_security_group(name=name)
        for port in (22, 443):
            mine.network.create_security_group_rule(
                security_group_id=group.id,
                direction="ingress",
                protocol="tcp",
                port_range_min=port,
                port_range_max=port,
            )
        port = mine.network.create_port(network_id=network.id, name=name, security_group_ids=[group.id])
        mine.network.create_ip(floating_network_id=public.id, port_id=port.id, description=name)
        mine.identity.create_project(name=name, domain_id="default")
        volume = mine.block_storage.create_volume(name=name, size=1)
        server = mine.compute.create_server(
            name=name, image_id=image.id, flavor_id=flavor.id, networks=[{"port": port.id}]
        )
        mine.block_storage.wait_for_status(volume, "available", wait=300)
        mine.compute.wait_for_server(server, wait=300)
        return name

    with busy_machine(), ThreadPoolExecutor(CHAINS) as pool:
        made = sorted(pool.map(chain, range(CHAINS)))
    found = {
        "networks": cloud.network.networks(),
        "routers": cloud.network.routers(),
        "security groups": cloud.network.security_groups(),
        "projects": cloud.identity.projects(),
        "volumes": cloud.block_storage.volumes(),
        "servers": cloud.compute.servers(),
    }
    for kind, things in found.items():
        assert sorted(thing.name for thing in things if thing.name.startswith("many-")) == made, kind
    assert len([subnet for subnet in cloud.network.subnets() if subnet.name.startswith("many-")]) == 2 * CHAINS
    for name in made:
        router = cloud.network.find_router(name, ignore_missing=False)
        assert len(list(cloud.network.ports(device_id=router.id))) == 3, "two interfaces and the gateway"
        assert len(list(cloud.network.ips(description=name))) == 1


def test_writers_of_one_database_queue_for_longer_than_sqlite_waits(lab: Lab, tmp_path: Path) -> None:
    program = Path(__file__).with_name("many_writers.py")
    command = [str(Cache().python), "-I", str(program), str(DRIVERS.parent), str(tmp_path / "made.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["refused"] == []
    assert said["kept"] == said["acknowledged"]
    assert "this thread" in said["nested"], "a writer that waits for itself is refused at once"


def test_no_service_found_its_database_locked(lab: Lab) -> None:
    """Of all that the tests above asked for; last in this file for that."""
    for log in sorted(lab.folder.glob("clouds/*/log/*")):
        text = log.read_text(encoding="utf-8", errors="replace")
        for sign in ("database is locked", "began as a reader"):
            assert sign not in text, f"{log.name}: {next(line for line in text.splitlines() if sign in line)}"
