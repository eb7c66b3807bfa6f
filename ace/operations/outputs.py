"""What a country's stack gives to those after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ace.engine.values import masked
from ace.workspace.engines import EngineName
from ace.workspace.selection import one
from ace.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OutputsDocument:
    """The outputs of one stack; secrets are masked unless they were asked for."""

    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The outputs of one stack as of its last run, as plain JSON values; empty before the first."""

    country: str
    values: Mapping[str, Any]

    @property
    def document(self) -> OutputsDocument:
        """As JSON."""
        return OutputsDocument(self.values)


def outputs(
    workspace: Workspace, country: str, engine: EngineName = EngineName.AUTO, *, show_secrets: bool = False
) -> StackOutputs:
    """The outputs of a country's stack; secrets are masked unless they are asked for.

    Raises:
        UserError: It is no member, or its state cannot be read.
    """
    job = one(workspace, country, engine)
    values = {name: masked(value, show_secrets=show_secrets) for name, value in job.engine.outputs(job.stack).items()}
    return StackOutputs(job.stack.name, values)
