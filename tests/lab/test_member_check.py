"""`ace member check` against a real lab cloud: it passes as it is, and each thing that is broken is found by its test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

from ace.lab import processes
from tests.lab.hostile_proxy import Fault, hostile
from tests.lab.region import CHECKOUT, Region, new_root
from tests.lab.tls_front import DAY, make_certificates, tls_front

pytestmark = pytest.mark.lab

CLOUD = "sc-victoria-1"
ANSWERS = CHECKOUT / "templates" / "member" / "examples" / "sc.yaml"


@dataclass(frozen=True)
class Seychelles:
    """A ROOT with Seychelles as a candidate, and its cloud."""

    region: Region
    folder: Path

    @property
    def entry(self) -> dict[str, Any]:
        clouds = yaml.safe_load((self.region.root / ".ace" / "lab" / "clouds.yaml").read_text())
        found: dict[str, Any] = clouds["clouds"][CLOUD]
        return found

    @property
    def base(self) -> str:
        return str(self.entry["auth"]["auth_url"]).split("/identity")[0]

    @property
    def admin(self) -> openstack.connection.Connection:
        return self.region.cloud(f"{CLOUD}-admin")

    def clouds_file(self, entry: dict[str, Any]) -> str:
        file = self.folder / "clouds.yaml"
        file.write_text(yaml.safe_dump({"clouds": {CLOUD: entry}}))
        return str(file)

    def through(self, url: str, **more: Any) -> str:
        """A clouds.yaml that leads to the cloud by another address."""
        entry = self.entry
        entry["auth"]["auth_url"] = entry["auth"]["auth_url"].replace(self.base, url)
        return self.clouds_file({**entry, **more})

    def check(self, *only: str, expect: int = 0, clouds: str | None = None) -> dict[str, dict[str, Any]]:
        """What each test says."""
        arguments = [word for name in only for word in ("--only", name)]
        environment = {"OS_CLIENT_CONFIG_FILE": clouds} if clouds else {}
        said = self.region.json("member", "check", "sc", *arguments, expect=expect, **environment)
        return {test["id"]: test for test in said["tests"]}

    def canaries(self) -> list[str]:
        """Whatever a canary may leave behind."""
        cloud = self.admin
        kinds = (
            cloud.identity.projects(),
            cloud.network.networks(),
            cloud.network.routers(),
            cloud.network.address_groups(),
            cloud.network.security_groups(),
            cloud.block_storage.volumes(all_projects=True),
        )
        return [found.name for kind in kinds for found in kind if found.name.startswith("ace-canary-")]


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    made = new_root(tmp_path_factory.mktemp("seychelles"))
    made.json("member", "add", "SC", "--answers", str(ANSWERS))
    try:
        made.json("lab", "up", "sc", "--no-hosts", timeout_s=900)
        yield made
    finally:
        made.run("lab", "down", "--wipe", timeout_s=120)


@pytest.fixture
def sc(region: Region, tmp_path: Path) -> Seychelles:
    return Seychelles(region, tmp_path)


def failing(tests: dict[str, dict[str, Any]], verdict: str = "FAIL") -> set[str]:
    return {name for name, test in tests.items() if test["verdict"] == verdict}


def test_a_lab_cloud_is_fit_and_nothing_is_left_in_it(sc: Seychelles) -> None:
    tests = sc.check()
    assert {test["verdict"] for test in tests.values()} == {"PASS", "SKIP"}
    assert failing(tests, "SKIP") == {"tls"}
    assert len(tests) == 19
    kept = json.loads((sc.region.root / ".ace" / "members" / "sc" / "fitness.json").read_text())
    assert kept["fit"]
    assert sc.canaries() == []


def test_over_tls_with_a_ca_of_its_own_it_is_fit_too(sc: Seychelles) -> None:
    ca, leaf = make_certificates(sc.folder, ends_in=90 * DAY)
    with tls_front(sc.base, leaf) as front:
        tests = sc.check(clouds=sc.through(front.url, cacert=str(ca)))
    assert {test["verdict"] for test in tests.values()} == {"PASS"}
    assert "1 trusted" in tests["tls"]["detail"]


def test_an_expired_certificate_fails_tls_and_nothing_else_is_guessed_at(sc: Seychelles) -> None:
    ca, leaf = make_certificates(sc.folder, ends_in=-3 * DAY)
    with tls_front(sc.base, leaf) as front:
        tests = sc.check(clouds=sc.through(front.url, cacert=str(ca)), expect=1)
    assert failing(tests) == {"tls"}
    assert "certificate has expired" in tests["tls"]["detail"]
    assert "renew the certificate" in tests["tls"]["advice"]
    assert failing(tests, "PASS") == set()
    assert tests["identity-v3"]["advice"] == "see the test tls"


def test_a_certificate_of_a_ca_that_nobody_knows_fails_tls(sc: Seychelles) -> None:
    _, leaf = make_certificates(sc.folder, ends_in=90 * DAY)
    with tls_front(sc.base, leaf) as front:
        tests = sc.check("tls", clouds=sc.through(front.url), expect=1)
    assert failing(tests) == {"tls"}
    assert "cacert" in tests["tls"]["advice"]


def test_a_missing_extension_is_named(sc: Seychelles) -> None:
    def without(content: bytes) -> bytes:
        body = json.loads(content)
        body["extensions"] = [one for one in body["extensions"] if one["alias"] != "address-group"]
        return json.dumps(body).encode()

    with hostile(sc.base) as proxy:
        proxy.faults = [Fault("GET", "/extensions$", change=without)]
        tests = sc.check(clouds=sc.through(proxy.url), expect=1)
    assert failing(tests) == {"extensions"}
    assert "address-group (address groups, which hold all members' prefixes)" in tests["extensions"]["detail"]
    assert "neutron-server" in tests["extensions"]["advice"]


def test_a_credential_with_too_small_a_role_is_told_which_it_needs(sc: Seychelles) -> None:
    admin = sc.admin
    project = admin.identity.find_project("ace")
    user = admin.identity.create_user(name="small", password="small-password", default_project_id=project.id)
    admin.identity.assign_project_role_to_user(project, user, admin.identity.find_role("member"))
    try:
        entry = sc.entry
        entry["auth"] |= {"username": "small", "password": "small-password"}
        tests = sc.check(clouds=sc.clouds_file(entry), expect=1)
    finally:
        admin.identity.delete_user(user)
    assert {"roles", "canary"} <= failing(tests)
    assert "has the roles member" in tests["roles"]["detail"]
    assert "openstack role add" in tests["roles"]["advice"]
    assert "(403)" in tests["canary"]["detail"]
    assert failing(tests) <= {"roles", "canary"}


def test_an_administrator_is_too_much_for_who_gave_a_domain_only(sc: Seychelles) -> None:
    file = sc.region.member_file("sc")
    text = file.read_text()
    file.write_text(
        text.replace("access: admin", "access: domain_manager").replace("flavors: create", "flavors: existing")
    )
    entry = sc.entry
    path = sc.folder / "clouds.yaml"
    path.write_text(yaml.safe_dump({"clouds": {CLOUD: entry, f"{CLOUD}-domain": entry}}))
    try:
        tests = sc.check("least-privilege", "roles", "flavors", clouds=str(path), expect=1)
    finally:
        file.write_text(text)
    assert failing(tests) == {"least-privilege", "roles", "flavors"}
    assert "take admin away" in tests["least-privilege"]["advice"]
    assert "scoped to project" in tests["roles"]["detail"]
    assert "missing: " in tests["flavors"]["detail"]


def test_an_exhausted_external_network_is_told(sc: Seychelles) -> None:
    network = sc.admin.network
    subnet = network.find_subnet("public-v4")
    pools = subnet.allocation_pools  # by id below: the SDK would write the new pools into `subnet`
    network.update_subnet(subnet.id, allocation_pools=[{"start": pools[0]["start"], "end": pools[0]["start"]}])
    try:
        tests = sc.check("external-addresses", "external-network", expect=1)
    finally:
        network.update_subnet(subnet.id, allocation_pools=pools)
    assert failing(tests) == {"external-addresses"}
    assert "1 of 1 IPv4 addresses are free, 5 are needed" in tests["external-addresses"]["detail"]
    assert "another subnet" in tests["external-addresses"]["advice"]


def test_a_stopped_service_is_named_and_what_hangs_on_it_is_not_guessed_at(sc: Seychelles) -> None:
    running = processes.running(sc.region.root / ".ace" / "lab")
    processes.stop({role: found for role, found in running.items() if role == f"{CLOUD}/cinder"})
    try:
        tests = sc.check(expect=1)
    finally:
        sc.region.json("lab", "up", "sc", "--no-hosts", timeout_s=300)
    assert failing(tests) == {"services"}
    assert "block storage at " in tests["services"]["detail"]
    assert "start block storage" in tests["services"]["advice"]
    assert failing(tests, "ABORT") == {"microversions", "quotas", "canary"}


def test_a_cloud_that_is_gone_aborts_everything_and_says_where_it_was(sc: Seychelles) -> None:
    tests = sc.check(clouds=sc.through("http://127.0.0.1:9"), expect=1)
    assert failing(tests, "PASS") == set()
    assert "127.0.0.1:9" in tests["identity-v3"]["detail"]


def test_a_quota_that_is_too_small_is_told_with_the_command(sc: Seychelles) -> None:
    project = sc.admin.identity.find_project("ace")
    network = sc.admin.network
    network.update_quota(project.id, floating_ips=1)
    try:
        tests = sc.check("quotas", expect=1)
    finally:
        network.update_quota(project.id, floating_ips=1000)
    assert "floatingip: 2 needed, limit 1, 0 used" in tests["quotas"]["detail"]
    assert "openstack quota set --floatingip 2" in tests["quotas"]["advice"]


def started(sc: Seychelles) -> subprocess.Popen[str]:
    """A check that has made its canary's project and is at work on the rest."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ace", "member", "check", "sc", "--only", "canary"],
        cwd=sc.region.root,
        env=sc.region.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any(one.name.startswith("ace-canary-") for one in sc.admin.identity.projects()):
        assert time.monotonic() < deadline, "no canary was ever seen"
        assert process.poll() is None, process.communicate()[0]
    return process


def test_after_ctrl_c_the_canary_is_gone(sc: Seychelles) -> None:
    process = started(sc)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert sc.canaries() == []


def test_after_a_kill_the_next_check_takes_the_canary_away(sc: Seychelles) -> None:
    process = started(sc)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    sc.check("canary")
    assert sc.canaries() == []
