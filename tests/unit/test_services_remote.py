"""Runs that a worker does: what is sent to it and what never is, what it tells, and what happens when it breaks."""

from __future__ import annotations

import fcntl
import io
import json
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ace.errors import UserError
from ace.layout import Layout
from ace.services import remote
from ace.services.remote import BrokenStreamError, Worker
from ace.services.results import Ending, HostCounts, RunEvent, RunResult, TaskBegan
from ace.services.run import RunRequest, run_playbook
from ace.workspace.workers import worker_of
from tests.unit.service_cases import CHECKOUT

pytestmark = pytest.mark.timeout(180)
HOSTS = ("gw1.here-1.xx", "gw2.here-1.xx")
CANARY = "canary-91ce"
OURS = (sys.executable, str(CHECKOUT / "scripts" / "worker.py"))
PLAIN = (str(Path(sys.executable).parent / "ansible-runner"), "worker")
WRITES = "    - ansible.builtin.copy: {content: \"x\\n\", dest: '{{ here }}/{{ inventory_hostname }}', mode: '0600'}\n"
FAILS_ON_ONE = "    - ansible.builtin.fail: {msg: 'no zone'}\n      when: inventory_hostname is match('gw1')\n"
ENDLESS = "    - ansible.builtin.command: sleep 617\n"


class Away:
    """Runs by a worker of this machine, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.here = folder
        self.root = folder / "sender"
        self.there = folder / "worker"
        self.known_hosts = self.root / "known_hosts"
        self.command: tuple[str, ...] = (*OURS, "--private-data-dir", str(self.there))
        self.events: list[RunEvent] = []
        self.cancel = threading.Event()
        self.root.mkdir()
        self.known_hosts.write_text("gw1.here-1.xx ssh-ed25519 AAAA\n")

    def __call__(self, tasks: str, *, check: bool = False, **extra_vars: str) -> RunResult:
        playbook = self.root / "playbooks" / "site.yml"
        playbook.parent.mkdir(exist_ok=True)
        playbook.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}", encoding="utf-8")
        hosts = {host: dict[str, str]() for host in HOSTS}
        groups = {"country_xx": {"hosts": hosts}}
        request = RunRequest(
            playbook=playbook,
            inventory={"all": {"vars": {"ansible_connection": "local"}, "hosts": hosts, "children": groups}},
            hosts=HOSTS,
            ssh_config=lambda control_dir: f"# {control_dir}\n",
            folder=self.root / f"run-{len(list(self.root.iterdir()))}",
            check=check,
            extra_vars={"here": str(self.here), **extra_vars},
            worker=Worker(self.command, self.known_hosts),
        )
        return run_playbook(request, self.events.append, self.cancel)


class OnFirstTask(list[RunEvent]):
    """Events; the first task's beginning does something."""

    def __init__(self, act: object) -> None:
        super().__init__()
        self._act = act

    def append(self, event: RunEvent) -> None:
        is_first = isinstance(event, TaskBegan) and not any(isinstance(one, TaskBegan) for one in self)
        super().append(event)
        if is_first:
            self._act()  # type: ignore[operator]


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    yield Away(tmp_path)
    mine = [one.info["pid"] for one in psutil.process_iter(["pid", "cmdline"]) if str(tmp_path) in str(one.info)]
    for pid in mine:
        psutil.Process(pid).kill()
    assert not mine, "nothing of a run is left"


@pytest.mark.parametrize("command", [OURS, PLAIN], ids=["ours", "plain"])
def test_a_worker_s_run_counts_and_shows_as_one_of_our_own(away: Away, command: tuple[str, ...]) -> None:
    away.command = command
    checked = away(WRITES, check=True)
    assert (checked.ending, checked.changed) == (Ending.COMPLETE, 2)
    assert "+x" in checked.changes[0].diff
    assert not (away.here / HOSTS[0]).exists()
    assert away(WRITES).hosts == dict.fromkeys(HOSTS, HostCounts(changed=1))
    assert away(WRITES).hosts == dict.fromkeys(HOSTS, HostCounts(ok=1))
    assert {event.host for event in away.events if isinstance(event, TaskBegan)} == set(HOSTS)


def test_a_failed_host_leaves_the_others_going_and_the_record_is_kept_here(away: Away) -> None:
    result = away(FAILS_ON_ONE + WRITES)
    assert result.ending is Ending.FAILED
    assert result.hosts == {HOSTS[0]: HostCounts(failed=1), HOSTS[1]: HostCounts(changed=1)}
    assert [(trouble.host, trouble.message) for trouble in result.troubles] == [(HOSTS[0], "no zone")]
    assert "no zone" in (result.artefacts / "artefacts" / "stdout").read_text()


def test_facts_come_back(away: Away) -> None:
    result = away("    - ansible.builtin.set_fact: {ace_public_facts: {wireguard_public_key: abc}}\n")
    assert result.public_facts == {host: {"wireguard_public_key": "abc"} for host in HOSTS}


def test_the_country_s_own_variables_are_the_worker_s_and_stay_there(away: Away) -> None:
    own = away.there / "inventory" / "group_vars" / "country_xx.yml"
    own.parent.mkdir(parents=True)
    own.write_text(f"---\nsecret: {CANARY}\n")
    for _ in range(2):
        told = away("    - ansible.builtin.assert: {that: secret is match('canary')}\n")
        assert told.ending is Ending.COMPLETE


def test_what_an_earlier_run_brought_is_not_there_in_the_next(away: Away) -> None:
    stale = away.root / "playbooks" / "group_vars" / "all.yml"
    stale.parent.mkdir(parents=True)
    stale.write_text("---\nstale: 'yes'\n")
    assert away("    - ansible.builtin.assert: {that: stale is defined}\n").ending is Ending.COMPLETE
    stale.unlink()
    assert away("    - ansible.builtin.assert: {that: stale is not defined}\n").ending is Ending.COMPLETE


def test_what_is_sent_has_no_secret_and_no_path_of_this_machine(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PULUMI_CONFIG_PASSPHRASE", "OS_PASSWORD", "ACE_TOKEN", "ANSIBLE_VAULT_PASSWORD"):
        monkeypatch.setenv(name, CANARY)
    for name in ("group_vars/country_xx.yml", "clouds.yaml", "id_ed25519", ".ace/passphrase/xx", "playbooks/.netrc"):
        (away.root / name).parent.mkdir(parents=True, exist_ok=True)
        (away.root / name).write_text(f"{CANARY}\n")
    stream = away.here / "stream"
    away.command = ("sh", "-c", 'tee "$0" | exec "$@"', str(stream), *away.command)
    result = away(WRITES + "    - ansible.builtin.shell: env > {{ here }}/env-{{ inventory_hostname }}\n", mine="yes")
    assert result.ending is Ending.COMPLETE
    head, size, archive = stream.read_bytes().split(b"\n", 2)
    from ansible_runner.utils.streaming import unstream_dir

    unpacked = away.here / "unpacked"
    unpacked.mkdir()
    unstream_dir(io.BytesIO(archive), json.loads(size)["zipfile"], str(unpacked))
    sent = {str(path.relative_to(unpacked)): path.read_text() for path in unpacked.rglob("*") if path.is_file()}
    assert set(sent) == {"ansible.cfg", "inventory/hosts.json", "project/site.yml", "ssh/config", "ssh/known_hosts"}
    assert not any(path.is_symlink() for path in unpacked.rglob("*"))
    assert CANARY not in "".join(sent.values()) + head.decode()
    assert str(away.root) not in "".join(sent.values()) + head.decode()
    assert json.loads(head)["kwargs"]["extravars"]["mine"] == "yes"
    environments = [path.read_text() for path in away.here.glob("env-*")]
    assert len(environments) == 2
    assert not [text for text in environments if CANARY in text], "nor does the way to the worker inherit it"


def test_a_run_that_is_told_to_stop_stops_at_the_worker_too(away: Away) -> None:
    away.events = OnFirstTask(away.cancel.set)
    result = away(ENDLESS + WRITES)
    assert result.ending is Ending.INTERRUPTED
    assert not (away.here / HOSTS[0]).exists()


def test_a_worker_stops_when_the_way_to_it_breaks(away: Away) -> None:
    """As when the connection or the sender dies: nobody is left to say so."""

    def cut() -> None:
        [way] = [child for child in psutil.Process().children() if "cat |" in str(child.cmdline())]
        for part in way.children():
            if part.name() == "cat":
                part.kill()

    away.events = OnFirstTask(cut)
    away.command = ("sh", "-c", f"cat | {' '.join(away.command)}")
    result = away(ENDLESS + WRITES)
    assert result.ending is Ending.BROKEN
    assert not (away.here / HOSTS[0]).exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("/no/such/worker",), "No such file or directory"),
        (("sh", "-c", "echo Permission denied, please try again >&2; exit 255"), "Permission denied"),
        (("sh", "-c", "echo Welcome to worker.tn"), "'Welcome to worker.tn'"),
    ],
)
def test_a_worker_that_does_not_take_the_run_is_told_with_its_own_words(
    away: Away, command: tuple[str, ...], why: str
) -> None:
    away.command = (command[0], *(f"head -c 100 > /dev/null; {word}" if " " in word else word for word in command[1:]))
    with pytest.raises(UserError) as told:
        away(WRITES)
    assert told.value.code == "worker-failed"
    assert why in told.value.message
    assert command[0] in told.value.hint


def test_a_worker_that_never_says_a_word_is_given_up(away: Away, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "FIRST_WORD_S", 0.5)
    away.command = ("sh", "-c", "cat > /dev/null")
    with pytest.raises(UserError, match="did not take the run"):
        away(WRITES)


def test_a_worker_that_dies_in_the_midst_breaks_the_run_and_says_so(away: Away) -> None:
    away.command = ("sh", "-c", 'head -c 100 > /dev/null; echo \'{"status": "running"}\'')
    result = away(WRITES)
    assert result.ending is Ending.BROKEN
    assert "the worker: it ended before the run did" in result.messages[-1].text


def test_two_runs_do_not_meet_in_one_worker_s_folder(away: Away) -> None:
    away.there.mkdir()
    with (away.there / ".lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another run is under way"):
            away(WRITES)


def test_a_worker_cannot_speak_for_hosts_that_were_not_meant(away: Away) -> None:
    lies = [
        {"event": "runner_on_ok", "event_data": {"host": "gw1.other-1.yy", "task": "t", "res": {"changed": True}}},
        {"event": "runner_on_ok", "event_data": [1]},
        {"event": "playbook_on_stats", "event_data": {"processed": {HOSTS[0]: 1}, "ok": {HOSTS[0]: "many"}}},
        {"eof": True},
    ]
    said = away.here / "said"
    said.write_text("".join(f"{json.dumps(lie)}\n" for lie in lies))
    away.command = ("sh", "-c", f"cat {said}; cat > /dev/null")
    result = away(WRITES)
    assert result.ending is Ending.BROKEN
    assert set(result.hosts) == set(HOSTS)
    assert result.changed == 0
    assert {event.host for event in away.events if hasattr(event, "host")} == set()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[1]\n",
        b"[" * 100_000 + b"\n",
        b"\xff\xfe\n",
        b'{"event": "x"',
        b'{"zipfile": -1}\n',
        b'{"zipfile": "x"}\n',
        b'{"zipfile": 99999999999999}\n',
        b'{"zipfile": 30}\nAAAA',
    ],
)
def test_what_is_no_worker_s_word_is_an_error(said: bytes) -> None:
    with pytest.raises(BrokenStreamError):
        list(remote.receive(io.BytesIO(said)))


def test_an_archive_is_passed_over_and_never_unpacked() -> None:
    stream = b'{"status": "running"}\n{"zipfile": 4}\nAAAAAA=={"event": "keepalive"}\n{"eof": true}\nrest'
    assert list(remote.receive(io.BytesIO(stream))) == [{"status": "running"}]


def test_the_worker_is_the_environment_s_word_then_a_file_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACE_WORKER_TN", raising=False)
    with pytest.raises(UserError) as told:
        worker_of(tmp_path, "tn")
    assert told.value.code == "no-worker"
    assert "ACE_WORKER_TN='ssh worker.tn.example /srv/ace/worker.py" in told.value.hint
    Layout(tmp_path).worker("tn").parent.mkdir(parents=True)
    Layout(tmp_path).worker("tn").write_text("ssh 'a b' worker  # the one in Tunis\n")
    assert worker_of(tmp_path, "tn") == ("ssh", "a b", "worker")
    monkeypatch.setenv("ACE_WORKER_TN", "ssh other 'worker")
    with pytest.raises(UserError, match=r"ACE_WORKER_TN: no command"):
        worker_of(tmp_path, "tn")
    monkeypatch.setenv("ACE_WORKER_TN", "ssh other worker")
    assert worker_of(tmp_path, "tn") == ("ssh", "other", "worker")
