"""A ROOT that an older release made, with its cloud, goes on with today's code: nothing is changed, nothing is lost."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ace.engine.contract import Secret
from ace.engine.state_store import JournaledState
from tests.lab.old_root import old_release, todays
from tests.lab.region import Region

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(1200),  # the first test sets a release up, starts a cloud and makes a country
    pytest.mark.old_release,
    pytest.mark.suite("upgrade"),
]
COUNTRY = "mu"
"""A country of one data centre, without a hub."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """The old release's ROOT and cloud, as today's code finds it. The same after its `refresh` lies in `refreshed`."""
    old = old_release(tmp_path_factory.mktemp("upgrade") / "root")
    state = old.root / ".ace" / "state" / COUNTRY
    try:
        make_small(old)
        old.json("lab", "up", COUNTRY, "--no-hosts", timeout_s=900)
        assert old.json("up", COUNTRY)["countries"][COUNTRY]["result"] == "succeeded"
        old.json("publish", COUNTRY)
        old.json("publication", "verify")
        shutil.copytree(state, old.root / "as-made")
        assert old.json("refresh", COUNTRY)["countries"][COUNTRY]["result"] == "unchanged"
        state.rename(old.root / "refreshed")
        (old.root / "as-made").rename(state)
        yield todays(old)
    finally:
        todays(old).run("lab", "down", "--wipe", timeout_s=120)


def make_small(region: Region) -> None:
    """Leave the country one tenant, one gateway and one service host with its volume: fewer resources, no fewer kinds."""
    file = region.member_file(COUNTRY)
    text = file.read_text(encoding="utf-8")
    for section, sector in (("tenants", r"  - sector: (\w+)\n"), ("services", r"  - id: .*\n    sector: (\w+)\n")):
        for found in re.finditer(rf"{sector}(?:    .*\n)*", text):
            if found[1] != "agriculture":
                text = text.replace(found[0], "")
        assert f"{section}:" in text
    file.write_text(text.replace("      - {name: gw2, number: 2, zone: az2}\n", ""), encoding="utf-8")


def result(region: Region, command: str) -> str:
    """What a run of the command says of the country, which no step may change."""
    country = region.json(command, COUNTRY)["countries"][COUNTRY]
    assert country["create"] + country["update"] + country["replace"] + country["delete"] == 0
    return str(country["result"])


def require_clean(region: Region) -> None:
    drift = region.json("drift", COUNTRY)["countries"][COUNTRY]
    assert (drift["changed"], drift["missing"]) == ([], [])


def test_nothing_is_to_be_done_and_nothing_is_done(made: Region) -> None:
    before = {one["urn"]: one["id"] for one in exported(made.root) if "id" in one}
    assert made.json("preview", COUNTRY)["countries"][COUNTRY]["steps"] == []
    assert result(made, "up") == "unchanged"
    assert result(made, "up") == "unchanged", "skipped from now on"
    assert {one["urn"]: one["id"] for one in exported(made.root) if "id" in one} == before


def exported(root: Path) -> list[dict[str, str]]:
    state = json.loads((root / ".ace" / "state" / COUNTRY / "state.json").read_text(encoding="utf-8"))
    resources: list[dict[str, str]] = state["deployment"]["deployment"]["resources"]
    return resources


def test_a_refresh_and_an_up_after_it_change_nothing_and_nothing_has_drifted(made: Region) -> None:
    assert result(made, "refresh") == "unchanged"
    assert result(made, "up") == "unchanged"
    require_clean(made)


def test_what_was_published_is_believed_and_can_be_published_anew(made: Region) -> None:
    for _ in range(2):
        found = {one["country"]: one for one in made.json("publication", "verify")["publications"]}
        assert (found[COUNTRY]["valid"], found[COUNTRY]["reason"]) == (True, "")
        made.json("publish", COUNTRY)


def test_its_lab_is_stopped_and_started_by_todays_code_and_is_the_same_cloud(made: Region) -> None:
    made.json("lab", "down")
    made.json("lab", "up", timeout_s=900)
    assert result(made, "up") == "unchanged"


def hashed_twice(region: Region) -> list[bool]:
    """Of each server in the state: whether it keeps the SHA-1 of the SHA-1 of its user data; else, the SHA-1."""
    passphrase = (region.root / ".ace" / "passphrase" / COUNTRY).read_text(encoding="utf-8").strip()
    snapshot = JournaledState(region.root / ".ace" / "state" / COUNTRY, passphrase).load()
    found = []
    for one in snapshot.resources:
        if one.type == "openstack:compute/instance:Instance":
            given, kept = one.inputs["userData"], one.outputs["userData"]
            assert isinstance(given, Secret)
            assert isinstance(kept, Secret)
            once = hashlib.sha1(given.value.encode()).hexdigest()
            assert kept.value in {once, hashlib.sha1(once.encode()).hexdigest()}
            found.append(kept.value != once)
    return found


def test_a_state_after_that_releases_refresh_is_healed_without_touching_the_cloud(made: Region) -> None:
    state = made.root / ".ace" / "state" / COUNTRY
    shutil.rmtree(state)
    (made.root / "refreshed").rename(state)
    assert hashed_twice(made) == [True, True], "the gateway's and the service host's"
    assert made.json("preview", COUNTRY)["countries"][COUNTRY]["steps"] == []
    healing = made.run("up", COUNTRY)
    assert healing.returncode == 0
    assert healing.stderr.count("was corrected") == 1
    assert hashed_twice(made) == [False, False]
    again = made.run("up", COUNTRY)
    assert "was corrected" not in again.stderr
    assert "unchanged" in again.stdout
    assert result(made, "refresh") == "unchanged"
    require_clean(made)
