"""Which hubs a gateway homes to: a pure function of where it is and which hubs there are, and of nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ace.interconnect.geography import distance_km, position
from ace.spec.region import Hub
from ace.spec.values import DataCentre, Gateway, Member


def ranked(member: Member, centre: DataCentre, hubs: Sequence[Hub]) -> tuple[Hub, ...]:
    """The hubs from the nearest to the farthest; where a place is unknown, in an order that a hash gives."""
    here = position(member.code, centre.city)

    def key(hub: Hub) -> tuple[float, str, int]:
        there = position(hub.hosted_by)
        far = distance_km(here, there) if here and there else 0.0
        lot = hashlib.sha256(f"{member.numeric}/{centre.site}/{hub.slot}".encode()).hexdigest()
        return round(far), lot, hub.slot

    return tuple(sorted(hubs, key=key))


def homes(member: Member, centre: DataCentre, hubs: Sequence[Hub]) -> dict[int, tuple[Hub, ...]]:
    """The hubs of each gateway of a data centre, by gateway number.

    The first gateway homes to the nearest hub, the second to the nearest that is lodged elsewhere, so that neither one
    hub nor one data centre is all; further ones follow in turn. A gateway alone homes to both.
    """
    order = ranked(member, centre, hubs)
    if not order:
        return {gateway.number: () for gateway in centre.gateways}
    first = order[0]
    elsewhere = [hub for hub in order if (hub.hosted_by, hub.data_centre) != (first.hosted_by, first.data_centre)]
    chosen = (first, *elsewhere[:1])
    gateways: list[Gateway] = sorted(centre.gateways, key=lambda gateway: gateway.number)
    if len(gateways) == 1:
        return {gateways[0].number: chosen}
    return {gateway.number: (chosen[place % len(chosen)],) for place, gateway in enumerate(gateways)}
