"""What the lab checks of a machine, remembers, and makes itself: everything that needs no cloud."""

from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.errors import UserError
from ace.files import put
from ace.lab import CloudRequest, Lab, environment, processes
from ace.lab.folder import EXTERNAL_POOL, LabFolder, Memory

requests = st.builds(
    lambda numeric, site: CloudRequest(name=f"c{numeric}-{site}", country="xx", region="r", numeric=numeric, site=site),
    st.integers(1, 999),
    st.integers(0, 7),
)


def a_request(**changes: object) -> CloudRequest:
    asked: dict[str, object] = {"name": "tn-tunis-1", "country": "tn", "region": "tn-tunis-1", "numeric": 788}
    return CloudRequest(**{**asked, **changes})  # type: ignore[arg-type]


# -- addresses


def test_a_clouds_address_follows_from_country_and_site() -> None:
    assert a_request(numeric=788, site=1).address == IPv4Address("127.103.20.11")


@given(st.lists(requests, unique_by=lambda request: request.name, max_size=40))
def test_addresses_and_external_prefixes_never_meet(asked: list[CloudRequest]) -> None:
    memory = Memory(8000)
    for request in asked:
        memory = memory.with_cloud(request)
    known = memory.clouds.values()
    assert len({cloud.request.address for cloud in known}) == len(asked)
    assert all(cloud.request.address in IPv4Network("127.0.0.0/8") for cloud in known)
    assert len({cloud.external.ipv4 for cloud in known}) == len({cloud.external.ipv6 for cloud in known}) == len(asked)
    assert all(cloud.external.ipv4.subnet_of(EXTERNAL_POOL) for cloud in known)


@given(st.lists(requests, unique_by=lambda request: request.name, min_size=2, max_size=10))
def test_a_cloud_keeps_its_external_prefix_when_others_come_and_go(asked: list[CloudRequest]) -> None:
    first, *others = asked
    memory = Memory(8000).with_cloud(first)
    before = memory.clouds[first.name].external
    for other in others:
        memory = memory.with_cloud(other)
    for other in others:
        memory = memory.without(other.name)
    assert memory.stopped(first.name).with_cloud(first).clouds[first.name].external == before


# -- memory


def test_what_the_lab_remembers_is_read_back_as_it_was(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / ".ace" / "lab")
    folder.make()
    memory = Memory(8123).with_cloud(a_request()).with_cloud(a_request(name="b", site=1)).stopped("b")
    folder.remember(memory)
    assert folder.recall() == memory


def test_a_record_that_cannot_be_read_says_how_to_start_afresh(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / ".ace" / "lab")
    folder.make()
    folder.memory_file.write_text('{"version": 7}')
    with pytest.raises(UserError) as told:
        Lab(tmp_path).status()
    assert told.value.code == "lab-record"
    assert "ace lab down --wipe" in told.value.hint
    Lab(tmp_path).down(wipe=True)
    assert list(tmp_path.iterdir()) == []


def test_a_cloud_asked_for_otherwise_than_it_was_made_is_refused_with_what_differs() -> None:
    memory = Memory(8000).with_cloud(a_request())
    with pytest.raises(UserError) as told:
        memory.with_cloud(a_request(availability_zones=("one",)))
    assert told.value.message == (
        "the lab's cloud tn-tunis-1 was made with availability_zones ('az1', 'az2'), now ('one',)"
    )


def test_another_port_for_a_lab_with_clouds_is_refused(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    folder = LabFolder(lab.folder)
    folder.make()
    folder.remember(Memory(8123).with_cloud(a_request()))
    with pytest.raises(UserError) as told:
        lab.up([a_request()], port=8124)
    assert told.value.code == "other-port"


def test_a_private_file_is_its_owners_alone_even_where_one_was_open_to_all(tmp_path: Path) -> None:
    file = tmp_path / "clouds.yaml"
    file.touch(mode=0o644)
    put(file, "secret")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_lab_that_is_not_there_is_ready_and_empty_and_down_leaves_it_so(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    assert (lab.status().ready, lab.status().clouds, lab.known()) == (True, (), ())
    lab.down(wipe=True)
    assert list(tmp_path.iterdir()) == []


# -- what others rely on


def test_the_drivers_import_nothing_of_ace() -> None:
    for file in environment.DRIVERS.rglob("*.py"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert not [line for line in lines if line.lstrip().startswith(("import ace", "from ace"))], file


def test_the_lock_file_names_no_registry_and_pins_every_package_by_hash() -> None:
    text = environment.LOCK_FILE.read_text(encoding="utf-8")
    assert "://" not in text
    pins = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(pins) > 100
    assert all("==" in pin and pin.endswith("\\") for pin in pins)


def test_services_here_are_the_drivers_services() -> None:
    code = f"import sys; sys.path.insert(0, {str(environment.DRIVERS.parent)!r}); "
    code += "from drivers.openstack.registry import SERVICES; import json; print(json.dumps(list(SERVICES)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert tuple(json.loads(done.stdout)) == processes.SERVICES
