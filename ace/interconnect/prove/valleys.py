"""Proof: no route climbs again once it has gone down or across (Gao-Rexford): nobody carries others' traffic by mistake."""

from __future__ import annotations

from collections.abc import Iterator

from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region, Session

OPPOSITE = {"provider": "customer", "customer": "provider", "peer": "peer"}


def valley_free(region: Region) -> ProofOutcome:
    """Roles fit and are strict (RFC 9234); hubs pass on to hubs what customers announced, and nothing else.

    Gateways announce their own prefixes alone, which `exports-are-own` shows. Two locks, then: the role's OTC attribute
    and, on hubs, a mark of their own.
    """
    flaws = [flaw for session in region.sessions for flaw in (*_roles(session), *_maps(session))]
    flaws += [flaw for host in region.hosts.values() if host.is_hub for flaw in _marks(host)]
    return outcome(
        flaws, f"{counted(len(region.sessions), 'session end')} have strict roles that fit; hubs mark and sieve"
    )


def _roles(session: Session) -> Iterator[Flaw]:
    here, near, far = session.host, session.neighbour, session.far
    if near is None or far is None:
        return
    line = near.role_line or near.line
    if not near.role:
        yield Flaw(here.frr_file, line, f"no role towards {far.name} (RFC 9234)")
    elif not near.strict:
        yield Flaw(here.frr_file, line, f"the role towards {far.name} is not strict")
    desired = "peer" if here.is_hub == far.is_hub else ("provider" if here.is_hub else "customer")
    if near.role and near.role != desired:
        yield Flaw(here.frr_file, line, f"{near.role} of {far.name}; it has to be {desired}")


def _maps(session: Session) -> Iterator[Flaw]:
    """Which route maps a hub's neighbours have."""
    here, near, far = session.host, session.neighbour, session.far
    if near is None or far is None or not here.is_hub:
        return
    for version, family in near.families.items():
        map_in = "FROM-PEER" if far.is_hub else "FROM-CUSTOMER"
        map_out = "TO-PEER" if far.is_hub else f"TO-MEMBER-{far.slot}"
        if (family.map_in, family.map_out) != (map_in, map_out):
            message = f"IPv{version}: route maps {family.map_in or 'none'}, {family.map_out or 'none'} for {far.name}"
            yield Flaw(here.frr_file, family.line or near.line, f"{message}; they have to be {map_in}, {map_out}")


def _marks(hub: Host) -> Iterator[Flaw]:
    """Customers' routes get the mark, peers' lose it, and only marked ones go to peers."""
    mark = f"{hub.frr.asn}:9:1"
    message, line = hub.frr.communities.get("CUSTOMERS", ("", 0))
    if message != mark:
        yield Flaw(hub.frr_file, line, f"the list CUSTOMERS is {message or 'missing'}, not {mark}")
    for clause in hub.frr.maps.get("FROM-CUSTOMER", []):
        if f"large-community {mark} additive" not in clause.sets:
            yield Flaw(hub.frr_file, clause.line, "a customer's route is not marked as one")
    for clause in hub.frr.maps.get("FROM-PEER", []):
        if "large-comm-list CUSTOMERS delete" not in clause.sets:
            yield Flaw(hub.frr_file, clause.line, "a peer could mark its routes as a customer's")
    for clause in hub.frr.maps.get("TO-PEER", []):
        if clause.permit and "large-community CUSTOMERS" not in clause.matches:
            yield Flaw(hub.frr_file, clause.line, "peers are sent more than what customers announced")
