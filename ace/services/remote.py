"""Carry a run to a worker: a program in the country, which alone holds the keys of its hosts.

ansible-runner's own stream (`transmit | worker`) over the pipes of a child process, which is whatever reaches the worker:
`ssh worker.tn.example /srv/ace/worker.py`. What is sent names nothing of this machine: every path in it is relative.

What comes back is read here and not by ansible-runner's `process`, which unpacks the worker's archive with the paths and
links that the worker chose: events are taken, the archive stays unread. Standard input is held open until the worker has
ended: a worker that watches it (scripts/worker.py) stops Ansible when we, or the way to us, end.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from ace.errors import UserError
from ace.plaintext import last_line
from ace.services.events import clean
from ace.services.ssh import SshPlaces

Event = Mapping[str, Any]
CONTROL_DIR: Final = Path("../cp")
"""Where the worker keeps its SSH connections: like all that is sent, seen from `project`, in which Ansible runs."""
SSH: Final = SshPlaces(Path("../ssh/config"), Path("../ssh/known_hosts"), (Path("~/.ssh/config"),))
"""Pins are sent; keys and ways in that only the worker has are in its own user's ssh_config."""
ENVIRONMENT: Final = {
    "ANSIBLE_CONFIG": "../ansible.cfg",
    "ANSIBLE_HOST_KEY_CHECKING": "True",
    "LC_ALL": "C.UTF-8",
}
"""What Ansible finds in its environment beside the worker's own; ansible-runner would not check host keys."""
LONGEST_LINE: Final = 64 * 1024 * 1024
LARGEST_ARCHIVE: Final = 1024 * 1024 * 1024
FIRST_WORD_S: Final = 120.0
"""How long a worker may take to send its first message."""
STOP_S: Final = 20.0
"""How long a worker may take to stop once its input ends, and again when it is signalled."""
_PARTS: Final = ("ssh", "project", "inventory", "cp", "home", "tmp")
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True)
class Worker:
    """How a country's worker is started, and what it must know of the hosts."""

    command: tuple[str, ...]
    known_hosts: Path
    """The pinned host keys."""


class BrokenStreamError(Exception):
    """The stream is not what a worker sends."""


def lay_out(sent: Path, playbooks: Path, worker: Worker, ssh_config: str, ansible_cfg: str, inventory: str) -> None:
    """Write what is sent; a folder of its own, with nothing in it that the worker is not to have."""
    for part in ("", *_PARTS):
        (sent / part).mkdir(mode=0o700, parents=True)
    shutil.copytree(
        playbooks, sent / "project", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*")
    )
    (sent / "ssh" / "config").write_text(ssh_config, encoding="utf-8")
    shutil.copyfile(worker.known_hosts, sent / "ssh" / "known_hosts")
    (sent / "inventory" / "hosts.json").write_text(inventory, encoding="utf-8")
    (sent / "ansible.cfg").write_text(ansible_cfg, encoding="utf-8")


def run(
    worker: Worker,
    sent: Path,
    arguments: Mapping[str, Any],
    artefacts: Path,
    environment: Mapping[str, str],
    enqueue: Callable[[Event], None],
    cancel: threading.Event,
) -> str:
    """Send a run and take what the worker reports, until its end; blocking.

    Args:
        worker: Who does it.
        sent: What `lay_out` made.
        arguments: ansible-runner's.
        artefacts: Where Ansible's output and the command's complaints are kept; made.
        environment: The command's.
        enqueue: Takes each event.
        cancel: Ends the command's input, and in the end the command.

    Returns:
        ansible-runner's status; `error` where the stream broke (an event of kind `error` then has the reason).

    Raises:
        UserError: There is no such command, or it ended without taking the run.
    """
    artefacts.mkdir(mode=0o700)
    complaints = artefacts / "stderr"
    with complaints.open("wb") as err, (artefacts / "stdout").open("w", encoding="utf-8") as out:
        stream = _Stream(_start(worker, err, environment))
        status, broken = "error", ""
        with stream.ended(cancel):
            try:
                with suppress(OSError):  # it has ended: what it printed, if anything, shows more
                    send(sent, arguments, stream.to)
                stream.is_sent.set()
                for message in receive(stream.back):
                    stream.heard.set()
                    if "status" in message:
                        status, broken = str(message["status"]), str(message.get("job_explanation") or "")
                    elif "event" in message:
                        out.write(f"{line}\n" if (line := str(message.get("stdout") or "")) else "")
                        enqueue(message)
            except (OSError, BrokenStreamError) as error:
                status, broken = "error", str(error)
    complaint = last_line(clean(complaints.read_text(encoding="utf-8", errors="replace")[-4_000:]), "")
    if not stream.heard.is_set() and not cancel.is_set():
        raise _refused(worker, complaint or broken)
    if broken:
        enqueue({"event": "error", "stdout": f"the worker: {broken}" + (f" ({complaint})" if complaint else "")})
    return status


def _start(worker: Worker, err: BinaryIO, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            worker.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C is ours to pass on
        )
    except OSError as error:
        raise _refused(worker, str(error)) from None


def send(sent: Path, arguments: Mapping[str, Any], to: BinaryIO) -> None:
    """Write a run to a stream as `ansible-runner worker` reads it.

    Raises:
        OSError: Nobody reads it any more.
    """
    from ansible_runner.streaming import Transmitter  # noqa: PLC0415 - slow to import, and only runs need it

    Transmitter(_output=to, private_data_dir=str(sent), **arguments).run()


def receive(stream: BinaryIO) -> Iterator[Event]:
    """What a worker reports: events and states, until its end.

    Raises:
        BrokenStreamError: It states something else, or stops before its end.
    """
    while line := stream.readline(LONGEST_LINE):
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            text = clean(line[:200].decode("utf-8", errors="replace")).strip()
            raise BrokenStreamError(f"it sent {text!r}, which is not a worker's event") from None
        if not isinstance(message, dict):
            raise BrokenStreamError("it sent something that is not an event")
        if "eof" in message:
            return
        if "zipfile" in message:
            _skip(stream, message["zipfile"])
        elif message.get("event") != "keepalive":
            yield message
    raise BrokenStreamError("it ended before the run did")


def shown(command: Sequence[str]) -> str:
    """A command as a person types it."""
    return shlex.join(command)


class _Stream:
    """The command's pipes, and how it is ended."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdin is not None  # noqa: S101 - for the type checker
        assert child.stdout is not None  # noqa: S101
        self._child = child
        self.to: BinaryIO = child.stdin  # type: ignore[assignment]
        self.back: BinaryIO = child.stdout  # type: ignore[assignment]
        self.is_sent, self.heard, self._over = threading.Event(), threading.Event(), threading.Event()

    @contextmanager
    def ended(self, cancel: threading.Event) -> Iterator[None]:
        """Have the command ended at the end, when asked to stop, and when it never sends anything."""
        stopper = threading.Thread(target=self._stop_when, args=(cancel,), name="ace-worker-stop")
        stopper.start()
        try:
            yield
        finally:
            self._over.set()
            stopper.join()
            with suppress(OSError):
                self.to.close()
            self.back.close()
            try:
                self._child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._signal(signal.SIGKILL)
                self._child.wait()

    def _stop_when(self, cancel: threading.Event) -> None:
        first_word = time.monotonic() + FIRST_WORD_S
        while not cancel.wait(0.2):
            if self._over.is_set():
                return
            if not self.heard.is_set() and time.monotonic() > first_word:
                break
        if self.is_sent.is_set():  # else the other thread is in the midst of writing
            with suppress(OSError):
                self.to.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            deadline = time.monotonic() + STOP_S
            while time.monotonic() < deadline:
                if self._over.wait(0.1) or self._child.poll() is not None:
                    return
            self._signal(number)

    def _signal(self, number: int) -> None:
        """To the command and all that it started here."""
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, number)


def _skip(stream: BinaryIO, size: object) -> None:
    """Pass over an archive of so many bytes, in base64."""
    if not isinstance(size, int) or not 0 <= size <= LARGEST_ARCHIVE:
        raise BrokenStreamError("its archive has no size, or is too large")
    left = (size + 2) // 3 * 4
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise BrokenStreamError("it ended within its archive")
        left -= len(chunk)


def _refused(worker: Worker, why: str) -> UserError:
    return UserError(
        f"the worker did not take the run: {why or 'it gave no output'}",
        hint=f"start it by hand and see: `{shown(worker.command)} < /dev/null`; what it needs: docs/configure.md",
        code="worker-failed",
    )
