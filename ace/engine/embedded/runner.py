"""Start a stack's program in a process of its own and wait for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ace.engine.contract import Stack
from ace.errors import UserError

_PARALLEL_REGISTRATIONS = 64


@dataclass(frozen=True, slots=True)
class ProgramError:
    """Why a program failed. `kind`: user (it says what to put right), refused (by a rule), bug (with its traceback)."""

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


def run(stack: Stack, program: Program, address: str, *, dry_run: bool) -> ProgramError | None:
    """Run the program against the engine at `address`; None when it ended well."""
    settings = {
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
    package = str(Path(__file__).resolve().parents[3])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [sys.executable, "-m", "ace.engine.embedded.program"],
        input=json.dumps(settings),
        env={**os.environ, **stack.environment, "PYTHONPATH": os.pathsep.join(paths), "GRPC_VERBOSITY": "ERROR"},
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # a Ctrl-C on the terminal is the engine's to handle
    )
    try:
        last: dict[str, Any] = json.loads(done.stdout.rstrip().rsplit("\n", 1)[-1])
        error = last["error"]
    except (ValueError, KeyError, TypeError):
        said = (done.stderr or done.stdout).strip()[-2000:]
        return ProgramError("bug", f"the program ended with {done.returncode}", said, "program-failed")
    return ProgramError(**error) if error else None


def _load(path: Path) -> dict[str, Any] | None:
    try:
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, yaml.YAMLError) as error:
        raise UserError(f"{path} cannot be read: {error}", hint="mend the file", code="no-program") from None
    return body if isinstance(body, dict) else {}
