"""A lab that loses processes, is stopped, wiped, moved into: it says what is down, and `up` mends that and no more."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ace.errors import UserError
from ace.lab import CloudRequest, Lab, processes
from ace.lab.api import CloudApi, Login
from tests.lab.region import free_port

pytestmark = pytest.mark.lab

CLOUD = "ug-kampala-1"
REQUEST = CloudRequest(name=CLOUD, country="ug", region=CLOUD, numeric=800)
ROLES = (*processes.SHARED, *processes.roles_of(CLOUD))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    deep = tmp_path_factory.mktemp("repair") / ("a folder with a long name " * 5).strip()
    deep.mkdir()
    made = Lab(deep)
    try:
        assert made.up([REQUEST], port=free_port()).ready
        yield made
    finally:
        made.down(wipe=True)


def pids(lab: Lab) -> dict[str, int]:
    found = processes.running(lab.folder)
    assert {role: len(several) for role, several in found.items()} == dict.fromkeys(found, 1)
    return {role: several[0].pid for role, several in found.items()}


def kill(lab: Lab, *roles: str) -> None:
    for role in roles:
        process = processes.running(lab.folder)[role][0]
        process.send_signal(signal.SIGKILL)
        deadline = processes.Deadline(20)
        while role in processes.running(lab.folder):
            assert not deadline.passed
            deadline.nap(0.02)


def api(lab: Lab) -> CloudApi:
    said = json.loads((lab.folder / "clouds" / CLOUD / "cloud.json").read_text())
    return CloudApi(said["address"], said["port"], Login("ace", said["passwords"]["ace"], "ace"))


def identity(lab: Lab) -> str:
    asked = api(lab)
    asked.log_in()
    return asked.project_id


def test_a_second_up_touches_nothing(lab: Lab) -> None:
    before = pids(lab)
    assert set(before) == set(ROLES)
    assert lab.up([REQUEST]).ready
    assert pids(lab) == before


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_process_is_named_by_status_and_started_again_alone(lab: Lab, role: str) -> None:
    before = pids(lab)
    kill(lab, role)
    status = lab.status()
    assert status.down == (role,)
    assert not status.ready
    assert status.clouds[0].ready == (role in processes.SHARED), "a cloud lives on without what it was forked from"
    assert lab.up([REQUEST]).ready
    after = pids(lab)
    assert {name for name in ROLES if after[name] != before[name]} == {role}
    assert lab.status().ready


def test_what_was_acknowledged_survives_the_death_of_everything(lab: Lab) -> None:
    made = api(lab).post("/network/v2.0/networks", {"network": {"name": "kept"}})["network"]["id"]
    volume = api(lab).post("/volume/v3/{project}/volumes", {"volume": {"size": 1, "name": "kept"}})["volume"]["id"]
    before = identity(lab)
    kill(lab, *ROLES)
    assert set(lab.status().down) == set(ROLES)
    assert lab.up([REQUEST]).ready
    assert api(lab).get(f"/network/v2.0/networks/{made}")["network"]["name"] == "kept"
    assert api(lab).get(f"/volume/v3/{{project}}/volumes/{volume}")["volume"]["name"] == "kept"
    assert identity(lab) == before


def test_secrets_are_their_owners_alone(lab: Lab) -> None:
    def loose(path: Path) -> bool:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)

    assert not loose(lab.folder)
    assert not loose(lab.folder.parent)
    assert not loose(lab.clouds_file)
    passwords = json.loads((lab.folder / "clouds" / CLOUD / "cloud.json").read_text())["passwords"].values()
    for file in lab.folder.rglob("*"):
        if file.is_file() and any(password.encode() in file.read_bytes() for password in passwords):
            assert not loose(file), file
    for found in processes.running(lab.folder).values():
        line = Path(f"/proc/{found[0].pid}/cmdline").read_bytes() + Path(f"/proc/{found[0].pid}/environ").read_bytes()
        assert not any(password.encode() in line for password in passwords)


def test_it_listens_on_its_own_loopback_address_only(lab: Lab) -> None:
    listening = {
        connection.laddr.ip
        for found in processes.running(lab.folder).values()
        for connection in found[0].net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {str(REQUEST.address)}


def test_a_cloud_that_is_stopped_is_not_missed_and_comes_back_as_it_was(lab: Lab) -> None:
    before = identity(lab)
    lab.down(clouds=[CLOUD])
    assert processes.running(lab.folder) == {}
    status = lab.status()
    assert (status.ready, status.clouds[0].started, status.clouds[0].ready) == (True, False, False)
    assert lab.up([REQUEST]).ready
    assert identity(lab) == before


def test_two_labs_of_the_same_country_run_side_by_side(lab: Lab, tmp_path: Path) -> None:
    other = Lab(tmp_path)
    try:
        with pytest.raises(UserError) as taken:
            other.up([REQUEST], port=lab.status().port)
        assert f"ace-lab {lab.folder}: {CLOUD}/front" in taken.value.message
        other.down(wipe=True)
        assert other.up([REQUEST], port=free_port()).ready
        assert identity(other) != identity(lab)
        other.down()
        assert lab.status().ready
    finally:
        other.down(wipe=True)


def test_a_taken_port_is_told_with_the_process_that_has_it(tmp_path: Path) -> None:
    request = CloudRequest(name="rw-kigali-1", country="rw", region="rw-kigali-1", numeric=646)
    with socket.socket() as mine:
        mine.bind((str(request.address), 0))
        mine.listen()
        with pytest.raises(UserError) as taken:
            Lab(tmp_path).up([request], port=mine.getsockname()[1])
    assert taken.value.code == "port-taken"
    assert f"process {os.getpid()} " in taken.value.message
    assert processes.running(tmp_path / ".ace" / "lab") == {}


def test_a_wiped_lab_leaves_nothing_and_a_new_one_is_another_cloud(lab: Lab) -> None:
    before = identity(lab)
    port = lab.status().port
    lab.down(wipe=True)
    assert list(lab.root.iterdir()) == []
    assert processes.running(lab.folder) == {}
    assert lab.status().clouds == ()
    assert lab.up([REQUEST], port=port).ready
    assert identity(lab) != before
