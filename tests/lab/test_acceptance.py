"""The main job on real clouds, as its users do it: edit, preview, up, look into the cloud itself.

The tests of this file follow one region through its life, in this order.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab.region import BARE, STACKS, Region, new_root

pytestmark = pytest.mark.lab

TN, EDUCATION = "tn-tunis-1", "ace-tn-education"


@pytest.fixture(scope="module")
def made(region: Region) -> Iterator[Region]:
    """The region with the stacks of its countries up."""
    report = region.json("up", *STACKS)
    assert {code: country["result"] for code, country in report["countries"].items()} == dict.fromkeys(
        STACKS, "succeeded"
    )
    yield region
    region.run("down", *STACKS, "--yes", "--unprotect", "*")


def edit(region: Region, country: str, pattern: str, replacement: str) -> None:
    file = region.member_file(country)
    text, count = re.subn(pattern, replacement, file.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    assert count == 1, f"{pattern!r} is not in {file.name}"
    file.write_text(text, encoding="utf-8")


def results(report: dict[str, Any]) -> dict[str, str]:
    return {code: country["result"] for code, country in report["countries"].items()}


def changes(preview: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Per country that changes: op and type of each step that does something in a cloud."""
    return {
        code: [(step["op"], step["type"]) for step in country["steps"] if step["type"].startswith("openstack:")]
        for code, country in preview["countries"].items()
        if country["create"] + country["update"] + country["replace"] + country["delete"]
    }


def section(text: str, key: str) -> str:
    found = re.search(rf"^{key}:\n(?:[ #].*\n|\n)*", text, flags=re.MULTILINE)
    assert found, f"no {key}: in the file"
    return found[0]


def project(region: Region, name: str, cloud: str = TN) -> Any:
    return region.cloud(cloud).identity.find_project(name, ignore_missing=False)


def test_every_tenant_of_the_spec_is_a_project_in_its_cloud(made: Region) -> None:
    names = {found.name for found in made.cloud(TN).identity.projects(tags="ace")}
    assert {"ace-tn-education", "ace-tn-health", "ace-tn-agriculture", "ace-tn-justice"} <= names


def test_servers_are_active_and_their_floating_ips_too(made: Region) -> None:
    connection = made.cloud(TN)
    servers = list(connection.compute.servers())
    assert {server.status for server in servers} == {"ACTIVE"}
    assert len(servers) >= 4, "two gateways, a service host and the hub"
    assert {address.status for address in connection.network.ips()} == {"ACTIVE"}


def test_a_second_up_changes_nothing(made: Region) -> None:
    report = made.json("up", *STACKS)
    assert {country["result"] for country in report["countries"].values()} == {"unchanged"}


def test_preview_of_an_unchanged_region_exits_0(made: Region) -> None:
    assert changes(made.json("preview", *STACKS, expect=0)) == {}


def test_a_changed_quota_is_one_update_in_one_country_and_reaches_the_cloud(made: Region) -> None:
    spec = made.root / "ecosystem" / "ecosystem.yaml"
    text = spec.read_text(encoding="utf-8")
    edit(made, "tn", r"(sector: justice\n    slot: 12\n    data_centre: tunis-1\n    size: )small", r"\1justice")
    small = re.search(r"^  small:\n((?:    .*\n)+)", text, flags=re.MULTILINE)
    assert small
    bigger = small[1].replace("cores: 20", "cores: 24")
    spec.write_text(text.replace("tenant_sizes:\n", f"tenant_sizes:\n  justice:\n{bigger}", 1), encoding="utf-8")

    preview = made.json("preview", *STACKS, expect=2)
    assert changes(preview) == {"tn": [("update", "openstack:compute/quotaSetV2:QuotaSetV2")]}
    made.json("up", "tn")
    justice = project(made, "ace-tn-justice")
    assert made.cloud(TN).compute.get(f"/os-quota-sets/{justice.id}").json()["quota_set"]["cores"] == 24


def test_a_removed_network_goes_with_what_hangs_on_it_and_nothing_else(made: Region) -> None:
    before = {network.name for network in made.cloud(TN).network.networks()}
    edit(made, "tn", r"^      - \{name: records, slot: 5, exported: false\}\n", "")
    preview = made.json("preview", *STACKS, expect=2)
    steps = changes(preview)
    assert set(steps) == {"tn"}
    assert {op for op, _ in steps["tn"]} == {"delete"}
    deleted = sorted(kind.rsplit(":", 1)[-1] for _, kind in steps["tn"])
    assert deleted == ["Network", "RouterInterface", "RouterInterface", "Subnet", "Subnet"]
    made.json("up", "tn")
    assert before - {network.name for network in made.cloud(TN).network.networks()} == {"health-records"}


def test_a_changed_prefix_replaces_subnets_in_an_order_that_works(made: Region) -> None:
    edit(made, "tn", r"\{name: data, slot: 2, exported: false\}", "{name: data, slot: 3, exported: false}")
    steps = changes(made.json("preview", "tn", expect=2))["tn"]
    assert {op for op, _ in steps} == {"replace"}
    report = made.json("up", "tn")
    assert report["countries"]["tn"]["result"] == "succeeded"
    connection = made.cloud(TN)
    network = connection.network.find_network("education-data", ignore_missing=False)
    prefixes = {subnet.cidr for subnet in connection.network.subnets(network_id=network.id)}
    assert "10.113.72.96/27" in prefixes, prefixes
    assert made.json("up", "tn")["countries"]["tn"]["result"] == "unchanged"


def test_drift_names_what_was_changed_behind_our_back_and_up_repairs_it(made: Region) -> None:
    education = project(made, EDUCATION)
    made.cloud(TN).compute.put(f"/os-quota-sets/{education.id}", json={"quota_set": {"cores": 7}})
    drift = made.json("drift", "tn", "ug", expect=2)
    assert [found["type"] for found in drift["countries"]["tn"]["changed"]] == [
        "openstack:compute/quotaSetV2:QuotaSetV2"
    ]
    assert drift["countries"]["ug"]["changed"] == drift["countries"]["ug"]["missing"] == []
    made.json("up", "tn", "--refresh")
    assert made.cloud(TN).compute.get(f"/os-quota-sets/{education.id}").json()["quota_set"]["cores"] == 80
    assert made.json("drift", "tn")["countries"]["tn"]["changed"] == []


def test_a_project_deleted_behind_our_back_is_made_again(made: Region) -> None:
    name, cloud = "ace-rw-agriculture", "rw-kigali-1"
    gone = project(made, name, cloud)
    made.cloud(cloud).identity.delete_project(gone.id)
    made.json("refresh", "rw")
    assert made.json("up", "rw", "--force")["countries"]["rw"]["result"] == "succeeded"
    assert project(made, name, cloud).id != gone.id
    assert made.json("up", "rw")["countries"]["rw"]["result"] == "unchanged"


def test_one_cloud_that_is_down_fails_alone_and_is_finished_later(made: Region) -> None:
    for country in STACKS:
        edit(made, country, r"^    size: small$", "    size: medium")
    assert made.run("lab", "down", "ug").returncode == 0
    report = made.json("up", *STACKS, expect=1)
    assert results(report) == {"tn": "succeeded", "rw": "succeeded", "ug": "failed"}
    assert "ug-kampala-1" in report["countries"]["ug"]["cause"]
    assert "Traceback" not in json.dumps(report)
    assert made.run("lab", "up", "ug").returncode == 0
    assert made.json("up", "ug")["countries"]["ug"]["result"] == "succeeded"


def test_a_tenant_left_out_of_the_file_is_not_destroyed_unless_named(made: Region) -> None:
    file = made.member_file("rw")
    whole = file.read_text(encoding="utf-8")
    tenants, services = section(whole, "tenants"), section(whole, "services")
    without = re.sub(r"  - sector: agriculture\n(?:    .*\n)*", "", tenants)
    offered = re.sub(r"  - id: [^\n]*\n    sector: agriculture\n(?:    .*\n)*", "", services)
    file.write_text(whole.replace(tenants, without).replace(services, offered), encoding="utf-8")
    refused = made.json("up", "rw", expect=3)
    assert "kigali-1.agriculture.project" in json.dumps(refused)
    assert project(made, "ace-rw-agriculture", "rw-kigali-1")
    file.write_text(whole, encoding="utf-8")
    assert made.json("up", "rw")["countries"]["rw"]["result"] == "unchanged"


def test_down_refuses_what_is_protected_then_leaves_nothing_of_ours(made: Region) -> None:
    connection = made.cloud("ug-kampala-1")
    before = inventory(connection)
    refused = made.run("down", "ug", "--yes")
    assert refused.returncode == 3
    assert "education" in refused.stderr
    assert inventory(connection) == before

    assert made.json("down", "ug", "--yes", "--unprotect", "*")["countries"]["ug"]["result"] == "succeeded"
    connection = made.cloud("ug-kampala-1")
    after, untouched = inventory(connection), inventory(made.cloud(made_bare(made)))
    assert {kind: names for kind, names in after.items() if names != untouched[kind]} == {}
    projects = {found.id for found in connection.identity.projects()}
    orphans = [found.name for found in connection.network.security_groups() if found.project_id not in projects]
    assert orphans == [], "a project's lazily made default security group stayed behind"


def made_bare(region: Region) -> str:
    clouds = region.json("lab", "status")["clouds"]
    return next(name for name, cloud in clouds.items() if cloud["country"].lower() == BARE)


def inventory(connection: Any) -> dict[str, list[str]]:
    """What a cloud holds, by name; addresses and ids differ between clouds, names of the lab's own things do not."""
    return {
        "projects": sorted(found.name for found in connection.identity.projects()),
        "groups": sorted(found.name for found in connection.identity.groups()),
        "networks": sorted(found.name for found in connection.network.networks()),
        "routers": sorted(found.name for found in connection.network.routers()),
        "address groups": sorted(found.name for found in connection.network.address_groups()),
        "ports": sorted(found.device_owner for found in connection.network.ports()),
        "floating IPs": sorted(found.status for found in connection.network.ips()),
        "servers": sorted(found.name for found in connection.compute.servers(all_projects=True)),
        "keypairs": sorted(found.name for found in connection.compute.keypairs()),
        "server groups": sorted(found.name for found in connection.compute.server_groups()),
        "flavours": sorted(found.name for found in connection.compute.flavors()),
        "volumes": sorted(found.name for found in connection.block_storage.volumes(all_projects=True)),
    }


def test_a_wiped_and_remade_cloud_is_refused_never_unchanged(made: Region) -> None:
    state = made.root / ".ace" / "state" / "rw"
    kept = made.root / "kept-state"
    shutil.copytree(state, kept)
    assert made.run("lab", "down", "rw", "--wipe").returncode == 0
    assert made.run("lab", "up", "rw").returncode == 0
    for command in ("up", "preview"):
        refused = made.json(command, "rw", expect=3)
        assert "rw-kigali-1" in json.dumps(refused)
        assert ".ace/state/rw" in json.dumps(refused), "it says what to type"
    shutil.rmtree(state)
    assert made.json("up", "rw")["countries"]["rw"]["result"] == "succeeded"


def test_a_region_without_a_lab_says_how_to_get_clouds(tmp_path: Any) -> None:
    bare = new_root(tmp_path)
    done = bare.run("up", "tn", OS_CLIENT_CONFIG_FILE=str(tmp_path / "nowhere.yaml"))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "clouds.yaml" in done.stderr
