"""Commands that make a state which another command can ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible.module_utils.ace_converge.values import Change, Machine


@dataclass(frozen=True)
class Step:
    """`run` makes `name` so, unless the question `unless` is answered with exit status 0."""

    name: str
    unless: tuple[str, ...]
    run: tuple[str, ...]


def converge_steps(steps: Sequence[Step], machine: Machine) -> list[Change]:
    """Do the steps that are needed, in order.

    Raises:
        ConvergeError: One failed, or did not make what it is there for.
    """
    changes: list[Change] = []
    for step in steps:
        asked = machine.run(step.unless)
        if asked.status == 0:
            continue
        changes.append(Change(step.name, asked.out, "made so\n"))
        if not machine.check:
            machine.must(step.run)
            machine.must(step.unless)
    return changes
