"""systemd units: enabled, running, and running what their files contain *now*.

A drop-in makes the unit note the hashes of all files that it reads when it starts or reloads, whoever made it do so. Where
the note differs from the files, the daemon runs something older. A unit without a note counts as older.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from ansible.module_utils.ace_converge.files import File, converge_files
from ansible.module_utils.ace_converge.values import Change, ConvergeError, Machine, read

NOTER = "/usr/local/lib/ace/loaded"
NOTER_TEXT = """\
#!/bin/sh
# loaded UNIT PATH...: notes what UNIT reads as it starts or reloads, so that Ansible can tell whether it runs what is on disk.
unit=$1
shift
[ -d /run/ace/loaded ] || mkdir -p -m 0700 /run/ace/loaded
find -L "$@" -type f ! -name '.*' -exec sha256sum {} + > "/run/ace/loaded/.$unit" 2>/dev/null
exec mv "/run/ace/loaded/.$unit" "/run/ace/loaded/$unit"
"""
NOTES = "/run/ace/loaded"
NOTE_DROP_IN = "ace-loaded.conf"
OWN_DROP_IN = "ace.conf"
UNITS = "/etc/systemd/system"
PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "NeedDaemonReload", "CanReload")
NO_SYSV = "SYSTEMCTL_SKIP_SYSV=1"
"""Debian's hook for init scripts of the same name has systemd read all its files twice; nothing of ours is one."""
READY_WITHIN_S = 60
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0
"""Between two questions whether a unit is ready: ever longer, since those who ask take time from those who start."""
JOURNAL_LINES = "12"


@dataclass(frozen=True)
class Unit:
    """A unit as desired."""

    name: str
    reads: tuple[str, ...] = ()
    """Files and folders that it reads when it starts: it is restarted when they change."""
    reloads: tuple[str, ...] = ()
    """Files and folders that it also reads when it reloads, which is enough when they change."""
    running: bool = True
    enabled: bool = True
    drop_in: str | None = None
    """What differs from the package's unit file."""
    ready: tuple[str, ...] = ()
    """Command that succeeds once it does its work."""


@dataclass(frozen=True)
class UnitState:
    """A unit as systemd knows it."""

    load: str
    active: str
    sub: str
    file: str
    can_reload: bool
    stale: bool = False
    """Its files have changed since systemd read them."""

    @property
    def is_masked(self) -> bool:
        return self.load == "masked" or self.file.startswith("masked")


def converge_units(units: Sequence[Unit], machine: Machine) -> list[Change]:
    """Make the units as desired, in the order given.

    Raises:
        ConvergeError: One does not start or does not become ready; with the end of its journal.
    """
    if not units:
        return []
    changes = converge_files(_unit_files(units), machine)
    is_behind = bool(changes) and not machine.check and _are_any_loaded(units, machine)
    states = unit_states([unit.name for unit in units], machine)
    stale = [name for name, state in states.items() if state.stale and state.load != "masked"]
    changes += [Change(f"{name}, as systemd knows it", "older than its files", "same as its files") for name in stale]
    to_enable = [unit for unit in units if unit.enabled and not _starts_at_boot(states[unit.name])]
    changes += _enable(to_enable, states, machine)
    if (is_behind or stale or any(states[unit.name].is_masked for unit in to_enable)) and not machine.check:
        machine.must(["systemctl", "daemon-reload"])
        states = unit_states([unit.name for unit in units], machine)
    for unit in units:
        changes += _converge_unit(unit, states[unit.name], machine)
    return changes


def unit_states(names: Sequence[str], machine: Machine) -> dict[str, UnitState]:
    """What systemd reports of those units."""
    done = machine.run(["systemctl", "show", "--property", ",".join(PROPERTIES), *names])
    states = {}
    for name, block in zip_longest(names, done.out.split("\n\n")[: len(names)], fillvalue=""):
        properties = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        states[name] = UnitState(
            properties.get("LoadState", "not-found"),
            properties.get("ActiveState", "inactive"),
            properties.get("SubState", ""),
            properties.get("UnitFileState", ""),
            properties.get("CanReload") == "yes",
            properties.get("NeedDaemonReload") == "yes",
        )
    return states


def _are_any_loaded(units: Sequence[Unit], machine: Machine) -> bool:
    """Whether systemd has read any of them: a unit that it reads later, it reads as the files are then."""
    names = [unit.name for unit in units]
    return bool(machine.run(["systemctl", "list-units", "--all", "--plain", "--no-legend", *names]).out.strip())


def hashes(paths: Sequence[str], machine: Machine) -> dict[str, str]:
    """SHA-256 of every file at or below those paths, as the noter writes it: hidden files left out."""
    found: dict[str, str] = {}
    for path in paths:
        real = machine.path(path)
        if os.path.isfile(real):
            names = [real]
        else:
            names = [
                os.path.join(folder, name)
                for folder, _, inside in os.walk(real, followlinks=True)
                for name in inside
                if os.path.isfile(os.path.join(folder, name))
            ]
        for name in names:
            if not os.path.basename(name).startswith("."):
                with open(name, "rb") as file:
                    found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def noted(unit: str, machine: Machine) -> dict[str, str] | None:
    """What the unit noted when it last read its files; None: nothing."""
    note = read(machine.path(f"{NOTES}/{unit}"))
    if note is None:
        return None
    pairs = (line.split("  ", 1) for line in note.splitlines() if "  " in line)
    return {path: digest for digest, path in pairs}


def _unit_files(units: Sequence[Unit]) -> list[File]:
    files = [File(NOTER, NOTER_TEXT, mode=0o755)] if any(_read_by(unit) for unit in units) else []
    for unit in units:
        folder = f"{UNITS}/{unit.name}.d"
        if unit.drop_in is not None:
            files.append(File(f"{folder}/{OWN_DROP_IN}", unit.drop_in))
        if _read_by(unit):
            note = f"-+{NOTER} %n {' '.join(_read_by(unit))}"
            text = f"# So that Ansible can tell what the daemon runs.\n[Service]\nExecStartPre={note}\n"
            if unit.reloads:
                text += f"ExecReload={note}\n"
            files.append(File(f"{folder}/{NOTE_DROP_IN}", text))
    return files


def _read_by(unit: Unit) -> tuple[str, ...]:
    """What it notes. A drop-in of ours counts too, but for timers, which take it in by themselves."""
    own = (
        (f"{UNITS}/{unit.name}.d/{OWN_DROP_IN}",) if unit.drop_in is not None and unit.name.endswith(".service") else ()
    )
    return (*unit.reads, *unit.reloads, *own)


def _starts_at_boot(state: UnitState) -> bool:
    return state.file in ("enabled", "static", "alias", "generated", "indirect")


def _enable(units: Sequence[Unit], states: Mapping[str, UnitState], machine: Machine) -> list[Change]:
    """Have those units start at boot. systemd is not asked to read all of its files for each: once for all comes after."""
    changes = [Change(f"{unit.name} at boot", states[unit.name].file or "not enabled", "enabled") for unit in units]
    if not changes or machine.check:
        return changes
    masked = [unit.name for unit in units if states[unit.name].is_masked]
    if masked:
        machine.must(["systemctl", "unmask", "--no-reload", *masked])
    machine.must(["env", NO_SYSV, "systemctl", "enable", "--no-reload", "--quiet", *(unit.name for unit in units)])
    return changes


def _converge_unit(unit: Unit, state: UnitState, machine: Machine) -> list[Change]:
    changes: list[Change] = []
    absent = state.load in ("not-found", "masked")
    if not unit.running:
        return [] if unit.enabled else _stop(unit, state, machine)
    if state.active != "active" or absent:
        changes.append(Change(unit.name, f"{state.active} ({state.sub or state.load})", "active"))
        _act("restart", unit, machine)
    elif older := _older(unit, machine):
        gentle = state.can_reload and all(_is_below(path, unit.reloads, machine) for path in older)
        verb = "reload" if gentle else "restart"
        changes.append(
            Change(
                f"{unit.name}, what it runs",
                _lines(older, "not what is on disk"),
                _lines(older, f"as on disk ({verb})"),
            )
        )
        _act(verb, unit, machine)
    return changes


def _stop(unit: Unit, state: UnitState, machine: Machine) -> list[Change]:
    if state.load in ("not-found", "masked"):
        return []
    changes: list[Change] = []
    if state.active in ("active", "activating", "reloading") or state.file == "enabled":
        changes.append(Change(unit.name, f"{state.active}, {state.file}", "inactive, disabled"))
        if not machine.check:
            machine.must(["systemctl", "disable", "--now", "--quiet", unit.name])
    return changes


def _older(unit: Unit, machine: Machine) -> tuple[str, ...]:
    """The files of which the unit runs something else than what is on disk."""
    if not _read_by(unit):
        return ()
    note, now = noted(unit.name, machine), hashes(_read_by(unit), machine)
    if note is None:
        return tuple(sorted(now)) or (unit.name,)
    return tuple(path for path in sorted(note.keys() | now.keys()) if note.get(path) != now.get(path))


def _is_below(path: str, folders: Sequence[str], machine: Machine) -> bool:
    return any(path == machine.path(folder) or path.startswith(machine.path(folder) + "/") for folder in folders)


def _lines(paths: Sequence[str], word: str) -> str:
    return "".join(f"{path}: {word}\n" for path in paths)


def _act(verb: str, unit: Unit, machine: Machine) -> None:
    if machine.check:
        return
    # Else a unit that was restarted a few times of late (frr: 3 in 3 minutes) would refuse.
    machine.run(["systemctl", "reset-failed", unit.name])
    done = machine.run(["systemctl", verb, unit.name])
    if done.status:
        raise ConvergeError(f"{unit.name}: {verb} failed: {done.message}\n{_journal(unit, machine)}")
    deadline, pause = time.monotonic() + READY_WITHIN_S, FIRST_PAUSE_S
    while True:
        state = unit_states([unit.name], machine)[unit.name]
        asked = machine.run(unit.ready) if unit.ready else None
        if state.active == "active" and (asked is None or asked.status == 0):
            return
        if state.active == "failed":
            raise ConvergeError(f"{unit.name} does not stay up\n{_journal(unit, machine)}")
        if time.monotonic() > deadline:
            why = f": {asked.message}" if asked is not None and asked.status else ""
            raise ConvergeError(f"{unit.name} is not ready after {READY_WITHIN_S} s{why}\n{_journal(unit, machine)}")
        time.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE_S)


def _journal(unit: Unit, machine: Machine) -> str:
    return machine.run(
        ["journalctl", "--unit", unit.name, "--lines", JOURNAL_LINES, "--no-pager", "--output", "cat"]
    ).out
