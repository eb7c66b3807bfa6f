"""What is remembered of a host: `host.json` in its folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Nic:
    """An interface, `eth<index>`; addresses have their prefix length."""

    index: int
    port_id: str
    network_id: str
    mac: str
    mtu: int
    addresses: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    routes: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"eth{self.index}"


@dataclass(frozen=True)
class Disk:
    """An attached volume: the file that holds it, and the device that it is in the host (`vdb`)."""

    volume_id: str
    file: str
    device: str

    @property
    def by_id(self) -> str:
        """Its lasting name in /dev/disk/by-id, as on a cloud with virtio disks."""
        return f"virtio-{self.volume_id[:20]}"


@dataclass(frozen=True)
class Record:
    """A host. `base` is the root file system that its own lies over."""

    server_id: str
    hostname: str
    base: str
    memory_mb: int
    nics: tuple[Nic, ...] = ()
    disks: tuple[Disk, ...] = ()

    def with_nic(self, nic: Nic) -> Record:
        return replace(self, nics=(*(one for one in self.nics if one.port_id != nic.port_id), nic))

    def without_nic(self, port_id: str) -> Record:
        return replace(self, nics=tuple(nic for nic in self.nics if nic.port_id != port_id))

    def with_disk(self, disk: Disk) -> Record:
        return replace(self, disks=(*(one for one in self.disks if one.volume_id != disk.volume_id), disk))

    def without_disk(self, volume_id: str) -> Record:
        return replace(self, disks=tuple(disk for disk in self.disks if disk.volume_id != volume_id))

    @property
    def next_index(self) -> int:
        """The lowest number that no interface has."""
        taken = {nic.index for nic in self.nics}
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def write(self, file: Path) -> None:
        """Whole or not at all."""
        half = file.with_name(f".{file.name}.new")
        half.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        half.replace(file)

    @classmethod
    def read(cls, file: Path) -> Record:
        """What `write` wrote."""
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        nics = tuple(
            Nic(
                **{
                    **nic,
                    "addresses": tuple(nic["addresses"]),
                    "gateways": tuple(nic["gateways"]),
                    "routes": tuple((prefix, via) for prefix, via in nic["routes"]),
                }
            )
            for nic in content["nics"]
        )
        return cls(**{**content, "nics": nics, "disks": tuple(Disk(**disk) for disk in content["disks"])})
