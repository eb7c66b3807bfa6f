"""`converge`: what differs is made so and told; what runs is compared, not only files."""

from __future__ import annotations

import getpass
import grp
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible.module_utils.ace_converge.facts import PublicFact, public_facts
from ansible.module_utils.ace_converge.files import File, Folder, converge_files, converge_folders
from ansible.module_utils.ace_converge.firewall import Rules, converge_firewall
from ansible.module_utils.ace_converge.kernel import Network, converge_network, converge_sysctls
from ansible.module_utils.ace_converge.keys import Key, converge_keys
from ansible.module_utils.ace_converge.packages import check_versions
from ansible.module_utils.ace_converge.steps import Step, converge_steps
from ansible.module_utils.ace_converge.units import NOTER_TEXT, NOTES, Unit, converge_units, hashes, noted
from ansible.module_utils.ace_converge.values import Completed, ConvergeError, Machine

ME = getpass.getuser()
MY_GROUP = grp.getgrgid(os.getgid()).gr_name
Answers = Callable[[Sequence[str], str | None], Completed | None]


@dataclass
class FakeMachine(Machine):
    """A machine below a folder whose commands are answered by the test; what it does not answer succeeds silently."""

    answers: Answers = lambda command, given: None
    said: list[str] = field(default_factory=list)

    def run(self, command: Sequence[str], given: str | None = None) -> Completed:
        self.said.append(" ".join(command))
        return self.answers(command, given) or Completed(0, "", "")


def a_file(path: str, content: str | None, **options: object) -> File:
    return File(path, content, owner=ME, group=MY_GROUP, **options)  # type: ignore[arg-type]


class TestFiles:
    def test_a_file_that_differs_is_written_and_told_with_both_texts(self, tmp_path: Path) -> None:
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc/a").write_text("old\n")
        (change,) = converge_files([a_file("/etc/a", "new\n")], Machine(root=str(tmp_path)))
        assert (change.what, change.before, change.after) == ("/etc/a", "old\n", "new\n")
        assert (tmp_path / "etc/a").read_text() == "new\n"
        assert converge_files([a_file("/etc/a", "new\n")], Machine(root=str(tmp_path))) == []

    def test_check_mode_tells_the_same_and_writes_nothing(self, tmp_path: Path) -> None:
        (change,) = converge_files([a_file("/etc/a", "new\n")], Machine(check=True, root=str(tmp_path)))
        assert change.after == "new\n"
        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_its_checker_refuses_is_left_as_it_was(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("good")
        with pytest.raises(ConvergeError, match="/a: grep refuses it"):
            converge_files([a_file("/a", "bad", check=("grep", "good", "%s"))], Machine(root=str(tmp_path)))
        assert (tmp_path / "a").read_text() == "good"
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_a_file_made_once_is_somebody_else_s_from_then_on(self, tmp_path: Path) -> None:
        machine = Machine(root=str(tmp_path))
        assert len(converge_files([a_file("/a", "first", once=True)], machine)) == 1
        (tmp_path / "a").write_text("theirs")
        assert converge_files([a_file("/a", "first", once=True)], machine) == []
        assert (tmp_path / "a").read_text() == "theirs"

    def test_a_wrong_mode_alone_is_told_and_mended(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("x")
        (tmp_path / "a").chmod(0o666)
        (change,) = converge_files([a_file("/a", "x", mode=0o600)], Machine(root=str(tmp_path)))
        assert "0666" in change.before and "0600" in change.after
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600

    def test_an_unknown_owner_says_what_to_do(self, tmp_path: Path) -> None:
        with pytest.raises(ConvergeError, match="is its package installed"):
            converge_files([File("/a", "x", owner="nobody-here")], Machine(root=str(tmp_path)))

    def test_a_file_that_is_not_wanted_goes(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text("x")
        assert len(converge_files([a_file("/a", None)], Machine(root=str(tmp_path)))) == 1
        assert not (tmp_path / "a").exists()

    def test_a_folder_is_made_with_its_mode(self, tmp_path: Path) -> None:
        folder = Folder("/a/b", owner=ME, group=MY_GROUP, mode=0o700)
        assert len(converge_folders([folder], Machine(root=str(tmp_path)))) == 1
        assert (tmp_path / "a/b").stat().st_mode & 0o777 == 0o700
        assert converge_folders([folder], Machine(root=str(tmp_path))) == []


KEY = Key("/k/private", ("generate",), "/k/public", ("derive",))


def keys(command: Sequence[str], given: str | None) -> Completed | None:
    if command[0] == "generate":
        return Completed(0, "s3cret\n", "")
    return Completed(0, f"public of {given}", "")


class TestKeys:
    def test_a_key_is_made_once_shut_and_never_told(self, tmp_path: Path) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=keys)
        changes = converge_keys([KEY], machine)
        assert (tmp_path / "k/private").read_text() == "s3cret\n"
        assert (tmp_path / "k/private").stat().st_mode & 0o777 == 0o600
        assert "s3cret" not in changes[0].before + changes[0].after
        assert converge_keys([KEY], machine) == []
        assert machine.said.count("generate") == 1

    def test_an_open_key_is_shut_and_kept(self, tmp_path: Path) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=keys)
        converge_keys([KEY], machine)
        (tmp_path / "k/private").chmod(0o644)
        (change,) = converge_keys([KEY], machine)
        assert (change.before, change.after) == ("0644\n", "0600\n")
        assert (tmp_path / "k/private").read_text() == "s3cret\n"

    def test_what_a_failing_generator_printed_is_not_told(self, tmp_path: Path) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=lambda command, given: Completed(1, "s3cret", "s3cret"))
        with pytest.raises(ConvergeError) as caught:
            converge_keys([KEY], machine)
        assert "s3cret" not in str(caught.value)


def packages(**versions: str) -> Answers:
    """A host with these packages, and dpkg's own judgement of what is older."""

    def answer(command: Sequence[str], given: str | None) -> Completed | None:
        if command[0] == "dpkg-query":
            listed = "".join(f"ii  {name} {version}\n" for name, version in versions.items() if name in command)
            return Completed(0, listed, "")
        return Completed(subprocess.run(list(command), check=False).returncode, "", "")

    return answer


@pytest.mark.dpkg
class TestPackages:
    def test_a_package_older_than_the_role_needs_is_named_with_what_is_needed(self) -> None:
        machine = FakeMachine(answers=packages(frr="7.5.1-1.1", knot="3.2.6-1"))
        with pytest.raises(ConvergeError, match=r"frr 7\.5\.1-1\.1 \(at least 8\.4\);") as caught:
            check_versions({"frr": "8.4", "knot": "3.2"}, machine)
        assert "knot" not in str(caught.value)

    def test_both_debians_are_recent_enough_and_what_is_not_installed_is_not_looked_at(self) -> None:
        for versions in ({"frr": "8.4.4-1.1~deb12u2"}, {"frr": "10.3-3"}, {}):
            check_versions({"frr": "8.4", "keepalived": "1:2.2.7"}, FakeMachine(answers=packages(**versions)))


class TestSteps:
    def test_a_step_is_done_unless_it_is_so_and_must_make_it_so(self) -> None:
        step = Step("name", ("is",), ("make",))
        assert converge_steps([step], FakeMachine()) == []
        machine = FakeMachine(answers=lambda command, given: Completed(1, "", "no") if command[0] == "is" else None)
        with pytest.raises(ConvergeError, match="`is` failed: no"):
            converge_steps([step], machine)


class TestKernel:
    def test_settings_that_differ_are_set_and_those_that_are_not_there_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "proc/sys/net").mkdir(parents=True)
        (tmp_path / "proc/sys/net/forward").write_text("0\n")
        machine = Machine(root=str(tmp_path))
        (change,) = converge_sysctls({"net.forward": "1", "kernel.other": "1"}, machine)
        assert change.what == "sysctl net.forward"
        assert (tmp_path / "proc/sys/net/forward").read_text() == "1"
        assert converge_sysctls({"net.forward": "1"}, machine) == []

    def test_a_route_to_an_interface_s_own_network_is_left_to_the_kernel(self) -> None:
        machine = FakeMachine(check=True, root="/nowhere", answers=network)
        desired = Network((), {"10.1.0.0/24": "10.2.0.9", "10.3.0.0/24": "10.2.0.9"})
        changes = converge_network(desired, machine)
        assert [change.what for change in changes] == [
            "/etc/ace/network.batch",
            "route 10.3.0.0/24",
            "route 10.9.0.0/24",
        ]
        assert "10.1.0.0/24" not in changes[0].after

    def test_routes_of_ours_that_are_not_wanted_go(self) -> None:
        machine = FakeMachine(check=True, root="/nowhere", answers=network)
        gone = converge_network(Network((), {}), machine)[-1]
        assert (gone.what, gone.before, gone.after) == ("route 10.9.0.0/24", "via 10.2.0.9", "")


def network(command: Sequence[str], given: str | None) -> Completed | None:
    if "address" in command:
        return Completed(0, json.dumps([{"ifname": "eth0", "addr_info": [{"local": "10.1.0.5", "prefixlen": 24}]}]), "")
    if command[:2] == ["ip", "-4"]:
        return Completed(0, json.dumps([{"dst": "10.9.0.0/24", "gateway": "10.2.0.9"}]), "")
    return None


class TestFirewall:
    def test_rules_flushed_by_hand_show_and_are_loaded_again(self, tmp_path: Path) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=firewall("table inet ace {drop}", "table inet ace {}"))
        (change,) = [change for change in converge_firewall([], machine) if "kernel" in change.what]
        assert (change.before, change.after) == ("table inet ace {}", "table inet ace {drop}")
        assert "nft -f -" in machine.said

    def test_counters_that_have_counted_are_no_difference(self, tmp_path: Path) -> None:
        machine = FakeMachine(
            root=str(tmp_path), answers=firewall("counter packets 0 bytes 0", "counter packets 7 bytes 90")
        )
        assert converge_firewall([], machine) == []

    def test_rules_that_cannot_be_loaded_are_never_written(self, tmp_path: Path) -> None:
        (tmp_path / "etc/nftables.d").mkdir(parents=True)
        machine = FakeMachine(root=str(tmp_path), answers=lambda command, given: Completed(1, "", "syntax error"))
        with pytest.raises(ConvergeError, match=r"nft refuses the rules of 50-x.nft: syntax error"):
            converge_firewall([Rules("50-x.nft", "nonsense")], machine)
        assert list((tmp_path / "etc/nftables.d").iterdir()) == []

    def test_files_are_loaded_in_their_order_in_one_transaction_that_begins_afresh(self, tmp_path: Path) -> None:
        (tmp_path / "etc/nftables.d").mkdir(parents=True)
        (tmp_path / "etc/nftables.d/60-later.nft").write_text("later")
        (tmp_path / "etc/nftables.d/.half.nft").write_text("hidden")
        given: list[str | None] = []

        def answers(command: Sequence[str], text: str | None) -> Completed | None:
            given.append(text)
            return None

        converge_firewall([Rules("00-base.nft", None)], FakeMachine(check=True, root=str(tmp_path), answers=answers))
        assert given[0] == "table inet ace {}\ndelete table inet ace\nlater\n"


def firewall(desired: str, live: str) -> Answers:
    def answers(command: Sequence[str], given: str | None) -> Completed | None:
        if command[0] == "unshare":
            return Completed(0, desired, "")
        return Completed(0, live, "") if "list" in command else None

    return answers


@dataclass
class Systemd:
    """A systemd that knows one unit."""

    active: str = "active"
    file: str = "enabled"
    load: str = "loaded"
    dies: bool = False
    has_read: bool = True
    """Whether it has read the unit's files."""

    def __call__(self, command: Sequence[str], given: str | None) -> Completed | None:
        if command[:2] == ["systemctl", "show"]:
            values = {
                "LoadState": self.load,
                "ActiveState": self.active,
                "UnitFileState": self.file,
                "CanReload": "yes",
                "NeedDaemonReload": "no",
            }
            return Completed(0, "".join(f"{name}={value}\n" for name, value in values.items()), "")
        if command[:2] == ["systemctl", "list-units"]:
            return Completed(0, "d.service loaded active running D\n" if self.has_read else "", "")
        if command[0] == "systemctl" and command[1] in ("restart", "reload"):
            self.active = "failed" if self.dies else "active"
        if command[0] == "journalctl":
            return Completed(0, "it said why\n", "")
        return None


class TestUnits:
    def noted(self, root: Path, *paths: str) -> None:
        """As the unit's drop-in does when it starts."""
        (root / "run/ace/loaded").mkdir(parents=True, exist_ok=True)
        found = hashes(list(paths), Machine(root=str(root)))
        (root / "run/ace/loaded/d.service").write_text("".join(f"{digest}  {path}\n" for path, digest in found.items()))

    def settled(self, root: Path, unit: Unit) -> FakeMachine:
        """A machine on which the unit's own files are there already (they are root's, so as root only)."""
        machine = FakeMachine(root=str(root), answers=Systemd())
        converge_units([unit], machine)
        machine.said.clear()
        return machine

    def test_what_a_unit_notes_is_what_is_compared_with_hidden_files_and_such_as_are_not_there_left_out(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "conf.d" / "more").mkdir(parents=True)
        for name in ("conf", "conf.d/with a space", "conf.d/more/deep", "conf.d/.hidden"):
            (tmp_path / name).write_text(name)
        (tmp_path / "conf.d" / "link").symlink_to(tmp_path / "conf")
        script = tmp_path / "loaded"
        script.write_text(NOTER_TEXT.replace(NOTES, str(tmp_path / NOTES[1:])))
        machine, reads = Machine(root=str(tmp_path)), ["/conf", "/conf.d", "/missing"]
        (tmp_path / "run/ace").mkdir(parents=True)
        subprocess.run(["sh", str(script), "d.service", *map(machine.path, reads)], check=True, timeout=10)
        assert noted("d.service", machine) == hashes(reads, machine)
        assert len(hashes(reads, machine)) == 4
        subprocess.run(["sh", str(script), "e.service", machine.path("/missing")], check=True, timeout=10)
        assert noted("e.service", machine) == {}

    @pytest.mark.root
    def test_a_daemon_whose_file_changed_after_its_start_is_restarted_though_nobody_changed_the_file_now(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "conf").write_text("old")
        unit = Unit("d.service", reads=("/conf",))
        machine = self.settled(tmp_path, unit)
        self.noted(tmp_path, "/conf")
        assert converge_units([unit], machine) == []
        (tmp_path / "conf").write_text("new")  # a run that was killed before the restart
        (change,) = converge_units([unit], machine)
        assert f"{tmp_path}/conf: not what is on disk" in change.before
        assert "systemctl restart d.service" in machine.said

    @pytest.mark.root
    def test_a_reload_is_enough_only_for_files_that_a_reload_reads(self, tmp_path: Path) -> None:
        (tmp_path / "soft").write_text("1")
        (tmp_path / "hard").write_text("1")
        unit = Unit("d.service", reads=("/hard",), reloads=("/soft",))
        machine = self.settled(tmp_path, unit)
        self.noted(tmp_path, "/soft", "/hard")
        (tmp_path / "soft").write_text("2")
        converge_units([unit], machine)
        assert "systemctl reload d.service" in machine.said
        (tmp_path / "hard").write_text("2")
        converge_units([unit], machine)
        assert "systemctl restart d.service" in machine.said

    @pytest.mark.parametrize(
        "state",
        [
            Systemd(active="inactive"),
            Systemd(active="failed"),
            Systemd(load="masked", file="masked", active="inactive"),
        ],
    )
    def test_a_unit_that_does_not_run_is_told_in_check_mode_and_nothing_is_done(self, state: Systemd) -> None:
        machine = FakeMachine(check=True, answers=state)
        assert converge_units([Unit("d.service")], machine)[-1].after == "active"
        assert not any(" restart " in command or "unmask" in command for command in machine.said)

    def test_a_masked_unit_is_unmasked_enabled_and_started(self) -> None:
        machine = FakeMachine(answers=Systemd(load="masked", file="masked", active="inactive"))
        converge_units([Unit("d.timer")], machine)
        desired = [
            "unmask --no-reload d.timer",
            "enable --no-reload --quiet d.timer",
            "daemon-reload",
            "restart d.timer",
        ]
        verbs = [command.partition("systemctl ")[2] for command in machine.said]
        assert [verb for verb in verbs if verb in desired] == desired

    @pytest.mark.root
    @pytest.mark.parametrize("has_read", [True, False])
    def test_systemd_reads_all_its_files_only_if_it_has_read_one_that_changed(
        self, tmp_path: Path, has_read: bool
    ) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=Systemd(file="disabled", has_read=has_read))
        units = [Unit("c.timer"), Unit("d.service", drop_in="[Service]\nNice=5\n"), Unit("e.service")]
        converge_units(units, machine)
        assert machine.said.count("systemctl daemon-reload") == has_read
        assert [command for command in machine.said if " enable " in command] == [
            "env SYSTEMCTL_SKIP_SYSV=1 systemctl enable --no-reload --quiet c.timer d.service e.service"
        ]

    def test_a_daemon_that_does_not_stay_up_is_an_error_with_the_end_of_its_journal(self) -> None:
        machine = FakeMachine(answers=Systemd(active="inactive", dies=True))
        with pytest.raises(ConvergeError, match=r"d.service does not stay up\nit said why"):
            converge_units([Unit("d.service")], machine)

    def test_a_unit_that_is_not_wanted_is_stopped(self) -> None:
        machine = FakeMachine(answers=Systemd())
        converge_units([Unit("d.service", running=False, enabled=False)], machine)
        assert "systemctl disable --now --quiet d.service" in machine.said


class TestFacts:
    def test_a_private_key_is_never_told(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("-----BEGIN PRIVATE KEY-----\n")
        with pytest.raises(ConvergeError, match="is not a public fact"):
            public_facts([PublicFact("k", file="/key")], Machine(root=str(tmp_path)))

    def test_what_is_not_there_yet_is_left_out_and_lines_are_a_sorted_list(self, tmp_path: Path) -> None:
        machine = FakeMachine(root=str(tmp_path), answers=lambda command, given: Completed(0, "b\na\n", ""))
        assert public_facts(
            [PublicFact("none", file="/none"), PublicFact("some", command=("x",), lines=True)], machine
        ) == {"some": ["a", "b"]}
