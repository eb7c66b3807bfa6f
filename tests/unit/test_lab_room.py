"""What the lab checks of a machine, remembers, and makes itself: everything that needs no cloud."""

from __future__ import annotations

import json
import os
import resource
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.errors import UserError
from ace.files import put
from ace.lab import CloudRequest, Lab, base_image, environment, hosts, machine, processes, suites
from ace.lab import lab as lab_module
from ace.lab.disk_image import CLUSTER, empty_qcow2
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


# -- real hosts


def test_without_root_hosts_that_were_asked_for_are_refused_and_no_lab_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(UserError) as told:
        Lab(tmp_path).up([a_request()], real_hosts=True)
    assert told.value.message == "this lab's servers cannot be real: real hosts need root"
    assert "--no-hosts" in told.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_machine_without_the_programs_and_without_apt_is_told_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(hosts, "PROGRAMS", {"no-such-program": "some-package"})
    monkeypatch.setattr(hosts, "KEYRING", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hosts.why_not() == "real hosts need some-package, which this machine lacks"


def test_a_cloud_keeps_the_kind_of_servers_that_it_was_made_with(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path / ".ace" / "lab")
    folder.make()
    folder.remember(Memory(8123).with_cloud(a_request(), "hosts"))
    memory = folder.recall()
    assert memory is not None
    assert memory.with_cloud(a_request()).clouds["tn-tunis-1"].servers == "hosts"
    with pytest.raises(UserError, match="are real hosts, and a cloud cannot change that"):
        Lab(tmp_path).up([a_request()], real_hosts=False)


def test_ssh_goes_into_the_underlay_for_floating_ips_and_trusts_no_host_blindly(tmp_path: Path) -> None:
    text = hosts.ssh_config(tmp_path / "100%", tmp_path / "key")
    assert f"nsenter --net=/run/netns/{hosts.lab_tag(tmp_path / '100%')}.underlay -- " in text
    assert "198.18.*" in text and "198.19.*" in text
    assert "StrictHostKeyChecking" not in text and "UserKnownHostsFile" not in text


def test_another_package_or_another_file_makes_another_base_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = base_image.BaseImage("bookworm", tmp_path).folder
    assert base_image.BaseImage("bookworm", tmp_path).folder == before
    other = tmp_path / "packages.txt"
    other.write_text("# a comment\nsystemd\n\nknot  # of DNS\n")
    monkeypatch.setattr(base_image, "PACKAGES_FILE", other)
    assert base_image.packages() == ["systemd", "knot"]
    assert base_image.BaseImage("bookworm", tmp_path).folder != before


def test_each_suite_has_a_base_image_of_its_own(tmp_path: Path) -> None:
    folders = {base_image.BaseImage(suite, tmp_path).folder for suite in suites.SUITES}
    assert len(folders) == len(suites.SUITES)


def test_a_new_lab_s_hosts_are_what_this_machine_is_if_hosts_can_be_that(tmp_path: Path) -> None:
    def suite_of(os_release: str) -> str:
        file = tmp_path / "os-release"
        file.write_text(os_release)
        return suites.default_suite({}, file)

    assert suite_of("ID=debian\nVERSION_CODENAME=trixie\n") == "trixie"
    assert suite_of('ID=debian\nVERSION_CODENAME="bookworm"\n') == "bookworm"
    assert suite_of("ID=ubuntu\nVERSION_CODENAME=noble\n") == "bookworm"
    assert suites.default_suite({}, tmp_path / "none") == "bookworm"


def test_the_environment_says_which_suite_and_a_wrong_one_is_refused_by_name() -> None:
    assert suites.default_suite({"ACE_LAB_HOST_SUITE": "trixie"}) == "trixie"
    with pytest.raises(UserError, match=r"ACE_LAB_HOST_SUITE: .*'sid'.*bookworm or trixie"):
        suites.default_suite({"ACE_LAB_HOST_SUITE": "sid"})


@pytest.mark.parametrize("suite", suites.SUITES)
@pytest.mark.parametrize(
    "text",
    [
        "deb http://mirror/debian bookworm main\ndeb http://mirror/debian-security bookworm-security main\n",
        "Types: deb\nURIs: http://mirror/debian\nSuites: trixie trixie-updates\nComponents: main\n",
    ],
)
def test_packages_of_either_suite_come_from_where_this_machine_s_come_from(suite: str, text: str) -> None:
    other = next(known for known in suites.SUITES if known != suite)
    found = suites.sources_for(suite, text)
    assert suite in found and other not in found
    assert found.count("http://mirror/") == text.count("http://mirror/")
    assert suites.sources_for(suite, "deb http://mirror/ubuntu noble main\n") == ""


def test_a_lab_s_hosts_stay_what_they_are_and_another_wish_is_refused(tmp_path: Path) -> None:
    folder = LabFolder(tmp_path)
    folder.make()
    with_hosts = Memory(8000).with_cloud(a_request(), "hosts")
    for memory in (replace(with_hosts, host_suite="trixie"), with_hosts):  # the latter as older releases wrote it
        folder.remember(memory)
        recalled = folder.recall()
        assert recalled == memory
        stays = memory.host_suite or "bookworm"
        other = next(known for known in suites.SUITES if known != stays)
        assert lab_module._with_suite(recalled, None).host_suite == stays
        with pytest.raises(UserError, match=f"this lab are Debian {stays}, not {other}"):
            lab_module._with_suite(recalled, other)


def test_a_lab_without_hosts_takes_any_suite() -> None:
    fake = Memory(8000, host_suite="bookworm").with_cloud(a_request())
    assert lab_module._with_suite(fake, "trixie").host_suite == "trixie"
    assert lab_module._with_suite(fake, None).host_suite == "bookworm"


def test_the_base_image_has_no_package_twice() -> None:
    assert len(set(base_image.packages())) == len(base_image.packages())


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
        wanted = "tn-tunis-1/nova 60"  # the title, then sleep's own argument
        while wanted not in processes.running(tmp_path):
            assert not deadline.passed
            deadline.nap(0.02)
        assert processes.running(tmp_path / "other") == {}
        processes.stop(processes.running(tmp_path))
        assert processes.running(tmp_path) == {}
    finally:
        child.kill()
        child.wait()


# -- the image


@given(st.integers(1, 1 << 40))
def test_an_empty_image_has_a_sound_header(size: int) -> None:
    if -(-size // ((CLUSTER // 8) * CLUSTER)) * 8 > CLUSTER:
        with pytest.raises(ValueError, match="L1 table"):
            empty_qcow2(size)
        return
    image = empty_qcow2(size)
    magic, version, backing, _, bits, virtual, crypt, l1, l1_at, table_at, table_clusters = struct.unpack_from(
        ">4sIQIIQIIQQI", image
    )
    assert (magic, version, backing, crypt, virtual) == (b"QFI\xfb", 2, 0, 0, size)
    assert l1 * (CLUSTER // 8) * CLUSTER >= size
    assert l1_at + 8 * l1 <= len(image)
    (block_at,) = struct.unpack_from(">Q", image, table_at)
    counted = struct.unpack_from(f">{len(image) >> bits}H", image, block_at)
    assert counted == (1,) * (len(image) >> bits), "every cluster of the file is counted once"
    assert table_clusters == 1


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
