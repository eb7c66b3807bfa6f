"""The Pulumi CLI and the embedded engine on the same cloud: the same resources, and each takes over from the other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.region import BARE, CHECKOUT, Region

pytestmark = [
    pytest.mark.lab,
    pytest.mark.pulumi,
]
CLOUD = "mu-ebene-1"


@pytest.fixture
def clean(region: Region) -> Iterator[Region]:
    """The region, with nothing of ours in the cloud before and after."""
    yield region
    region.run("down", BARE, "--yes", "--unprotect", "*", ACE_ENGINE="auto")
    shutil.rmtree(region.root / ".ace" / "state" / BARE, ignore_errors=True)


def picture(region: Region) -> dict[str, Any]:
    """What the cloud holds, without what no two runs have alike (ids, times, addresses drawn by Neutron)."""
    connection = region.cloud(CLOUD)
    names = {project.id: project.name for project in connection.identity.projects()}

    def owned(items: Any, *fields: str) -> list[str]:
        return sorted(json.dumps([names.get(i.get("project_id")), *(i.get(f) for f in fields)]) for i in items)

    network = connection.network.get
    quotas = {
        name: (
            connection.compute.get(f"/os-quota-sets/{id_}").json()["quota_set"] | {"id": ""},
            network(f"/quotas/{id_}").json()["quota"] | {"project_id": "", "tenant_id": ""},
            connection.block_storage.get(f"/os-quota-sets/{id_}").json()["quota_set"] | {"id": ""},
        )
        for id_, name in names.items()
        if name.startswith("ace-")
    }
    return {
        "projects": sorted(json.dumps([p.name, p.description, sorted(p.tags)]) for p in connection.identity.projects()),
        "groups": sorted(g.name for g in connection.identity.groups()),
        "quotas": quotas,
        "networks": owned(network("/networks").json()["networks"], "name", "mtu", "shared", "tags"),
        "subnets": owned(
            network("/subnets").json()["subnets"],
            *("name", "cidr", "gateway_ip", "allocation_pools", "dns_nameservers", "ipv6_ra_mode", "tags"),
        ),
        "routers": owned(network("/routers").json()["routers"], "name", "routes", "tags"),
        "rules": owned(
            network("/security-group-rules").json()["security_group_rules"],
            *("direction", "ethertype", "protocol", "port_range_min", "port_range_max", "remote_ip_prefix"),
        ),
        "ports": owned(network("/ports").json()["ports"], "name", "device_owner", "allowed_address_pairs"),
        "servers": sorted(
            json.dumps([s.name, s.availability_zone, s.key_name, s.status, sorted(s.tags or [])])
            for s in connection.compute.servers()
        ),
        "volumes": sorted(json.dumps([v.name, v.size, v.status]) for v in connection.block_storage.volumes()),
        "addresses": sorted(a.status for a in connection.network.ips()),
    }


def without_macs(found: dict[str, Any]) -> dict[str, Any]:
    ports = []
    for text in found["ports"]:
        project, name, owner, pairs = json.loads(text)
        ports.append([project, name, owner, sorted(pair["ip_address"] for pair in pairs or [])])
    return {**found, "ports": sorted(ports, key=str)}


def unchanged_by_refreshes(region: Region, engine: str) -> None:
    """Refresh twice before a handover: nothing is to be made, replaced or removed, and a preview stays empty."""
    for _ in range(2):
        refreshed = region.json("refresh", BARE, ACE_ENGINE="auto")["countries"][BARE]
        assert refreshed["engine"] == engine
        assert (refreshed["create"], refreshed["replace"], refreshed["delete"]) == (0, 0, 0)
    assert region.json("preview", BARE, ACE_ENGINE="auto")["countries"][BARE]["steps"] == []


def test_both_engines_make_the_same_and_hand_a_country_over_without_a_change(clean: Region) -> None:
    made = clean.json("up", BARE, "--engine", "embedded")["countries"][BARE]
    assert (made["result"], made["engine"]) == ("succeeded", "embedded")
    by_embedded = without_macs(picture(clean))

    unchanged_by_refreshes(clean, "embedded")
    exported = clean.root / "embedded.json"
    assert clean.run("state", "export", BARE, str(exported)).returncode == 0
    taken = clean.run("state", "import", BARE, str(exported), "--engine", "pulumi")
    assert taken.returncode == 0, taken.stderr
    preview = clean.json("preview", BARE, ACE_ENGINE="auto")
    assert preview["countries"][BARE]["steps"] == []
    refreshed = clean.json("refresh", BARE, ACE_ENGINE="auto")["countries"][BARE]
    assert refreshed["engine"] == "pulumi"
    assert (refreshed["create"], refreshed["replace"], refreshed["delete"]) == (0, 0, 0)
    assert clean.json("preview", BARE, ACE_ENGINE="auto")["countries"][BARE]["steps"] == []
    file = clean.member_file(BARE)
    as_it_was = file.read_text()
    file.write_text(as_it_was.replace("size: small", "size: medium"))
    edited = clean.json("up", BARE, ACE_ENGINE="auto")["countries"][BARE]
    assert (edited["result"], edited["create"], edited["replace"], edited["delete"]) == ("succeeded", 0, 0, 0)
    assert edited["update"] > 0
    file.write_text(as_it_was)
    assert clean.json("up", BARE, ACE_ENGINE="auto")["countries"][BARE]["update"] == edited["update"]

    down = clean.json("down", BARE, "--yes", "--unprotect", "*", ACE_ENGINE="auto")
    assert down["countries"][BARE]["result"] == "succeeded"
    assert down["countries"][BARE]["engine"] == "pulumi"
    left = picture(clean)
    assert [name for name in left["projects"] if "ace-" in name] == []
    owners = {json.loads(rule)[0] for rule in left["rules"]}
    assert owners <= {"ace", "admin"}, "a default security group of a project stayed behind"

    made = clean.json("up", BARE, ACE_ENGINE="auto")["countries"][BARE]
    assert (made["result"], made["engine"]) == ("succeeded", "pulumi")
    by_pulumi = without_macs(picture(clean))
    for kind, found in by_embedded.items():
        assert by_pulumi[kind] == found, kind

    unchanged_by_refreshes(clean, "pulumi")
    exported = clean.root / "pulumi.json"
    assert clean.run("state", "export", BARE, str(exported), ACE_ENGINE="auto").returncode == 0
    taken = clean.run("state", "import", BARE, str(exported), "--engine", "embedded")
    assert taken.returncode == 0, taken.stderr
    assert clean.json("preview", BARE)["countries"][BARE]["steps"] == []
    assert clean.json("up", BARE)["countries"][BARE]["result"] == "unchanged"


def test_pulumi_by_hand_previews_deploys_and_destroys(clean: Region, tmp_path: Path) -> None:
    """`pulumi preview | up | destroy -s mu` in a checkout, as docs/stacks.md has it."""
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    for part in ("Pulumi.yaml", "stacks", "ace"):
        source = CHECKOUT / part
        shutil.copytree(source, checkout / part) if source.is_dir() else shutil.copy(source, checkout / part)
    shutil.copytree(clean.root / "ecosystem", checkout / "ecosystem")
    (checkout / ".venv").symlink_to(CHECKOUT / ".venv")
    (tmp_path / "backend").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ACE_", "PULUMI_"))},
        "PULUMI_BACKEND_URL": f"file://{tmp_path / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "by hand",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "OS_CLIENT_CONFIG_FILE": str(clean.root / ".ace" / "lab" / "clouds.yaml"),
    }

    def pulumi(*arguments: str) -> str:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, f"pulumi {' '.join(arguments)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    pulumi("stack", "init", BARE)
    assert "to create" in pulumi("preview", "-s", BARE)
    pulumi("up", "-s", BARE, "--yes", "--skip-preview")
    pulumi("preview", "-s", BARE, "--expect-no-changes")
    assert {p.name for p in clean.cloud(CLOUD).identity.projects()} > {"ace-mu-education"}
    pulumi("state", "unprotect", "--all", "--yes", "-s", BARE)
    pulumi("destroy", "-s", BARE, "--yes", "--skip-preview")
    assert {p.name for p in clean.cloud(CLOUD).identity.projects()}.isdisjoint({"ace-mu-education"})
