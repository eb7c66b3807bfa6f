"""The root file system that all lab hosts start from: built once per machine, kept in the user's cache.

One per suite of Debian, keyed by the list of packages and by the files that are laid over them (`guest/`).
"""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

from ace.errors import UserError
from ace.lab import machine
from ace.lab.environment import cache_folder, digest, made_once
from ace.lab.suites import default_suite, sources_for
from ace.lab.values import Progress

HERE = Path(__file__).resolve().parent
PACKAGES_FILE = HERE / "host_packages.txt"
GUEST = HERE / "guest"
NEEDED_MB = 1500
SOURCES = ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list")
"""Where a Debian machine lists whom it gets packages from, for whatever suite; else mmdebstrap's own default is asked."""
LEFT_OUT = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*")
MASKED = (
    *("systemd-udevd.service", "systemd-udev-trigger.service", "systemd-firstboot.service", "systemd-logind.service"),
    *("systemd-update-utmp.service", "systemd-update-utmp-runlevel.service", "getty-static.service"),
    *("console-getty.service", "getty@.service", "systemd-journal-flush.service", "systemd-hwdb-update.service"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "dev-hugepages.mount", "dev-mqueue.mount"),
)
"""What a host on a shared kernel has no use for, each a little time at every boot."""


class BaseImage:
    """The root file system of a suite (default: that of a new lab), `folder` in the cache."""

    def __init__(self, suite: str | None = None, cache: Path | None = None) -> None:
        self.suite = suite or default_suite()
        files = sorted(path for path in GUEST.rglob("*") if path.is_file() and path.suffix != ".pyc")
        laid = [str(file.relative_to(GUEST)).encode() + b"\0" + file.read_bytes() for file in files]
        key = digest(Path(__file__).read_bytes(), "\n".join(packages()).encode(), *laid)
        self.folder = (cache or cache_folder()) / f"lab-base-{self.suite}-{key}"

    def fill(self, on_progress: Progress) -> None:
        """Build it unless it is there.

        Raises:
            UserError: It cannot be built; with what mmdebstrap reported.
        """
        if self.folder.is_dir():
            return
        machine.check_disk(self.folder, NEEDED_MB, "the hosts' root file system")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        made_once(self.folder, lambda half: _build(self.suite, half, on_progress), on_progress)


def packages() -> list[str]:
    """What `host_packages.txt` lists."""
    lines = (line.partition("#")[0].strip() for line in PACKAGES_FILE.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]


def _build(suite: str, folder: Path, on_progress: Progress) -> None:
    on_progress(f"building the hosts' root file system ({suite}) once (a minute or two, 700 MB); hosts start from it")
    hooks = [
        f'cp -r --no-preserve=ownership {shlex.quote(str(GUEST))}/. "$1"',
        'chroot "$1" useradd --create-home --shell /bin/bash --groups sudo,adm debian',
        "chroot \"$1\" usermod --password '*' debian",
        'chroot "$1" systemctl preset-all',
        f'chroot "$1" systemctl --quiet mask {" ".join(MASKED)}',
        'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/resolv.conf "$1"/etc/hostname; : > "$1"/etc/resolv.conf',
        ': > "$1"/etc/machine-id; rm -f "$1"/var/lib/dbus/machine-id',
        'mkdir -p "$1"/var/lib/cloud/seed/nocloud',
    ]
    command = [
        *("mmdebstrap", "--quiet", "--variant=minbase", "--format=directory", f"--include={','.join(packages())}"),
        '--aptopt=APT::Install-Recommends "false"',
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT),
        *(f"--customize-hook={hook}" for hook in hooks),
        *(suite, str(folder)),
    ]
    with tempfile.TemporaryDirectory() as sources:
        done = subprocess.run(
            [*command, *_sources(suite, Path(sources))],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    if done.returncode:
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise UserError(
            f"the hosts' root file system ({suite}) could not be built:\n{output}",
            hint="check that Debian's packages can be reached, or have fake servers: `ace lab up --no-hosts`",
            code="lab-base",
        )


def _sources(suite: str, folder: Path) -> list[str]:
    """A file in `folder` with this machine's package sources, for `suite`."""
    for place in map(Path, SOURCES):
        if place.is_file() and (text := sources_for(suite, place.read_text(encoding="utf-8", errors="replace"))):
            mine = folder / place.name
            mine.write_text(text, encoding="utf-8")
            return [str(mine)]
    return []
