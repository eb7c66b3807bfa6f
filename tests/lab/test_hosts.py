"""Lab servers that are real hosts: they boot, are reached, reach each other as far as they may, and leave nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ace.lab import CloudRequest, Lab, hosts, processes, underlay
from ace.lab.hosts import lab_tag
from tests.lab import hosts_site
from tests.lab.hosts_site import OUTSIDE4, POOL4, POOL6, VIP4, VIP6, Server, Site, eventually
from tests.lab.region import free_port

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
]

HOME = CloudRequest(name="tn-tunis-1", country="tn", region="tn-tunis-1", numeric=788)
ABROAD = CloudRequest(name="rw-kigali-1", country="rw", region="rw-kigali-1", numeric=646)
ANYWHERE = [
    {"ethertype": family, "remote_ip_prefix": prefix} for family, prefix in (("IPv4", "0.0.0.0/0"), ("IPv6", "::/0"))
]


def traces(lab: Path) -> dict[str, list[str]]:
    """All that the lab has on this machine outside its folder."""
    tag = lab_tag(lab)
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout.splitlines()
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout.splitlines()
    loops = subprocess.run(["losetup", "-l", "-n", "-O", "BACK-FILE"], capture_output=True, text=True, check=True)
    namespaces = Path("/run/netns")
    groups = [path for path, _, _ in os.walk("/sys/fs/cgroup") if tag in path]
    return {
        "namespaces": [path.name for path in namespaces.glob(f"{tag}*")] if namespaces.is_dir() else [],
        "mounts": [line for line in mounts if str(lab) in line],
        "processes": [line for line in processes if tag in line or str(lab) in line],
        "links": [line for line in links if tag in line],
        "groups": groups,
        "devices": [line for line in loops.stdout.splitlines() if str(lab) in line],
        "nspawn": [str(path) for path in Path("/run/systemd/nspawn").glob(f"**/*{tag}*")],
    }


@dataclass
class Region:
    """What the module's tests share."""

    lab: Lab
    home: Site
    abroad: Site
    gw: Server
    a: Server
    b: Server
    far: Server
    gw_ports: tuple[Any, Any]
    group_a: str


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    root = tmp_path_factory.mktemp("hosts")
    machine_links = subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout
    lab = Lab(root)
    try:
        assert lab.up([HOME, ABROAD], port=free_port(), real_hosts=True).ready
        yield make(lab)
    finally:
        lab.down(wipe=True)
    assert {kind: left for kind, left in traces(lab.folder).items() if left} == {}
    assert not root.joinpath(".ace").exists()
    assert subprocess.run(["ip", "-br", "link"], capture_output=True, text=True, check=True).stdout == machine_links


SSH_AND_PING = [
    {"ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
    {"ethertype": "IPv4", "protocol": "icmp"},
    {"ethertype": "IPv6", "protocol": "ipv6-icmp"},
    {"ethertype": "IPv4", "protocol": "udp", "port_range_min": 20000, "port_range_max": 51999},
]


def make(lab: Lab) -> Region:
    """The site of `hosts_site`."""
    key = lab.root / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    home, abroad = Site(lab, HOME.name, 788), Site(lab, ABROAD.name, 646)
    for site in (home, abroad):
        site.cloud.compute.create_keypair(name="admin", public_key=key.with_suffix(".pub").read_text())
    network = home.cloud.network
    public = home.group("public", SSH_AND_PING)
    members = network.create_address_group(name="members", addresses=[POOL4, POOL6])
    forwarded = home.group(
        "forwarded",
        [{"ethertype": family, "remote_address_group_id": members.id} for family in ("IPv4", "IPv6")],
    )
    tenants = home.group(
        "tenants",
        [
            {"ethertype": "IPv4", "protocol": "icmp", "remote_address_group_id": members.id},
            {"ethertype": "IPv6", "protocol": "ipv6-icmp", "remote_address_group_id": members.id},
            {"ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
            {"ethertype": "IPv4", "protocol": "tcp", "port_range_min": 443, "port_range_max": 443},
        ],
    )
    management = home.network("management", "10.113.66.0/26", "fd92:3091:a788:200::/64")
    transit = home.network("transit", hosts_site.TRANSIT4, hosts_site.TRANSIT6, routed=False)
    net_a = home.network("a", "10.113.72.0/27", "fd92:3091:a788:800::/64")
    net_b = home.network("b", "10.113.73.0/27", "fd92:3091:a788:900::/64")
    home.router("management", [management])
    transits: dict[str, dict[int, str]] = {}
    for name, inner in (("a", net_a), ("b", net_b)):
        router = home.router(name, [inner])
        port = home.port(transit, [])
        network.add_interface_to_router(router, port=port.id)
        routes = [{"destination": POOL4, "nexthop": VIP4}, {"destination": POOL6, "nexthop": VIP6}]
        network.update_router(router, routes=routes)
        transits[name] = {6 if ":" in one["ip_address"] else 4: one["ip_address"] for one in port.fixed_ips}
    pairs = [{"ip_address": prefix} for prefix in (VIP4, VIP6, POOL4, POOL6)]
    gw_ports = (
        home.port(management, [public]),
        home.port(transit, [forwarded], allowed_address_pairs=pairs),
    )
    port_a, port_b = home.port(net_a, [tenants]), home.port(net_b, [tenants])
    servers = {
        "gw": home.server("gw", list(gw_ports), "admin"),
        "a": home.server("a", [port_a], "admin"),
        "b": home.server("b", [port_b], "admin"),
    }
    lan = abroad.network("lan", "10.104.98.0/26", "fd92:3091:a646:200::/64")
    abroad.router("lan", [lan])
    far_port = abroad.port(lan, [abroad.group("public", SSH_AND_PING)])
    far_id = abroad.server("far", [far_port], "admin")
    gw = home.reach(servers["gw"], home.floating_ip(gw_ports[0]))
    a = home.reach(servers["a"], home.floating_ip(port_a))
    far = abroad.reach(far_id, abroad.floating_ip(far_port))
    gw.wait_for_ssh()
    prepare_gateway(gw, transits)
    address_b = next(one["ip_address"] for one in port_b.fixed_ips if "." in one["ip_address"])
    b = home.reach(servers["b"], address_b, jump=gw)
    return Region(lab, home, abroad, gw, a, b, far, gw_ports, tenants)


def prepare_gateway(gw: Server, transits: dict[str, dict[int, str]]) -> None:
    """What the gateways' role does, by hand: forward, hold the address on transit, know the tenants' routers."""
    gw.run(
        "sudo sh -ec '"
        "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1; "
        f"ip addr add {VIP4}/32 dev eth1; ip addr add {VIP6}/128 dev eth1 nodad; "
        f"ip route add 10.113.72.0/27 via {transits['a'][4]} src {VIP4}; "
        f"ip route add 10.113.73.0/27 via {transits['b'][4]} src {VIP4}; "
        f"ip -6 route add fd92:3091:a788:800::/64 via {transits['a'][6]}; "
        f"ip -6 route add fd92:3091:a788:900::/64 via {transits['b'][6]}'"
    )


def ping(target: str, *, source: str = "") -> str:
    return f"ping -n -c 1 -W 2 {f'-I {source}' if source else ''} {target}"


def own(server: Server, version: int) -> str:
    """Its address on eth0."""
    words = server.run(f"ip -{version} -br addr show dev eth0 scope global").split()
    return words[2].partition("/")[0]


# -- the host itself


def test_a_host_has_the_name_the_files_and_the_user_that_its_user_data_and_image_say(region: Region) -> None:
    assert region.gw.run("hostname -f").strip() == "gw.test"
    assert region.gw.run("cat /etc/ace/host.json").strip() == '{"host": "gw"}'
    assert region.gw.run("sudo -n id -u").strip() == "0"
    eventually(lambda: region.gw.works("systemctl is-system-running"))


def test_the_keypairs_key_opens_the_host_too(region: Region) -> None:
    way = ["-F", str(region.lab.folder / "ssh" / "config"), "-i", str(region.lab.root / "key")]
    options = ["-o", f"UserKnownHostsFile={region.gw.known_hosts}", "-o", "StrictHostKeyChecking=yes"]
    done = subprocess.run(["ssh", *way, *options, region.gw.address, "true"], capture_output=True, check=False)
    assert done.returncode == 0


def test_the_console_tells_how_it_booted_and_its_host_keys(region: Region) -> None:
    assert "Reached target" in region.gw.console()
    assert any(key.startswith("ssh-ed25519 ") for key in region.gw.host_keys())


def test_services_wait_until_somebody_starts_them(region: Region) -> None:
    for service in ("frr", "knot", "unbound", "chrony", "prometheus", "keepalived", "rsyslog"):
        assert region.gw.ssh(f"systemctl is-active {service}").stdout.strip() == "inactive", service


def test_the_lab_tells_of_its_hosts(region: Region) -> None:
    told = region.lab.status().hosts
    assert {name: (host.cloud, host.state) for name, host in told.items()} == {
        **dict.fromkeys(("a", "b", "gw"), (HOME.name, "active")),
        "far": (ABROAD.name, "active"),
    }
    assert region.gw.address in told["gw"].addresses


# -- the data plane


def test_both_families_reach_the_router_and_the_neighbours(region: Region) -> None:
    for target in ("10.113.66.1", "fd92:3091:a788:200::1"):
        eventually(lambda target=target: region.gw.works(ping(target)))


def test_a_tenants_server_reaches_another_tenants_through_transit_in_both_families(region: Region) -> None:
    address = own(region.b, 6)
    eventually(lambda: region.a.works(ping(region.b.address)))
    eventually(lambda: region.a.works(ping(address)))


def test_between_members_nobody_translates_addresses(region: Region) -> None:
    catch = f"sudo timeout 60 tcpdump -n -c 1 -i eth0 icmp and src host {own(region.a, 4)}"
    region.b.run(f"({catch} >/tmp/caught 2>&1 &)")
    eventually(
        lambda: region.a.works(ping(region.b.address)) and region.b.works("grep -q '1 packet captured' /tmp/caught")
    )


def test_a_host_reaches_the_outside_through_its_router_which_translates(region: Region) -> None:
    ask = f"curl -s -m 5 http://{OUTSIDE4}/"
    assert region.a.works(ping(OUTSIDE4))
    eventually(lambda: region.a.run(ask).split()[-1], region.a.address)
    translated = region.b.run(ask).split()[-1]
    assert translated.startswith("198.1") and translated != region.a.address


def test_packages_come_by_the_underlays_proxy_and_nothing_else_does(region: Region) -> None:
    region.b.run("sudo apt-get update -q -o APT::Update::Error-Mode=any >&2")
    refused = f"curl -s -o /dev/null -w '%{{http_code}}' -m 5 -x http://{OUTSIDE4}:3142 http://127.0.0.1/"
    assert region.b.run(refused) == "403"


def test_the_machines_own_network_is_out_of_reach(region: Region) -> None:
    for target in ("127.103.20.10", "1.1.1.1"):
        assert not region.a.works(f"curl -s -m 2 http://{target}:{region.lab.status().port}/")
    routes = subprocess.run(["ip", "route"], capture_output=True, text=True, check=True).stdout
    assert "198.18" not in routes


def test_clouds_meet_on_the_underlay(region: Region) -> None:
    region.far.wait_for_ssh()
    assert region.gw.works(ping(region.far.address))
    listen = "timeout 20 python3 -c \"import socket; s=socket.socket(2,2); s.bind(('',{0})); print(s.recvfrom(9))\""
    region.far.run("(" + listen.format(20001) + " >/tmp/udp 2>&1 &)")
    send = f"import socket; socket.socket(2,2).sendto(b'hello',('{region.far.address}',20001))"
    eventually(lambda: region.gw.works(f'python3 -c "{send}"') and region.far.works("grep -q hello /tmp/udp"))
    assert region.gw.address in region.far.run("cat /tmp/udp")


def test_security_groups_hold(region: Region) -> None:
    serve = "sudo sh -c 'for port in 443 8443; do (timeout 300 python3 -m http.server $port >/dev/null 2>&1 &); done'"
    region.b.run(serve)
    ask = f"curl -s -o /dev/null -m 3 http://{region.b.address}:"
    eventually(lambda: region.b.works("curl -s -o /dev/null -m 3 http://127.0.0.1:8443"))
    eventually(lambda: region.a.works(f"{ask}443"))
    assert not region.a.works(f"{ask}8443")
    assert not region.far.works(f"curl -s -m 3 http://{region.gw.address}:443")


def test_a_rule_that_comes_later_is_in_force_soon_and_so_is_its_end(region: Region) -> None:
    region.b.run("(timeout 300 python3 -m http.server 8080 >/dev/null 2>&1 &)")
    ask = f"curl -s -o /dev/null -m 2 http://{region.b.address}:8080"
    assert not region.a.works(ask)
    rule = region.home.cloud.network.create_security_group_rule(
        security_group_id=region.group_a,
        direction="ingress",
        ethertype="IPv4",
        protocol="tcp",
        port_range_min=8080,
        port_range_max=8080,
    )
    eventually(lambda: region.a.works(ask))
    region.home.cloud.network.delete_security_group_rule(rule)
    eventually(lambda: region.a.works(ask), desired=False)


def test_a_borrowed_source_is_refused_and_an_allowed_one_passes(region: Region) -> None:
    region.a.run("sudo ip addr add 10.113.72.30/32 dev eth0")
    assert not region.a.works(ping("10.113.72.1", source="10.113.72.30"))
    region.a.run("sudo ip addr del 10.113.72.30/32 dev eth0")
    assert region.a.works(ping("10.113.72.1"))
    assert region.gw.works(ping(region.b.address, source=VIP4)), "the gateway's port carries the address as a pair"


# -- life


def test_a_volume_is_a_disk_with_a_lasting_name_and_survives_a_reboot(region: Region) -> None:
    cloud = region.home.cloud
    volume = cloud.block_storage.create_volume(size=1, name="data")
    cloud.block_storage.wait_for_status(volume, status="available", wait=60)
    cloud.compute.create_volume_attachment(region.a.id, volume_id=volume.id)
    disk = f"/dev/disk/by-id/virtio-{volume.id[:20]}"
    eventually(lambda: region.a.works(f"test -b {disk}"))
    assert region.a.run(f"readlink -f {disk}").strip() == "/dev/vdb"
    region.a.run(
        f"sudo mkfs.ext4 -q {disk} && sudo mount {disk} /mnt && echo kept | sudo tee /mnt/word && sudo umount /mnt"
    )
    region.a.ssh("sudo systemctl reboot")
    eventually(lambda: region.a.works(f"test -b {disk} && sudo mount {disk} /mnt && grep -q kept /mnt/word"))
    region.a.run("sudo umount /mnt")
    cloud.compute.delete_volume_attachment(region.a.id, volume.id)
    eventually(lambda: region.a.works(f"test -b {disk}"), desired=False)
    cloud.block_storage.wait_for_status(cloud.block_storage.get_volume(volume.id), status="available", wait=60)
    cloud.block_storage.delete_volume(volume.id)
    eventually(lambda: cloud.block_storage.find_volume(volume.id), desired=None)


def test_a_stopped_host_is_silent_and_a_started_one_answers(region: Region) -> None:
    compute = region.home.cloud.compute
    compute.stop_server(region.a.id)
    eventually(region.a.status, "SHUTOFF")
    assert not region.gw.works(ping(region.a.address))
    compute.start_server(region.a.id)
    eventually(region.a.status, "ACTIVE")
    region.a.wait_for_ssh()


@pytest.mark.parametrize("kind", ["SOFT", "HARD"])
def test_a_host_reboots_when_the_cloud_says_so(region: Region, kind: str) -> None:
    before = region.a.run("cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1")
    region.home.cloud.compute.reboot_server(region.a.id, kind)
    eventually(
        lambda: region.a.ssh("cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1").stdout not in ("", before)
    )
    eventually(region.a.status, "ACTIVE")


def test_a_host_that_goes_off_by_itself_is_told_as_stopped(region: Region) -> None:
    region.far.ssh("sudo systemctl poweroff")
    eventually(region.far.status, "SHUTOFF")
    region.abroad.cloud.compute.start_server(region.far.id)
    eventually(region.far.status, "ACTIVE")
    region.far.wait_for_ssh()


def test_a_deleted_host_leaves_nothing(region: Region) -> None:
    compute, network = region.abroad.cloud.compute, region.abroad.cloud.network
    lan = network.find_network("lan", ignore_missing=False)
    port = region.abroad.port(lan, [])
    server = region.abroad.server("short", [port], "admin")
    compute.wait_for_server(compute.get_server(server), wait=120)
    folder = region.lab.folder / "clouds" / ABROAD.name / "hosts" / server
    assert folder.is_dir()
    compute.delete_server(server)
    eventually(lambda: compute.find_server(server), desired=None)
    assert not folder.exists()
    left = [line for found in traces(region.lab.folder).values() for line in found if server[:13] in line]
    assert left == []


def test_hosts_stand_apart_when_their_group_says_so(region: Region) -> None:
    compute, network = region.abroad.cloud.compute, region.abroad.cloud.network
    group = compute.create_server_group(name="apart", policies=["anti-affinity"])
    lan = network.find_network("lan", ignore_missing=False)
    made = []
    for number in (1, 2):
        port = region.abroad.port(lan, [])
        made.append(region.abroad.server(f"apart{number}", [port], "admin", scheduler_hints={"group": group.id}))
    for server in made:
        compute.wait_for_server(compute.get_server(server), wait=120)
    assert len({compute.get_server(server).compute_host for server in made}) == 2
    for server in made:
        compute.delete_server(server)
    for server in made:
        eventually(lambda server=server: compute.find_server(server), desired=None)


def test_hosts_come_back_with_the_lab_as_they_were(region: Region) -> None:
    region.a.run("echo still | sudo tee /etc/mine")
    region.lab.down()
    assert {kind: left for kind, left in traces(region.lab.folder).items() if left} == {}
    assert underlay(region.lab.root) is None
    assert region.lab.up([HOME, ABROAD], real_hosts=None).ready
    region.a.wait_for_ssh()
    assert region.a.run("cat /etc/mine").strip() == "still"
    assert {host.state for host in region.lab.status().hosts.values()} == {"active"}


def test_after_a_crash_of_everything_the_next_up_brings_all_back(region: Region) -> None:
    """What a machine's reboot leaves: databases and disks, and no process, namespace, mount or device."""
    for found in processes.running(region.lab.folder).values():
        for process in found:
            process.kill()
    hosts.sweep(region.lab.folder, None)
    assert region.lab.up([HOME, ABROAD], real_hosts=None).ready
    region.a.wait_for_ssh()
    region.far.wait_for_ssh()
    assert region.a.run("cat /etc/mine").strip() == "still"
