"""Proof: the two ends of every tunnel and session agree on addresses, ports, keys, MTU, AS and timers."""

from __future__ import annotations

from collections.abc import Iterator

from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region, Session
from ace.interconnect.render import PLACEHOLDER


def symmetric(region: Region) -> ProofOutcome:
    """What one end states of a tunnel is what the other end states of itself."""
    flaws = [flaw for session in region.sessions for flaw in _tunnel(session)]
    flaws += [flaw for host in region.hosts.values() for flaw in (*_neighbours(host), *_siblings(region, host))]
    flaws += [*_told(region, "key", "PublicKey"), *_told(region, "endpoint", "Endpoint"), *_shared_keys(region)]
    tunnels = counted(len(region.sessions) // 2, "tunnel")
    return outcome(flaws, f"{tunnels} and their sessions agree at both ends")


def _tunnel(session: Session) -> Iterator[Flaw]:
    here, tunnel, far = session.host, session.tunnel, session.far_tunnel
    file, lines = here.tunnel_file(tunnel), tunnel.lines
    if tunnel.address.network.prefixlen != 127:
        yield Flaw(file, lines["Address"], f"{tunnel.address} is no /127 (RFC 6164)")
    if not tunnel.table_off:
        yield Flaw(file, lines.get("Table", 0), "no `Table = off`: wg-quick would install routes past BGP")
    if tunnel.allowed != {"0.0.0.0/0", "::/0"}:
        yield Flaw(file, lines["AllowedIPs"], "AllowedIPs is not 0.0.0.0/0, ::/0: BGP could not move prefixes to it")
    if session.far is None or far is None:
        yield Flaw(file, lines["Address"], f"no host has the other end, {tunnel.far_address}")
        return
    name = session.far.name
    if tunnel.endpoint_port != far.port:
        yield Flaw(file, lines["Endpoint"], f"port {tunnel.endpoint_port}, but {name} listens on {far.port}")
    if tunnel.mtu != far.mtu:
        yield Flaw(file, lines["MTU"], f"MTU {tunnel.mtu}, but {name} has {far.mtu}")
    if session.neighbour is None:
        yield Flaw(here.frr_file, here.frr.asn_line, f"{name} ({tunnel.far_address}) is no BGP neighbour")
    elif session.neighbour.asn != session.far.frr.asn:
        message = f"AS {session.neighbour.asn}, but {name} is AS {session.far.frr.asn}"
        yield Flaw(here.frr_file, session.neighbour.line, message)
    if here.frr.bfd != session.far.frr.bfd:
        yield Flaw(here.frr_file, 0, f"BFD {here.frr.bfd}, but {name} has {session.far.frr.bfd}")


def _neighbours(host: Host) -> Iterator[Flaw]:
    """BGP neighbours of another AS without a tunnel; addresses and ports used twice."""
    far = {tunnel.far_address for tunnel in host.tunnels}
    for neighbour in host.frr.neighbours.values():
        if neighbour.asn != host.frr.asn and neighbour.address not in far:
            yield Flaw(host.frr_file, neighbour.line, f"{neighbour.address} is the far end of no tunnel here")
    ports: dict[int, str] = {}
    for tunnel in host.tunnels:
        if tunnel.port in ports:
            message = f"port {tunnel.port} is {ports[tunnel.port]}'s already"
            yield Flaw(host.tunnel_file(tunnel), tunnel.lines["ListenPort"], message)
        ports[tunnel.port] = tunnel.interface


def _siblings(region: Region, host: Host) -> Iterator[Flaw]:
    """Gateways of one data centre have each other as iBGP neighbours."""
    siblings = {other.name: other for other in region.sites.get(host.site, ()) if other is not host}
    message = {n.description: n for n in host.frr.neighbours.values() if n.asn == host.frr.asn}
    for name, sibling in siblings.items():
        if name not in message:
            yield Flaw(host.frr_file, host.frr.asn_line, f"no iBGP neighbour {name}")
        if sibling.frr.asn != host.frr.asn:
            yield Flaw(host.frr_file, host.frr.asn_line, f"AS {host.frr.asn}, but {name} is AS {sibling.frr.asn}")
    for name, neighbour in message.items():
        if name not in siblings:
            yield Flaw(host.frr_file, neighbour.line, f"iBGP with {name}, which is no gateway of this data centre")


def _told(region: Region, what: str, setting: str) -> Iterator[Flaw]:
    """All far ends have the same key (or address) of a host: that of most of them is taken for the right one."""
    values_of: dict[str, dict[str, list[Flaw]]] = {}
    for session in region.sessions:
        if session.far is not None:
            value = getattr(session.tunnel, what)
            place = Flaw(session.host.tunnel_file(session.tunnel), session.tunnel.lines[setting], "")
            values_of.setdefault(session.far.name, {}).setdefault(value, []).append(place)
    for name, values in values_of.items():
        most = max(values, key=lambda value: (len(values[value]), value != PLACEHOLDER, value))
        for value, places in values.items():
            if value != most:
                for place in places:
                    yield Flaw(place.file, place.line, f"another {setting} of {name} than its other far ends have")


def _shared_keys(region: Region) -> Iterator[Flaw]:
    owners: dict[str, str] = {}
    for session in region.sessions:
        if session.far is None or session.tunnel.key == PLACEHOLDER:
            continue
        owner = owners.setdefault(session.tunnel.key, session.far.name)
        if owner != session.far.name:
            place = session.host.tunnel_file(session.tunnel)
            message = f"the key of {session.far.name} is that of {owner} too"
            yield Flaw(place, session.tunnel.lines["PublicKey"], message)
