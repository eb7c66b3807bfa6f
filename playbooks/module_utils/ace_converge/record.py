"""What a host was last made to be, and by which words: so that the same words need not be said again.

A run that brings `inputs`, a digest of all that its words follow from (inventory, variables, playbooks), leaves each call
of `converge` here, and at its end that it came to its end. The next run with the same inputs asks the host one thing:
whether all of it still holds, in running state. Only then nothing is left to be done.

The calls hold whole files, so the folder is root's alone.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from typing import Any

from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine, read, write_private
from ansible.module_utils.ace_converge.whole import converge, told

FOLDER = "/var/lib/ace/converged"
END = "end.json"


def begin(machine: Machine) -> None:
    """Forget the last run: from now on the host is something in between."""
    folder = machine.path(FOLDER)
    if os.path.isdir(folder):
        end = os.path.join(folder, END)
        if os.path.exists(end):
            os.unlink(end)  # first, so that a record is whole or does not count
        shutil.rmtree(folder)


def add(given: dict[str, Any], machine: Machine) -> None:
    """Remember a call that came to its end."""
    folder = machine.path(FOLDER)
    number = len(os.listdir(folder)) if os.path.isdir(folder) else 0
    write_private(os.path.join(folder, f"{number:03d}.json"), json.dumps(given))


def end(inputs: str, facts: dict[str, Any], of_others: dict[str, Any], machine: Machine) -> None:
    """Remember that all of the run was done.

    Args:
        inputs: The run's digest.
        facts: What the host is (`host_facts`).
        of_others: What the hosts of the run told.
        machine: The host.
    """
    body = {"inputs": inputs, "facts": facts, "told": of_others}
    write_private(os.path.join(machine.path(FOLDER), END), json.dumps(body))


def look(inputs: str, facts: dict[str, Any], machine: Machine) -> dict[str, Any] | None:
    """What the hosts told when this one was last made what `inputs` say, if it is that still; else None.

    Gives `told` and `own`: what it tells now. Nothing is changed.
    """
    last = _read(os.path.join(machine.path(FOLDER), END))
    if not inputs or last is None or last.get("inputs") != inputs or not _as_then(last.get("facts"), facts):
        return None
    looking = replace(machine, check=True)
    own: dict[str, Any] = {}
    try:
        for name in sorted(os.listdir(machine.path(FOLDER))):
            if name == END:
                continue
            given = _read(os.path.join(machine.path(FOLDER), name))
            changes: list[Change] = []
            if given is None:
                return None
            converge(given, looking, changes)
            if changes:
                return None
            own.update(told(given, looking))
    except (ConvergeError, OSError, KeyError, TypeError, ValueError):  # a call of an older release among them
        return None
    return {"told": last.get("told"), "own": own}


def _as_then(then: Any, now: dict[str, Any]) -> bool:
    """Whether the host is what it was, and has all packages that it had."""
    if not isinstance(then, dict) or not set(then.get("packages", ())) <= set(now["packages"]):
        return False
    return {**then, "packages": None} == {**now, "packages": None}


def _read(path: str) -> dict[str, Any] | None:
    try:
        found = json.loads(read(path) or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
