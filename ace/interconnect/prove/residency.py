"""Proof: no subnet that has to stay in its country is announced, and what is for some members goes to those only."""

from __future__ import annotations

from collections.abc import Iterator

from ace.interconnect.prove.frr import Prefix
from ace.interconnect.prove.outcome import ProofOutcome, outcome
from ace.interconnect.prove.region import Flaw, Host, Region, Session


def residency_holds(region: Region) -> ProofOutcome:
    """Kept prefixes are denied towards every other country, by name, and restricted ones reach the listed members only."""
    kept = {site: frozenset().union(*(host.kept for host in hosts)) for site, hosts in region.sites.items()}
    flaws = [flaw for session in region.sessions for flaw in (*_kept(session, kept), *_direct(session), *_hub(session))]
    flaws += [flaw for host in region.hosts.values() if not host.is_hub for flaw in _announced(host, kept[host.site])]
    number = sum(len(prefixes) for prefixes in kept.values())
    return outcome(
        flaws,
        f"{number} prefixes that stay in their countries are announced to no other",
    )


def _kept(session: Session, kept: dict[str, frozenset[Prefix]]) -> Iterator[Flaw]:
    here, far, near = session.host, session.far, session.neighbour
    if here.is_hub or far is None or near is None or session.internal:
        return
    for prefix in sorted(kept[here.site], key=str):
        family = near.families[prefix.version]
        decided = here.frr.decide(family.list_out, prefix)
        if decided is None:
            yield Flaw(here.frr_file, family.line or near.line, f"{prefix} is not denied by name towards {far.name}")
        elif decided.permit:
            yield Flaw(here.frr_file, decided.line, f"{prefix} has to stay in its country; it would go to {far.name}")
        for other in (session.far_neighbour,):
            accepted = far.frr.decide(other.families[prefix.version].list_in, prefix) if other else None
            if accepted is not None and accepted.permit:
                message = f"{prefix} has to stay in its country; {far.name} would accept it from {here.name}"
                yield Flaw(far.frr_file, accepted.line, message)


def _announced(host: Host, kept: frozenset[Prefix]) -> Iterator[Flaw]:
    """Nothing that overlaps a kept prefix gets marks (is announced to others) or passes the firewall."""
    for network in host.frr.originated():
        if any(network.prefix.version == p.version and network.prefix.overlaps(p) for p in kept):
            yield Flaw(host.frr_file, network.line, f"{network.prefix} has to stay in its country, but is announced")
    for name in ("announced4", "announced6"):
        for element in host.sets.get(name, []):
            if any(element.prefix.version == p.version and element.prefix.overlaps(p) for p in kept):
                yield Flaw(host.nft_file, element.line, f"{element.prefix} has to stay in its country")


def _limits(host: Host) -> dict[Prefix, frozenset[int]]:
    """Restricted prefixes, and the slots that may have them, from the marks at the origin."""
    found: dict[Prefix, frozenset[int]] = {}
    for network in host.frr.originated():
        marks = [mark.split(":") for mark in host.frr.marks(network.route_map)]
        if any(mark[1:] == ["3", "0"] for mark in marks):
            found[network.prefix] = frozenset(int(mark[2]) for mark in marks if mark[1] == "4")
    return found


def _direct(session: Session) -> Iterator[Flaw]:
    here, far, near = session.host, session.far, session.neighbour
    if here.is_hub or far is None or far.is_hub or near is None:
        return
    for prefix, slots in _limits(here).items():
        decided = here.frr.decide(near.families[prefix.version].list_out, prefix)
        if decided is not None and decided.permit and far.slot not in slots:
            yield Flaw(here.frr_file, decided.line, f"{prefix} is not for {far.name} (slot {far.slot})")


def _hub(session: Session) -> Iterator[Flaw]:
    """A hub gives a restricted route to a member only if it is marked for that member."""
    hub, far = session.host, session.far
    if not hub.is_hub or far is None or far.is_hub:
        return
    slot = far.slot
    message, line = hub.frr.communities.get("RESTRICTED", ("", 0))
    if message != "_[0-9]+:3:0_":
        yield Flaw(hub.frr_file, line, f"the list RESTRICTED is {message or 'missing'}")
    message, line = hub.frr.communities.get(f"ALLOWED-{slot}", ("", 0))
    if message != f"_[0-9]+:4:{slot}_":
        yield Flaw(hub.frr_file, line, f"the list ALLOWED-{slot} is {message or 'missing'}")
    clauses = sorted(hub.frr.maps.get(f"TO-MEMBER-{slot}", []), key=lambda clause: clause.seq)
    shape = [(clause.permit, tuple(clause.matches)) for clause in clauses]
    if shape != [
        (True, (f"large-community ALLOWED-{slot}",)),
        (False, ("large-community RESTRICTED",)),
        (True, ()),
    ]:
        line = clauses[0].line if clauses else 0
        yield Flaw(hub.frr_file, line, f"TO-MEMBER-{slot} does not allow, refuse, then permit: restricted routes pass")
