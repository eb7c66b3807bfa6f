"""Run `pulumi`, one command at a time, and follow its event log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import psutil

from ace.engine.interrupt import Urgency, urgency
from ace.engine.pulumi_cli.run_folder import RunFolder, run_folder
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import InterruptedByUser, UserError

_POLL_S = 0.05
_SHORT_COMMAND_TIMEOUT_S = 120
_START_S = 20
"""How long a stop is kept back from a `pulumi` that has not begun: it would die with its lock on the stack."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a `pulumi` command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """Its output, standard error first."""
        return "\n".join(part.strip() for part in (self.stderr, self.stdout) if part.strip())


def run(workspace: Workspace, *arguments: str, cancel: threading.Event | None = None) -> Finished:
    """Run a short command (stack init, export, ...) to its end.

    Args:
        workspace: Where.
        arguments: The command.
        cancel: For a command that only reads: ends it at once.

    Raises:
        UserError: `pulumi` is not there or hangs.
        InterruptedByUser: `cancel` was set.
    """
    with run_folder(workspace.folder) as place:
        return _run(workspace, place, arguments, cancel)


def _run(workspace: Workspace, place: RunFolder, arguments: Sequence[str], cancel: threading.Event | None) -> Finished:
    try:
        process = subprocess.Popen(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=workspace.folder,
            env=_environment(workspace, place.path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
        )
    except FileNotFoundError:
        raise _no_pulumi() from None
    deadline = time.monotonic() + _SHORT_COMMAND_TIMEOUT_S
    with process:
        while True:
            try:
                out, err = process.communicate(timeout=_POLL_S)
                return Finished(process.returncode, out, err)
            except subprocess.TimeoutExpired:
                stopped = cancel is not None and cancel.is_set()
                if stopped or time.monotonic() > deadline:
                    _kill(process)
                if stopped:
                    raise InterruptedByUser from None
                if time.monotonic() > deadline:
                    raise UserError(
                        f"`pulumi {arguments[0]}` gave no answer for {_SHORT_COMMAND_TIMEOUT_S} s, "
                        f"backend {workspace.backend_url}",
                        hint="is the backend within reach? see PULUMI_BACKEND_URL",
                        code="backend-unreachable",
                    ) from None


def follow(
    workspace: Workspace,
    arguments: Sequence[str],
    on_event: Callable[[Mapping[str, Any]], None],
    cancel: threading.Event,
) -> Finished:
    """Run preview, up, refresh or destroy, handing over each engine event as it is logged.

    `cancel` sends SIGINT: Pulumi finishes what is in flight and saves. Who insists (`Interrupt`) has it sent again: Pulumi
    saves what is pending and ends; and once more: it is killed, with all that it started.
    """
    with run_folder(workspace.folder) as place:
        log = place.path / "events.jsonl"
        log.touch(mode=0o600)
        with (
            (place.path / "out").open("w+", encoding="utf-8") as out,
            (place.path / "err").open("w+", encoding="utf-8") as err,
            log.open(encoding="utf-8") as events,
        ):
            try:
                process = subprocess.Popen(
                    ["pulumi", *arguments, "--non-interactive", "--color", "never", "--event-log", str(log)],
                    cwd=workspace.folder,
                    env=_environment(workspace, place.path),
                    pass_fds=[place.lock],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,  # the terminal's Ctrl-C is ours to pass on
                )
            except FileNotFoundError:
                raise _no_pulumi() from None
            place.started(process.pid, arguments[0])
            _pump(process, events, on_event, cancel)
            out.seek(0)
            err.seek(0)
            return Finished(process.returncode, out.read(), err.read())


def _pump(
    process: subprocess.Popen[bytes],
    events: IO[str],
    on_event: Callable[[Mapping[str, Any]], None],
    cancel: threading.Event,
) -> None:
    sent = Urgency.NONE
    begun = False
    patience_ends = time.monotonic() + _START_S
    rest = ""
    while True:
        ended = process.poll() is not None
        rest, lines = _lines(rest + events.read())
        for line in lines:
            begun = True
            on_event(line)
        if ended:
            return
        asked = urgency(cancel)
        if asked is Urgency.KILL:
            _kill(process)
        elif sent < asked and (begun or asked is Urgency.STOP or time.monotonic() > patience_ends):
            sent = Urgency(sent + 1)  # one signal a turn: two at a time would count as one
            os.kill(process.pid, signal.SIGINT)
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue


def _kill(process: subprocess.Popen[Any]) -> None:
    """Kill it, and the programs and plugins that it started, some of which are in process groups of their own."""
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in started:
            with suppress(psutil.NoSuchProcess):
                child.kill()


def _environment(workspace: Workspace, temporary: Path) -> dict[str, str]:
    """The environment of a `pulumi` whose temporary files (plugins' as well) are to lie there, not in /tmp."""
    return {**workspace.environment, "TMPDIR": str(temporary.absolute())}


def _lines(text: str) -> tuple[str, Iterator[Mapping[str, Any]]]:
    """The unfinished rest, and the whole lines as events."""
    *whole, rest = text.split("\n")
    return rest, (json.loads(line) for line in whole if line.strip())


def _no_pulumi() -> UserError:
    return UserError(
        "the Pulumi CLI is not on PATH",
        hint="install it from its makers (pulumi.com), or use the built-in engine: --engine embedded",
        code="no-pulumi",
    )
