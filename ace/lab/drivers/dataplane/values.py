"""What a cloud's Neutron wants of the data plane, as plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Prefix = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Rule:
    """A rule of a security group with everything looked up: whom it is for is `remotes` (None: everybody)."""

    ingress: bool
    version: int
    protocol: str | None = None
    """As Neutron has it: a name, a number, or None for all."""
    first: int | None = None
    """First port, or ICMP's type."""
    last: int | None = None
    """Last port, or ICMP's code."""
    remotes: tuple[Prefix, ...] | None = None


@dataclass(frozen=True)
class Port:
    """A server's port. `pairs` are the further (MAC, prefix) it may send from; unsecured ports may do anything."""

    id: str
    mac: str
    addresses: tuple[Address, ...]
    secured: bool = True
    pairs: tuple[tuple[str, Prefix], ...] = ()
    rules: tuple[Rule, ...] = ()
    tracked: bool = True
    """Whether answers come through because they were asked for; not so with stateless security groups."""


@dataclass(frozen=True)
class Network:
    """A network. `gateways` are what an external network's provider answers at; others have their ports instead."""

    id: str
    mtu: int
    external: bool = False
    gateways: tuple[Interface, ...] = ()
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True)
class RouterInterface:
    """A router's port in a network."""

    port_id: str
    network_id: str
    mac: str
    mtu: int
    addresses: tuple[Interface, ...]


@dataclass(frozen=True)
class Uplink:
    """A router's way out: its interface in an external network and that network's gateways."""

    interface: RouterInterface
    gateways: tuple[Address, ...]
    snat: bool


@dataclass(frozen=True)
class Router:
    """A router. `floating` maps floating IPs to the addresses behind them."""

    id: str
    up: bool = True
    interfaces: tuple[RouterInterface, ...] = ()
    uplink: Uplink | None = None
    floating: tuple[tuple[IPv4Address, IPv4Address], ...] = ()
    routes: tuple[tuple[Prefix, Address], ...] = ()


@dataclass(frozen=True)
class DesiredNetworks:
    """A cloud's data plane."""

    networks: tuple[Network, ...] = ()
    routers: tuple[Router, ...] = field(default=())
