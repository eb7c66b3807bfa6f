"""What the roles make of the hosts of two countries."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ace.lab.base_image import BaseImage
from tests.playbooks.conftest import Converged, converged

Hosts = dict[str, Converged]
GW1, GW2, SVC, HUB = "gw1.tunis-1.tn", "gw2.tunis-1.tn", "svc1.tunis-1.tn", "hub-tunis.tunis-1.tn"


def everything(hosts: Hosts) -> list[tuple[str, str, str]]:
    """Host, path and text of every file and rule file."""
    return [
        (host, path, text)
        for host, made in hosts.items()
        for path, text in [
            *((path, str(file.get("content") or "")) for path, file in made.files.items()),
            *made.rules.items(),
        ]
    ]


def test_a_host_runs_what_it_is_there_for_and_nothing_else(tunisia: Hosts) -> None:
    services = {
        "knot.service",
        "unbound.service",
        "prometheus.service",
        "keepalived.service",
        "frr.service",
        "chrony.service",
    }
    runs = {host: services & made.units.keys() for host, made in tunisia.items()}
    assert runs == {
        GW1: {"keepalived.service", "frr.service", "chrony.service"},
        GW2: {"keepalived.service", "frr.service", "chrony.service"},
        HUB: {"frr.service", "chrony.service"},
        SVC: {"knot.service", "unbound.service", "prometheus.service", "chrony.service"},
    }


def test_the_same_inventory_gives_the_same_files_in_every_run(tunisia: Hosts, tmp_path: Path) -> None:
    again = converged("tn", tmp_path)  # another process, another hash seed
    assert {host: made.calls for host, made in again.items()} == {host: made.calls for host, made in tunisia.items()}


def test_nothing_private_and_no_unrendered_template_is_in_any_file(tunisia: Hosts) -> None:
    for host, path, text in everything(tunisia):
        assert "PRIVATE" not in text, (host, path)
        # Alert texts are Prometheus' own templates.
        assert "{{ " not in text or path == "/etc/prometheus/ace-rules.yml", (host, path)
        assert "{% " not in text, (host, path)


def test_a_hub_keeps_its_cloud_s_resolver(tunisia: Hosts) -> None:
    assert "/etc/resolv.conf" not in tunisia[HUB].files
    assert "nameserver 10.113.68.11\n" in tunisia[GW1].text("/etc/resolv.conf")
    assert "nameserver 127.0.0.1\n" in tunisia[SVC].text("/etc/resolv.conf")


def test_a_resolver_refuses_the_zone_of_a_country_whose_keys_are_not_known(tunisia: Hosts) -> None:
    text = tunisia[SVC].text("/etc/unbound/unbound.conf")
    assert 'local-zone: "ke.ace.example." always_refuse' in text
    assert 'name: "ke.ace.example."' not in text
    assert 'trust-anchor: "eg.ace.example. DS 41002 13 2' in text


def test_only_secondaries_may_transfer_the_zone(tunisia: Hosts) -> None:
    config = yaml.safe_load(tunisia[SVC].text("/etc/knot/knot.conf").replace("%s", "x"))
    transfer = next(acl for acl in config["acl"] if acl["id"] == "transfer")
    assert transfer["address"] == [
        *("10.115.36.11", "fd92:3091:a818:300::b"),
        *("10.89.68.11", "fd92:3091:a404:300::b"),
        *("10.113.68.11", "fd92:3091:a788:300::b"),
    ]
    zones = {zone["domain"]: zone for zone in config["zone"]}
    assert zones["tn.ace.example"]["catalog-zone"] == "catalog.tn.ace.example"
    assert zones["catalog.eg.ace.example"]["catalog-role"] == "interpret"


def knot(hosts: Hosts, host: str) -> dict[str, dict[str, Any]]:
    """What a host's knot is told, by section and name."""
    config = yaml.safe_load(hosts[host].text("/etc/knot/knot.conf"))
    return {
        section: {one.get("id") or one["domain"]: one for one in entries}
        for section, entries in config.items()
        if isinstance(entries, list) and section != "log"
    }


def test_every_name_server_of_a_country_hands_its_zone_to_the_same_others(egypt_in_two_places: Hosts) -> None:
    first, second = (knot(egypt_in_two_places, host) for host in ("svc1.cairo-1.eg", "svc1.second-2.eg"))
    abroad = {"10.113.68.11", "fd92:3091:a788:300::b", "10.89.68.11", "fd92:3091:a404:300::b"}
    for one in (first, second):
        assert abroad < set(one["acl"]["transfer"]["address"])
        assert "transfer" in one["zone"]["catalog.eg.ace.example"]["acl"]
        assert set(one["zone"]["catalog.eg.ace.example"]["notify"]) >= {"tn-1", "ke-1"}
    assert "transfer" in first["zone"]["eg.ace.example"]["acl"]
    assert "eg.ace.example" not in second["zone"]  # it follows the catalog
    held = second["template"]["held-eg"]
    assert (held["master"], held["acl"], set(held["notify"])) == (
        ["own-1"],
        ["notify-own", "transfer"],
        {"tn-1", "ke-1"},
    )
    assert first["zone"]["eg.ace.example"]["notify"][0] == "own-2"


def test_who_holds_a_zone_asks_for_a_newer_one_every_minute_and_sooner_where_nobody_replied(
    egypt_in_two_places: Hosts,
) -> None:
    for host in ("svc1.cairo-1.eg", "svc1.second-2.eg"):
        templates = knot(egypt_in_two_places, host)["template"]
        for template in templates.values():
            assert (template["refresh-max-interval"], template["retry-max-interval"]) == (60, 30)


def test_gateways_of_a_site_share_one_address_and_the_lowest_number_holds_it(tunisia: Hosts) -> None:
    texts = {host: tunisia[host].text("/etc/keepalived/keepalived.conf") for host in (GW1, GW2)}
    assert "priority 140" in texts[GW1] and "priority 130" in texts[GW2]
    for text in texts.values():
        assert "10.113.65.1/32" in text and "fd92:3091:a788:400::1/128" in text
    assert "unicast_src_ip 10.113.65.2" in texts[GW1] and "10.113.65.3" in texts[GW1]


def test_a_gateway_s_private_key_is_made_on_it_and_only_its_public_half_is_told(tunisia: Hosts) -> None:
    call = next(call for call in tunisia[GW1].calls if call.get("keys"))
    assert call["keys"] == [
        {
            "path": "/etc/wireguard/private.key",
            "generate": ["wg", "genkey"],
            "public_path": "/etc/wireguard/public.key",
            "derive": ["wg", "pubkey"],
        }
    ]
    told = [tell for call in tunisia[GW1].calls for tell in call["public_facts"]]
    assert {tell.get("file") for tell in told} == {"/etc/wireguard/public.key"}


def test_tenants_routers_are_the_way_to_their_networks(tunisia: Hosts) -> None:
    network = next(call["network"] for call in tunisia[GW1].calls if call.get("network"))
    assert network["routes"]["10.113.72.0/26"] == "10.113.65.9"
    assert network["addresses"] == ["10.113.64.1/32", "fd92:3091:a788::1/128"]


def test_clients_of_time_trust_their_country_s_servers_only(tunisia: Hosts) -> None:
    text = tunisia[GW1].text("/etc/chrony/chrony.conf")
    assert [line for line in text.splitlines() if line.startswith(("server", "pool"))] == [
        "server 10.113.68.11 iburst nts minpoll 4 maxpoll 8"
    ]
    assert "BEGIN CERTIFICATE" in tunisia[GW1].text("/etc/chrony/ace-time-ca.pem")


def test_only_aggregates_leave_the_country(tunisia: Hosts) -> None:
    config = yaml.safe_load(tunisia[SVC].text("/etc/prometheus/ace-aggregates.yml"))
    (job,) = config["scrape_configs"]
    assert job["params"] == {"match[]": ['{__name__=~"ace:.+"}']}
    rules = yaml.safe_load(tunisia[SVC].text("/etc/prometheus/ace-rules.yml"))
    records = [rule for group in rules["groups"] for rule in group["rules"] if "record" in rule]
    assert all(
        "host" not in rule["expr"].split("by (", 1)[-1].split(")", 1)[0] for rule in records if "by (" in rule["expr"]
    )
    ports = tunisia[SVC].rules["50-monitoring.nft"]
    assert "9099" in ports and "9090" not in ports


def test_each_country_s_hosts_are_its_own(egypt: Hosts) -> None:
    text = egypt["svc1.cairo-1.eg"].text("/etc/knot/zones/eg.ace.example.zone")
    assert "tunis" not in [line.split()[0] for line in text.splitlines() if line.strip() and " A " in line]
    assert "svc1.cairo-1.eg.ace.example. A 10.115.36.11" in text


# As far as they can be asked: a checker that is not installed accepts everything, so the lab's base image has them all.
@pytest.mark.root
@pytest.mark.base_image
@pytest.mark.parametrize("host", [GW1, SVC, HUB])
def test_every_daemon_s_own_checker_accepts_its_files(
    tunisia: Hosts, host: str, tmp_path: Path, base_image: Path
) -> None:
    script = [
        "set -u; fail=0",
        # What a host has when it is configured: host keys, interfaces, the root's keys (which a step of the role makes).
        "mkdir -p /run/sshd; ssh-keygen -A > /dev/null; ip link add eth0 type veth peer name eth1",
        *(
            shlex.join(step["run"])
            for call in tunisia[host].calls
            for step in call.get("steps") or ()
            if "root" in step["name"]
        ),
    ]
    for number, (path, file) in enumerate(sorted(tunisia[host].files.items())):
        if file.get("content") is None:
            continue
        (tmp_path / str(number)).write_text(file["content"])
        script.append(f"mkdir -p $(dirname {path}) && cp /rendered/{number} {path}")
    for path, file in sorted(tunisia[host].files.items()):
        if file.get("check"):
            command = " ".join(path if part == "%s" else part.replace("%s", path) for part in file["check"])
            script.append(
                f"{command} > /tmp/said 2>&1 || {{ echo '{path}:'; cat /tmp/said; fail=1; }}; echo checked {path}"
            )
    script += ["exit $fail"]
    (tmp_path / "script").write_text("\n".join(script))
    done = subprocess.run(
        ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--volatile=overlay", "--private-network",
         f"--directory={base_image}", f"--machine=ace-check-{os.getpid()}", f"--bind-ro={tmp_path}:/rendered", "--pipe",
         "/bin/sh", "/rendered/script"],
        capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checked /etc/ssh/sshd_config.d/10-ace.conf" in done.stdout


@pytest.mark.root
@pytest.mark.nft
@pytest.mark.parametrize("host", [GW1, SVC, HUB])
def test_the_firewall_loads_and_drops_by_default(tunisia: Hosts, host: str) -> None:
    text = "".join(content for _, content in sorted(tunisia[host].rules.items()))
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", "nft -f - && nft list table inet ace"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "hook input priority filter; policy drop;" in done.stdout
    assert "hook forward priority filter; policy drop;" in done.stdout


@pytest.fixture(scope="session")
def base_image() -> Path:
    return BaseImage().folder


def test_a_gateway_s_units_can_all_start_at_boot(tunisia: Hosts) -> None:
    """FRR comes before network.target: what waits for the network must not come before FRR, or systemd leaves one out."""
    lines = tunisia[GW1].text("/etc/systemd/system/ace-network.service").splitlines()
    assert "After=network-online.target" in lines
    assert not [line for line in lines if line.startswith("Before=") and "frr" in line]
