"""A region of real OpenStack clouds for this folder's tests: started once, in a ROOT of its own, wiped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab.region import BARE, STACKS, LabCloud, Region, new_root


@pytest.fixture(scope="session")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Four clouds: those of STACKS and the bare one."""
    made = new_root(tmp_path_factory.mktemp("region"))
    try:
        up = made.run("lab", "up", *STACKS, BARE, timeout_s=900)
        assert up.returncode == 0, f"the lab did not start:\n{up.stdout}\n{up.stderr}"
        yield made
    finally:
        made.run("lab", "down", "--wipe", timeout_s=120)


@pytest.fixture(scope="session")
def lab_cloud(region: Region) -> LabCloud:
    clouds = region.json("lab", "status")["clouds"]
    name = next(name for name, cloud in clouds.items() if cloud["country"].lower() == BARE)
    return LabCloud(name, region.root / ".ace" / "lab" / "clouds.yaml")
