"""The statements that a host's nftables.conf has to have (see `expected`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address

from ace.interconnect.prove.expected import FAMILIES, Line, View, allowed_slots, list_name, shown
from ace.interconnect.prove.frr import Announced, is_host
from ace.interconnect.prove.region import Session
from ace.interconnect.prove.statements import TOP


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
    return [network for network in view.originated if network.prefix.version == version and not is_host(network.prefix)]


def _exact(view: View, session: Session) -> bool:
    """Whether packets of a tunnel have to come from what its far end announces (BCP 38)."""
    return view.accepts_own(session) and not session.internal


def _sources(view: View, version: int) -> Iterator[str]:
    for session in view.sessions:
        if _exact(view, session):
            for entry in view.host.frr.entries(f"FROM-{list_name(session.tunnel)}", version):
                if entry.permit and not is_host(entry.prefix):
                    yield f'"{session.tunnel.interface}" . {shown(entry.prefix)}'


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
    for network in view.originated:
        slots = allowed_slots(view.host, network.route_map)
        if slots is None:
            continue
        version = network.prefix.version
        ip = "ip" if version == 4 else "ip6"
        blocks = [str(block) for slot in slots for block in view.blocks_of(slot, version)]
        yield f"{ip} {ours} {network.prefix} {ip} {theirs} != {{ {', '.join(blocks)} }} counter drop"
