"""The statements that a host's frr.conf has to have (see `expected`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ace.interconnect.prove.expected import (
    FAMILIES,
    MAX_PREFIXES,
    Line,
    View,
    allowed_slots,
    list_name,
    region_entries,
    shown,
)
from ace.interconnect.prove.frr import Entry, is_host
from ace.interconnect.prove.region import Host, Session
from ace.interconnect.prove.statements import TOP

_PREFERENCES: Final = {"CUSTOMER": 300, "PEER": 200, "PROVIDER": 100}
_TIMERS: Final = ("bfd", "bfd profile interconnect")
_SESSION_TIMERS: Final = ("timers 10 30", "timers connect 5", "capability extended-nexthop")


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
    keywords = (("ip", "address"), ("ipv6", "address"))
    known = [(word, address) for word, address in zip(keywords, view.loopbacks, strict=True) if address is not None]
    yield from _block(
        "interface lo", ((TOP, f"{ip} {what} {address}/{address.max_prefixlen}") for (ip, what), address in known)
    )
    for (ip, _), address in known:
        for network in view.originated:
            prefix = network.prefix
            if prefix.version == address.version and address in prefix and not is_host(prefix):
                yield TOP, f"{ip} route {prefix} blackhole 250"
    for (ip, _), pool in zip(keywords, view.pools, strict=True):
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
    """The entries of a FROM- list: from a hub, to a gateway, the region; else what stands there, in the forms that we write."""
    entries = view.host.frr.entries(f"FROM-{list_name(session.tunnel)}", version)
    if view.accepts_all(session):
        own = sorted((block for block in view.host.blocks if block.version == version), key=str)
        denied = [f"deny {block} le {block.max_prefixlen}" for block in own]
        return [*denied, *region_entries(view.pools[version == 6])]
    return _written(entries, loose=_between_hubs(session))


def _sent(view: View, session: Session, version: int) -> list[str]:
    """The entries of a TO- list: from a hub, to a gateway, all of the region but what is kept; else what stands there."""
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
        text = shown(prefix)
        member = prefix.prefixlen == (20 if prefix.version == 4 else 48)
        part = 28 if prefix.version == 4 else 64
        if not entry.permit:
            found.append(f"deny {text} le {longest}")
        elif not (loose and member):
            found.append(f"permit {text}")
        elif entry.ge == longest:
            found.append(f"permit {text} ge {longest}")
        else:
            found.append(f"permit {text} le {part}")
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
        neighbor = f"neighbor {shown(session.tunnel.far_address)} "
        lines += ((TOP, neighbor + setting) for setting in settings)
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
    for network in view.networks:
        if network.prefix.version != version:
            continue
        if network.route_map.startswith("ORIGIN-"):
            yield TOP, f"network {shown(network.prefix)} route-map {network.route_map}"
        elif view.internal:  # what stays in the country goes to its other data centres
            yield TOP, f"network {shown(network.prefix)}"


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
        neighbor = f"neighbor {shown(session.tunnel.far_address)} "
        yield from ((TOP, neighbor + setting) for setting in settings)
    yield TOP, "maximum-paths 4"


def _from(view: View, session: Session) -> str:
    """What the far end is to this one."""
    return {"provider": "CUSTOMER", "customer": "PROVIDER", "peer": "PEER"}[_role(view, session)]


def _maps(view: View) -> Iterator[Line]:
    host, asn = view.host, view.host.frr.asn
    for name in sorted({network.route_map for network in view.originated}):
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
    codes = [mark for mark in host.frr.marks(name) if mark in {f"{asn}:2:{code}" for code in range(6)}][:1]
    slots = allowed_slots(host, name)
    limits = [f"{asn}:3:0", *(f"{asn}:4:{slot}" for slot in slots)] if slots is not None else []
    return [f"{asn}:1:{host.slot}", *codes, *limits, *([f"{asn}:9:1"] if host.is_hub else [])]
