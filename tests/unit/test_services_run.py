"""Runs of Ansible, on hosts that are this machine: progress, results, what a run leaves and what it never sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ace.services.results import Ending, HostCounts, RunEvent, RunResult, TaskBegan, TaskEnded, TaskOutcome
from ace.services.run import RunRequest, environment, run_playbook

HOSTS = ("gw1.here-1.xx", "gw2.here-1.xx")
CANARY = "canary-6f1d"


class Run:
    """One run below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.events: list[RunEvent] = []
        self.cancel = threading.Event()

    def __call__(self, tasks: str, *, check: bool = False, **extra_vars: str) -> RunResult:
        playbook = self.folder / "project" / "site.yml"
        playbook.parent.mkdir(exist_ok=True)
        playbook.write_text(f"- hosts: all\n  gather_facts: false\n  tasks:\n{tasks}", encoding="utf-8")
        request = RunRequest(
            playbook=playbook,
            inventory={"all": {"vars": {"ansible_connection": "local"}, "hosts": {host: {} for host in HOSTS}}},
            hosts=HOSTS,
            ssh_config=lambda _control_dir: "",
            folder=self.folder / f"run-{len(list(self.folder.iterdir()))}",
            check=check,
            extra_vars={"here": str(self.folder), **extra_vars},
        )
        return run_playbook(request, self.events.append, self.cancel)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    yield Run(tmp_path)
    assert not [child for child in psutil.Process().children() if str(tmp_path) in " ".join(child.cmdline())]


WRITES = "    - ansible.builtin.copy: {content: \"x\\n\", dest: '{{ here }}/{{ inventory_hostname }}', mode: '0600'}\n"
FAILS_ON_ONE = "    - ansible.builtin.fail: {msg: 'no zone'}\n      when: inventory_hostname is match('gw1')\n"


def test_a_run_tells_each_host_s_tasks_and_counts(run: Run) -> None:
    result = run(WRITES)
    assert result.ending is Ending.COMPLETE
    assert result.hosts == dict.fromkeys(HOSTS, HostCounts(changed=1))
    assert {event.host for event in run.events if isinstance(event, TaskBegan)} == set(HOSTS)
    ended = [event.outcome for event in run.events if isinstance(event, TaskEnded)]
    assert ended == [TaskOutcome.CHANGED, TaskOutcome.CHANGED]


def test_a_second_run_changes_nothing(run: Run) -> None:
    run(WRITES)
    assert run(WRITES).hosts == dict.fromkeys(HOSTS, HostCounts(ok=1))


def test_check_changes_nothing_and_shows_what_would_change(run: Run) -> None:
    result = run(WRITES, check=True)
    assert result.changed == 2
    assert "+x" in result.changes[0].diff
    assert not (run.folder / HOSTS[0]).exists()


def test_a_failed_host_leaves_the_others_going(run: Run) -> None:
    result = run(FAILS_ON_ONE + WRITES)
    assert result.ending is Ending.FAILED
    assert result.hosts == {HOSTS[0]: HostCounts(failed=1), HOSTS[1]: HostCounts(changed=1)}
    assert [(trouble.host, trouble.message) for trouble in result.troubles] == [(HOSTS[0], "no zone")]


def test_a_playbook_that_is_wrong_is_no_host_s_fault(run: Run) -> None:
    result = run("    - no.such.module: {}\n")
    assert result.ending is Ending.BROKEN
    assert not result.troubles


def test_a_run_that_is_told_to_stop_stops_and_leaves_nothing_running(run: Run) -> None:
    stop = threading.Timer(0, run.cancel.set)

    class Events(list[RunEvent]):
        def append(self, event: RunEvent) -> None:
            super().append(event)
            if isinstance(event, TaskBegan) and not stop.is_alive() and not run.cancel.is_set():
                stop.start()

    run.events = Events()
    result = run("    - ansible.builtin.command: sleep 600\n" + WRITES)
    assert result.ending is Ending.INTERRUPTED
    assert not (run.folder / HOSTS[0]).exists()


def test_what_the_caller_s_environment_keeps_secret_reaches_no_task_and_no_artefact(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", CANARY)
    monkeypatch.setenv("OS_PASSWORD", CANARY)
    run("    - ansible.builtin.shell: env > {{ here }}/env-{{ inventory_hostname }}\n")
    written = [path for path in run.folder.rglob("*") if path.is_file()]
    assert run.folder / f"env-{HOSTS[0]}" in written
    assert not [path for path in written if CANARY in path.read_text(errors="replace")]


def test_the_environment_names_what_it_lets_in() -> None:
    given = {
        "HOME": "/h",
        "OS_PASSWORD": "p",
        "SSH_AUTH_SOCK": "/s",
        "PATH": "/bin",
        "ANSIBLE_HOST_KEY_CHECKING": "False",
    }
    made = environment(Path("/r"), given, {"ANSIBLE_HOST_KEY_CHECKING": "False", "AWX_ISOLATED_DATA_DIR": "/r/a"})
    assert set(made) == {"HOME", "SSH_AUTH_SOCK", "PATH", "LC_ALL", "ANSIBLE_CONFIG", "AWX_ISOLATED_DATA_DIR"}
