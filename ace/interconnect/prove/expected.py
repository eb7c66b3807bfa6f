"""The statements that a host's files have to have, from its tunnels, neighbours and announcements as they were read back.

Written without the templates, so that the two hold each other: what a template says and this does not is a flaw, and the
other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

from ace import addressing
from ace.interconnect.prove.frr import Announced, Entry, Prefix
from ace.interconnect.prove.nftables import Element
from ace.interconnect.prove.region import Host, Session
from ace.interconnect.prove.statements import TOP
from ace.interconnect.prove.wireguard import Tunnel

FAMILIES: Final = ((4, "ip", "ipv4"), (6, "ip6", "ipv6"))
"""Version, nftables' word and FRR's word."""
_PREFERENCES: Final = {"CUSTOMER": 300, "PEER": 200, "PROVIDER": 100}
_TIMERS: Final = ("bfd", "bfd profile interconnect")
_SESSION_TIMERS: Final = ("timers 10 30", "timers connect 5", "capability extended-nexthop")
MAX_PREFIXES: Final = range(1, 8193)

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


# -------------------------------------------------------------------------------------------------------------------- FRR


def frr(view: View) -> Iterator[Line]:
    """Every statement of its frr.conf, with its block."""
    host = view.host
    yield from ((TOP, text) for text in ("frr defaults traditional", "log syslog informational"))
    yield TOP, f"hostname {host.name.split('.')[0]}"
    yield TOP, "service integrated-vtysh-config"
    yield from _loopbacks(view)
    yield from _lists(view)
    yield from _bgp(view)
    yield from _maps(view)
    yield TOP, "ip protocol bgp route-map SOURCE4"
    yield TOP, "ipv6 protocol bgp route-map SOURCE6"
    yield from _block("bfd", _bfd(host))


def _block(opening: str, lines: Iterable[Line], inside: str = TOP, end: str = "exit") -> Iterator[Line]:
    block = f"{inside} > {opening}" if inside else opening
    yield inside, opening
    for path, text in lines:
        yield f"{block} > {path}" if path else block, text
    yield block, end


def _bfd(host: Host) -> Iterator[Line]:
    interval = host.frr.bfd.get("transmit-interval", "")
    settings = {
        "detect-multiplier": host.frr.bfd.get("detect-multiplier", ""),
        "transmit-interval": interval,
        "receive-interval": interval,
    }
    lines = [(TOP, f"{name} {value}") for name, value in settings.items() if value.isascii() and value.isdigit()]
    yield from _block("profile interconnect", lines)


def _loopbacks(view: View) -> Iterator[Line]:
    words = (("ip", "address"), ("ipv6", "address"))
    known = [(word, address) for word, address in zip(words, view.loopbacks, strict=True) if address is not None]
    yield from _block(
        "interface lo", ((TOP, f"{ip} {what} {address}/{address.max_prefixlen}") for (ip, what), address in known)
    )
    for (ip, _), address in known:
        for network in view.host.frr.originated():
            prefix = network.prefix
            if prefix.version == address.version and address in prefix and prefix.prefixlen != prefix.max_prefixlen:
                yield TOP, f"{ip} route {prefix} blackhole 250"
    for (ip, _), pool in zip(words, view.pools, strict=True):
        yield TOP, f"{ip} route {pool} reject 250"


def _lists(view: View) -> Iterator[Line]:
    host = view.host
    yield TOP, "bgp community-list standard GSHUT seq 5 permit graceful-shutdown"
    if host.is_hub:
        yield TOP, f"bgp large-community-list standard CUSTOMERS seq 5 permit {host.frr.asn}:9:1"
        yield TOP, "bgp large-community-list expanded RESTRICTED seq 5 permit _[0-9]+:3:0_"
        for slot in _customers(view):
            yield TOP, f"bgp large-community-list expanded ALLOWED-{slot} seq 5 permit _[0-9]+:4:{slot}_"
    for session in view.sessions:
        name = list_name(session.tunnel)
        for version, _, _ in FAMILIES:
            yield from _prefix_list(f"FROM-{name}", version, _accepted(view, session, version))
            yield from _prefix_list(f"TO-{name}", version, _sent(view, session, version))
        if view.accepts_own(session) and session.far is not None:
            asn = session.far.frr.asn
            yield TOP, f"bgp as-path access-list FROM-{name} seq 5 permit ^{asn}(_{asn})*$"


def _customers(view: View) -> list[int]:
    return sorted({s.far.slot for s in view.sessions if s.far is not None and not s.far.is_hub})


def _prefix_list(name: str, version: int, entries: Iterable[str]) -> Iterator[Line]:
    word = "ip" if version == 4 else "ipv6"
    for place, entry in enumerate(entries, 1):
        yield TOP, f"{word} prefix-list {name} seq {5 * place} {entry}"


def _accepted(view: View, session: Session, version: int) -> list[str]:
    """What a FROM- list says: from a hub, to a gateway, the region; else what stands there, in the forms that we write."""
    entries = view.host.frr.entries(f"FROM-{list_name(session.tunnel)}", version)
    if view.accepts_all(session):
        own = sorted((block for block in view.host.blocks if block.version == version), key=str)
        denied = [f"deny {block} le {block.max_prefixlen}" for block in own]
        return [*denied, *region_entries(view.pools[version == 6])]
    return _written(entries, loose=_between_hubs(session))


def _sent(view: View, session: Session, version: int) -> list[str]:
    """What a TO- list says: from a hub, to a gateway, all of the region but what is kept; else what stands there."""
    entries = view.host.frr.entries(f"TO-{list_name(session.tunnel)}", version)
    if view.host.is_hub and not _between_hubs(session):
        kept = [entry for entry in entries if not entry.permit]
        return [*_written(kept, loose=False), *region_entries(view.pools[version == 6])]
    return _written(entries, loose=_between_hubs(session))


def _between_hubs(session: Session) -> bool:
    return session.host.is_hub and session.far is not None and session.far.is_hub


def _written(entries: Iterable[Entry], *, loose: bool) -> list[str]:
    """Entries in the only forms that we write; one in another form has no counterpart here, so it is a flaw."""
    found: list[str] = []
    for entry in entries:
        prefix, longest = entry.prefix, entry.prefix.max_prefixlen
        member = prefix.prefixlen == (20 if prefix.version == 4 else 48)
        part = 28 if prefix.version == 4 else 64
        if not entry.permit:
            found.append(f"deny {prefix} le {longest}")
        elif not (loose and member):
            found.append(f"permit {prefix}")
        elif entry.ge == longest:
            found.append(f"permit {prefix} ge {longest}")
        else:
            found.append(f"permit {prefix} le {part}")
    return found


def _bgp(view: View) -> Iterator[Line]:
    host = view.host
    lines: list[Line] = [
        (TOP, f"bgp router-id {view.loopbacks[0]}"),
        (TOP, "no bgp default ipv4-unicast"),
        (TOP, "bgp bestpath as-path multipath-relax"),
    ]
    siblings = [n for n in host.frr.neighbours.values() if n.asn == host.frr.asn]
    for sibling in siblings:
        inside = (f"remote-as {sibling.asn}", f"description {sibling.description}", *_TIMERS, *_SESSION_TIMERS)
        lines += ((TOP, f"neighbor {sibling.address} {setting}") for setting in inside)
    for session in view.sessions:
        far = session.far
        settings = (
            f"remote-as {far.frr.asn if far else 0}",
            f"description {far.name if far else ''}",
            f"local-role {_role(view, session)} strict-mode",
            "ttl-security hops 1",
            *_TIMERS,
            "advertisement-interval 0",
            *_SESSION_TIMERS,
        )
        lines += ((TOP, f"neighbor {session.tunnel.far_address} {setting}") for setting in settings)
    for version, _, word in FAMILIES:
        family = [*_networks(view, version), *_activated(view, version)]
        lines += _block(f"address-family {word} unicast", family, end="exit-address-family")
    yield from _block(view.bgp, lines)


def _role(view: View, session: Session) -> str:
    """RFC 9234: what this end is to the far one."""
    far = session.far
    if far is None or far.is_hub == view.host.is_hub:
        return "peer"
    return "provider" if view.host.is_hub else "customer"


def _networks(view: View, version: int) -> Iterator[Line]:
    for network in view.host.frr.networks:
        if network.prefix.version != version:
            continue
        if network.route_map.startswith("ORIGIN-"):
            yield TOP, f"network {network.prefix} route-map {network.route_map}"
        elif view.internal:  # what stays in the country goes to its other data centres
            yield TOP, f"network {network.prefix}"


def _activated(view: View, version: int) -> Iterator[Line]:
    host = view.host
    for neighbour in host.frr.neighbours.values():
        if neighbour.asn == host.frr.asn:
            yield TOP, f"neighbor {neighbour.address} activate"
            yield TOP, f"neighbor {neighbour.address} next-hop-self"
    for session in view.sessions:
        name = list_name(session.tunnel)
        settings = [
            "activate",
            "soft-reconfiguration inbound",
            f"prefix-list FROM-{name} in",
            f"prefix-list TO-{name} out",
        ]
        if view.accepts_own(session):
            settings.append(f"filter-list FROM-{name} in")
        settings.append(f"route-map FROM-{_from(view, session)} in")
        if host.is_hub and session.far is not None:
            settings.append(
                "route-map TO-PEER out" if session.far.is_hub else f"route-map TO-MEMBER-{session.far.slot} out"
            )
        most = session.neighbour.families[version].max_prefixes if session.neighbour else 0
        if most in MAX_PREFIXES:
            settings.append(f"maximum-prefix {most} restart 5")
        yield from ((TOP, f"neighbor {session.tunnel.far_address} {setting}") for setting in settings)
    yield TOP, "maximum-paths 4"


def _from(view: View, session: Session) -> str:
    """What the far end is to this one."""
    return {"provider": "CUSTOMER", "customer": "PROVIDER", "peer": "PEER"}[_role(view, session)]


def _maps(view: View) -> Iterator[Line]:
    host, asn = view.host, view.host.frr.asn
    for name in sorted({network.route_map for network in host.frr.originated()}):
        yield from _clause(f"{name} permit 10", [f"set large-community {' '.join(_marks(view, name))}"])
    for role in sorted({_from(view, session) for session in view.sessions}):
        for number, preference in ((10, 0), (20, _PREFERENCES[role])):
            lines = ["match community GSHUT"] if number == 10 else []
            if host.is_hub and role == "PEER":
                lines.append("set large-comm-list CUSTOMERS delete")
            if host.is_hub and role == "CUSTOMER":
                lines.append(f"set large-community {asn}:9:1 additive")
            lines.append(f"set local-preference {preference}")
            if not host.is_hub and number == 20:
                lines.append(f"set weight {preference}")
            yield from _clause(f"FROM-{role} permit {number}", lines)
    if host.is_hub:
        yield from _clause("TO-PEER permit 10", ["match large-community CUSTOMERS"])
        for slot in _customers(view):
            yield from _clause(f"TO-MEMBER-{slot} permit 10", [f"match large-community ALLOWED-{slot}"])
            yield from _clause(f"TO-MEMBER-{slot} deny 20", ["match large-community RESTRICTED"])
            yield from _clause(f"TO-MEMBER-{slot} permit 30", [])
    yield from _clause("SOURCE4 permit 10", [f"set src {view.loopbacks[0]}"])
    yield from _clause("SOURCE6 permit 10", [f"set src {view.loopbacks[1]}"])


def _clause(name: str, lines: Iterable[str]) -> Iterator[Line]:
    yield from _block(f"route-map {name}", ((TOP, line) for line in lines))


def _marks(view: View, name: str) -> list[str]:
    """The large communities of a group of announcements, in the order in which we write them."""
    host, asn = view.host, view.host.frr.asn
    marks = [mark for clause in host.frr.maps.get(name, []) for text in clause.sets for mark in text.split()[1:]]
    codes = [mark for mark in marks if mark in {f"{asn}:2:{code}" for code in range(6)}][:1]
    slots = allowed_slots(host, name)
    limits = [f"{asn}:3:0", *(f"{asn}:4:{slot}" for slot in slots)] if slots is not None else []
    return [f"{asn}:1:{host.slot}", *codes, *limits, *([f"{asn}:9:1"] if host.is_hub else [])]


def allowed_slots(host: Host, name: str) -> tuple[int, ...] | None:
    """The members that may have what an ORIGIN- map marks; None: all."""
    asn = host.frr.asn
    marks = [mark for clause in host.frr.maps.get(name, []) for text in clause.sets for mark in text.split()[1:]]
    if f"{asn}:3:0" not in marks:
        return None
    start = f"{asn}:4:"
    return tuple(
        int(mark.removeprefix(start)) for mark in marks if mark.startswith(start) and mark[len(start) :].isdigit()
    )


# --------------------------------------------------------------------------------------------------------------- nftables


def nftables(view: View) -> Iterator[Line]:
    """Every statement of its nftables.conf; the rules of a chain in order, but for `unordered` ones."""
    yield TOP, "table inet ace"
    for path, text in (*_sets(view), *_chains(view)):
        yield f"table inet ace > {path}" if path else "table inet ace", text


def _sets(view: View) -> Iterator[Line]:
    far = [str(session.tunnel.far_address) for session in view.sessions] or ["::1"]
    yield from _set("peers", ["type ipv6_addr"], far)
    for version, ip, _ in FAMILIES:
        settings = [f"type ipv{version}_addr", "flags interval"]
        yield from _set(f"pool{version}", settings, [str(view.pools[version == 6])])
        yield from _set(f"own{version}", settings, [str(b) for b in view.host.blocks if b.version == version])
        yield from _set(f"announced{version}", settings, [str(n.prefix) for n in _passing(view, version)])
        if any(_exact(view, session) for session in view.sessions):
            settings = [f"typeof iifname . {ip} saddr", "flags interval"]
            yield from _set(f"sources{version}", settings, _sources(view, version))


def _set(name: str, settings: Iterable[str], elements: Iterable[str]) -> Iterator[Line]:
    yield TOP, f"set {name}"
    yield from ((f"set {name}", setting) for setting in settings)
    yield from ((f"set {name} > elements", element) for element in elements)


def _passing(view: View, version: int) -> list[Announced]:
    return [
        network
        for network in view.host.frr.originated()
        if network.prefix.version == version and network.prefix.prefixlen != network.prefix.max_prefixlen
    ]


def _exact(view: View, session: Session) -> bool:
    """Whether packets of a tunnel have to come from what its far end announces (BCP 38)."""
    return view.accepts_own(session) and not session.internal


def _sources(view: View, version: int) -> Iterator[str]:
    for session in view.sessions:
        if _exact(view, session):
            for entry in view.host.frr.entries(f"FROM-{list_name(session.tunnel)}", version):
                if entry.permit and entry.prefix.prefixlen != entry.prefix.max_prefixlen:
                    yield element(Element(entry.prefix, session.tunnel.interface, 0))


def element(one: Element) -> str:
    """An element as it is written."""
    return f'"{one.interface}" . {one.prefix}' if one.interface else str(one.prefix)


def _chains(view: View) -> Iterator[Line]:
    yield from _chain("input", _input(view))
    yield from _chain(
        "interconnect_here",
        [
            "meta l4proto { 1, 58 } accept",
            "ip6 saddr @peers tcp dport 179 ip6 hoplimit 255 accept",
            "ip6 saddr @peers tcp sport 179 ip6 hoplimit 255 accept",
            "ip6 saddr @peers udp dport { 3784, 4784 } ip6 hoplimit 255 accept",
            "counter drop",
        ],
    )
    yield from _chain("forward", _forward(view))
    if view.host.is_hub:
        yield from _chain("interconnect_between", _between(view))
    else:
        yield from _chain("interconnect_in", _in(view))
        yield from _chain("interconnect_out", _out(view))


def _chain(name: str, rules: Iterable[str]) -> Iterator[Line]:
    yield TOP, f"chain {name}"
    yield from ((f"chain {name}", rule) for rule in rules)


def _siblings(view: View) -> list[IPv6Address]:
    return [n.address for n in view.host.frr.neighbours.values() if n.asn == view.host.frr.asn]


def _input(view: View) -> Iterator[str]:
    for session in view.sessions:
        yield f'udp dport {session.tunnel.port} accept comment "{session.tunnel.interface}"'
    yield 'iifname "wg-*" goto interconnect_here'
    for address in _siblings(view):
        yield f"ip6 saddr {address} tcp dport 179 accept"
        yield f"ip6 saddr {address} udp dport {{ 3784, 4784 }} ip6 hoplimit 255 accept"


def _forward(view: View) -> Iterator[str]:
    for way in ("iifname", "oifname"):
        yield f'{way} "wg-*" tcp flags & (syn | rst) == syn tcp option maxseg size set rt mtu'
    if view.host.is_hub:
        yield 'iifname "wg-*" oifname "wg-*" goto interconnect_between'
        yield 'iifname "wg-*" counter drop'
        yield 'oifname "wg-*" counter drop'
        return
    yield 'iifname "wg-*" oifname "wg-*" counter drop'
    yield 'iifname "wg-*" goto interconnect_in'
    yield 'oifname "wg-*" goto interconnect_out'
    if _siblings(view):
        yield from _leaving()


def _leaving() -> Iterator[str]:
    yield "ip saddr @announced4 ip daddr @pool4 ip daddr != @own4 accept"
    yield "ip6 saddr @announced6 ip6 daddr @pool6 ip6 daddr != @own6 accept"


def _between(view: View) -> Iterator[str]:
    wide = [s.tunnel.interface for s in view.sessions if s.far is None or s.far.is_hub]
    if wide:
        names = ", ".join(wide)
        yield f"iifname {{ {names} }} ip saddr @pool4 accept"
        yield f"iifname {{ {names} }} ip6 saddr @pool6 accept"
    yield "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded } accept"
    if any(_exact(view, session) for session in view.sessions):
        yield "iifname . ip saddr @sources4 ip daddr @pool4 accept"
        yield "iifname . ip6 saddr @sources6 ip6 daddr @pool6 accept"
    yield "counter drop"


def _within_country(view: View, way: str) -> Iterator[str]:
    names = ", ".join(session.tunnel.interface for session in view.internal)
    if names:
        yield f"{way} {{ {names} }} ip saddr @own4 ip daddr @own4 accept"
        yield f"{way} {{ {names} }} ip6 saddr @own6 ip6 daddr @own6 accept"
        yield f"{way} {{ {names} }} counter drop"


def _in(view: View) -> Iterator[str]:
    yield from _within_country(view, "iifname")
    yield "ip saddr @own4 counter drop"
    yield "ip6 saddr @own6 counter drop"
    yield from _restricted(view, "daddr", "saddr")
    for session in view.sessions:
        if _exact(view, session):
            name = session.tunnel.interface
            yield f"iifname {name} iifname . ip saddr @sources4 ip daddr @announced4 accept"
            yield f"iifname {name} iifname . ip6 saddr @sources6 ip6 daddr @announced6 accept"
            yield f"iifname {name} counter drop"
    yield "ip saddr @pool4 ip daddr @announced4 accept"
    yield "ip6 saddr @pool6 ip6 daddr @announced6 accept"
    yield "counter drop"


def _out(view: View) -> Iterator[str]:
    yield from _within_country(view, "oifname")
    yield from _restricted(view, "saddr", "daddr")
    yield from _leaving()
    yield "counter drop"


def _restricted(view: View, ours: str, theirs: str) -> Iterator[str]:
    """For each prefix that only some members may have: nobody else's packets come or go."""
    for network in view.host.frr.originated():
        slots = allowed_slots(view.host, network.route_map)
        if slots is None:
            continue
        version = network.prefix.version
        ip = "ip" if version == 4 else "ip6"
        blocks = [str(block) for slot in slots for block in view.blocks_of(slot, version)]
        yield f"{ip} {ours} {network.prefix} {ip} {theirs} != {{ {', '.join(blocks)} }} counter drop"


# -------------------------------------------------------------------------------------------------------------- WireGuard


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
