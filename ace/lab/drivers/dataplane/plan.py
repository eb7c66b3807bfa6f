"""From what a cloud wants to what each namespace of this machine has to hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface

from drivers.dataplane import rules
from drivers.dataplane.names import BRIDGE, Names, external_bridge, router_interface, tap
from drivers.dataplane.values import Address, DesiredNetworks, Interface, Network, Prefix, Router, RouterInterface

OUTSIDE = (ip_interface("203.0.113.1/32"), ip_interface("2001:db8:ffff::1/128"))
"""What stands for "somewhere in the Internet" (RFC 5737, RFC 3849): answers on the underlay, behind every router."""


@dataclass(frozen=True)
class Bridge:
    """A bridge and the addresses that this machine answers at in it."""

    name: str
    mtu: int
    addresses: tuple[Interface, ...] = ()


@dataclass(frozen=True)
class BridgeLocation:
    """Where a network is: its bridge, in its namespace."""

    namespace: str
    bridge: str


@dataclass(frozen=True)
class Cable:
    """A pair of interfaces: `name` in the namespace that has it, `tap` in the bridge at `bridge_at`."""

    name: str
    tap: str
    bridge_at: BridgeLocation
    mac: str
    mtu: int
    addresses: tuple[Interface, ...]


@dataclass(frozen=True)
class Route:
    """`prefix` None: everything else."""

    prefix: Prefix | None
    via: Address
    interface: str | None = None

    @property
    def version(self) -> int:
        return self.via.version


@dataclass(frozen=True)
class Space:
    """What one namespace has to hold."""

    namespace: str
    forwards: bool = False
    up: bool = True
    bridges: tuple[Bridge, ...] = ()
    cables: tuple[Cable, ...] = ()
    routes: tuple[Route, ...] = ()
    nft: str = ""


@dataclass(frozen=True)
class Plan:
    """A cloud's share of this machine: bridges in the underlay, and namespaces of its own in the order to make them."""

    shore: tuple[Bridge, ...]
    spaces: tuple[Space, ...]


def bridge_of(names: Names, network_id: str, *, external: bool) -> BridgeLocation:
    """Where a network is."""
    if external:
        return BridgeLocation(names.underlay, external_bridge(network_id))
    return BridgeLocation(names.network(network_id), BRIDGE)


def plan(desired: DesiredNetworks, names: Names) -> Plan:
    """What the machine has to hold for `desired`."""
    shore = tuple(
        Bridge(external_bridge(network.id), network.mtu, network.gateways)
        for network in desired.networks
        if network.external
    )
    inner = [network for network in desired.networks if not network.external]
    external = {network.id for network in desired.networks if network.external}
    networks = [_network(network, desired.routers, names) for network in inner]
    routers = [_router(router, external, names) for router in desired.routers]
    return Plan(shore, (*networks, *routers))


def _network(network: Network, routers: tuple[Router, ...], names: Names) -> Space:
    trusted = [
        interface.port_id for router in routers for interface in router.interfaces if interface.network_id == network.id
    ]
    return Space(
        namespace=names.network(network.id),
        bridges=(Bridge(BRIDGE, network.mtu),),
        nft=rules.of_network(network, trusted),
    )


def _router(router: Router, external: set[str], names: Names) -> Space:
    inner = [_cable(interface, external, names) for interface in router.interfaces]
    routes = [Route(prefix, via) for prefix, via in router.routes]
    outer: list[Cable] = []
    if router.uplink is not None:
        interface = router.uplink.interface
        floating = tuple(ip_interface(f"{address}/32") for address, _ in router.floating)
        cable = _cable(interface, external, names, further=floating)
        outer.append(cable)
        routes += [Route(None, ip_address(str(gateway)), cable.name) for gateway in router.uplink.gateways]
    return Space(
        namespace=names.router(router.id),
        forwards=True,
        up=router.up,
        cables=(*inner, *outer),
        routes=tuple(routes),
        nft=rules.of_router(router),
    )


def _cable(interface: RouterInterface, external: set[str], names: Names, further: tuple[Interface, ...] = ()) -> Cable:
    return Cable(
        name=router_interface(interface.port_id),
        tap=tap(interface.port_id),
        bridge_at=bridge_of(names, interface.network_id, external=interface.network_id in external),
        mac=interface.mac,
        mtu=interface.mtu,
        addresses=(*interface.addresses, *further),
    )
