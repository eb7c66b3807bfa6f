"""What a host remembers of its last whole run, and when that is enough for the same words not to be said again."""

from __future__ import annotations

import getpass
import grp
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.ace_converge import record
from ansible.module_utils.ace_converge.values import Completed, Machine
from ansible.module_utils.ace_converge.whole import converge

RIGHTS = {"owner": getpass.getuser(), "group": grp.getgrgid(os.getgid()).gr_name}
FACTS = {"container": True, "interfaces": {"10.0.0.2": "eth0"}, "packages": ["chrony", "knot"]}
TOLD = {"gw1": {"key": "abc"}, "svc1": {}}
NOTHING: dict[str, Any] = {
    **{key: [] for key in ("folders", "files", "keys", "steps", "units", "public_facts")},
    **{"sysctl": {}, "network": None, "firewall": None},
}


@dataclass
class Host(Machine):
    """A machine below a folder; a step's question is answered by whether the file is there."""

    def run(self, command: Sequence[str], given: str | None = None) -> Completed:
        if command[0] == "test":
            return Completed(0 if Path(self.path(command[2])).exists() else 1, "", "")
        return Completed(127, "", "not installed")


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Made what three calls asked for, in a run that came to its end."""
    machine = Host(root=str(tmp_path))
    (tmp_path / "made").touch()
    record.begin("d1", machine)
    for part, given in (
        ("base", {**NOTHING, "files": [a_file("/a", "one\n")]}),
        ("dns", {**NOTHING, "steps": [{"name": "made", "unless": ["test", "-e", "/made"], "run": ["false"]}]}),
        ("time", {**NOTHING, "public_facts": [{"key": "key", "file": "/a", "command": [], "lines": False}]}),
    ):
        converge(given, machine, [])
        record.add(part, given, machine)
    record.end("d1", FACTS, TOLD, machine)
    return machine


def a_file(path: str, content: str) -> dict[str, Any]:
    return {"path": path, "content": content, **RIGHTS, "mode": "0644", "check": [], "once": False, "within": None}


def test_what_still_holds_needs_nothing_and_tells_what_was_told(host: Host) -> None:
    assert record.look("d1", FACTS, host) == {"told": TOLD, "own": {"key": "one"}}
    more = {**FACTS, "packages": ["chrony", "knot", "vim"]}
    assert record.look("d1", more, host) is not None, "a package more is nobody's business"


def test_looking_changes_nothing(host: Host, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("two\n")
    (tmp_path / "made").unlink()
    assert record.look("d1", FACTS, host) is None
    assert (tmp_path / "a").read_text() == "two\n"


@pytest.mark.parametrize("what", ["an edited file", "a state that is gone", "a removed package", "another interface"])
def test_what_differs_on_the_host_is_noticed(what: str, host: Host, tmp_path: Path) -> None:
    facts = dict(FACTS)
    if what == "an edited file":
        (tmp_path / "a").write_text("two\n")
    elif what == "a state that is gone":
        (tmp_path / "made").unlink()
    elif what == "a removed package":
        facts["packages"] = ["chrony"]
    else:
        facts["interfaces"] = {"10.0.0.2": "eth1"}
    assert record.look("d1", facts, host) is None


def test_other_words_count_anew(host: Host) -> None:
    assert record.look("d2", FACTS, host) is None
    assert record.look("", FACTS, host) is None


def test_a_run_that_did_not_come_to_its_end_is_no_record(host: Host) -> None:
    record.begin("d1", host)
    record.add("base", {**NOTHING, "files": [a_file("/a", "one\n")]}, host)
    assert record.look("d1", FACTS, host) is None


def a_part_anew(host: Host, before: str, then: str) -> dict[str, Any] | None:
    """A run of the part `dns` that comes after `before`, and wants a file in place of a step."""
    found = record.reopen(before, "dns", then, host)
    given = {**NOTHING, "files": [a_file("/b", "two\n")]}
    converge(given, host, [])
    record.add("dns", given, host)
    record.end(then, FACTS, TOLD, host)
    return found


def test_a_part_that_is_said_anew_right_after_joins_the_record(host: Host, tmp_path: Path) -> None:
    assert a_part_anew(host, "d1", "d2") == {"told": TOLD, "own": {"key": "one"}}, (
        "what is kept tells what the host tells"
    )
    assert record.look("d1", FACTS, host) is None
    (tmp_path / "made").unlink()
    assert record.look("d2", FACTS, host) == {"told": TOLD, "own": {"key": "one"}}, "the part's old call is forgotten"
    (tmp_path / "b").write_text("three\n")
    assert record.look("d2", FACTS, host) is None, "and its new one is looked at"
    (tmp_path / "b").write_text("two\n")
    (tmp_path / "a").write_text("three\n")
    assert record.look("d2", FACTS, host) is None, "as are those of the other parts"


def test_what_another_part_s_run_says_again_is_remembered_once(host: Host, tmp_path: Path) -> None:
    record.reopen("d1", "dns", "d2", host)
    record.add("base", {**NOTHING, "files": [a_file("/a", "one\n")], "inputs": "d2", "part": "base"}, host)
    names = sorted(file.name for file in (tmp_path / record.FOLDER.lstrip("/")).iterdir())
    assert names == ["000-base.json", "002-time.json", record.OPEN]


@pytest.mark.parametrize("before", ["", "d0"])
def test_a_part_that_comes_after_another_run_is_not_recorded_and_spoils_nothing(before: str, host: Host) -> None:
    assert a_part_anew(host, before, "d2") is None
    assert record.look("d2", FACTS, host) is None
    assert record.look("d1", FACTS, host) is not None, "what that run made holds still"


def test_a_part_does_not_make_half_a_record_a_whole_one(host: Host) -> None:
    record.begin("d1", host)  # and the run ends there
    assert a_part_anew(host, "d1", "d2") is None
    assert record.look("d2", FACTS, host) is None


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"inputs": "d1"}', '{"files": [{"path": "/a"}]}'])
def test_a_damaged_record_is_none(damage: str, host: Host, tmp_path: Path) -> None:
    for name in ("000-base.json", record.END):
        file = tmp_path / record.FOLDER.lstrip("/") / name
        whole = file.read_text()
        file.write_text(damage)
        assert record.look("d1", FACTS, host) is None
        file.write_text(whole)
    assert record.look("d1", FACTS, host) is not None


def test_the_record_is_its_owner_s_alone(host: Host, tmp_path: Path) -> None:
    folder = tmp_path / record.FOLDER.lstrip("/")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}
    assert json.loads((folder / "000-base.json").read_text())["files"][0]["content"] == "one\n"


def test_what_a_call_has_of_its_run_is_not_what_it_makes(host: Host, tmp_path: Path) -> None:
    record.begin("d2", host)
    given = {**NOTHING, "files": [a_file("/a", "one\n")]}
    record.add("base", {**given, "inputs": "d2", "part": "base", "run_facts": TOLD}, host)
    [call] = (tmp_path / record.FOLDER.lstrip("/")).glob("*-base.json")
    assert json.loads(call.read_text()) == given
