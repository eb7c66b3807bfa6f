"""What the lab is asked for, and what it states of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Network
from pathlib import Path

Progress = Callable[[str], None]
"""Takes one plain line at a time."""


@dataclass(frozen=True, slots=True)
class CloudRequest:
    """A cloud that a lab should have: what the spec states of a data centre's cloud.

    `numeric` is the country's ISO 3166 number, `site` the data centre's: together they give the cloud its addresses.
    """

    name: str
    country: str
    region: str
    external_network: str = "public"
    availability_zones: tuple[str, ...] = ("az1", "az2")
    image: str = "Debian 12"
    numeric: int = 0
    site: int = 0

    @property
    def address(self) -> IPv4Address:
        """Its own loopback address."""
        return IPv4Address(f"127.{100 + self.numeric // 256}.{self.numeric % 256}.{10 + self.site}")


@dataclass(frozen=True, slots=True)
class ExternalPrefixes:
    """What a cloud's external network holds; documentation and benchmarking space (RFC 2544, RFC 3849)."""

    ipv4: IPv4Network
    ipv6: IPv6Network


@dataclass(frozen=True, slots=True)
class CloudStatus:
    """A cloud of the lab as it is now.

    `started`: whether it should run (it was not stopped by `down`); `down` names its processes that do not;
    `detail` names what else keeps it from being ready.
    """

    name: str
    country: str
    region: str
    auth_url: str
    started: bool
    ready: bool
    down: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class HostStatus:
    """A server that is a real host: its cloud, what Nova states of it, its addresses (floating IPs among them)."""

    cloud: str
    state: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabStatus:
    """The lab as it is now. `down` names every process that should run and does not."""

    folder: Path
    port: int
    clouds: tuple[CloudStatus, ...]
    down: tuple[str, ...]
    env: dict[str, str]
    hosts: dict[str, HostStatus] = field(default_factory=dict)
    """Name -> the host, of clouds whose servers are real."""

    @property
    def ready(self) -> bool:
        """Whether all that was started runs and answers."""
        return not self.down and all(cloud.ready for cloud in self.clouds if cloud.started)
