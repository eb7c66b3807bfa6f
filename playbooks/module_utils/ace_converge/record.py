"""What a host was last made to be, and by which inputs: so that the same inputs need not be applied again.

A run that brings `inputs`, a digest of all that its inputs follow from (inventory, variables, playbooks), leaves each call
of `converge` here, and at its end that it came to its end. The next run with the same inputs asks the host one thing:
whether all of it still holds, in running state. Only then nothing is left to be done.

A run of one part (`ace_only`) that names what it follows from, and after which whole run it comes, replaces that part's calls
in the record of that run: all else was configured with the same inputs.

The calls hold whole files, so the folder is root's alone.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from typing import Any

from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine, read, write_private
from ansible.module_utils.ace_converge.whole import converge, public_facts_of

FOLDER = "/var/lib/ace/converged"
END = "end.json"
OPEN = "open"
"""There while a run is recorded: the run's digest."""


_OF_THE_RUN = ("inputs", "part", "run_facts", "minimum")
"""What a call has of its run, and not of what it makes; packages do not get older."""


def begin(inputs: str, machine: Machine) -> None:
    """Forget the last run: from now on the host is something in between."""
    folder = machine.path(FOLDER)
    _remove(os.path.join(folder, END))  # first, so that a record is whole or does not count
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    write_private(os.path.join(folder, OPEN), inputs)


def reopen(before: str, part: str, inputs: str, machine: Machine) -> dict[str, Any] | None:
    """Keep what the whole run `before` left but for one part, which is about to be applied again.

    Gives `told` and `own`, as `look` does. None where the host has no record of just that run; then this one is not
    recorded.
    """
    folder = machine.path(FOLDER)
    _remove(os.path.join(folder, OPEN))
    last = _read(os.path.join(folder, END))
    if not before or last is None or last.get("inputs") != before:
        return None
    _remove(os.path.join(folder, END))
    own: dict[str, Any] = {}
    for name in _calls(folder):
        if name.endswith(f"-{part}.json"):
            _remove(os.path.join(folder, name))
        elif given := _read(os.path.join(folder, name)):
            own.update(public_facts_of(given, machine))
    write_private(os.path.join(folder, OPEN), inputs)
    return {"told": last.get("told") or {}, "own": own}


def add(part: str, given: dict[str, Any], machine: Machine) -> None:
    """Remember a call of a part that came to its end, if the run is recorded and the call is not in its record."""
    folder = machine.path(FOLDER)
    if not os.path.exists(os.path.join(folder, OPEN)):
        return
    calls = _calls(folder)
    text = json.dumps({name: value for name, value in given.items() if name not in _OF_THE_RUN})
    if any(read(os.path.join(folder, name)) == text for name in calls if name.endswith(f"-{part}.json")):
        return
    number = max((int(name[:3]) for name in calls), default=-1) + 1
    write_private(os.path.join(folder, f"{number:03d}-{part}.json"), text)


def end(inputs: str, facts: dict[str, Any], of_others: dict[str, Any], machine: Machine) -> None:
    """Remember that all of the run was done, if it is recorded.

    Args:
        inputs: The run's digest.
        facts: What the host is (`host_facts`).
        of_others: What the hosts of the run reported.
        machine: The host.
    """
    opened = os.path.join(machine.path(FOLDER), OPEN)
    if read(opened) != inputs:
        return
    body = {"inputs": inputs, "facts": facts, "told": of_others}
    write_private(os.path.join(machine.path(FOLDER), END), json.dumps(body))
    _remove(opened)


def look(inputs: str, facts: dict[str, Any], machine: Machine) -> dict[str, Any] | None:
    """What the hosts reported when this one was last configured with `inputs`, if it still is as then; else None.

    Gives `told` and `own`: what it reports now. Nothing is changed.
    """
    last = _read(os.path.join(machine.path(FOLDER), END))
    if not inputs or last is None or last.get("inputs") != inputs or not _as_then(last.get("facts"), facts):
        return None
    looking = replace(machine, check=True)
    own: dict[str, Any] = {}
    try:
        for name in _calls(machine.path(FOLDER)):
            given = _read(os.path.join(machine.path(FOLDER), name))
            changes: list[Change] = []
            if given is None:
                return None
            converge(given, looking, changes)
            if changes:
                return None
            own.update(public_facts_of(given, looking))
    except (ConvergeError, OSError, KeyError, TypeError, ValueError):  # a call of an older release among them
        return None
    return {"told": last.get("told"), "own": own}


def _as_then(then: Any, now: dict[str, Any]) -> bool:
    """Whether the host is what it was, and has all packages that it had."""
    if not isinstance(then, dict) or not set(then.get("packages", ())) <= set(now["packages"]):
        return False
    return {**then, "packages": None} == {**now, "packages": None}


def _calls(folder: str) -> list[str]:
    """The files of calls, in the order in which they were made."""
    return sorted(name for name in os.listdir(folder) if name.endswith(".json") and name != END)


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.unlink(path)


def _read(path: str) -> dict[str, Any] | None:
    try:
        found = json.loads(read(path) or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
