"""Run `pulumi`, one command at a time, and follow its event log."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import UserError

_POLL_S = 0.05
_SHORT_COMMAND_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class Finished:
    """How a `pulumi` command ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """What it said, standard error first."""
        return "\n".join(part.strip() for part in (self.stderr, self.stdout) if part.strip())


def run(workspace: Workspace, *arguments: str) -> Finished:
    """Run a short command (stack init, export, ...) to its end.

    Raises:
        UserError: `pulumi` is not there or hangs.
    """
    try:
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=workspace.folder,
            env=dict(workspace.environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SHORT_COMMAND_TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError:
        raise _no_pulumi() from None
    except subprocess.TimeoutExpired:
        raise UserError(
            f"`pulumi {arguments[0]}` gave no answer for {_SHORT_COMMAND_TIMEOUT_S} s, backend {workspace.backend_url}",
            hint="is the backend within reach? see PULUMI_BACKEND_URL",
            code="backend-unreachable",
        ) from None
    return Finished(done.returncode, done.stdout, done.stderr)


def follow(
    workspace: Workspace,
    arguments: Sequence[str],
    on_event: Callable[[Mapping[str, Any]], None],
    cancel: threading.Event,
) -> Finished:
    """Run preview, up, refresh or destroy, handing over each engine event as it is logged.

    `cancel` sends one SIGINT: Pulumi finishes what is in flight and saves.
    """
    with tempfile.TemporaryDirectory(prefix="ace-pulumi-") as scratch:
        log = Path(scratch) / "events.jsonl"
        log.touch(mode=0o600)
        with (
            (Path(scratch) / "out").open("w+", encoding="utf-8") as out,
            (Path(scratch) / "err").open("w+", encoding="utf-8") as err,
            log.open(encoding="utf-8") as events,
        ):
            try:
                process = subprocess.Popen(
                    ["pulumi", *arguments, "--non-interactive", "--color", "never", "--event-log", str(log)],
                    cwd=workspace.folder,
                    env=dict(workspace.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,  # the terminal's Ctrl-C is ours to pass on, once
                )
            except FileNotFoundError:
                raise _no_pulumi() from None
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
    told = False
    rest = ""
    while True:
        ended = process.poll() is not None
        rest, lines = _lines(rest + events.read())
        for line in lines:
            on_event(line)
        if ended:
            return
        if cancel.is_set() and not told:
            told = True
            os.kill(process.pid, signal.SIGINT)
        try:
            process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            continue


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
