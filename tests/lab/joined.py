"""A running region on hosts that boot: countries joined over their hubs, a tenant's server in two of them, and how to
break what lies between. For `tests/lab/interconnect`, and for `scripts/bench interconnect --lab`.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ace.lab import Lab, underlay
from ace.spec import load
from tests.lab.hosts_site import Server, Site, cut_power, eventually
from tests.lab.region import Region, new_root

TENANT = "agriculture"
"""Its data are open: what it announces every member may reach."""
EVERY_S = 0.02
UNDERWAY_S = 0.5
"""Between two packets of measured traffic, and how long before its end a packet counts as lost."""
POOLS = ("10.64.0.0/10", "fd92:3091:a000::/36")


@dataclass
class Joined:
    """Countries, joined; a tenant's server in two of them."""

    region: Region
    countries: tuple[str, ...]
    ends: tuple[str, str]
    """The countries between which traffic is measured."""
    apply_s: float = 0.0
    sessions_after_s: float = 0.0
    """From the end of the first apply to when all sessions were seen up."""
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

    @contextmanager
    def traffic(self) -> Iterator[Traffic]:
        """Packets from one end's tenant's server to the other's, as long as the block lasts."""
        a, there = self.servers[self.ends[0]], self.addresses[self.ends[1]]
        flows = {version: start_pings(a, there[version]) for version in (4, 6)}
        measured = Traffic()
        time.sleep(2)  # something to compare with
        try:
            yield measured
            time.sleep(2)
        finally:
            for version, flow in flows.items():
                measured.flows[version] = ended(flow)


@dataclass
class Flow:
    """One family's packets: how many were sent, and when the reply to each came, by its number (from 1)."""

    sent: int
    replies: dict[int, float]

    @property
    def silence_s(self) -> float:
        """The longest time without a reply, to the end of the flow."""
        times = sorted(self.replies.values())
        unanswered = self.sent - max(self.replies)
        return max(*(later - earlier for earlier, later in itertools.pairwise(times)), unanswered * EVERY_S)

    @property
    def lost(self) -> list[int]:
        """Numbers of the packets without a reply; those on their way when the flow ended are not of them."""
        return [n for n in range(1, self.sent + 1 - round(UNDERWAY_S / EVERY_S)) if n not in self.replies]


@dataclass
class Traffic:
    """What came back, by family."""

    flows: dict[int, Flow] = field(default_factory=dict)

    @property
    def gaps(self) -> dict[int, float]:
        """The longest silence of each family, s."""
        return {version: flow.silence_s for version, flow in self.flows.items()}

    @property
    def lost(self) -> dict[int, list[int]]:
        """Numbers of the packets that were lost, 50 a second from the flow's start."""
        return {version: flow.lost for version, flow in self.flows.items()}


def start_pings(server: Server, target: str) -> subprocess.Popen[str]:
    """50 packets a second until its input ends."""
    config, known = server.lab / "ssh" / "config", server.known_hosts
    command = f"ping -D -n -i {EVERY_S} {target} & p=$!; cat >/dev/null; kill -INT $p; wait $p"
    options = ["-F", str(config), "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes"]
    return subprocess.Popen(
        ["ssh", *options, "-o", "BatchMode=yes", server.address, command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ended(flow: subprocess.Popen[str]) -> Flow:
    out, _ = flow.communicate("", timeout=60)
    replies = {int(n): float(at) for at, n in re.findall(r"^\[([\d.]+)\] \d+ bytes from .* icmp_seq=(\d+)", out, re.M)}
    [sent] = re.findall(r"^(\d+) packets transmitted", out, re.M)
    assert len(replies) > 10, out[-2000:]
    return Flow(int(sent), replies)


@contextmanager
def joined_region(folder: Path, countries: Sequence[str], ends: tuple[str, str]) -> Iterator[Joined]:
    """Those countries from nothing to joined, in a ROOT of their own that is wiped afterwards."""
    region = new_root(folder)
    try:
        region.json("lab", "up", *countries, "--hosts", timeout_s=1200)
        region.json("up", *countries, timeout_s=1200)
        region.json("configure", *countries, timeout_s=1200)
        for country in countries:
            region.json("publish", country)
        made = Joined(region, tuple(countries), ends)
        began = time.monotonic()
        made.ace("interconnect", "apply")
        applied = time.monotonic()
        made.apply_s = applied - began
        eventually(lambda: all(session["state"] == "up" for session in made.check()["sessions"]), timeout_s=120)
        made.sessions_after_s = time.monotonic() - applied
        add_tenants_servers(made)
        yield made
    finally:
        region.run("lab", "down", "--wipe", timeout_s=600)


def cloud_of(joined: Joined, data_centre: str, country: str) -> str:
    """What clouds.yaml calls it."""
    return load(joined.region.root / "ecosystem").member(country).data_centre(data_centre).cloud.cloud


def add_tenants_servers(joined: Joined) -> None:
    """A server on a tenant's network in each country; what it lets in is said by a security group."""
    root = joined.region.root
    key = root / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    for country in joined.ends:
        [tenant] = [t for t in load(root / "ecosystem").member(country).tenants if t.name == TENANT]
        site = Site(Lab(root), cloud_of(joined, tenant.data_centre, country), 0)
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
    _, data_centre, country = host.split(".")
    compute = joined.region.cloud(cloud_of(joined, data_centre, country)).compute
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
        host["name"]: host
        for country in joined.countries
        for host in joined.ace("outputs", country)["outputs"]["inventory"]["hosts"]
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


def until_green(joined: Joined) -> None:
    eventually(joined.is_green, timeout_s=180)


def tenants_prefix(joined: Joined, country: str) -> str:
    outputs = joined.ace("outputs", country)["outputs"]["inventory"]
    return str(next(t for t in outputs["tenants"] if t["name"] == TENANT)["router"]["exported"][0])
