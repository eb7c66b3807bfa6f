"""One country's Pulumi workspace: a project folder of its own whose `main` is the checkout's stacks/."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ace.engine.contract import Stack
from ace.engine.pulumi_cli.store import VARIABLE, NamedBy, Store
from ace.files import put


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where `pulumi` runs, and with what environment."""

    folder: Path
    environment: Mapping[str, str]
    backend_url: str

    @property
    def store(self) -> Store:
        """The store that holds the stack."""
        return Store(self.backend_url, NamedBy.NOBODY)


def home(stack: Stack) -> Path:
    """The stack's own workspace."""
    return stack.state_dir / "pulumi"


def prepare(stack: Stack, store: Store, folder: Path | None = None) -> Workspace:
    """Make (or renew) a workspace over a store, `<state_dir>/pulumi/` if no other; the salt of its settings is kept."""
    folder = folder or home(stack)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (stack.state_dir, home(stack), folder):
        path.chmod(0o700)
    if store.folder is not None and store.folder.is_relative_to(folder.absolute()):
        store.folder.mkdir(exist_ok=True, mode=0o700)
    put(folder / "Pulumi.yaml", yaml.safe_dump(_project(stack), sort_keys=False))
    settings = folder / f"Pulumi.{stack.name}.yaml"
    put(settings, yaml.safe_dump(_settings(stack, settings), sort_keys=False))
    environment = {
        **os.environ,
        **stack.environment,
        VARIABLE: store.url,
        "PULUMI_CONFIG_PASSPHRASE": stack.passphrase,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DEBUG_COMMANDS": "true",  # shows --event-log
        "PULUMI_AUTOMATION_API": "true",
    }
    environment.pop("PULUMI_CONFIG_PASSPHRASE_FILE", None)
    return Workspace(folder, environment, store.url)


def _project(stack: Stack) -> dict[str, Any]:
    """The checkout's Pulumi.yaml with absolute paths and this very Python environment."""
    project: dict[str, Any] = yaml.safe_load((stack.program_dir / "Pulumi.yaml").read_text(encoding="utf-8"))
    runtime = project.get("runtime")
    options = dict(runtime.get("options", {})) if isinstance(runtime, dict) else {}
    options.pop("toolchain", None)
    options["virtualenv"] = sys.prefix
    project["runtime"] = {"name": "python", "options": options}
    project["main"] = str((stack.program_dir / str(project.get("main", "."))).resolve())
    project.pop("stackConfigDir", None)
    project.pop("backend", None)
    return project


def _settings(stack: Stack, present: Path) -> dict[str, Any]:
    """The checkout's settings of the stack, over what the CLI keeps here: its salt above all."""
    project = yaml.safe_load((stack.program_dir / "Pulumi.yaml").read_text(encoding="utf-8"))
    shipped = stack.program_dir / str(project.get("stackConfigDir", ".")) / f"Pulumi.{stack.name}.yaml"
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in (present, shipped) if path.is_file()]
    merged: dict[str, Any] = {key: value for settings in found for key, value in settings.items()}
    config = {key: value for settings in found for key, value in (settings.get("config") or {}).items()}
    return {**merged, "config": config}
