"""The running region, on hosts that boot: Tunisia and Kenya joined over both their hubs, broken, attacked and repaired.

Traffic is measured from a tenant's server to a tenant's server of the other country, 50 packets a second, both families.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from ace.lab import Lab, underlay
from ace.lab import hosts as lab_hosts
from ace.spec import load
from tests.lab.hosts_site import Server, Site, cut_power, eventually
from tests.lab.region import CHECKOUT, Region, new_root

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
    pytest.mark.skipif(bool(lab_hosts.why_not()), reason=lab_hosts.why_not()),
    pytest.mark.timeout(1800),
]

COUNTRIES = ("tn", "ke")
GW_TN, GW2_TN, HUB_TN = "gw1.tunis-1.tn", "gw2.tunis-1.tn", "hub-tunis.tunis-1.tn"
GW_KE, GW2_KE, HUB_KE = "gw1.konza-1.ke", "gw2.konza-1.ke", "hub-nairobi.konza-1.ke"
CLOUDS = {"tn": "tn-tunis-1", "ke": "ke-konza-1"}
TENANT = "agriculture"
"""Its data are open: what it announces every member may reach."""
SESSIONS_WITHIN_S = 30.0
GAP_S = 3.0
"""Goals of the issue: sessions after an apply, and silence after a silent death."""
ROUNDING_S = 2
"""FRR gives the second from which a session is up as now less its age."""
POOLS = ("10.64.0.0/10", "fd92:3091:a000::/36")
NEWCOMER = ".sc"
ANSWERS = CHECKOUT / "templates" / "member" / "examples" / "sc.yaml"


@dataclass
class Joined:
    """Two countries, joined; a tenant's server in each."""

    region: Region
    sessions_after_s: float
    servers: dict[str, Server] = field(default_factory=dict)
    addresses: dict[str, dict[int, str]] = field(default_factory=dict)

    def ace(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        return self.region.json(*arguments, expect=expect, timeout_s=1200)

    def check(self) -> dict[str, Any]:
        done = self.region.run("interconnect", "check", "--format", "json")
        assert done.returncode in (0, 1), done.stderr
        body: dict[str, Any] = json.loads(done.stdout)
        return body

    def is_green(self) -> bool:
        return bool(self.check()["ok"])

    def on(self, host: str, script: str) -> str:
        """Run a script as root on a host."""
        config = self.region.root / ".ace" / "ssh" / f"{host.rsplit('.', 1)[1]}.conf"
        done = subprocess.run(
            ["ssh", "-F", str(config), "-o", "BatchMode=yes", host, "sudo", "sh", "-e", "-s"],
            input=script,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{host}: {script}: {done.stdout}{done.stderr}"
        return done.stdout

    def vtysh(self, host: str, *lines: str) -> str:
        text = "\n".join(("configure terminal", *lines, "end", ""))
        return self.on(host, f"cat > /run/lines <<'EOF'\n{text}EOF\nvtysh < /run/lines")

    def neighbours(self, host: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.on(host, "vtysh -c 'show bgp neighbors json'"))
        return found

    def uptimes(self) -> dict[tuple[str, str], int]:
        """When each established session of the first two countries came up, as FRR says: seconds since 1970.

        Those to the newcomer's gateways aside.
        """
        return {
            (host, address): int(told["bgpTimerUpEstablishedEpoch"])
            for host in (GW_TN, GW2_TN, HUB_TN, GW_KE, GW2_KE, HUB_KE)
            for address, told in self.neighbours(host).items()
            if told["bgpState"] == "Established" and not told.get("nbrDesc", "").endswith(NEWCOMER)
        }

    @contextmanager
    def traffic(self) -> Iterator[Traffic]:
        """Packets from the tenant's server in Tunisia to the one in Kenya, as long as the block lasts."""
        a, there = self.servers["tn"], self.addresses["ke"]
        flows = {version: start_pings(a, there[version]) for version in (4, 6)}
        measured = Traffic()
        time.sleep(2)  # something to compare with
        try:
            yield measured
            time.sleep(2)
        finally:
            for version, flow in flows.items():
                measured.replies[version] = ended(flow)


@dataclass
class Traffic:
    """What came back."""

    replies: dict[int, tuple[int, list[float]]] = field(default_factory=dict)
    """By family: packets sent, and when each reply came."""

    @property
    def gaps(self) -> dict[int, float]:
        """The longest silence of each family, s."""
        return {
            version: max(later - earlier for earlier, later in itertools.pairwise(times))
            for version, (_, times) in self.replies.items()
        }

    @property
    def lost(self) -> dict[int, int]:
        return {version: sent - len(times) for version, (sent, times) in self.replies.items()}


def start_pings(server: Server, target: str) -> subprocess.Popen[str]:
    """50 packets a second until its input ends."""
    config, known = server.lab / "ssh" / "config", server.known_hosts
    command = f"ping -D -n -i 0.02 {target} & p=$!; cat >/dev/null; kill -INT $p; wait $p"
    options = ["-F", str(config), "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"]
    return subprocess.Popen(
        ["ssh", *options, "-o", "BatchMode=yes", server.address, command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(flow: subprocess.Popen[str]) -> tuple[int, list[float]]:
    out, _ = flow.communicate("", timeout=60)
    times = [float(line[1:].split("]")[0]) for line in out.splitlines() if "bytes from" in line]
    sent = next(int(line.split()[0]) for line in out.splitlines() if "packets transmitted" in line)
    assert len(times) > 10, out[-2000:]
    return sent, times


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    region = new_root(tmp_path_factory.mktemp("interconnect"))
    try:
        region.json("lab", "up", *COUNTRIES, "--hosts", timeout_s=900)
        region.json("up", *COUNTRIES)
        region.json("configure", *COUNTRIES, timeout_s=1200)
        for country in COUNTRIES:
            region.json("publish", country)
        region.json("interconnect", "apply")
        applied = time.monotonic()
        made = Joined(region, 0.0)
        eventually(lambda: all(session["state"] == "up" for session in made.check()["sessions"]), timeout_s=120)
        made.sessions_after_s = time.monotonic() - applied
        add_tenants_servers(made)
        yield made
    finally:
        region.run("lab", "down", "--wipe", timeout_s=300)


def add_tenants_servers(joined: Joined) -> None:
    """A server on a tenant's network in each country; what it lets in is said by a security group."""
    root = joined.region.root
    key = root / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for country, cloud in CLOUDS.items():
        site = Site(Lab(root), cloud, 0)
        site.cloud.compute.create_keypair(name="admin", public_key=key.with_suffix(".pub").read_text())
        group = site.group(
            "asked",
            [
                {"ethertype": "IPv4", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22},
                {"ethertype": "IPv4", "protocol": "icmp", "remote_ip_prefix": POOLS[0]},
                {"ethertype": "IPv6", "protocol": "ipv6-icmp", "remote_ip_prefix": POOLS[1]},
            ],
        )
        port = site.port(network_of(site, joined, country), [group])
        made = site.server(f"asked-{country}", [port], "admin")
        joined.servers[country] = site.reach(made, site.floating_ip(port))
        joined.addresses[country] = {6 if ":" in ip["ip_address"] else 4: ip["ip_address"] for ip in port.fixed_ips}
    for server in joined.servers.values():
        server.wait_for_ssh()


def network_of(site: Site, joined: Joined, country: str) -> Any:
    """The network of the tenant's first exported prefix, found by the stack's own outputs."""
    [subnet] = site.cloud.network.subnets(cidr=tenants_prefix(joined, country))
    return site.cloud.network.get_network(subnet.network_id)


@contextmanager
def dead(joined: Joined, host: str) -> Iterator[None]:
    """A host that lost its power, until the block ends."""
    compute = joined.region.cloud(CLOUDS[host.rsplit(".", 1)[1]]).compute
    server = next(server for server in compute.servers() if server.name == host)
    cut_power(joined.region.root, host)
    try:
        yield
    finally:
        eventually(lambda: compute.get_server(server).status, "SHUTOFF")
        compute.start_server(server)
        eventually(lambda: compute.get_server(server).status, "ACTIVE")


@contextmanager
def severed(joined: Joined, one: str, other: str) -> Iterator[None]:
    """Two hosts between which every packet of the underlay is lost, silently, until the block ends."""
    hosts = {
        host["name"]: host for cc in COUNTRIES for host in joined.ace("outputs", cc)["outputs"]["inventory"]["hosts"]
    }
    a, b = hosts[one]["public_address"], hosts[other]["public_address"]
    there = underlay(joined.region.root)
    assert there is not None
    rules = "".join(f"add rule inet severed forward ip saddr {s} ip daddr {d} drop\n" for s, d in ((a, b), (b, a)))
    chain = "add chain inet severed forward { type filter hook forward priority -300; }\n"
    subprocess.run(
        [*there.enter, "nft", "-f", "-"], input=f"add table inet severed\n{chain}{rules}", text=True, check=True
    )
    try:
        yield
    finally:
        subprocess.run([*there.enter, "nft", "delete", "table", "inet", "severed"], check=True)


def down(check: dict[str, Any]) -> set[frozenset[str]]:
    return {frozenset((s["a"], s["b"])) for s in check["sessions"] if s["state"] != "up"}


def ping(server: Server, target: str, *options: str) -> bool:
    return server.works(f"ping -n -c 3 -i 0.2 -W 2 {' '.join(options)} {target}")


def until_green(joined: Joined) -> None:
    eventually(joined.is_green, timeout_s=180)


# ---------------------------------------------------------------------------------------------------------------------


def test_all_sessions_are_up_within_30_s_of_apply_and_everything_is_as_planned(joined: Joined) -> None:
    assert joined.sessions_after_s < SESSIONS_WITHIN_S
    until_green(joined)


def test_a_second_apply_changes_nothing(joined: Joined) -> None:
    again = joined.ace("interconnect", "apply")
    changed = {
        host: told["changed"]
        for part in ("hubs", "countries")
        for country in again[part].values()
        for host, told in country["hosts"].items()
    }
    assert set(changed) == {GW_TN, GW2_TN, HUB_TN, GW_KE, GW2_KE, HUB_KE}
    assert set(changed.values()) == {0}
    told = joined.ace("configure", *COUNTRIES, "--check")["countries"]
    assert {cc: told[cc]["changes"] for cc in COUNTRIES} == {"tn": [], "ke": []}, "roles do not undo each other's work"


def test_tenants_of_two_countries_reach_each_other_both_ways_in_both_families_with_large_packets(
    joined: Joined,
) -> None:
    for here, there in (("tn", "ke"), ("ke", "tn")):
        for version, overhead in ((4, 28), (6, 48)):
            address = joined.addresses[there][version]
            assert ping(joined.servers[here], address), f"{here} to {there}, IPv{version}"
            assert ping(joined.servers[here], address, f"-M do -s {1420 - overhead}"), f"1,420 bytes, IPv{version}"


def test_what_a_security_group_does_not_name_does_not_come_through(joined: Joined) -> None:
    assert joined.servers["ke"].works("nohup python3 -m http.server 8080 >/dev/null 2>&1 & sleep 0.5")
    assert not joined.servers["tn"].works(f"curl --silent --max-time 3 http://{joined.addresses['ke'][4]}:8080/")


def test_a_link_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured, severed(joined, GW_TN, HUB_TN):
        eventually(lambda: down(joined.check()), {frozenset((GW_TN, HUB_TN))})
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps
    until_green(joined)


def test_a_gateway_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured, dead(joined, GW_TN):
        eventually(lambda: {GW_TN} < set().union(*down(joined.check())))
        assert [host["host"] for host in joined.check()["routes"] if not host["answers"]] == [GW_TN]
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps
    until_green(joined)


def test_a_hub_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured, dead(joined, HUB_TN):
        eventually(lambda: {HUB_TN} < set().union(*down(joined.check())))
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps
    until_green(joined)


def test_a_key_is_changed_on_a_drained_gateway_and_not_one_packet_is_lost(joined: Joined) -> None:
    before = joined.on(GW_TN, "cat /etc/wireguard/public.key")
    with joined.traffic() as measured:
        joined.on(GW_TN, "rm /etc/wireguard/private.key /etc/wireguard/public.key")
        joined.ace("configure", "tn", "--service", "gateway")
        joined.ace("publish", "tn")
        joined.ace("interconnect", "drain", GW_TN)
        try:
            joined.ace("interconnect", "apply")
            eventually(lambda: down(joined.check()) <= {frozenset((GW_TN, GW2_TN)), frozenset((GW_TN, HUB_TN))})
        finally:
            joined.ace("interconnect", "undrain", GW_TN)
    assert joined.on(GW_TN, "cat /etc/wireguard/public.key") != before
    assert measured.lost == {4: 0, 6: 0}
    until_green(joined)


LEAKS: dict[str, tuple[Callable[[Joined], tuple[str, ...]], str]] = {
    "another's prefix": (lambda joined: (tenants_prefix(joined, "tn"),), r"10\.113\.73\.0/27"),
    "a default route": (lambda _: ("0.0.0.0/0",), r"\b0\.0\.0\.0/0"),
    "ten thousand prefixes": (
        lambda _: tuple(f"10.{64 + n // 4096}.{n // 16 % 256}.{n % 16 * 16}/28" for n in range(10_000)),
        r"and (9\d|10\d)\d\d more",
    ),
}


def tenants_prefix(joined: Joined, country: str) -> str:
    outputs = joined.ace("outputs", country)["outputs"]["inventory"]
    return str(next(t for t in outputs["tenants"] if t["name"] == TENANT)["router"]["exported"][0])


@pytest.mark.parametrize("what", LEAKS)
def test_what_a_member_may_not_announce_is_refused_by_its_neighbours_and_told(joined: Joined, what: str) -> None:
    """Tried by the gateway that carries no traffic, so that what it does to itself is not taken for an effect on others."""
    prefixes, told = LEAKS[what]
    asn, lists = own_side(joined, GW2_KE)
    announced = prefixes(joined)
    with joined.traffic() as measured:
        joined.vtysh(
            GW2_KE,
            *(f"ip prefix-list {name} seq 1 permit 0.0.0.0/0 le 32" for name in lists),
            f"router bgp {asn}",
            "no bgp network import-check",
            "address-family ipv4 unicast",
            *(f"network {prefix}" for prefix in announced),
        )
        try:
            eventually(lambda: leaks(joined, told) != [])
            [leak, *_] = leaks(joined, told)
            assert (leak["host"], leak["neighbour"]) == (HUB_TN, GW2_KE)
            for host in (GW_TN, HUB_TN, HUB_KE):
                best = json.loads(joined.on(host, "vtysh -c 'show bgp ipv4 unicast json'"))["routes"]
                assert [prefix for prefix in announced if str(asn) in ways(best, prefix)] == [], host
        finally:
            family = (f"router bgp {asn}", "address-family ipv4 unicast")
            joined.vtysh(GW2_KE, *family, *(f"no network {prefix}" for prefix in announced[1:]))
            joined.ace("interconnect", "apply", "ke")
            # Who sent too much would be heard again after five minutes.
            joined.on(HUB_TN, f"vtysh -c 'clear bgp {address_of(joined, HUB_TN, GW2_KE)}'")
    assert joined.on(GW2_KE, "vtysh -c 'show running-config'").count("network ") < 100, "apply undid it"
    until_green(joined)
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps


def leaks(joined: Joined, told: str) -> list[dict[str, str]]:
    return [leak for leak in joined.check()["leaks"] if re.search(told, leak["what"])]


def address_of(joined: Joined, host: str, neighbour: str) -> str:
    told = joined.neighbours(host)
    return next(address for address, session in told.items() if session.get("nbrDesc") == neighbour)


def own_side(joined: Joined, host: str) -> tuple[int, list[str]]:
    """A gateway's AS, and the lists that say what it sends."""
    text = joined.on(host, "vtysh -c 'show running-config'")
    asn = int(next(line.split()[2] for line in text.splitlines() if line.startswith("router bgp ")))
    lists = {line.split()[2] for line in text.splitlines() if line.startswith("ip prefix-list TO-")}
    return asn, sorted(lists)


def ways(routes: dict[str, Any], prefix: str) -> set[str]:
    """All ASes on all ways to a prefix that a host knows."""
    return {asn for path in routes.get(prefix, []) for asn in path.get("path", "").split()}


def test_what_was_learnt_from_one_hub_is_not_told_to_another(joined: Joined) -> None:
    """A gateway that would announce everything does not: strict roles mark what came from a provider (RFC 9234)."""
    asn, lists = own_side(joined, GW2_KE)
    joined.vtysh(GW2_KE, *(f"ip prefix-list {name} seq 1 permit 0.0.0.0/0 le 32" for name in lists))
    try:
        joined.on(GW2_KE, "vtysh -c 'clear bgp ipv4 unicast * soft out'")
        stolen = tenants_prefix(joined, "tn")
        for hub in (HUB_TN, HUB_KE):
            routes = json.loads(joined.on(hub, "vtysh -c 'show bgp ipv4 unicast json'"))["routes"]
            assert str(asn) not in ways(routes, stolen)
        assert ping(joined.servers["tn"], joined.addresses["ke"][4])
    finally:
        joined.ace("interconnect", "apply", "ke")
    until_green(joined)


# ------------------------------------------------------------------------------------- a country joins, pauses and leaves


@pytest.mark.slow
def test_a_country_joins_by_one_command_and_nothing_of_anybody_else_s_changes(joined: Joined, alone: Before) -> None:
    joined.ace("member", "add", "SC", "--answers", str(ANSWERS))
    now = texts(joined.region.root)
    assert {name for name in now if now[name] != alone.texts.get(name)} == {
        "CODEOWNERS",
        "ecosystem/answers/sc.yaml",
        "ecosystem/members/sc.yaml",
        "ecosystem/register.yaml",
        "stacks/Pulumi.sc.yaml",
    }
    joined.ace("validate")
    unseen = joined.ace("preview", "sc", expect=2)["countries"]["sc"]
    joined.ace("lab", "up", "sc", "--hosts")
    seen = joined.ace("preview", "sc", expect=2)["countries"]["sc"]
    assert unseen.pop("without_clouds") == ["sc-victoria-1"]
    assert without_diffs(unseen) == without_diffs(seen)
    assert joined.ace("member", "check", "sc")["fit"]
    before = joined.uptimes()
    for step in (("member", "activate", "sc"), ("up", "sc"), ("configure", "sc"), ("publish", "sc")):
        joined.ace(*step)
    with joined.traffic() as measured:
        joined.ace("interconnect", "apply")
        until_green(joined)
    joined.ace("catalogue", "build")
    assert dropped(before, joined.uptimes()) == {}
    assert measured.lost == {4: 0, 6: 0}
    files = rendered(joined.region.root)
    assert {path.split("/")[1] for path in alone.files if files.get(path) != alone.files[path]} == {HUB_TN, HUB_KE}
    assert hubs_know(joined) == {True}
    assert {"sc-fish-prices", "sc-e-learning"} <= listed(joined)
    pairs = joined.check()["reachability"]
    assert {pair["ok"] for pair in pairs if "victoria-1.sc" in (pair["a"], pair["b"])} == {True}


@pytest.mark.slow
def test_suspended_it_has_no_routes_and_no_listings_and_reinstated_all_is_byte_for_byte_as_before(
    joined: Joined,
) -> None:
    root = joined.region.root
    before, uptimes, offered = rendered(root), joined.uptimes(), exports(root)
    joined.ace("member", "suspend", "sc", "--reason", "a test")
    assert hubs_know(joined) == {False}
    eventually(lambda: [host for host in (GW_TN, GW2_TN, GW_KE, GW2_KE) if knows_sc(joined, host)], [], timeout_s=60)
    assert not {name for name in listed(joined) if name.startswith("sc-")}
    cloud = joined.region.cloud("sc-victoria-1-admin")
    own = [project.id for project in cloud.identity.projects() if project.name.startswith("ace-sc-")]
    assert {cloud.compute.get_quota_set(project).cores for project in own} == {0}
    until_green(joined)
    joined.ace("member", "reinstate", "sc", "--reason", "the test is over")
    until_green(joined)
    assert rendered(root) == before
    assert exports(root) == offered
    assert hubs_know(joined) == {True}
    assert dropped(uptimes, joined.uptimes()) == {}


@pytest.mark.slow
def test_removed_it_is_gone_from_cloud_routers_and_catalogue_and_the_others_are_as_before_it_came(
    joined: Joined, alone: Before
) -> None:
    before = joined.uptimes()
    assert joined.ace("member", "remove", "sc", "--reason", "a test", "--yes")["transition"]["to"] == "left"
    until_green(joined)
    assert hubs_know(joined) == {False}
    assert not {name for name in listed(joined) if name.startswith("sc-")}
    cloud = joined.region.cloud("sc-victoria-1-admin")
    assert not list(cloud.compute.servers(all_projects=True))
    assert not [project.name for project in cloud.identity.projects() if project.name.startswith("ace-")]
    assert rendered(joined.region.root) == alone.files
    assert dropped(before, joined.uptimes()) == {}


@dataclass(frozen=True)
class Before:
    """The region before the newcomer."""

    texts: dict[str, str]
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def alone(joined: Joined) -> Before:
    return Before(texts(joined.region.root), rendered(joined.region.root))


def texts(root: Path) -> dict[str, str]:
    """What people review: all that is not below ROOT/.ace, publications and keys aside."""
    own = ("ecosystem", "stacks", "inventories")
    files = [path for folder in own for path in (root / folder).rglob("*")] + [root / "CODEOWNERS"]
    return {str(path.relative_to(root)): path.read_text() for path in files if path.is_file()}


def dropped(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The sessions of before that are younger now, or gone."""
    younger = {session: after.get(session, 0) - since for session, since in before.items()}
    return {session: by for session, by in younger.items() if abs(by) > ROUNDING_S}


def hubs_know(joined: Joined) -> set[bool]:
    """Whether each hub has an established session to the newcomer."""
    return {
        any(
            told.get("nbrDesc", "").endswith(NEWCOMER) and told["bgpState"] == "Established"
            for told in joined.neighbours(hub).values()
        )
        for hub in (HUB_TN, HUB_KE)
    }


def knows_sc(joined: Joined, host: str) -> bool:
    """Whether a gateway has a route into the newcomer's block."""
    block = load(joined.region.root / "ecosystem").member("sc").allocation.ipv4
    told = json.loads(joined.on(host, "vtysh -c 'show bgp ipv4 unicast json'"))
    return any(ip_network(prefix).subnet_of(block) for prefix in told["routes"])


def without_diffs(preview: dict[str, Any]) -> dict[str, Any]:
    """What would be done to what; values that only a cloud knows aside."""
    steps = [{key: value for key, value in step.items() if key != "diff"} for step in preview["steps"]]
    return {**preview, "steps": steps}


def listed(joined: Joined) -> set[str]:
    told = json.loads(exports(joined.region.root)["catalogue.json"])
    return {service["slug"] for service in told["services"]}


def exports(root: Path) -> dict[str, bytes]:
    folder = root / ".ace" / "catalogue" / "exports"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rendered(root: Path) -> dict[str, bytes]:
    folder = root / ".ace" / "interconnect-applied"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
