"""A country's state as a Pulumi deployment, out and in; handing it from one engine to another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ace.engine.contract import Engine, Event, Stack
from ace.engine.deployment import is_deployment
from ace.errors import UserError
from ace.files import put
from ace.workspace import engines
from ace.workspace.engines import EngineName
from ace.workspace.selection import LOCAL, one, stack_of
from ace.workspace.workspace import Workspace, make_private

Sink = Callable[[Event], None]


@dataclass(frozen=True, slots=True)
class StateExport:
    """A country's state; secrets in it stay encrypted."""

    country: str
    deployment: Mapping[str, Any]

    @property
    def text(self) -> str:
        """As it is written to a file."""
        return json.dumps(self.deployment, indent=2, ensure_ascii=False) + "\n"

    def write(self, file: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises:
            UserError: It cannot be written.
        """
        try:
            put(file.absolute(), self.text)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None


@dataclass(frozen=True, slots=True)
class StateImportDocument:
    """What was taken in as a country's state."""

    country: str
    engine: str
    resources: int
    """How many the state has."""


@dataclass(frozen=True, slots=True)
class StateImport:
    """What was taken in as a country's state."""

    country: str
    engine: EngineName
    resources: int
    before: EngineName | None
    """The engine that held the state until now; None: there was none."""
    kept: Path | None
    """Where the state that another engine held is kept."""

    @property
    def document(self) -> StateImportDocument:
        """As JSON."""
        return StateImportDocument(self.country, str(self.engine), self.resources)


def export_state(workspace: Workspace, country: str, engine: EngineName, sink: Sink) -> StateExport:
    """A country's state as a Pulumi deployment, which `pulumi stack import` takes as well.

    Raises:
        UserError: It is no member, or its state cannot be read.
    """
    job = one(workspace, country, engine)
    return StateExport(job.stack.name, job.engine.export(job.stack, sink))


def read_deployment(file: Path) -> Mapping[str, Any]:
    """The deployment in a file.

    Raises:
        UserError: There is none in it.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}", code="no-file") from None
    except ValueError as error:
        raise UserError(
            f"{file} is no JSON: {error}", hint="make it with `ace state export`", code="bad-file"
        ) from None
    if not is_deployment(content):
        raise UserError(
            f"{file} is no Pulumi deployment of version 3 or 4", hint="make it with `ace state export`", code="bad-file"
        )
    return dict(content)


def import_state(workspace: Workspace, country: str, file: Path, engine: EngineName, sink: Sink) -> StateImport:
    """Take a deployment as a country's state, instead of the present one, which is kept beside it.

    Args:
        workspace: The ROOT.
        country: The member's code, in any case.
        file: The deployment.
        engine: The engine that is to hold it; `auto`: the one that holds the state now.
        sink: Told what the engine says.

    Raises:
        UserError: It is no member, the file holds no deployment, or the engine does not take it.
    """
    member = workspace.spec.member(country)
    deployment = read_deployment(file)
    make_private(workspace.root)
    stack = stack_of(workspace, member)
    held = engines.holder(stack.state_dir)
    wanted = engine
    if engine is EngineName.AUTO:
        wanted = held or engines.for_new(has_backend=member.state.backend != LOCAL)
    kept = None
    if held is not None and held is not wanted:
        kept = _hand_over(engines.build(wanted), stack, deployment, held, sink)
    else:
        engines.build(wanted).import_(stack, deployment, sink)
    resources = len((deployment.get("deployment") or {}).get("resources") or [])
    return StateImport(stack.name, wanted, resources, held, kept)


def _hand_over(
    target: Engine, stack: Stack, deployment: Mapping[str, Any], held: EngineName, sink: Sink
) -> Path | None:
    """Import into another engine than holds the state; the old one's state is put aside, and back if that fails."""
    kept = engines.set_aside(stack.state_dir, held)
    try:
        target.import_(stack, deployment, sink)
    except BaseException:
        if kept is not None:
            engines.set_aside(
                stack.state_dir, EngineName.PULUMI if held is EngineName.EMBEDDED else EngineName.EMBEDDED
            )
            engines.put_back(stack.state_dir, kept)
        raise
    return kept
