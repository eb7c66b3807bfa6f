"""What the policies found, for people and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ace.cli.show.output import stderr, stdout

if TYPE_CHECKING:
    from ace.errors import RefusedError
    from ace.workspace.policy_memory import FindingChanges


def show_refusals(refused: Mapping[str, RefusedError]) -> None:
    """What `ace up` would refuse."""
    for name in sorted(refused):
        stderr.print(f"\n`ace up` would refuse this: {refused[name].message}", markup=False)
        stderr.print(f"what to do: {refused[name].hint}", markup=False)


def show_changes(found: Mapping[str, FindingChanges]) -> None:
    """A line a finding."""
    for stack, of in sorted(found.items()):
        for kind, those in (("caused", of.caused), ("cured", of.cured)):
            for one in those:
                stdout.print(f"{stack}  {kind}  {one.severity}: {one.rule}: {one.fact}", markup=False)
