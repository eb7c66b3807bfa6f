"""Real hosts of a lab, without starting one: what they need, their base image and its suite, their disks."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.errors import UserError
from ace.lab import CloudRequest, Lab, base_image, hosts, suites
from ace.lab import lab as lab_module
from ace.lab.disk_image import CLUSTER, empty_qcow2
from ace.lab.folder import LabFolder, Memory


def a_request(**changes: object) -> CloudRequest:
    asked: dict[str, object] = {"name": "tn-tunis-1", "country": "tn", "region": "tn-tunis-1", "numeric": 788}
    return CloudRequest(**{**asked, **changes})  # type: ignore[arg-type]


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
