"""What a cloud's networks, routers and ports become on this machine: plain values in, plans and nftables' text out."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "ace" / "lab"))  # where the lab's own Python looks too

from drivers.dataplane import rules
from drivers.dataplane.names import BRIDGE, Names, external_bridge, lab_tag, router_interface, tap
from drivers.dataplane.plan import Bridge, plan
from drivers.dataplane.values import DesiredNetworks, Network, Port, Router, RouterInterface, Rule, Uplink
from drivers.hosts import cgroups, scripts
from drivers.hosts.record import Disk, Nic, Record

NAMES = Names("ace-123abc", "tn-tunis-1")
PUBLIC, TRANSIT = "11111111-aaaa-0000-0000-000000000000", "22222222-bbbb-0000-0000-000000000000"
SERVER, GATEWAY, ROUTED = (f"{digit * 8}-cccc-0000-0000-000000000000" for digit in "345")
OUTER = "66666666-dddd-0000-0000-000000000000"


def a_port(**changes: object) -> Port:
    said: dict[str, object] = {"id": SERVER, "mac": "fa:16:3e:00:00:01", "addresses": (ip_address("10.0.0.5"),)}
    return Port(**{**said, **changes})


def a_router(**changes: object) -> Router:
    inner = RouterInterface(ROUTED, TRANSIT, "fa:16:3e:00:00:02", 1450, (ip_interface("10.0.0.1/24"),))
    outer = RouterInterface(OUTER, PUBLIC, "fa:16:3e:00:00:03", 1500, (ip_interface("198.18.0.20/21"),))
    said: dict[str, object] = {
        "id": "77777777-eeee-0000-0000-000000000000",
        "interfaces": (inner,),
        "uplink": Uplink(outer, (ip_address("198.18.0.1"),), snat=True),
        "floating": ((IPv4Address("198.18.0.30"), IPv4Address("10.0.0.5")),),
        "routes": ((ip_network("10.64.0.0/10"), ip_address("10.0.0.2")),),
    }
    return Router(**{**said, **changes})


def a_cloud() -> DesiredNetworks:
    public = Network(PUBLIC, 1500, external=True, gateways=(ip_interface("198.18.0.1/21"),))
    return DesiredNetworks((public, Network(TRANSIT, 1450, ports=(a_port(),))), (a_router(),))


def chain(text: str, name: str) -> list[str]:
    """The rules of a chain."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.strip().startswith(f"chain {name} {{"))
    end = lines.index(" }", begin)
    return [line.strip() for line in lines[begin + 1 : end]]


# -- names


def test_two_labs_and_two_clouds_never_share_a_name(tmp_path: Path) -> None:
    assert lab_tag(tmp_path) != lab_tag(tmp_path / "other")
    assert Names("ace-1", "a").network(TRANSIT) != Names("ace-1", "b").network(TRANSIT)


def test_names_of_interfaces_fit_into_the_kernels_fifteen_characters() -> None:
    assert max(map(len, (tap(SERVER), router_interface(SERVER), external_bridge(PUBLIC)))) <= 15


# -- plan


def test_external_networks_are_bridges_in_the_underlay_and_others_have_namespaces_of_their_own() -> None:
    made = plan(a_cloud(), NAMES)
    assert made.shore == (Bridge(external_bridge(PUBLIC), 1500, (ip_interface("198.18.0.1/21"),)),)
    assert [space.namespace for space in made.spaces] == [
        "ace-123abc.tn-tunis-1.network.22222222-bbbb",
        "ace-123abc.tn-tunis-1.router.77777777-eeee",
    ]


def test_a_router_is_cabled_to_the_bridges_of_its_networks_wherever_they_are() -> None:
    router = plan(a_cloud(), NAMES).spaces[-1]
    assert [(cable.bridge_at.namespace, cable.bridge_at.bridge) for cable in router.cables] == [
        (NAMES.network(TRANSIT), BRIDGE),
        (NAMES.underlay, external_bridge(PUBLIC)),
    ]
    assert router.forwards


def test_a_router_answers_for_its_floating_ips_and_has_extra_routes_and_a_way_out() -> None:
    router = plan(a_cloud(), NAMES).spaces[-1]
    assert ip_interface("198.18.0.30/32") in router.cables[-1].addresses
    assert [(str(route.prefix), str(route.via)) for route in router.routes] == [
        ("10.64.0.0/10", "10.0.0.2"),
        ("None", "198.18.0.1"),
    ]


def test_a_router_without_uplink_translates_nothing() -> None:
    assert "nat" not in rules.of_router(a_router(uplink=None, floating=()))


def test_only_what_leaves_by_the_external_network_is_translated() -> None:
    leaving = chain(rules.of_router(a_router()), "leaving")
    out = router_interface(OUTER)
    assert leaving == [
        f'oifname "{out}" snat to ip saddr map {{ 10.0.0.5 : 198.18.0.30 }}',
        f'iifname != "{out}" ct status dnat snat to ip saddr map {{ 10.0.0.5 : 198.18.0.30 }}',
        f'oifname "{out}" iifname != "{out}" snat to 198.18.0.20',
    ]


# -- ports


def test_a_port_sends_from_its_own_addresses_and_its_pairs_only() -> None:
    pairs = (("fa:16:3e:00:00:01", ip_network("10.64.0.0/10")), ("fa:16:3e:00:00:01", ip_network("10.64.3.4/32")))
    text = rules.of_network(Network(TRANSIT, 1450, ports=(a_port(pairs=pairs),)), [])
    assert "ether type ip ip saddr != { 0.0.0.0, 10.0.0.5, 10.64.0.0/10 } drop" in chain(text, "from_1")
    assert "ether saddr != { fa:16:3e:00:00:01 } drop" in chain(text, "from_1")
    assert "ether type ip6 ip6 saddr != { ::, fe80::f816:3eff:fe00:1 } drop" in chain(text, "from_1")


def test_what_comes_by_an_unknown_cable_is_dropped() -> None:
    text = rules.of_network(Network(TRANSIT, 1450, ports=(a_port(),)), [ROUTED])
    assert "policy drop" in text.split("chain sent")[1].splitlines()[0]
    assert f'"{tap(ROUTED)}" : accept, "{tap(SERVER)}" : goto from_1' in text
    assert "policy drop" in rules.CLOSED


def test_a_port_without_security_is_trusted_like_a_routers() -> None:
    text = rules.of_network(Network(TRANSIT, 1450, ports=(a_port(secured=False),)), [])
    assert f'"{tap(SERVER)}" : accept' in text
    assert "table inet ace {" not in text


def test_a_port_without_groups_receives_nothing() -> None:
    text = rules.of_network(Network(TRANSIT, 1450, ports=(a_port(),)), [])
    assert chain(text, "receives_1") == ["counter drop"]


# -- rules of groups


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(True, 4), ["meta nfproto ipv4"]),
        (Rule(True, 4, "tcp", 22, 22), ["meta nfproto ipv4 meta l4proto tcp th dport 22"]),
        (Rule(True, 4, "17", 1, 9), ["meta nfproto ipv4 meta l4proto udp th dport 1-9"]),
        (Rule(True, 6, "icmp"), ["meta nfproto ipv6 meta l4proto ipv6-icmp"]),
        (Rule(True, 4, "icmp", 8, 0), ["meta nfproto ipv4 meta l4proto icmp icmp type 8 icmp code 0"]),
        (Rule(True, 6, "vrrp"), ["meta nfproto ipv6 meta l4proto 112"]),
        (Rule(True, 4, remotes=()), []),
        (Rule(True, 4, remotes=(ip_network("0.0.0.0/0"),)), ["meta nfproto ipv4"]),
        (
            Rule(False, 4, remotes=(ip_network("10.0.0.0/8"), ip_network("10.1.0.0/16"))),
            ["meta nfproto ipv4 ip daddr { 10.0.0.0/8 }"],
        ),
        (Rule(True, 6, remotes=(ip_network("10.0.0.0/8"),)), []),
    ],
)
def test_a_groups_rule_as_nftables_says_it(rule: Rule, expected: list[str]) -> None:
    assert rules.matches(rule) == expected


@pytest.mark.nft
@pytest.mark.root
def test_nftables_understands_every_rule_set() -> None:
    said = (
        Rule(True, 4, "tcp", 22, 22),
        Rule(True, 6, "vrrp"),
        Rule(True, 6, "ipv6-icmp", 128, 0),
        Rule(True, 4, "sctp", 5, 6),
        Rule(False, 6, remotes=(ip_network("fd00::/8"),)),
    )
    network = Network(TRANSIT, 1450, ports=(a_port(rules=said), a_port(id=GATEWAY, secured=False)))
    for text in (rules.CLOSED, rules.of_network(network, [ROUTED]), rules.of_router(a_router())):
        done = subprocess.run(["nft", "-c", "-f", "-"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


# -- hosts


def a_record(**changes: object) -> Record:
    nics = (
        Nic(0, SERVER, TRANSIT, "fa:16:3e:00:00:01", 1450, ("10.0.0.5/24", "fd00::5/64"), ("10.0.0.1", "fd00::1")),
        Nic(1, GATEWAY, TRANSIT, "fa:16:3e:00:00:09", 1450, ("10.1.0.5/24",), (), (("10.9.0.0/16", "10.1.0.1"),)),
    )
    said: dict[str, object] = {"server_id": SERVER, "hostname": "gw1", "base": "/b", "memory_mb": 512, "nics": nics}
    return Record(**{**said, **changes})


def test_a_host_is_remembered_as_it_is(tmp_path: Path) -> None:
    record = a_record(disks=(Disk("99999999-ffff-0000-0000-000000000000", "/v", "vdb"),))
    record.write(tmp_path / "host.json")
    assert Record.read(tmp_path / "host.json") == record


def test_the_first_interface_has_the_preferred_way_out() -> None:
    lines = scripts.interfaces(a_record().nics)
    assert "route replace default via 10.0.0.1 dev eth0 metric 100" in lines
    assert "route replace default via fd00::1 dev eth0 metric 100" in lines
    assert "addr replace fd00::5/64 dev eth0 nodad" in lines
    assert lines[-1] == "route replace 10.9.0.0/16 via 10.1.0.1 dev eth1 metric 101"


def test_a_new_interface_takes_the_lowest_free_number() -> None:
    assert a_record().next_index == 2
    assert a_record().without_nic(SERVER).next_index == 0


def test_a_volume_is_a_disk_with_a_lasting_name_at_every_boot() -> None:
    disk = Disk("99999999-ffff-0000-0000-000000000000", "/v", "vdb")
    text = scripts.boot(a_record(disks=(disk,)), "ns", "m", [], {disk.volume_id: "/dev/loop7"})
    assert "--bind=/dev/loop7:/dev/vdb" in text
    assert "--bind=/dev/loop7:/dev/disk/by-id/virtio-99999999-ffff-0000-0" in text


def test_control_groups_of_version_1_are_one_in_each_tree(tmp_path: Path) -> None:
    for tree in ("memory", "pids", "systemd"):
        (tmp_path / tree).mkdir()
    keeper = cgroups.kind(tmp_path)
    group = cgroups.Group("ace-1", "tn", "host")
    keeper.make(group, 64)
    assert keeper.tops(group)[0] == tmp_path / "memory" / "ace-1" / "tn" / "host"
    assert keeper.groups("ace-1") == [group]
    assert not cgroups.runs(keeper, group)
    cgroups.remove(keeper, group)
    keeper.remove_empty("ace-1")
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["memory", "pids", "systemd"]


def test_control_groups_of_version_2_keep_the_loop_apart_from_the_machine(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    keeper = cgroups.Version2(tmp_path)
    group = cgroups.Group("ace-1", "tn", "host")
    keeper.make(group, 64)
    assert keeper.join(group, "machine") == [f"echo $$ > '{tmp_path}/ace-1/tn/host/machine/cgroup.procs'"]
    assert keeper.groups("ace-1") == [group]
    (keeper.tops(group)[0] / "cgroup.events").write_text("populated 1\nfrozen 0\n")
    assert cgroups.runs(keeper, group)


def test_under_systemd_a_host_gets_a_scope_that_is_delegated(tmp_path: Path) -> None:
    keeper = cgroups.Scopes(tmp_path)
    group = cgroups.Group("ace-1", "tn-tunis-1", "host")
    keeper.make(group, 64)
    words = keeper.launcher(group)
    assert {"--scope", "--property=Delegate=yes", "--property=MemoryMax=64M", "--slice=ace1.slice"} <= set(words)
    keeper.tops(group)[0].mkdir(parents=True)
    assert keeper.groups("ace-1") == [group]
