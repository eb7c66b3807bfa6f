"""All rendered files of a region, read back and put together: hosts, tunnels matched by their addresses, sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv6Address
from pathlib import Path, PurePosixPath
from typing import Final

from ace.errors import UserError
from ace.interconnect.prove import frr, nftables, wireguard
from ace.interconnect.prove.frr import Frr, Neighbour, Prefix
from ace.interconnect.prove.wireguard import Tunnel

MAX_FILE: Final = 4 * 1024 * 1024
"""Bytes; a hub of 800 members has a tenth of it."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, and where: file (relative to the folder of files) and line, 0 for the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(frozen=True)
class Host:
    """A gateway or hub, as its files have it."""

    name: str
    folder: str
    frr: Frr
    sets: dict[str, list[nftables.Element]]
    tunnels: tuple[Tunnel, ...]

    @property
    def is_hub(self) -> bool:
        """Hubs are recognised by their name: `hub-<id>.<data centre>.<cc>`."""
        return self.name.startswith("hub-")

    @property
    def site(self) -> str:
        """What its siblings share: data centre and country; a hub stands alone."""
        return self.name if self.is_hub else self.name.split(".", 1)[1]

    @property
    def frr_file(self) -> str:
        return f"{self.folder}/frr.conf"

    @property
    def nft_file(self) -> str:
        return f"{self.folder}/nftables.conf"

    def tunnel_file(self, tunnel: Tunnel) -> str:
        return f"{self.folder}/{tunnel.interface}.conf"

    @cached_property
    def slot(self) -> int:
        """The slot that its own routes are marked with (`<asn>:1:<slot>`); -1: none."""
        for clauses in (self.frr.maps[name] for name in sorted(self.frr.maps) if name.startswith("ORIGIN-")):
            for clause in clauses:
                for mark in " ".join(clause.sets).split():
                    parts = mark.split(":")
                    if len(parts) == 3 and parts[1] == "1":
                        return int(parts[2])
        return -1

    @cached_property
    def blocks(self) -> frozenset[Prefix]:
        """Its own allocation: what every `FROM-` list denies first."""
        firsts = (entries[0] for (_, name), entries in self.frr.lists.items() if name.startswith("FROM-"))
        return frozenset(entry.prefix for entry in firsts if not entry.permit)

    @cached_property
    def sources(self) -> dict[tuple[str, int], list[nftables.Element]]:
        """By interface and IP version: who may be behind that tunnel, as the firewall has it."""
        found: dict[tuple[str, int], list[nftables.Element]] = {}
        for version in (4, 6):
            for element in self.sets.get(f"sources{version}", []):
                found.setdefault((element.interface, version), []).append(element)
        return found

    @cached_property
    def kept(self) -> frozenset[Prefix]:
        """What never leaves the country: all that any `TO-` list denies."""
        lists = (entries for (_, name), entries in self.frr.lists.items() if name.startswith("TO-"))
        return frozenset(entry.prefix for entries in lists for entry in entries if not entry.permit)


@dataclass(frozen=True, slots=True)
class Session:
    """A tunnel with the BGP session over it, seen from one end; `far` is None when no file is the other end."""

    host: Host
    tunnel: Tunnel
    neighbour: Neighbour | None
    far: Host | None
    far_tunnel: Tunnel | None
    far_neighbour: Neighbour | None

    @property
    def internal(self) -> bool:
        """Whether both ends are of one country: then what stays in the country may pass."""
        far = self.far
        return far is not None and not self.host.is_hub and not far.is_hub and self.host.blocks == far.blocks


@dataclass(frozen=True)
class Region:
    """Everything that was read. `flaws` are files that could not be."""

    files: Mapping[str, str]
    hosts: dict[str, Host]
    flaws: tuple[Flaw, ...] = ()
    root: Path | None = None
    """Where the files are, if they are on a disk: what tools are called with."""

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """Each tunnel from both of its ends."""
        ends: dict[IPv6Address, tuple[Host, Tunnel]] = {
            tunnel.address.ip: (host, tunnel) for host in self.hosts.values() for tunnel in host.tunnels
        }
        return tuple(self._joined(ends))

    def _joined(self, ends: Mapping[IPv6Address, tuple[Host, Tunnel]]) -> Iterator[Session]:
        for host in self.hosts.values():
            for tunnel in host.tunnels:
                far, far_tunnel = ends.get(tunnel.far_address, (None, None))
                yield Session(
                    host,
                    tunnel,
                    host.frr.neighbours.get(tunnel.far_address),
                    far,
                    far_tunnel,
                    far.frr.neighbours.get(tunnel.address.ip) if far else None,
                )

    @cached_property
    def sites(self) -> dict[str, tuple[Host, ...]]:
        """Gateways by their site, hubs left out."""
        found: dict[str, list[Host]] = {}
        for host in self.hosts.values():
            if not host.is_hub:
                found.setdefault(host.site, []).append(host)
        return {site: tuple(hosts) for site, hosts in sorted(found.items())}


def read_dir(folder: Path) -> Region:
    """The files below a folder.

    Raises:
        UserError: There are none, or one cannot be read.
    """
    files = {}
    try:
        for path in sorted(folder.glob("*/*/*.conf")):
            if path.stat().st_size > MAX_FILE:
                raise UserError(
                    f"{path}: larger than {MAX_FILE} bytes", hint="it is no rendered file", code="too-large"
                )
            files[path.relative_to(folder).as_posix()] = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{folder}: {error}", hint="render again: `ace interconnect render`", code="unreadable"
        ) from None
    if not files:
        raise UserError(
            f"{folder}: no rendered files (<cc>/<gateway>/frr.conf)",
            hint="make them with `ace interconnect render --out DIR`",
            code="nothing-to-prove",
        )
    return read_region(files, folder)


def read_region(files: Mapping[str, str], root: Path | None = None) -> Region:
    """Read files given by path; what is malformed is reported as a flaw, not raised."""
    by_folder: dict[str, dict[str, str]] = {}
    for path, text in sorted(files.items()):
        place = PurePosixPath(path)
        by_folder.setdefault(place.parent.as_posix(), {})[place.name] = text
    hosts: dict[str, Host] = {}
    flaws: list[Flaw] = []
    for folder, texts in by_folder.items():
        host = _read_host(folder, texts, flaws)
        if host is not None:
            hosts[host.name] = host
    return Region(files, hosts, tuple(flaws), root)


def _read_host(folder: str, texts: Mapping[str, str], flaws: list[Flaw]) -> Host | None:
    for needed in ("frr.conf", "nftables.conf"):
        if needed not in texts:
            flaws.append(Flaw(f"{folder}/{needed}", 0, "is missing"))
            return None
    name = ""
    try:
        name = "frr.conf"
        config = frr.parse(texts[name])
        name = "nftables.conf"
        sets = nftables.parse(texts[name])
        tunnels = []
        for name in sorted(texts):
            if name.startswith("wg-"):
                tunnels.append(wireguard.parse(name.removesuffix(".conf"), texts[name]))
    except ValueError as error:
        line, _, message = str(error).partition(": ")
        flaws.append(Flaw(f"{folder}/{name}", int(line) if line.isdigit() else 0, message or str(error)))
        return None
    return Host(PurePosixPath(folder).name, folder, config, sets, tuple(tunnels))
