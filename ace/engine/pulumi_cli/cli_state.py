"""A stack's state as the Pulumi CLI gives it, and the CLI's message when it cannot."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from ace.engine.contract import JsonValue, Stack
from ace.engine.pulumi_cli import locks
from ace.engine.pulumi_cli.process import Finished, run
from ace.engine.pulumi_cli.run_folder import run_folder
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import UserError


def export(workspace: Workspace, stack: Stack, cancel: threading.Event | None = None) -> dict[str, JsonValue]:
    """The deployment as the CLI has it, secrets encrypted.

    Raises:
        UserError: The CLI cannot give it.
        InterruptedByUser: `cancel` was set.
    """
    finished = run(workspace, "stack", "export", "--stack", stack.name, cancel=cancel)
    require_success(finished, "stack export")
    deployment: dict[str, JsonValue] = json.loads(finished.stdout)
    return deployment


def put(
    workspace: Workspace, stack: Stack, deployment: Mapping[str, JsonValue], cancel: threading.Event | None = None
) -> None:
    """Give the CLI another state in place of the present one.

    Raises:
        UserError: The stack is locked, or the CLI refuses the state.
        InterruptedByUser: `cancel` was set.
    """
    with run_folder(workspace.folder) as place:
        file = place.path / "deployment.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps(deployment), encoding="utf-8")
        finished = run(workspace, "stack", "import", "--file", str(file), "--stack", stack.name, cancel=cancel)
    if "currently locked" in finished.text:
        raise explained(finished.text, workspace, stack)
    require_success(finished, "stack import")


def resources_of(deployment: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Its resources; none where the stack is empty."""
    return list((deployment.get("deployment") or {}).get("resources") or [])


def require_success(finished: Finished, command: str) -> None:
    """Make sure that a command did not fail.

    Raises:
        UserError: It did; with what the CLI reported.
    """
    if finished.code != 0:
        raise UserError(f"`pulumi {command}` failed: {finished.text}", code="pulumi-failed")


def explained(text: str, workspace: Workspace, stack: Stack, hint: str = "") -> UserError:
    """What the CLI reported, with what to do where we know it; else the hint given."""
    if "currently locked" in text:
        return locks.held(locks.holders_in(text), workspace, stack, text)
    if "incorrect passphrase" in text:
        return UserError(
            f"{stack.name}: the passphrase does not open this state",
            hint="check PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
            code="wrong-passphrase",
        )
    return UserError(f"{stack.name}: {text.strip()}", hint=hint, code="program-failed")
