"""One host: made, started, stopped, removed. Everything can be repeated; what is as it should be is left alone."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from drivers.dataplane import kernel, shell
from drivers.dataplane.kernel import DataPlane
from drivers.dataplane.names import tap
from drivers.dataplane.plan import BridgeLocation, Cable, bridge_of
from drivers.hosts import cgroups, loops, scripts
from drivers.hosts.record import Disk, Nic, Record

LOG = logging.getLogger(__name__)
START_S = 180.0
"""Fifty hosts that boot at once on two cores take their time."""
STOP_S = 20.0
CONSOLE_BYTES = 100 * 1024
"""What Nova gives of a console log at most."""
POWER_OFF = signal.SIGRTMIN + 4
"""systemd(1): begin poweroff.target."""
SSH_LISTENS = re.compile(r"^ *\d+: 0+:0016 0+:0000 0A", re.MULTILINE)
"""A listener on port 22 of any address, as /proc/net/tcp and tcp6 have it."""
LEFT_BY_NSPAWN = ("propagate", "unix-export")
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\r")


class HostError(Exception):
    """A host could not be made, started, stopped or removed."""


@dataclass(frozen=True)
class FirstBoot:
    """What a host gets before its first boot."""

    keys: tuple[str, ...] = ()
    """OpenSSH public keys of the user `debian`."""
    resolvers: tuple[str, ...] = ()
    user_data: bytes = b""


class Host:
    """The host of one server; `folder` is its own, `plane` its cloud's data plane."""

    def __init__(self, folder: Path, plane: DataPlane) -> None:
        self.folder = folder
        self.server_id = folder.name
        self._plane = plane
        self._groups = cgroups.kind()
        self.group = cgroups.Group(plane.names.lab, plane.names.cloud, self.server_id[:13])
        self.namespace = plane.names.host(self.server_id)
        self._lock = folder.with_name(f".{self.server_id}.lock")

    @property
    def machine(self) -> str:
        """What systemd-nspawn calls it; a host name, so without dots."""
        return f"{self._plane.names.lab}-{self.server_id[:13]}"

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def record(self) -> Record:
        return Record.read(self.folder / "host.json")

    @property
    def known(self) -> bool:
        return (self.folder / "host.json").exists()

    @property
    def running(self) -> bool:
        return cgroups.runs(self._groups, self.group)

    # -- life

    def create(self, record: Record, first_boot: FirstBoot) -> None:
        """Make it, without starting it."""
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            (self.folder / name).chmod(0o755)  # whatever our umask states: `upper` is the host's own root folder
        record.write(self.folder / "host.json")
        self._mount(record)
        seed = self.root / "var/lib/cloud/seed/nocloud"
        seed.mkdir(parents=True, exist_ok=True)
        facts = {
            "instance-id": self.server_id,
            "local-hostname": record.hostname,
            "public-keys": list(first_boot.keys),
            "nameservers": list(first_boot.resolvers),
        }
        (seed / "meta-data").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        (seed / "user-data").write_bytes(first_boot.user_data)
        (seed / "user-data").chmod(0o600)

    def start(self, *, wait: bool = True) -> None:
        """Boot it; with `wait`, until it takes SSH connections.

        Raises:
            HostError: It does not; with the last lines of its log.
        """
        with self._held():
            if not self.running:
                self._boot(self.record)
        if wait:
            self._wait_for_ssh()

    def stop(self, *, hard: bool = False, timeout_s: float = STOP_S) -> None:
        """Power it off; `hard`, or when it takes too long, by pulling the plug."""
        with self._held():
            leader = cgroups.leader(self._groups, self.group)
            if leader and not hard:
                with suppress(ProcessLookupError):
                    os.kill(leader, POWER_OFF)
                deadline = time.monotonic() + timeout_s
                while self.running and time.monotonic() < deadline:
                    time.sleep(0.05)
            cgroups.end(self._groups, self.group)
            if self.known:
                self.silence()

    def silence(self) -> None:
        """A host that is off must not answer: its namespace and addresses are still there, and the kernel replies."""
        for nic in self.record.nics:
            at = self._bridge_at(nic)
            shell.run("ip", "-n", at.namespace, "link", "set", tap(nic.port_id), "down", check=False)

    def destroy(self) -> None:
        """Remove it, its disk and all that it has on this machine (not its volumes)."""
        with self._held():
            cgroups.end(self._groups, self.group)
            cgroups.remove(self._groups, self.group)
            self._let_go()
            shutil.rmtree(self.folder, ignore_errors=True)
            self._lock.unlink(missing_ok=True)

    # -- network

    def add_interface(self, nic: Nic) -> None:
        """Plug an interface into it, running or not."""
        with self._held():
            self._write(self.record.with_nic(nic))
            if self.running:
                self._plug(nic)
                shell.batch(self.namespace, scripts.interfaces([nic]))

    def remove_interface(self, port_id: str) -> None:
        """Pull an interface out of it."""
        with self._held():
            if not self.known:  # Neutron's word of a port's end comes after the host's own
                return
            for nic in self.record.nics:
                if nic.port_id == port_id:
                    shell.run("ip", "-n", self._bridge_at(nic).namespace, "link", "del", tap(port_id), check=False)
            self._write(self.record.without_nic(port_id))

    # -- disks

    def add_disk(self, disk: Disk) -> None:
        """Give it a volume, running or not."""
        with self._held():
            device = loops.attach(Path(disk.file))
            leader = cgroups.leader(self._groups, self.group)
            if leader:
                major, minor = loops.numbers(device)
                script = (
                    f"umask 022; {_without_device(disk)} mkdir -p /dev/disk/by-id; "
                    f"mknod /dev/{disk.device} b {major} {minor} && chmod 660 /dev/{disk.device}; "
                    f"chgrp disk /dev/{disk.device}; "
                    f"ln -s ../../{disk.device} /dev/disk/by-id/{disk.by_id}"
                )
                self._within(leader, "sh", "-c", script)
            self._write(self.record.with_disk(disk))

    def remove_disk(self, volume_id: str) -> None:
        """Take a volume from it; what the host still has open of it, it loses."""
        with self._held():
            if not self.known:
                return
            record = self.record
            leader = cgroups.leader(self._groups, self.group)
            for disk in record.disks:
                if disk.volume_id == volume_id:
                    if leader:
                        self._within(leader, "sh", "-c", f"{_without_device(disk)} true")
                    loops.detach(Path(disk.file))
            self._write(record.without_disk(volume_id))

    # -- what it states

    def console(self) -> str:
        """The end of what it wrote to its console; ASCII, as Nova's API can carry no more."""
        try:
            with (self.folder / "console.log").open("rb") as log:
                log.seek(0, os.SEEK_END)
                log.seek(max(0, log.tell() - CONSOLE_BYTES))
                text = log.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return ESCAPES.sub("", text).replace("\u2026", "...").encode("ascii", errors="replace").decode("ascii")

    # -- parts

    @contextmanager
    def _held(self) -> Iterator[None]:
        """One change of this host at a time."""
        with shell.locked(self._lock):
            yield

    def _write(self, record: Record) -> None:
        """Remember, and have the next boot know, a reboot from inside among them."""
        record.write(self.folder / "host.json")
        if self.running:
            self._write_scripts(record)

    def _write_scripts(self, record: Record) -> None:
        devices = {disk.volume_id: loops.attach(Path(disk.file)) for disk in record.disks}
        texts = {
            "network.batch": "\n".join(scripts.interfaces(record.nics)) + "\n",
            "loop.sh": scripts.loop(self._groups.join(self.group, "loop")),
            "boot.sh": scripts.boot(
                record, self.namespace, self.machine, self._groups.join(self.group, "machine"), devices
            ),
        }
        for name, text in texts.items():
            half = self.folder / f".{name}.new"
            half.write_text(text, encoding="utf-8")
            half.rename(self.folder / name)

    def _boot(self, record: Record) -> None:
        self._mount(record)
        if not kernel.exists(self.namespace):
            shell.run("ip", "netns", "add", self.namespace)
        for nic in record.nics:
            self._plug(nic)
        self._write_scripts(record)
        self._groups.make(self.group, record.memory_mb)
        (self.folder / "console.log").touch(mode=0o600)
        with (self.folder / "console.log").open("ab") as console:
            # Through a shell that ends at once: the host belongs to nobody who might be ended.
            command = [*self._groups.launcher(self.group), "sh", str(self.folder / "loop.sh")]
            subprocess.run(
                ["sh", "-c", '"$@" & exit 0', "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={"PATH": shell.PATH},
                start_new_session=True,
                check=True,
            )
        deadline = time.monotonic() + START_S
        while not self.running:
            if time.monotonic() > deadline:
                raise HostError(f"{record.hostname} did not start: {self.console()[-400:]}")
            time.sleep(0.02)

    def _wait_for_ssh(self) -> None:
        deadline = time.monotonic() + START_S
        while not self._takes_ssh():
            if not self.running or time.monotonic() > deadline:
                state = "does not take SSH connections" if self.running else "went off while booting"
                raise HostError(f"{self.record.hostname} {state}: {self.console()[-400:]}")
            time.sleep(0.1)

    def _takes_ssh(self) -> bool:
        leader = cgroups.leader(self._groups, self.group)
        with suppress(OSError):
            return leader is not None and any(
                SSH_LISTENS.search(Path(f"/proc/{leader}/net/{table}").read_text(encoding="ascii"))
                for table in ("tcp", "tcp6")
            )
        return False

    def _mount(self, record: Record) -> None:
        if os.path.ismount(self.root):
            return
        lower = self.folder / "lower"  # a name without the characters that mount's options give a meaning to
        lower.unlink(missing_ok=True)
        lower.symlink_to(record.base)
        options = "lowerdir=lower,upperdir=upper,workdir=work,index=off"
        done = subprocess.run(
            ["mount", "-t", "overlay", "overlay", "-o", options, "root"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise HostError(f"no root file system for {record.hostname}: {done.stderr.strip()}")

    def _plug(self, nic: Nic) -> None:
        at = self._bridge_at(nic)
        self._plane.network(at, nic.mtu)
        kernel.plug(self.namespace, Cable(nic.name, tap(nic.port_id), at, nic.mac, nic.mtu, ()))

    def _bridge_at(self, nic: Nic) -> BridgeLocation:
        return bridge_of(self._plane.names, nic.network_id, external=False)

    def _within(self, leader: int, *command: str) -> None:
        """Run a command on the host's files, with our rights and not with the host's."""
        shell.run("nsenter", f"--target={leader}", "--mount", "--pid", "--root", "--wd", "--", *command)

    def _let_go(self) -> None:
        if self.known:
            for disk in self.record.disks:
                loops.detach(Path(disk.file))
        release(self.folder, self.namespace, self.machine)


def _without_device(disk: Disk) -> str:
    """Shell that removes a disk's device, whether it was there at the boot (bound) or came later (made)."""
    places = (f"/dev/disk/by-id/{disk.by_id}", f"/dev/{disk.device}")
    return " ".join(f"umount {place} 2>/dev/null; rm -f {place};" for place in places)


def release(folder: Path, namespace: str, machine: str) -> None:
    """Take away what a host that is off has of this machine: namespace (and cables with it), mount, nspawn's folders."""
    if kernel.exists(namespace):
        shell.run("ip", "netns", "del", namespace, check=False)
    deadline = time.monotonic() + START_S
    while os.path.ismount(folder / "root"):
        done = subprocess.run(["umount", str(folder / "root")], capture_output=True, text=True, check=False)
        if done.returncode and time.monotonic() > deadline:
            raise HostError(f"{folder / 'root'} cannot be unmounted: {done.stderr.strip()}")
        if done.returncode:
            time.sleep(0.1)
    for name in LEFT_BY_NSPAWN:
        shutil.rmtree(Path("/run/systemd/nspawn", name, machine), ignore_errors=True)
    for lock in Path("/run/systemd/nspawn").glob(f"**/*{machine}*"):
        with suppress(OSError):
            lock.unlink()


def all_in(folder: Path) -> Sequence[Path]:
    """The folders of the hosts in `folder`."""
    return sorted(file.parent for file in folder.glob("*/host.json")) if folder.is_dir() else []
