"""Take away all that a lab's clouds have on this machine outside their folders: hosts, namespaces, mounts, groups, devices.

Goes by what there is, not by what was recorded, so that nothing is forgotten. Disks and volumes are kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from drivers.dataplane import kernel, shell
from drivers.dataplane.names import Names, lab_tag
from drivers.hosts import cgroups, loops, machine

POWER_OFF_S = 15.0


def sweep(lab: Path, clouds: Sequence[str] | None) -> None:
    """Power off and put away the hosts of those clouds (None: of all, and the underlay) of the lab in that folder."""
    tag = lab_tag(lab)
    keeper = cgroups.kind()
    desired = None if clouds is None else set(clouds)
    groups = [group for group in keeper.groups(tag) if desired is None or group.cloud in desired]
    _power_off(keeper, groups)
    for group in groups:
        cgroups.end(keeper, group)
    for group in groups:
        cgroups.remove(keeper, group)
    for cloud in _clouds(lab, desired):
        names = Names(tag, cloud)
        for folder in machine.all_in(lab / "clouds" / cloud / "hosts"):
            host = names.host(folder.name)
            machine.release(folder, host, f"{tag}-{folder.name[:13]}")
        _detach(lab / "clouds" / cloud)
        _unmount(lab / "clouds" / cloud)
    prefixes = [f"{tag}."] if desired is None else [Names(tag, cloud).prefix for cloud in desired]
    for name in kernel.namespaces():
        if name.startswith(tuple(prefixes)):
            shell.run("ip", "netns", "del", name, check=False)
    if desired is not None:
        kernel.remove_shore(f"{tag}.underlay", desired)
    keeper.remove_empty(tag)


def _clouds(lab: Path, desired: set[str] | None) -> list[str]:
    folder = lab / "clouds"
    there = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [name for name in there if desired is None or name in desired]


def _power_off(keeper: cgroups.Kind, groups: Iterable[cgroups.Group]) -> None:
    """Ask all to power off, side by side, and give them time for it."""
    waiting = []
    for group in groups:
        leader = cgroups.leader(keeper, group)
        if leader:
            with suppress(ProcessLookupError):
                os.kill(leader, machine.POWER_OFF)
                waiting.append(group)
    deadline = time.monotonic() + POWER_OFF_S
    while (waiting := [group for group in waiting if cgroups.runs(keeper, group)]) and time.monotonic() < deadline:
        time.sleep(0.1)


def _detach(folder: Path) -> None:
    for file in loops.attached():
        if Path(file).is_relative_to(folder):
            loops.detach(Path(file))


def _unmount(folder: Path) -> None:
    """What is still mounted below the folder, innermost first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    places = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    for place in sorted((place for place in places if Path(place).is_relative_to(folder)), reverse=True):
        shell.run("umount", "--lazy", place, check=False)
