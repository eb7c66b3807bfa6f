"""Start a stack's program in a process of its own and wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import yaml

from ace.engine.contract import Stack
from ace.errors import UserError

_PARALLEL_REGISTRATIONS = 64
_ASKED_EVERY_S = 0.2
_LINES_KEPT = 40

OnLine = Callable[[str, str], None]
"""Takes a level (`info`, `warning`) and a line."""


@dataclass(frozen=True, slots=True)
class ProgramError:
    """Why a program failed. `kind`: user (its message names what to correct), refused (by a rule), bug (with its traceback)."""

    kind: str
    message: str
    hint: str
    code: str


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: from Pulumi.yaml and the stack's settings."""

    main: Path
    config: Mapping[str, str]


def read_program(stack: Stack) -> Program:
    """The stack's program.

    Raises:
        UserError: Pulumi.yaml or the stack's settings cannot be read.
    """
    file = stack.program_dir / "Pulumi.yaml"
    project = _load(file)
    if project is None:
        raise UserError(f"{file} is missing", hint="ACE runs from a whole checkout", code="no-program")
    main = (stack.program_dir / str(project.get("main", "."))).resolve()
    folder = stack.program_dir / str(project.get("stackConfigDir", "."))
    settings = _load(folder / f"Pulumi.{stack.name}.yaml") or {}
    config = {}
    for key, value in (settings.get("config") or {}).items():
        if isinstance(value, Mapping) and "secure" in value:
            raise UserError(
                f"{folder / f'Pulumi.{stack.name}.yaml'}: {key} is a secret of the Pulumi CLI's",
                hint="the embedded engine reads plain settings only; use --engine pulumi, or an environment variable",
                code="secret-config",
            )
        full = key if ":" in key else f"{stack.project}:{key}"
        config[full] = value if isinstance(value, str) else json.dumps(value)
    return Program(main, config)


def run(
    stack: Stack, program: Program, address: str, on_line: OnLine, may_stop: Callable[[], bool], *, dry_run: bool
) -> ProgramError | None:
    """Run the program against the engine at `address`; None when it ended well, or was stopped.

    Args:
        stack: Whose program.
        program: What to run.
        address: Where the engine listens.
        on_line: Gets each line that the program prints: `info` from standard output, `warning` from standard error.
        may_stop: Asked now and then; once true, the program is ended as it is.
        dry_run: Whether it is run for a plan.
    """
    reading, writing = os.pipe()
    settings = {**_settings(stack, program, address, dry_run=dry_run), "result": writing}
    process = _start(stack, writing)
    os.close(writing)
    last: deque[str] = deque(maxlen=_LINES_KEPT)
    over, stopped = threading.Event(), threading.Event()

    def end_when_asked() -> None:
        while not over.wait(_ASKED_EVERY_S):
            if may_stop():
                stopped.set()
                process.kill()
                return

    assert process.stdin and process.stdout and process.stderr  # noqa: S101 - for mypy: they are pipes
    with process, process.stdin as stdin, ThreadPoolExecutor(3) as pool:
        pool.submit(_forward, process.stdout, "info", on_line, last)
        pool.submit(_forward, process.stderr, "warning", on_line, last)
        pool.submit(end_when_asked)
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(settings))
            stdin.close()
        with os.fdopen(reading, encoding="utf-8") as result:
            ending = result.read()
        process.wait()
        over.set()
    if stopped.is_set():
        return None
    return _error_of(ending, process.returncode, last)


def _settings(stack: Stack, program: Program, address: str, *, dry_run: bool) -> dict[str, Any]:
    """What `ace.engine.embedded.program` reads from its standard input."""
    return {
        "monitor": address,
        "engine": address,
        "project": stack.project,
        "stack": stack.name,
        "organization": stack.organization,
        "root": str(stack.program_dir),
        "main": str(program.main),
        "config": dict(program.config),
        "dry_run": dry_run,
        "parallel": _PARALLEL_REGISTRATIONS,
    }


def _start(stack: Stack, result: int) -> subprocess.Popen[str]:
    """The program's process; it writes how it ended to the file descriptor `result`."""
    package = str(Path(__file__).resolve().parents[3])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", "ace.engine.embedded.program"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            **stack.environment,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONUNBUFFERED": "1",
            "GRPC_VERBOSITY": "ERROR",
        },
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=[result],
        start_new_session=True,  # a Ctrl-C on the terminal is the engine's to handle
    )


def _error_of(ending: str, code: int, last: Iterable[str]) -> ProgramError | None:
    """Why the program failed, from what it wrote at its end and its exit code; None when it ended well."""
    try:
        error: dict[str, str] | None = json.loads(ending)["error"]
    except (ValueError, KeyError, TypeError):
        how = f"by signal {-code}" if code < 0 else f"with {code}"
        return ProgramError("bug", f"the program ended {how}", "\n".join(last), "program-failed")
    return ProgramError(**error) if error else None


def _forward(stream: IO[str], level: str, on_line: OnLine, last: deque[str]) -> None:
    """Hand on what the program prints, line by line, and keep the end of it."""
    for line in stream:
        if text := line.rstrip():
            last.append(text)
            on_line(level, text)


def _load(path: Path) -> dict[str, Any] | None:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read: {error}", hint="correct the file", code="no-program") from None
    return body if isinstance(body, dict) else {}
