"""The statements that a host's files have to have, from its tunnels, neighbours and announcements as they were read back.

Written without the templates, so that the two hold each other: what is in a template and not here is a flaw, and the
other way round.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from ace import addressing
from ace.interconnect.prove.frr import Announced, Prefix
from ace.interconnect.prove.region import Host, Session
from ace.interconnect.prove.statements import TOP
from ace.interconnect.prove.wireguard import Tunnel

FAMILIES: Final = ((4, "ip", "ipv4"), (6, "ip6", "ipv6"))
"""Version, nftables' keyword and FRR's."""
MAX_PREFIXES: Final = range(1, 8193)

shown = lru_cache(maxsize=65_536)(str)
"""An address or prefix as text; the same ones stand in many files, and to write one takes longest of all here."""

Line = tuple[str, str]
"""Block and statement."""


@dataclass(frozen=True)
class View:
    """A host with what the region knows of its tunnels. `pools` are the region's, IPv4 and IPv6."""

    host: Host
    sessions: tuple[Session, ...]
    pools: tuple[Prefix, Prefix]
    loopbacks: tuple[IPv4Address | None, IPv6Address | None]
    blocks: dict[int, tuple[Prefix, ...]]
    """By slot: the blocks of that member, where one of its hosts is in the region."""

    @cached_property
    def bgp(self) -> str:
        """The block of all that concerns BGP."""
        return f"router bgp {self.host.frr.asn}"

    @cached_property
    def networks(self) -> tuple[Announced, ...]:
        """What is announced, each prefix once: a second statement about one is a flaw."""
        found: dict[Prefix, Announced] = {}
        for network in self.host.frr.networks:
            found.setdefault(network.prefix, network)
        return tuple(found.values())

    @cached_property
    def originated(self) -> tuple[Announced, ...]:
        """Those of them that go to other countries."""
        return tuple(network for network in self.networks if network.route_map.startswith("ORIGIN-"))

    @cached_property
    def internal(self) -> tuple[Session, ...]:
        """Tunnels to the country's other data centres."""
        return tuple(session for session in self.sessions if session.internal)

    def blocks_of(self, slot: int, version: int) -> tuple[Prefix, ...]:
        """The blocks of a member. One without hosts has those that its slot gives it."""
        if slot in self.blocks:
            return tuple(block for block in self.blocks[slot] if block.version == version)
        pool4, pool6 = self.pools
        if not isinstance(pool4, IPv4Network) or not isinstance(pool6, IPv6Network):
            return ()
        try:
            allocation = addressing.member_allocation(slot, addressing.Pools(pool4, pool6))
        except ValueError:
            return ()
        return (allocation.ipv4 if version == 4 else allocation.ipv6,)

    def accepts_all(self, session: Session) -> bool:
        """Whether it takes from the far end all that members may announce: a gateway from its hub."""
        return not self.host.is_hub and session.far is not None and session.far.is_hub

    def accepts_own(self, session: Session) -> bool:
        """Whether it takes from the far end what that originates itself and nothing else."""
        return session.far is not None and not session.far.is_hub


def list_name(tunnel: Tunnel) -> str:
    """What the lists of a tunnel's neighbour are named after: `TN0G1`."""
    return tunnel.interface.removeprefix("wg-").upper()


def region_entries(pool: Prefix) -> tuple[str, ...]:
    """What members may announce: networks, and single gateways' loopbacks."""
    shortest, longest = (20, 28) if pool.version == 4 else (48, 64)
    return (f"permit {pool} ge {shortest} le {longest}", f"permit {pool} ge {pool.max_prefixlen}")


def allowed_slots(host: Host, name: str) -> tuple[int, ...] | None:
    """The members that may have what an ORIGIN- map marks; None: all."""
    asn = host.frr.asn
    marks = host.frr.marks(name)
    if f"{asn}:3:0" not in marks:
        return None
    start = f"{asn}:4:"
    return tuple(
        int(mark.removeprefix(start)) for mark in marks if mark.startswith(start) and mark[len(start) :].isdigit()
    )


def wireguard(tunnel: Tunnel) -> Iterator[Line]:
    """Every statement of a tunnel's file."""
    yield TOP, "[Interface]"
    for setting in (
        f"Address = {tunnel.address}",
        f"ListenPort = {tunnel.port}",
        f"MTU = {tunnel.mtu}",
        "Table = off",
        "PostUp = sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.%i.rp_filter=0",
    ):
        yield "[Interface]", setting
    yield TOP, "[Peer]"
    for setting in (
        f"PublicKey = {tunnel.key}",
        f"Endpoint = {tunnel.endpoint}:{tunnel.endpoint_port}",
        "AllowedIPs = 0.0.0.0/0, ::/0",
        "PersistentKeepalive = 25",
    ):
        yield "[Peer]", setting
