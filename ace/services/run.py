"""Run one playbook on one country's hosts, through ansible-runner: here, or by the country's worker (`remote`).

Each run has a folder of its own, an environment that inherits nothing but what it names, connections of its own, and
host keys that are pinned before it begins. It can be stopped at any moment and run again: roles compare what runs.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import psutil

from ace.services import remote
from ace.services.events import Tally, read
from ace.services.remote import Worker
from ace.services.results import AnsibleMessage, Ending, RunEvent, RunResult

OnEvent = Callable[[RunEvent], None]
PLAYBOOK_S = 3600
"""After so long a run is stopped."""
CONNECT_S = 15
"""How long one attempt to connect may take; a busy host's sudo may take longer (`timeout` in ansible.cfg)."""
STOP_S = 15.0
"""How long Ansible may take to stop by itself when asked to."""
_IMPORTING = threading.Lock()
_INHERITED = ("HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "TMPDIR", "ANSIBLE_VAULT_PASSWORD_FILE")
_OF_RUNNER = (
    "ANSIBLE_CALLBACK_PLUGINS",
    "ANSIBLE_STDOUT_CALLBACK",
    "ANSIBLE_RETRY_FILES_ENABLED",
    "AWX_ISOLATED_DATA_DIR",
    "RUNNER_OMIT_EVENTS",
    "RUNNER_ONLY_FAILED_EVENTS",
)


@dataclass(frozen=True)
class RunRequest:
    """What to run, on whom, and where its files go."""

    playbook: Path
    inventory: Mapping[str, Any]
    """Ansible's static form (`ace.services.ansible.static`)."""
    hosts: tuple[str, ...]
    """Those to run on; the inventory may have more."""
    ssh_config: Callable[[Path], str]
    """Gives the ssh_config for the folder in which connections are kept open."""
    folder: Path
    """The run's own; made, and not there before."""
    group_vars: Path | None = None
    """The country's own variables; those of a run by a worker are the worker's."""
    check: bool = False
    extra_vars: Mapping[str, Any] = field(default_factory=dict)
    forks: int = 10
    worker: Worker | None = None
    """Who does it; None: this process, with the keys that are here."""


def run_playbook(request: RunRequest, on_event: OnEvent, cancel: threading.Event) -> RunResult:
    """Run it and wait for its end; blocking, from any thread, several at once.

    Args:
        request: What to run.
        on_event: Called with of everything as it happens, from one thread of this run.
        cancel: When set, Ansible is asked to stop; the run ends as `interrupted`.

    Raises:
        OSError: The run's folder cannot be made.
        UserError: The worker did not take the run.
    """
    began = time.monotonic()
    tally = Tally()
    queue: SimpleQueue[Mapping[str, Any] | None] = SimpleQueue()
    listener = threading.Thread(target=_listen, args=(queue, tally, on_event), name="ace-ansible-events")
    listener.start()
    try:
        status = _here(request, queue, cancel) if request.worker is None else _away(request, queue, cancel)
    finally:
        queue.put(None)
        listener.join()
    return tally.result(_ending(status, tally, cancel), request.hosts, request.folder, time.monotonic() - began)


def _here(request: RunRequest, queue: SimpleQueue[Mapping[str, Any] | None], cancel: threading.Event) -> str:
    """Run it from this process, with connections of its own."""
    with _connections() as control_dir:
        _lay_out(request, control_dir)
        ended = threading.Event()
        stopper = threading.Thread(target=_stop_when, args=(cancel, ended, request.folder), name="ace-ansible-stop")
        stopper.start()
        try:
            return _run(request, queue)
        finally:
            ended.set()
            stopper.join()


def _away(request: RunRequest, queue: SimpleQueue[Mapping[str, Any] | None], cancel: threading.Event) -> str:
    """Have the country's worker run it. Of what it reports only that counts which is of the hosts that were meant."""
    assert request.worker is not None  # noqa: S101 - for the type checker
    with _IMPORTING:
        import ansible_runner.streaming  # noqa: F401, PLC0415 - slow to import; `remote` takes it from there
    sent = request.folder / "sent"
    request.folder.mkdir(mode=0o700, parents=True)
    remote.lay_out(
        sent,
        request.playbook.parent,
        request.worker,
        request.ssh_config(remote.CONTROL_DIR),
        ansible_cfg(Path(), remote.CONTROL_DIR, remote.SSH.config),
        _inventory(request),
    )

    def enqueue(event: Mapping[str, Any]) -> None:
        data = event.get("event_data")
        if not isinstance(data, dict) or not data.get("host") or data["host"] in request.hosts:
            queue.put(event)

    arguments = {
        **_arguments(request),
        "playbook": request.playbook.name,
        "inventory": "inventory",
        "envvars": dict(remote.ENVIRONMENT),
        "settings": {"job_timeout": PLAYBOOK_S},
    }
    # no ANSIBLE_CONFIG: Ansible does not run here; what starts the worker finds no passphrase and no credential
    own = {name: value for name, value in environment(Path(), os.environ, {}).items() if name != "ANSIBLE_CONFIG"}
    return remote.run(request.worker, sent, arguments, request.folder / "artefacts", own, enqueue, cancel)


def _arguments(request: RunRequest) -> dict[str, Any]:
    """ansible-runner's settings, wherever it runs."""
    return {
        "limit": ",".join(request.hosts),
        "forks": request.forks,
        "cmdline": "--diff --check" if request.check else "--diff",
        "extravars": dict(request.extra_vars),
        "suppress_env_files": True,
    }


def _run(request: RunRequest, queue: SimpleQueue[Mapping[str, Any] | None]) -> str:
    """Start Ansible and wait; its events go into the queue, nothing else is done on its time."""
    with _IMPORTING:  # two threads that import it at once leave it half made
        from ansible_runner.interface import init_runner  # noqa: PLC0415 - slow to import, and only runs need it

    def enqueue(event: dict[str, Any]) -> bool:
        queue.put(event)
        return False  # what is worth keeping is in the record and in `stdout`

    runner = init_runner(
        private_data_dir=str(request.folder),
        project_dir=str(request.playbook.parent),
        playbook=str(request.playbook),
        inventory=str(request.folder / "inventory"),
        ident="artefacts",
        artifact_dir=str(request.folder),
        quiet=True,
        **_arguments(request),
        settings={"pexpect_timeout": 60, "job_timeout": PLAYBOOK_S},
        event_handler=enqueue,
        cancel_callback=lambda: False,
    )
    runner.config.env = environment(request.folder, os.environ, runner.config.env)
    runner.run()
    return str(runner.status)


def environment(folder: Path, inherited: Mapping[str, str], of_runner: Mapping[str, str]) -> dict[str, str]:
    """All that Ansible and what it starts find in their environment: no passphrase, no cloud's credential."""
    kept = {name: inherited[name] for name in _INHERITED if name in inherited}
    own = {name: of_runner[name] for name in _OF_RUNNER if name in of_runner}
    bin_dir = str(Path(sys.executable).parent)
    return {
        **kept,
        **own,
        "PATH": os.pathsep.join([bin_dir, inherited.get("PATH", os.defpath)]),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
    }


def ansible_cfg(folder: Path, control_dir: Path, ssh_config: Path) -> str:
    """The run's ansible.cfg. Nobody else's is read. Ansible takes a relative `folder` from where the file is."""
    return f"""# Written by ace for this run.
[defaults]
host_key_checking = true
interpreter_python = /usr/bin/python3
inventory_unparsed_is_failed = true
local_tmp = {folder / "tmp"}
home = {folder / "home"}
no_target_syslog = true
nocows = true
retry_files_enabled = false
timeout = 90
deprecation_warnings = false
localhost_warning = false

[inventory]
enable_plugins = yaml

[ssh_connection]
pipelining = true
retries = 2
control_path_dir = {control_dir}
ssh_args = -F {ssh_config} -o ControlMaster=auto -o ControlPersist=60s -o ConnectTimeout={CONNECT_S}
"""


def _lay_out(request: RunRequest, control_dir: Path) -> None:
    """Write what the run reads: inventory, settings, ssh_config. Variables of the country are linked to, not copied."""
    folder = request.folder
    for part in (folder, folder / "inventory", folder / "home", folder / "tmp"):
        part.mkdir(mode=0o700, parents=True)
    (folder / "inventory" / "hosts.json").write_text(_inventory(request), encoding="utf-8")
    if request.group_vars is not None and request.group_vars.is_dir():
        (folder / "inventory" / "group_vars").symlink_to(request.group_vars.resolve())
    ssh_config = control_dir / "config"
    ssh_config.write_text(request.ssh_config(control_dir), encoding="utf-8")
    (folder / "ansible.cfg").write_text(ansible_cfg(folder, control_dir, ssh_config), encoding="utf-8")


def _inventory(request: RunRequest) -> str:
    inventory = {**request.inventory, "all": {**request.inventory["all"]}}
    common = dict(inventory["all"].get("vars", {}))
    common.pop("ansible_ssh_common_args", None)  # ansible.cfg states it, for this run's own connections
    inventory["all"]["vars"] = common
    return json.dumps(inventory, indent=1)


def _listen(queue: SimpleQueue[Mapping[str, Any] | None], tally: Tally, on_event: OnEvent) -> None:
    while (event := queue.get()) is not None:
        try:
            message = read(event)
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # a worker may send anything
            message = AnsibleMessage("error", f"an event that cannot be understood: {error}")
        if message is not None:
            tally.take(message)
            on_event(message)


def _ending(status: str, tally: Tally, cancel: threading.Event) -> Ending:
    if tally.final is None:
        return Ending.INTERRUPTED if cancel.is_set() else Ending.BROKEN
    if all(counts.is_well for counts in tally.final.values()) and status == "successful":
        return Ending.COMPLETE
    return Ending.INTERRUPTED if cancel.is_set() else Ending.FAILED


# ------------------------------------------------------------------------------------------------- processes, connections


def _stop_when(cancel: threading.Event, ended: threading.Event, folder: Path) -> None:
    """Ask Ansible to stop once `cancel` is set; end what does not react."""
    while not cancel.wait(0.2):
        if ended.is_set():
            return
    deadline = time.monotonic() + STOP_S
    message: set[int] = set()
    while not ended.wait(0.1):
        for process in _of_run(folder):
            if process.pid not in message:
                message.add(process.pid)
                _signal(process, signal.SIGINT)
            elif time.monotonic() > deadline:
                for one in (*_children(process), process):
                    _signal(one, signal.SIGKILL)


def _of_run(folder: Path) -> Iterator[psutil.Process]:
    """Our own children that run this run's playbook."""
    for child in _children(psutil.Process(), recursive=False):
        try:
            if any(str(folder) in argument for argument in child.cmdline()):
                yield child
        except psutil.Error:
            continue


def _children(process: psutil.Process, *, recursive: bool = True) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=recursive))
    except psutil.Error:
        return []


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


@contextmanager
def _connections() -> Iterator[Path]:
    """A folder for the run's SSH connections, closed at the end. Its path is short: a socket's has 108 bytes at most."""
    folder = Path(tempfile.mkdtemp(prefix="ace-", dir="/tmp"))
    try:
        yield folder
    finally:
        for socket in folder.iterdir():
            if socket.is_socket():
                command = ["ssh", "-F", "/dev/null", "-o", f"ControlPath={socket}", "-O", "exit", "host"]
                subprocess.run(command, capture_output=True, timeout=10, check=False)
        shutil.rmtree(folder, ignore_errors=True)
