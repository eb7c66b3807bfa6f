"""Seychelles goes live in a real lab cloud, is suspended, reinstated and removed; and every command is killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openstack
import pytest

from ace.cli.main import app  # noqa: F401 - fails here, not in a child, when the program is broken
from tests.lab.region import CHECKOUT, Region, new_root

pytestmark = pytest.mark.lab

CLOUD = "sc-victoria-1"
ANSWERS = CHECKOUT / "templates" / "member" / "examples" / "sc.yaml"
KILLED = 137
KILLER = """
import os, sys
from ace.cli.main import main
from ace.membership import transition
whole, count = transition.note, 0
def note(folder, intent):
    global count
    count += 1
    if count == int(sys.argv[1]):
        os._exit(137)
    whole(folder, intent)
transition.note = note
main(sys.argv[2:])
"""
"""Runs `ace` and dies just before the n-th note: what came before is done, and nobody has written it down."""


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    made = new_root(tmp_path_factory.mktemp("seychelles"))
    made.json("member", "add", "SC", "--answers", str(ANSWERS))
    try:
        made.json("lab", "up", "sc", "--no-hosts", timeout_s=900)
        yield made
    finally:
        made.run("lab", "down", "--wipe", timeout_s=120)


def admin(region: Region) -> openstack.connection.Connection:
    return region.cloud(f"{CLOUD}-admin")


def projects(region: Region) -> dict[str, str]:
    return {one.name: one.id for one in admin(region).identity.projects() if one.name.startswith("ace-sc-")}


def quotas(region: Region) -> dict[str, tuple[int, int, int]]:
    """Of each tenant: cores, networks, gigabytes."""
    cloud = admin(region)
    return {
        name: (
            cloud.compute.get_quota_set(id_).cores,
            cloud.network.get_quota(id_).networks,
            cloud.block_storage.get_quota_set(id_).gigabytes,
        )
        for name, id_ in projects(region).items()
    }


def things(region: Region) -> list[str]:
    """Whatever the country has in its cloud."""
    cloud = admin(region)
    found = [
        *(("network", one) for one in cloud.network.networks()),
        *(("router", one) for one in cloud.network.routers()),
        *(("port", one) for one in cloud.network.ports()),
        *(("server", one) for one in cloud.compute.servers(all_projects=True)),
        *(("volume", one) for one in cloud.block_storage.volumes(all_projects=True)),
        *(("group", one) for one in cloud.network.security_groups()),
    ]
    return sorted(f"{kind} {one.id}" for kind, one in found)


def server_state(region: Region) -> str:
    return str(next(one.status for one in admin(region).compute.servers(all_projects=True) if one.name == "lessons"))


def texts(region: Region) -> dict[str, str]:
    return {
        str(file.relative_to(region.root)): file.read_text()
        for file in sorted(region.root.rglob("*"))
        if file.is_file() and ".ace" not in file.relative_to(region.root).parts
    }


def deployment(region: Region) -> dict[str, Any]:
    """What the state holds: each resource's id and inputs."""
    found = json.loads(region.run("state", "export", "sc").stdout)["deployment"]["resources"]
    return {one["urn"]: (one.get("id"), one.get("inputs")) for one in found}


def killed(region: Region, at: int, *arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(at), *arguments],
        cwd=region.root,
        env=region.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode in (0, KILLED), f"{done.stdout}\n{done.stderr}"
    return done.returncode


def test_a_candidate_can_be_looked_at_and_goes_live_once_it_is_fit(region: Region) -> None:
    previewed = region.json("preview", "sc", expect=2)["countries"]["sc"]
    assert previewed["create"] > 100
    refused = region.run("up", "sc")
    assert refused.returncode == 1
    assert "SC is candidate, not active" in refused.stderr
    assert region.run("member", "activate", "sc").returncode == 3
    assert region.json("member", "check", "sc")["fit"]
    region.json("member", "activate", "sc")
    assert region.json("up", "sc")["countries"]["sc"]["result"] == "succeeded"
    again = region.json(
        "member", "check", "sc", "--only", "quotas", "--only", "external-addresses", "--only", "flavors"
    )
    assert again["fit"], "what is deployed counts as its own"
    needed = next(test["detail"] for test in again["tests"] if test["id"] == "quotas")
    assert "room for 3 servers" in needed


@pytest.fixture(scope="module")
def lessons(region: Region) -> None:
    """A server that somebody runs in the education tenant."""
    cloud = admin(region)
    project = projects(region)["ace-sc-education"]
    user = cloud.identity.find_user("admin")
    cloud.identity.assign_project_role_to_user(project, user, cloud.identity.find_role("member"))
    tenant = cloud.connect_as_project("ace-sc-education")
    network = cloud.network.find_network("education-app")
    image = tenant.image.find_image("Debian 12")
    flavor = cloud.compute.find_flavor("SCS-1V-2-10")
    server = tenant.compute.create_server(
        name="lessons", image_id=image.id, flavor_id=flavor.id, networks=[{"uuid": network.id}]
    )
    tenant.compute.wait_for_server(server, wait=120)


def require_suspended(region: Region) -> None:
    assert set(quotas(region).values()) == {(0, 0, 0)}
    assert server_state(region) == "SHUTOFF"
    assert region.json("drift", "sc")["countries"]["sc"]["changed"] == []


def test_suspended_it_keeps_what_it_has_and_can_add_nothing_reinstated_all_is_as_before(
    region: Region, lessons: None
) -> None:
    before = (quotas(region), things(region), texts(region), deployment(region))
    assert region.run("member", "suspend", "sc").returncode == 1, "without a reason"
    said = region.json("member", "suspend", "sc", "--reason", "a test", "--stop-servers")
    assert [step["step"] for step in said["steps"]] == ["status", "routes", "listings", "quotas", "servers"]
    require_suspended(region)
    assert things(region) == before[1], "nothing is destroyed"
    assert "status: suspended" in region.member_file("sc").read_text()
    assert said["transition"]["reason"] == "a test"
    tenant = admin(region).connect_as_project("ace-sc-education")
    with pytest.raises(openstack.exceptions.SDKException, match=r"[Qq]uota"):
        tenant.network.create_network(name="more")
    left_out = region.run("up", "sc")
    assert left_out.returncode == 1
    assert "SC is suspended" in left_out.stderr
    region.json("member", "reinstate", "sc", "--reason", "the test is over")
    assert (quotas(region), things(region), deployment(region)) == (before[0], before[1], before[3])
    after = texts(region)
    assert {name for name in after if after[name] != before[2].get(name)} == {"ecosystem/transitions.jsonl"}
    assert server_state(region) == "ACTIVE"
    assert region.json("preview", "sc")["countries"]["sc"]["steps"] == []
    assert region.json("drift", "sc")["countries"]["sc"]["changed"] == []


def test_suspend_and_reinstate_killed_after_every_step_go_on(region: Region, lessons: None) -> None:
    before = (quotas(region), things(region), region.member_file("sc").read_text())
    for verb, options in (("suspend", ("--stop-servers",)), ("reinstate", ())):
        first = ("member", verb, "sc", "--reason", "a test", *options)
        for at, arguments in ((1, first), (2, first), *[(3, first[:3])] * 4):
            assert killed(region, at, *arguments) == KILLED
        region.json("member", verb, "sc")
        if verb == "suspend":
            require_suspended(region)
    assert (quotas(region), things(region), region.member_file("sc").read_text()) == before
    assert server_state(region) == "ACTIVE"
    assert region.json("audit", "verify")["problems"] == []


def test_what_people_made_is_not_destroyed_with_it_and_once_it_is_gone_the_same_command_goes_on(
    region: Region, lessons: None
) -> None:
    others = {name: text for name, text in texts(region).items() if "/sc" not in name and "register" not in name}
    plan = region.json("member", "remove", "sc", "--reason", "a test", "--dry-run")
    assert [step["step"] for step in plan["steps"]] == [
        "status",
        "routes",
        "listings",
        "export",
        "tear-down",
        "verify",
        "left",
    ]
    assert region.run("member", "remove", "sc", "--reason", "a test").returncode == 1, "nobody said --yes"
    assert "status: active" in region.member_file("sc").read_text()
    stopped = region.run("member", "remove", "sc", "--reason", "a test", "--yes")
    assert stopped.returncode == 1, "somebody's server is in the way"
    assert "same command again" in stopped.stderr
    assert "status: leaving" in region.member_file("sc").read_text()
    assert server_state(region) == "ACTIVE"
    other = region.run("member", "activate", "sc")
    assert "leaving" in other.stderr
    cloud = admin(region)
    server = next(one for one in cloud.compute.servers(all_projects=True) if one.name == "lessons")
    cloud.compute.delete_server(server)
    cloud.compute.wait_for_delete(server, wait=120)
    tenants = list(projects(region).values())
    for at in (2, 3, 3):  # the first note is the going on itself; the step of the note that is missing is done again
        assert killed(region, at, "member", "remove", "sc", "--yes") == KILLED
    said = region.json("member", "remove", "sc", "--yes")
    assert said["transition"]["to"] == "left"
    assert projects(region) == {}
    assert not [one for one in things(region) if not one.startswith(("network", "group"))]
    assert [one.name for one in cloud.network.networks()] == ["public"]
    known = {quota.project_id for quota in cloud.network.quotas()}
    assert not known & set(tenants), "quotas go with their projects"
    now = texts(region)
    assert "left: " in next(line for line in now["ecosystem/register.yaml"].splitlines() if "SC" in line)
    assert "status: left" in now["ecosystem/members/sc.yaml"]
    assert {name: now[name] for name in others if name != "ecosystem/transitions.jsonl"} == {
        name: text for name, text in others.items() if name != "ecosystem/transitions.jsonl"
    }
    assert region.json("validate")["summary"]["active"] == 10
    assert region.json("audit", "verify")["problems"] == []
    again = region.run("member", "add", "SC", "--answers", str(ANSWERS))
    assert "was a member and left on" in again.stderr


def test_what_was_its_own_is_in_one_archive_that_only_its_owner_reads(region: Region) -> None:
    (file,) = (region.root / ".ace" / "exports").glob("sc-*.tar.gz")
    assert file.stat().st_mode & 0o777 == 0o600
    with tarfile.open(file) as archive:
        names = {Path(name).name for name in archive.getnames()}
        assert names == {
            "README.txt",
            "SHA256SUMS",
            "answers.yaml",
            "deployment.json",
            "fitness.json",
            "member.yaml",
            "stack.yaml",
            "transitions.jsonl",
        }
        member = next(one for one in archive.getmembers() if one.name.endswith("deployment.json"))
        content = archive.extractfile(member)
        assert content is not None
        assert len(json.load(content)["deployment"]["resources"]) > 100
