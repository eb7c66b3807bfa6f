"""Proof: a member announces its own allocation and nothing else, and its neighbours accept exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ace.interconnect.prove.frr import Entry, Prefix, is_host
from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region, Session


def exports_are_own(region: Region) -> ProofOutcome:
    """What is originated lies in the own block; what may be sent, and what the far end accepts, is just that."""
    flaws = [flaw for host in region.hosts.values() for flaw in (*_originated(host), *_firewall(host))]
    flaws += _blocks_disjoint(region)
    by_hub = _customers(region)
    flaws += [flaw for session in region.sessions for flaw in _session(session, by_hub)]
    routes = sum(len(host.frr.originated()) for host in region.hosts.values())
    return outcome(flaws, f"{counted(routes, 'announcement')} are in their owners' blocks; no neighbour accepts more")


def _originated(host: Host) -> Iterator[Flaw]:
    for network in host.frr.networks:
        if not _inside(network.prefix, host.blocks):
            yield Flaw(host.frr_file, network.line, f"{network.prefix} is outside the own allocation")


def _firewall(host: Host) -> Iterator[Flaw]:
    """The firewall lets through what is announced, no more and no less."""
    announced = {network.prefix for network in host.frr.originated()}
    elements = [element for name in ("announced4", "announced6") for element in host.sets.get(name, [])]
    for element in elements:
        if element.prefix not in announced:
            message = f"{element.prefix} may be reached but is not announced"
            yield Flaw(host.nft_file, element.line, message)
    passing = {element.prefix for element in elements}
    for network in host.frr.originated():
        if network.prefix not in passing and not is_host(network.prefix):
            yield Flaw(host.frr_file, network.line, f"{network.prefix} is announced but the firewall drops it")


def _blocks_disjoint(region: Region) -> Iterator[Flaw]:
    owners: dict[Prefix, Host] = {}
    for host in region.hosts.values():
        for block in host.blocks:
            owner = owners.setdefault(block, host)
            if owner.slot != host.slot:
                yield Flaw(host.frr_file, 0, f"block {block} is that of {owner.name} too")


def _customers(region: Region) -> dict[str, set[Prefix]]:
    """What each hub may pass on to other hubs: its own loopbacks and its customers' blocks."""
    found: dict[str, set[Prefix]] = {}
    for session in region.sessions:
        if session.host.is_hub:
            passed = found.setdefault(session.host.name, {n.prefix for n in session.host.frr.originated()})
            if session.far is not None and not session.far.is_hub:
                passed |= session.far.blocks
    return found


def _session(session: Session, by_hub: dict[str, set[Prefix]]) -> Iterator[Flaw]:
    here, far, near, other = session.host, session.far, session.neighbour, session.far_neighbour
    if far is None or near is None or other is None:
        return
    for version in (4, 6):
        sends = _permits(here, near.families[version].list_out, version)
        accepts = _permits(far, other.families[version].list_in, version)
        if here.is_hub and not far.is_hub:
            continue
        if here.is_hub:
            may = {prefix for prefix in by_hub[here.name] if prefix.version == version}
            yield from _beyond(here, sends, may, f"is neither a customer's block nor a loopback of {here.name}")
        else:
            own = {network.prefix for network in here.frr.networks if network.prefix.version == version}
            yield from _beyond(here, sends, own, "is not announced here, so it belongs to another network")
            yield from _longer(here, sends)
        yield from _beyond(far, accepts, {entry.prefix for entry in sends}, f"is not sent by {here.name}")
        missing = {entry.prefix for entry in sends} - {entry.prefix for entry in accepts}
        for entry in sends:
            if entry.prefix in missing:
                yield Flaw(here.frr_file, entry.line, f"{entry.prefix} is not accepted by {far.name}")
        if not here.is_hub:
            yield from _longer(far, accepts)
            if not session.internal:
                yield from _sources(session, accepts, version)


def _sources(session: Session, accepts: list[Entry], version: int) -> Iterator[Flaw]:
    """The far end's firewall takes from this tunnel just what it accepts routes for (BCP 38)."""
    far, tunnel = session.far, session.far_tunnel
    assert far is not None and tunnel is not None  # noqa: S101
    elements = far.sources.get((tunnel.interface, version), [])
    desired = {entry.prefix for entry in accepts if not is_host(entry.prefix)}
    for element in elements:
        if element.prefix not in desired:
            message = f"{element.prefix} may come from {tunnel.interface}, whose neighbour does not announce it"
            yield Flaw(far.nft_file, element.line, message)
    for prefix in sorted(desired - {element.prefix for element in elements}, key=str):
        yield Flaw(far.nft_file, 0, f"{prefix} is accepted from {tunnel.interface}, but packets from it are dropped")


def _permits(host: Host, name: str, version: int) -> list[Entry]:
    """The lines that let something through: those that permit and that no line before them denies as a whole."""
    found: list[Entry] = []
    denied: list[Entry] = []
    for entry in host.frr.entries(name, version):
        if not entry.permit:
            denied.append(entry)
        elif not any(_covers(earlier, entry) for earlier in denied):
            found.append(entry)
    return found


def _covers(one: Entry, other: Entry) -> bool:
    """Whether all that the other line matches is matched by this one."""
    return one.ge <= other.ge and other.le <= one.le and _inside(other.prefix, (one.prefix,))


def _longer(host: Host, entries: Iterable[Entry]) -> Iterator[Flaw]:
    for entry in entries:
        if not entry.exact:
            yield Flaw(host.frr_file, entry.line, f"more than {entry.prefix} itself: no `ge` or `le` is expected here")


def _beyond(host: Host, entries: Iterable[Entry], may: set[Prefix], why: str) -> Iterator[Flaw]:
    for entry in entries:
        if entry.prefix not in may:
            yield Flaw(host.frr_file, entry.line, f"{entry.prefix} {why}")


def _inside(prefix: Prefix, blocks: Iterable[Prefix]) -> bool:
    return any(block.version == prefix.version and prefix.subnet_of(block) for block in blocks)  # type: ignore[arg-type]
