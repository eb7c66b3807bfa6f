"""From servers to services, on hosts that boot: two countries configured, looked at, damaged and repaired."""

from __future__ import annotations

import itertools
import json
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.lab.hosts_site import cut_power
from tests.lab.region import Region, new_root

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
    pytest.mark.timeout(1800),
]

COUNTRIES = ("mu", "rw")
GW1, GW2, SVC1 = "gw1.ebene-1.mu", "gw2.ebene-1.mu", "svc1.ebene-1.mu"
CLOUD = "mu-ebene-1"
SHARED_ADDRESS = "10.94.1.1"
"""What the gateways of mu-ebene-1 share on transit."""
ASKED_AT_LEAST = 50
"""Replies that a measurement of silences wants before it counts."""
ALL_SERVICES = "[dns, time, monitoring]"
CANARY = "canary-3c7e9a51"
PRIVATE = ("/etc/wireguard", "/etc/ssh", "/var/lib/knot", "/etc/chrony/nts")
"""Where hosts keep what must never leave them."""


@dataclass
class Configured:
    """A region whose countries were configured once, and all that its commands said."""

    region: Region
    first: dict[str, Any]
    said: list[str] = field(default_factory=list)
    seen_arguments: set[str] = field(default_factory=set)

    def ace(self, *arguments: str, expect: int = 0) -> dict[str, Any]:
        """Run `ace ... --format json`; all that it says is kept for the search for secrets."""
        done = self.region.run(*arguments, "--format", "json", timeout_s=1200)
        self.said += [done.stdout, done.stderr]
        assert done.returncode == expect, f"ace {' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        body: dict[str, Any] = json.loads(done.stdout)
        return body

    def on(self, host: str, command: str, *, check: bool = True) -> str:
        """Run a command as root on a host, the way that a person would."""
        config = self.region.root / ".ace" / "ssh" / f"{host.rsplit('.', 1)[1]}.conf"
        done = subprocess.run(
            ["ssh", "-F", str(config), "-o", "BatchMode=yes", host, "sudo", "sh", "-c", f"'{command}'"],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, f"{host}: {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def power(self, host: str, action: str, desired: str) -> None:
        """Stop or start a server by its cloud, and wait until it is so."""
        compute = self.region.cloud(CLOUD).compute
        server = next(server for server in compute.servers() if server.name == host)
        getattr(compute, f"{action}_server")(server)
        eventually(lambda: compute.get_server(server).status, desired)


def eventually(what: Callable[[], Any], desired: Any = True, timeout_s: float = 240) -> None:
    deadline = time.monotonic() + timeout_s
    while (found := what()) != desired:
        assert time.monotonic() < deadline, f"still {found!r}, not {desired!r}"
        time.sleep(0.2)


def counts(body: dict[str, Any], name: str) -> dict[str, int]:
    """One of the four numbers, by host, over all countries."""
    return {host: told[name] for country in body["countries"].values() for host, told in country["hosts"].items()}


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configured]:
    region = new_root(tmp_path_factory.mktemp("configure"))
    region.environment["OS_PASSWORD"] = region.environment["ACE_TEST_TOKEN"] = CANARY
    shutil.rmtree(region.root / "inventories", ignore_errors=True)
    variables = region.root / "inventories" / "group_vars" / "country_mu.yml"
    variables.parent.mkdir(parents=True)
    variables.write_text(f"---\nmail_relay_password: {CANARY}\n")
    try:
        up = region.run("lab", "up", *COUNTRIES, "--hosts", timeout_s=900)
        assert up.returncode == 0, f"{up.stdout}\n{up.stderr}"
        made = Configured(region, {})
        made.ace("up", *COUNTRIES)
        watched = threading.Event()
        watcher = threading.Thread(target=watch_arguments, args=(made.seen_arguments, watched))
        watcher.start()
        try:
            made.first = made.ace("configure", *COUNTRIES)
        finally:
            watched.set()
            watcher.join()
        yield made
    finally:
        region.run("lab", "down", "--wipe", timeout_s=300)


def watch_arguments(seen: set[str], ended: threading.Event) -> None:
    """Keep the command lines of all processes of this machine, the lab's hosts among them."""
    while not ended.wait(1.0):
        for process in psutil.process_iter(["cmdline"]):
            seen.add(" ".join(process.info["cmdline"] or ()))


def test_every_host_of_both_countries_is_configured(configured: Configured) -> None:
    assert {name: country["result"] for name, country in configured.first["countries"].items()} == {
        "mu": "succeeded",
        "rw": "succeeded",
    }
    assert all(changed > 0 for changed in counts(configured.first, "changed").values())
    assert set(counts(configured.first, "ok")) == {host for cc in COUNTRIES for host in hosts_of(configured, cc)}


def hosts_of(configured: Configured, country: str) -> list[str]:
    done = configured.region.run("inventory", country)
    configured.said += [done.stdout, done.stderr]
    return list(json.loads(done.stdout)["_meta"]["hostvars"])


def test_a_second_run_changes_nothing_and_a_check_sees_nothing(configured: Configured) -> None:
    second = configured.ace("configure", *COUNTRIES)
    assert set(counts(second, "changed").values()) == {0}
    assert set(counts(second, "ok").values()) == {1}, "a host that is as the first run left it is asked one thing"
    assert {country["result"] for country in second["countries"].values()} == {"unchanged"}
    checked = configured.ace("configure", *COUNTRIES, "--check")
    assert set(counts(checked, "changed").values()) == {0}


def test_hosts_tell_their_public_keys_and_nothing_private(configured: Configured) -> None:
    facts = json.loads((configured.region.root / ".ace" / "facts" / "mu.json").read_text())
    for gateway in (GW1, GW2):
        assert facts[gateway]["wireguard_public_key"] == configured.on(gateway, "cat /etc/wireguard/public.key").strip()
    assert "PRIVATE" not in json.dumps(facts)


def test_an_edited_file_and_a_stopped_daemon_are_reported_with_a_diff_and_repaired(configured: Configured) -> None:
    configured.on(GW2, "echo garbage >> /etc/keepalived/keepalived.conf")
    configured.on(SVC1, "systemctl stop unbound")
    checked = configured.ace("configure", "mu", "--check", expect=2)
    assert checked["countries"]["mu"]["result"] == "differs"
    changes = {change["host"]: change["diff"] for change in checked["countries"]["mu"]["changes"]}
    assert set(changes) == {GW2, SVC1}
    assert "-garbage" in changes[GW2]
    assert "unbound" in changes[SVC1]
    assert configured.on(SVC1, "systemctl is-active unbound", check=False).strip() == "inactive", (
        "a check changes nothing"
    )
    configured.ace("configure", "mu")
    assert "garbage" not in configured.on(GW2, "cat /etc/keepalived/keepalived.conf")
    assert configured.on(SVC1, "systemctl is-active unbound").strip() == "active"
    configured.ace("configure", "mu", "--check")


def test_a_daemon_that_runs_an_older_file_is_repaired_though_the_file_is_right(configured: Configured) -> None:
    """As a run leaves it that was killed between a file's change and its daemon's restart."""
    file = "/etc/chrony/chrony.conf"
    configured.on(SVC1, f'cp {file} /root/right && echo "# older" >> {file} && systemctl restart chrony')
    before = configured.on(SVC1, "systemctl show -p MainPID chrony")
    configured.on(SVC1, f"cp /root/right {file} && rm /root/right")
    checked = configured.ace("configure", "mu", "--service", "time", "--check", expect=2)
    assert "chrony" in json.dumps(checked["countries"]["mu"]["changes"])
    configured.ace("configure", "mu", "--service", "time")
    assert configured.on(SVC1, "systemctl show -p MainPID chrony") != before
    configured.ace("configure", "mu", "--service", "time", "--check")


def test_one_service_alone_is_configured_and_an_unknown_one_is_named(configured: Configured) -> None:
    only = configured.ace("configure", "mu", "--service", "time")
    assert counts(only, "ok")[SVC1] < counts(configured.first, "ok")[SVC1] + counts(configured.first, "changed")[SVC1]
    refused = configured.ace("configure", "mu", "--service", "tyme", expect=1)
    assert refused["error"]["code"] == "no-such-service"


def test_ctrl_c_ends_a_run_with_130_and_the_next_one_goes_on(configured: Configured) -> None:
    region = configured.region
    running = subprocess.Popen(
        [sys.executable, "-m", "ace", "configure", "mu", "--verbose"],
        cwd=region.root,
        env=region.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    heard = []
    for line in running.stderr:
        heard.append(line)
        if f"{GW1} ok" in line:
            running.send_signal(signal.SIGINT)
            break
    _, rest = running.communicate(timeout=300)
    configured.said += [*heard, rest]
    assert running.returncode == 130, "".join(heard) + rest
    mine = str(region.root / ".ace" / "runs")
    eventually(
        lambda: [p.pid for p in psutil.process_iter(["cmdline"]) if mine in " ".join(p.info["cmdline"] or ())], []
    )
    assert configured.ace("configure", "mu")["countries"]["mu"]["result"] in ("unchanged", "succeeded")


def test_the_shared_address_moves_within_three_seconds_when_its_gateway_dies_and_back(configured: Configured) -> None:
    """Asked from a server of another network ten times a second; what dies has no time to say good-bye."""
    eventually(lambda: holds_shared_address(configured, GW1))
    configured.on(SVC1, f"timeout 600 ping -D -n -i 0.1 {SHARED_ADDRESS} > /run/asked 2>&1 &")
    cut_power(configured.region.root, GW1)
    try:
        eventually(lambda: holds_shared_address(configured, GW2))
        eventually(lambda: server_status(configured, GW1), "SHUTOFF")
    finally:
        configured.power(GW1, "start", "ACTIVE")
    eventually(lambda: holds_shared_address(configured, GW1))
    assert not holds_shared_address(configured, GW2)
    eventually(lambda: configured.on(SVC1, "echo up", check=False).strip(), "up")
    replies: list[float] = []

    def asked_long_enough() -> bool:
        lines = configured.on(SVC1, "cat /run/asked", check=False).splitlines()
        replies[:] = [float(line[1:].split("]")[0]) for line in lines if "bytes from" in line]
        return len(replies) > ASKED_AT_LEAST

    eventually(asked_long_enough)
    configured.on(SVC1, "pkill -INT ping")
    gaps = sorted(later - earlier for earlier, later in itertools.pairwise(replies))
    assert gaps[-1] < 3.0, f"longest silences in s: {gaps[-3:]}"


def holds_shared_address(configured: Configured, gateway: str) -> bool:
    return f"{SHARED_ADDRESS}/" in configured.on(gateway, "ip -4 addr", check=False)


def server_status(configured: Configured, host: str) -> str:
    compute = configured.region.cloud(CLOUD).compute
    return str(next(server.status for server in compute.servers() if server.name == host))


def test_a_host_that_is_away_leaves_the_others_going_and_is_told_with_what_to_try(configured: Configured) -> None:
    configured.power(GW2, "stop", "SHUTOFF")
    try:
        told = configured.ace("configure", "mu", expect=1)
    finally:
        configured.power(GW2, "start", "ACTIVE")
    assert counts(told, "unreachable") == {GW1: 0, GW2: 1, SVC1: 0}
    assert counts(told, "ok")[SVC1] > 0
    [failure] = told["countries"]["mu"]["failures"]
    assert (failure["host"], failure["unreachable"]) == (GW2, True)
    assert f"openstack server show {GW2}" in told["error"]["hint"]
    eventually(lambda: configured.on(GW2, "echo up", check=False).strip(), "up")


def test_the_same_server_with_another_key_is_refused_and_a_new_one_pinned_anew(configured: Configured) -> None:
    file = configured.region.root / ".ace" / "known_hosts" / "mu"
    right = file.read_text()
    own = {line.split()[0]: line for line in right.splitlines() if " ssh-ed25519 " in line}
    other = own[GW1].split()[2]
    wrong = "".join(
        f"{line}\n".replace(line.split()[2], other) if line == own[GW2] else f"{line}\n"
        for line in right.splitlines()
        if not line.startswith(GW2) or line == own[GW2]
    )
    file.write_text(wrong)
    refused = configured.ace("configure", "mu", expect=3)
    assert refused["countries"]["mu"]["reason"] == "host-key-changed"
    assert str(file) in refused["error"]["hint"]
    instance = own[GW2].split()[-1]
    file.write_text(wrong.replace(instance, "instance:an-earlier-server"))
    configured.ace("configure", "mu")
    assert sorted(file.read_text().splitlines()) == sorted(right.splitlines())


def test_plain_ansible_takes_the_inventory_s_script(configured: Configured, tmp_path: Path) -> None:
    link = tmp_path / "mu"
    checkout = Path(__file__).resolve().parents[2]
    link.symlink_to(checkout / "inventories" / "country")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible"), "-i", str(link), "role_services", "-m", "ansible.builtin.ping"],
        cwd=configured.region.root,
        env={**configured.region.environment, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{SVC1} | SUCCESS" in done.stdout


def test_plain_ansible_finds_nothing_to_change_either(configured: Configured, tmp_path: Path) -> None:
    """What `ace configure` told the hosts of the region, the inventory's script tells them too."""
    link = tmp_path / "mu"
    checkout = Path(__file__).resolve().parents[2]
    link.symlink_to(checkout / "inventories" / "country")
    configured.ace("configure", "mu")
    done = subprocess.run(
        [
            *(str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(link)),
            *(str(checkout / "playbooks" / "site.yml"), "--check", "--diff"),
        ],
        cwd=configured.region.root,
        env={**configured.region.environment, "LC_ALL": "C.UTF-8", "HOME": str(tmp_path), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("changed=0") == 3, done.stdout[-4000:]


def test_the_services_themselves_say_that_they_serve(configured: Configured) -> None:
    told = configured.ace("verify", *COUNTRIES)
    verdicts = {check["id"]: check["verdict"] for country in told["countries"].values() for check in country["checks"]}
    assert "PASS" in verdicts.values()
    assert "FAIL" not in verdicts.values()


def test_a_country_s_own_worker_does_it_with_a_key_that_is_nowhere_else(
    configured: Configured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is another program with another home, in mounts of its own; the sender has no key meanwhile."""
    configured.on(GW2, "echo garbage >> /etc/keepalived/keepalived.conf")
    refused = configured.ace("configure", "mu", "--remote", expect=1)
    assert refused["error"]["code"] == "no-worker"
    key = configured.region.root / ".ace" / "lab" / "ssh" / "id_ed25519"
    monkeypatch.setitem(configured.region.environment, "ACE_WORKER_MU", a_worker(tmp_path, key))
    shutil.move(key, tmp_path / "home" / ".ssh" / "id_ed25519")
    try:
        assert configured.on(GW2, "echo in", check=False) == "", "the sender cannot get in"
        only = ("configure", "mu", "--remote", "--service", "gateway")
        [change] = configured.ace(*only, "--check", expect=2)["countries"]["mu"]["changes"]
        assert change["host"] == GW2
        assert "-garbage" in change["diff"]
        assert counts(configured.ace(*only), "changed") == {GW1: 0, GW2: 1, SVC1: 0}
        assert configured.ace(*only, "--check")["countries"]["mu"]["result"] == "unchanged"
    finally:
        shutil.move(tmp_path / "home" / ".ssh" / "id_ed25519", key)
    assert "garbage" not in configured.on(GW2, "cat /etc/keepalived/keepalived.conf")
    assert not list((tmp_path / "country").rglob("id_ed25519"))


def a_worker(folder: Path, key: Path) -> str:
    """The command of a worker whose user's home is below the folder: its way in and its variables are there alone."""
    own, variables = folder / "home" / ".ssh", folder / "country" / "inventory" / "group_vars" / "country_mu.yml"
    own.mkdir(parents=True, mode=0o700)
    way_in = (key.parent / "config").read_text()
    assert str(key) in way_in
    (own / "config").write_text(way_in.replace(str(key), "~/.ssh/id_ed25519"))
    variables.parent.mkdir(parents=True)
    variables.write_text(f"---\nmail_relay_password: {CANARY}\n")
    users = folder / "passwd"
    users.write_text(f"root:x:0:0::{folder / 'home'}:/bin/sh\n")
    enter = f'mount --bind {users} /etc/passwd && exec env HOME={folder / "home"} "$@"'
    worker = Path(__file__).resolve().parents[2] / "scripts" / "worker.py"
    program = [sys.executable, str(worker), "--private-data-dir", str(folder / "country")]
    return shlex.join(["unshare", "--mount", "--propagation", "private", "sh", "-c", enter, "worker", *program])


def test_no_secret_is_in_outputs_inventory_artefacts_logs_or_process_lists(configured: Configured) -> None:
    root = configured.region.root
    secrets = {CANARY, *secrets_of(root, configured)}
    outputs = configured.region.run("outputs", "mu", "--format", "json")
    where = {"what was said": "\n".join(configured.said), "outputs": outputs.stdout + outputs.stderr}
    where["process lists"] = "\n".join(configured.seen_arguments)
    folders = [root / ".ace" / part for part in ("runs", "facts", "ssh", "known_hosts")]
    for path in (
        path for folder in folders for path in folder.rglob("*") if path.is_file() and not through_link(path, root)
    ):
        where[str(path)] = path.read_text(errors="replace")
    assert len(where) > 20
    assert {place: secret[:6] for place, text in where.items() for secret in secrets if secret in text} == {}


def through_link(path: Path, root: Path) -> bool:
    """Whether it is the country's own file, which runs link to and do not copy."""
    return path.resolve().is_relative_to(root / "inventories")


def secrets_of(root: Path, configured: Configured) -> set[str]:
    """What the region really keeps secret: passphrases, the clouds' passwords, keys that were born on hosts."""
    found = {path.read_text().strip() for path in (root / ".ace" / "passphrase").iterdir()}
    clouds = (root / ".ace" / "lab" / "clouds.yaml").read_text()
    found |= {line.split(":", 1)[1].strip() for line in clouds.splitlines() if "password:" in line}
    for host in (GW1, SVC1):
        find = 'find {} -type f ! -name "public*" \\( -name "*.key" -o -name "*.pem" -o -name "*_ed25519_key" \\)'
        for place in PRIVATE:
            found |= private_parts(configured.on(host, f"{find.format(place)} | xargs -r cat", check=False))
    found.discard("")
    assert len(found) > 8, "keys of WireGuard, SSH, DNSSEC and the time authority are among them"
    return found


def private_parts(text: str) -> set[str]:
    """Of each private key one line that has nothing of the public half, which may be anywhere."""
    found, lines = set(), iter(text.splitlines())
    for line in lines:
        if not line.startswith("-----BEGIN"):
            found |= {line.strip()} if len(line.strip()) >= 40 else set()
            continue
        body: list[str] = []
        for inner in lines:
            if inner.startswith("-----END"):
                break
            body.append(inner.strip())
        if "PRIVATE KEY" in line:
            found.add(body[3 if "OPENSSH" in line else 0])
    return found


def test_hostile_environment_variables_do_not_reach_ansible(configured: Configured) -> None:
    (configured.region.root / "evil").mkdir()
    (configured.region.root / "evil" / "ansible.cfg").write_text("[defaults]\nno_such = 1\nroles_path = /nonexistent\n")
    told = configured.region.json(
        "configure",
        "mu",
        "--check",
        ANSIBLE_CONFIG=str(configured.region.root / "evil" / "ansible.cfg"),
        ANSIBLE_HOST_KEY_CHECKING="False",
        ANSIBLE_ROLES_PATH="/nonexistent",
    )
    assert told["countries"]["mu"]["result"] == "unchanged"


def test_a_service_taken_out_of_the_spec_is_stopped_and_one_put_back_runs_again(configured: Configured) -> None:
    file, host = configured.region.root / "ecosystem" / "members" / "rw.yaml", "svc1.kigali-1.rw"
    right = file.read_text()
    assert right.count(ALL_SERVICES) == 1
    file.write_text(right.replace(ALL_SERVICES, "[dns, time]"))
    try:
        configured.ace("up", "rw")
        configured.ace("configure", "rw")
        state = "systemctl is-active prometheus prometheus-alertmanager knot chrony; true"
        assert configured.on(host, state).split() == ["inactive", "inactive", "active", "active"]
        assert "dport 9099" not in configured.on(host, "nft list table inet ace")
        assert set(counts(configured.ace("configure", "rw"), "changed").values()) == {0}
    finally:
        file.write_text(right)
    configured.ace("up", "rw")
    configured.ace("configure", "rw")
    assert configured.on(host, "systemctl is-active prometheus").strip() == "active"


def test_the_data_volume_grows_and_outlives_its_server(configured: Configured) -> None:
    """It is the country's history: what another server finds on it is mounted, and never made anew."""
    file, host = configured.region.root / "ecosystem" / "members" / "rw.yaml", "svc1.kigali-1.rw"
    configured.on(host, "date > /srv/marker")
    marker = configured.on(host, "cat /srv/marker")
    assert configured.on(host, "test -d /srv/prometheus/wal && findmnt -no FSTYPE /srv").strip() == "ext4"

    right = file.read_text()
    assert right.count("data_volume_gib: 20") == 1
    file.write_text(right.replace("data_volume_gib: 20", "data_volume_gib: 23"))
    assert configured.ace("up", "rw")["countries"]["rw"]["update"] == 1
    configured.ace("configure", "rw")  # grows it at once where the kernel lets a host do that
    configured.on(host, "systemctl reboot", check=False)
    size = "/usr/local/lib/ace/data-volume --verify && df --block-size=1G --output=size /srv | tail -1"
    eventually(lambda: configured.on(host, size, check=False).strip() in ("22", "23"))
    assert configured.on(host, "cat /srv/marker") == marker

    compute = configured.region.cloud("rw-kigali-1").compute
    server = next(server for server in compute.servers() if server.name == host)
    compute.delete_server(server)
    compute.wait_for_delete(server)
    configured.ace("up", "rw", "--refresh")
    configured.ace("configure", "rw")
    assert configured.on(host, "cat /srv/marker") == marker
    assert configured.on(host, "systemctl is-active prometheus ace-data").split() == ["active", "active"]


def test_a_volume_that_holds_anything_else_is_left_alone(configured: Configured) -> None:
    host, disk = "svc1.ebene-1.mu", "$(findmnt -no SOURCE /srv)"
    configured.on(host, f"echo {disk} > /run/disk; systemctl stop prometheus; umount /srv; wipefs -qa $(cat /run/disk)")
    try:
        told = configured.ace("configure", "mu", expect=1)["countries"]["mu"]["failures"]
        assert "holds something unknown and is left alone" in json.dumps(told)
        configured.on(host, "mkswap -q $(cat /run/disk)")
        told = configured.ace("configure", "mu", expect=1)["countries"]["mu"]["failures"]
        assert "holds swap and is left alone" in json.dumps(told)
    finally:
        configured.on(
            host, "wipefs -qa $(cat /run/disk); dd if=/dev/zero of=$(cat /run/disk) bs=1M count=1 status=none"
        )
    configured.ace("configure", "mu")
    assert configured.on(host, "systemctl is-active prometheus").strip() == "active"
