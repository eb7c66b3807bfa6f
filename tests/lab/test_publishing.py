"""Ten countries publish; the region, who can read nothing of theirs, believes what they signed and lists it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ace.spec import load
from tests import nobody
from tests.lab.region import Region, new_root

pytestmark = [
    pytest.mark.lab,
    pytest.mark.suite("publishing"),
    pytest.mark.root,  # only root can become another user
]


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """The shipped region, every country of it up in a lab and published."""
    region = new_root(tmp_path_factory.mktemp("ten"))
    codes = [member.stack for member in load(region.root / "ecosystem").members]
    try:
        for step in (("lab", "up", "--all"), ("up",), *(("publish", code) for code in codes)):
            done = region.run(*step, timeout_s=1200)
            assert done.returncode == 0, f"ace {' '.join(step)}\n{done.stdout}\n{done.stderr}"
        yield region
    finally:
        region.run("lab", "down", "--wipe", timeout_s=240)


def closed(root: Path) -> list[Path]:
    """What is a country's own: its state, its passphrase, its lab key, its way into its clouds."""
    found = [
        root / ".ace" / "state",
        root / ".ace" / "lab" / "clouds.yaml",
        *(root / ".ace" / "lab" / "signing").iterdir(),
    ]
    found += (root / ".ace").rglob("*passphrase*")
    return [path for path in found if path.suffix != ".pub"]


def test_the_region_verifies_and_lists_ten_countries_as_a_user_who_can_read_none_of_their_files(ten: Region) -> None:
    spec = load(ten.root / "ecosystem")
    with nobody.region_of(ten.root, "publications", "lab-signers") as own:
        done = nobody.ace(own, "publication", "verify", "--format", "json", closed=closed(ten.root))
        assert done.returncode == 0, done.stderr
        told = {entry["country"]: entry["valid"] for entry in json.loads(done.stdout)["publications"]}
        assert told == dict.fromkeys(
            [*(member.stack for member in spec.members), *(f"hub-{hub.id}" for hub in spec.region.hubs)], True
        )
        built = nobody.ace(own, "catalogue", "build", "--format", "json", closed=closed(ten.root))
        assert built.returncode == 0, built.stderr
        listed = json.loads(next(own.rglob("catalogue.json")).read_text(encoding="utf-8"))
        assert {one["slug"] for one in listed["countries"] if one["provenance"]} >= {
            member.stack for member in spec.members
        }
