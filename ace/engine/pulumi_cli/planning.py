"""A copy of a stack to plan on: its state without some protection, in a backend of its own, thrown away afterwards.

`pulumi preview` refuses to plan the end of what is protected; the guards want the whole plan before anything is changed.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ace.engine.contract import Stack
from ace.engine.pulumi_cli.cli_state import put, require_success
from ace.engine.pulumi_cli.process import run
from ace.engine.pulumi_cli.workspace import Workspace

FOLDER = "planning"


@contextmanager
def copy_of(
    workspace: Workspace, stack: Stack, deployment: Mapping[str, Any], cancel: threading.Event
) -> Iterator[Workspace]:
    """A workspace whose stack of that name has this state; the real one is not touched.

    Raises:
        UserError: The CLI does not take it.
        InterruptedByUser: `cancel` was set.
    """
    folder = workspace.folder / FOLDER
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    backend = folder / "backend"
    backend.mkdir(parents=True, mode=0o700)
    try:
        for name in ("Pulumi.yaml", f"Pulumi.{stack.name}.yaml"):  # the latter has the salt: the secrets stay readable
            shutil.copy2(workspace.folder / name, folder / name)
        url = f"file://{backend}"
        copy = replace(
            workspace, folder=folder, backend_url=url, environment={**workspace.environment, "PULUMI_BACKEND_URL": url}
        )
        secrets = ("--no-select", "--secrets-provider", "passphrase")
        require_success(run(copy, "stack", "init", stack.name, *secrets, cancel=cancel), "stack init")
        put(copy, stack, deployment, cancel)
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)
