"""What the lab asks of the machine: system, limits, memory, disk, ports, its cache and its processes."""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import threading
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from ace.errors import UserError
from ace.lab import CloudRequest, environment, machine, processes


def a_request(**changes: object) -> CloudRequest:
    asked: dict[str, object] = {"name": "tn-tunis-1", "country": "tn", "region": "tn-tunis-1", "numeric": 788}
    return CloudRequest(**{**asked, **changes})  # type: ignore[arg-type]


# -- the machine


def test_another_system_than_linux_is_told_where_the_lab_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(UserError, match="runs on Linux, and this is darwin"):
        machine.check_platform()


def test_a_python_that_is_too_old_is_told_which_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    with pytest.raises(UserError, match=r"needs Python 3\.11 or newer"):
        machine.check_platform()


def test_a_hard_limit_of_few_files_is_refused_and_a_soft_one_is_raised() -> None:
    code = "\n".join(
        [
            "import resource, sys",
            "from ace.errors import UserError",
            "from ace.lab import machine",
            "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]",
            "resource.setrlimit(resource.RLIMIT_NOFILE, (32, hard))",
            "machine.raise_file_limit()",
            "assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 32",
            "resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))",
            "try:",
            "    machine.check_platform()",
            "except UserError as error:",
            "    print(error.message)",
        ]
    )
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 64
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "a process may have 32 files open here" in done.stdout


def test_short_memory_says_what_is_needed_and_what_there_is() -> None:
    many = machine.available_memory_mb() // machine.CLOUD_MB + 1
    with pytest.raises(UserError) as told:
        machine.check_memory(many, shared=True)
    assert f"{many} more clouds need about" in told.value.message
    machine.check_memory(0, shared=True)


def test_short_disk_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="disk is short"):
        machine.check_disk(tmp_path / "not" / "yet", 1 << 40, "the lab")
    machine.check_disk(tmp_path, 1, "the lab")


def test_a_taken_port_is_told_with_who_has_it() -> None:
    with socket.socket() as mine:
        mine.bind(("127.3.2.1", 0))
        mine.listen()
        port = mine.getsockname()[1]
        with pytest.raises(UserError) as told:
            machine.check_addresses([IPv4Address("127.3.2.1")], port)
    assert f"port {port} of 127.3.2.1 is taken by process {os.getpid()} " in told.value.message


def test_a_port_that_nobody_is_seen_to_have_is_waited_for_and_then_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as dying:
        dying.bind(("127.3.2.1", 0))  # taken, and nobody listens
        port = dying.getsockname()[1]
        soon = threading.Timer(0.5, dying.close)
        soon.start()
        machine.check_addresses([IPv4Address("127.3.2.1")], port)
        soon.join()
    monkeypatch.setattr(machine, "DYING_S", 0.2)
    with socket.socket() as hidden:
        hidden.bind(("127.3.2.1", 0))
        with pytest.raises(UserError, match="is taken by a process that this user may not see"):
            machine.check_addresses([IPv4Address("127.3.2.1")], hidden.getsockname()[1])


# -- the cache


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ACE_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert environment.cache_folder() == tmp_path / "ace"
    monkeypatch.setenv("ACE_CACHE_DIR", str(tmp_path / "other"))
    assert environment.cache_folder() == tmp_path / "other"


def test_a_cache_that_cannot_be_made_says_what_to_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError) as told:
        environment.Cache(tmp_path / "file" / "cache").fill(lambda _: None)
    assert "ACE_CACHE_DIR" in told.value.hint


def test_an_installation_that_fails_leaves_no_half_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock = tmp_path / "lab.lock"
    lock.write_text("no-such-package-of-ace==0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setattr(environment, "LOCK_FILE", lock)
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX", "UV_OFFLINE"):
        monkeypatch.setenv(name, "1")
    cache = environment.Cache(tmp_path / "cache")
    with pytest.raises(UserError) as told:
        cache.fill(lambda _: None)
    assert told.value.code == "lab-install"
    assert [path.suffix for path in cache.folder.iterdir()] == [".lock"]


# -- processes


def test_processes_of_other_labs_are_not_this_labs(tmp_path: Path) -> None:
    title = f"{processes.title(tmp_path)}tn-tunis-1/nova"
    code = f"import sys, os; os.execv('/bin/sleep', [{title!r}, '60'])"
    child = subprocess.Popen([sys.executable, "-c", code])
    try:
        deadline = processes.Deadline(20)
        desired = "tn-tunis-1/nova 60"  # the title, then sleep's own argument
        while desired not in processes.running(tmp_path):
            assert not deadline.passed
            deadline.nap(0.02)
        assert processes.running(tmp_path / "other") == {}
        processes.stop(processes.running(tmp_path))
        assert processes.running(tmp_path) == {}
    finally:
        child.kill()
        child.wait()
