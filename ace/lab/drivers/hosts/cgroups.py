"""A control group for each host: it limits the host, and it is the truth about what of it runs.

No pid file can be stale and no child can be missed. Three kinds of machine: control groups version 1 (one tree a
controller), version 2 where we make groups ourselves (containers), and version 2 under systemd, which wants to be asked
(https://systemd.io/CGROUP_DELEGATION).
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

ROOT = Path("/sys/fs/cgroup")
V1_TREES = ("systemd", "unified", "memory", "cpu", "cpuacct", "pids")
MOST_TASKS = 4096
KILL_S = 10.0


@dataclass(frozen=True)
class Group:
    """A host's group: `lab` and `cloud` are where it is, `name` what it is called there."""

    lab: str
    cloud: str
    name: str

    @property
    def path(self) -> Path:
        return Path(self.lab, self.cloud, self.name)


class Kind(Protocol):
    """How this machine keeps groups."""

    def make(self, group: Group, memory_mb: int) -> None:
        """Have the group, empty, with its limits."""

    def launcher(self, group: Group) -> list[str]:
        """What to put before a command so that it starts in the group (with `join`, if that is not enough)."""

    def join(self, group: Group, part: str) -> list[str]:
        """Lines of shell by which a process enters the group; `part` is its own corner where parts must be apart."""

    def tops(self, group: Group) -> list[Path]:
        """The group's folders; the first is the one that lists what runs."""

    def groups(self, lab: str) -> list[Group]:
        """All groups of that lab that there are."""

    def remove_empty(self, lab: str) -> None:
        """Remove what held the groups of that lab, if there are none left."""


def kind(root: Path = ROOT) -> Kind:
    """How this machine keeps groups."""
    if not (root / "cgroup.controllers").exists():
        return Version1(root)
    return Scopes(root) if Path("/run/systemd/system").is_dir() else Version2(root)


class Version1:
    """One tree for each controller: the same group is made in each."""

    def __init__(self, root: Path) -> None:
        self._trees = list(dict.fromkeys((root / name).resolve() for name in V1_TREES if (root / name).is_dir()))
        self._trees.sort(key=lambda tree: tree.name != "memory")

    def make(self, group: Group, memory_mb: int) -> None:
        for top in self.tops(group):
            top.mkdir(parents=True, exist_ok=True)
            if memory_mb:
                _write(top / "memory.limit_in_bytes", str(memory_mb << 20))
            _write(top / "pids.max", str(MOST_TASKS))

    def launcher(self, group: Group) -> list[str]:
        return []

    def join(self, group: Group, part: str) -> list[str]:
        return [f"echo $$ > '{top}/cgroup.procs'" for top in self.tops(group)]

    def tops(self, group: Group) -> list[Path]:
        return [tree / group.path for tree in self._trees]

    def groups(self, lab: str) -> list[Group]:
        return sorted({group for tree in self._trees for group in _groups_in(tree, lab)}, key=repr)

    def remove_empty(self, lab: str) -> None:
        for tree in self._trees:
            clear(tree / lab)


class Version2:
    """One tree, no systemd in charge of it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, group: Group, memory_mb: int) -> None:
        top = self._root / group.path
        for folder in (*reversed(group.path.parents), group.path):
            (self._root / folder).mkdir(exist_ok=True)
            for controller in ("memory", "pids", "cpu"):
                _write(self._root / folder / "cgroup.subtree_control", f"+{controller}")
        for part in ("loop", "machine"):
            (top / part).mkdir(exist_ok=True)
        if memory_mb:
            _write(top / "memory.max", str(memory_mb << 20))
        _write(top / "pids.max", str(MOST_TASKS))

    def launcher(self, group: Group) -> list[str]:
        return []

    def join(self, group: Group, part: str) -> list[str]:
        return [f"echo $$ > '{self._root / group.path / part}/cgroup.procs'"]

    def tops(self, group: Group) -> list[Path]:
        return [self._root / group.path]

    def groups(self, lab: str) -> list[Group]:
        return _groups_in(self._root, lab)

    def remove_empty(self, lab: str) -> None:
        clear(self._root / lab)


class Scopes:
    """One tree, and systemd gives us a scope in it for each host."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, group: Group, memory_mb: int) -> None:
        self._memory_mb = memory_mb

    def launcher(self, group: Group) -> list[str]:
        limits = [f"--property=MemoryMax={self._memory_mb}M"] if self._memory_mb else []
        return [
            *("systemd-run", "--scope", "--quiet", "--collect", "--property=Delegate=yes", *limits),
            *(f"--property=TasksMax={MOST_TASKS}", f"--slice={_slice(group)}.slice", f"--unit={_unit(group)}"),
        ]

    def join(self, group: Group, part: str) -> list[str]:
        """Systemd started us in the scope; its parts have to be apart from each other."""
        corner = self._root / _scope(group) / part
        return [f"mkdir -p '{corner}'", f"echo $$ > '{corner}/cgroup.procs'"]

    def tops(self, group: Group) -> list[Path]:
        return [self._root / _scope(group)]

    def groups(self, lab: str) -> list[Group]:
        scopes = self._root.joinpath(f"{lab.replace('-', '')}.slice").glob(f"{lab}.*.scope")
        return [Group(lab, *scope.stem.removeprefix(f"{lab}.").rsplit(".", 1)) for scope in sorted(scopes)]

    def remove_empty(self, lab: str) -> None:
        """Systemd removes its own."""


def runs(keeper: Kind, group: Group) -> bool:
    """Whether anything of the host runs."""
    top = keeper.tops(group)[0]
    with suppress(OSError):
        return "populated 1" in (top / "cgroup.events").read_text(encoding="ascii")
    return bool(members(keeper, group))


def members(keeper: Kind, group: Group) -> list[int]:
    """The host's processes."""
    found: list[int] = []
    for folder, _, _ in os.walk(keeper.tops(group)[0]):
        with suppress(OSError):
            found += map(int, Path(folder, "cgroup.procs").read_text(encoding="ascii").split())
    return found


def leader(keeper: Kind, group: Group) -> int | None:
    """The host's first process (its systemd), as seen from here."""
    for process in members(keeper, group):
        with suppress(OSError, ValueError):
            status = Path(f"/proc/{process}/status").read_text(encoding="utf-8", errors="replace")
            inner = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()[1:]
            program = Path(f"/proc/{process}/comm").read_text(encoding="utf-8", errors="replace").strip()
            if len(inner) > 1 and inner[-1] == "1" and program != "systemd-nspawn" and not program.startswith("(sd-"):
                return process
    return None


def end(keeper: Kind, group: Group) -> None:
    """End all processes of the host at once.

    Raises:
        TimeoutError: Some cannot be ended.
    """
    deadline = time.monotonic() + KILL_S
    while left := members(keeper, group):
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes of {group.name} cannot be ended: {left}")
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def remove(keeper: Kind, group: Group) -> None:
    """Remove the group, which has no processes left."""
    for top in keeper.tops(group):
        clear(top)


def clear(top: Path) -> None:
    """Remove a group's folders, innermost first; files in them are the kernel's."""
    for folder, _, _ in os.walk(top, topdown=False):
        with suppress(OSError):
            Path(folder).rmdir()


def _groups_in(tree: Path, lab: str) -> list[Group]:
    """Those of a tree in which groups are folders `<lab>/<cloud>/<name>`."""
    return [Group(lab, path.parent.name, path.name) for path in sorted((tree / lab).glob("*/*")) if path.is_dir()]


def _slice(group: Group) -> str:
    return group.lab.replace("-", "")


def _unit(group: Group) -> str:
    return f"{group.lab}.{group.cloud}.{group.name}"


def _scope(group: Group) -> Path:
    return Path(f"{_slice(group)}.slice", f"{_unit(group)}.scope")


def _write(file: Path, text: str) -> None:
    """A limit that this machine does not keep is no reason not to start."""
    with suppress(OSError):
        if file.exists():
            file.write_text(text, encoding="ascii")
