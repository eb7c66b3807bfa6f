"""data-centre-capacity: no more is promised than a data centre has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ace.errors import Severity
from ace.policy.contract import Owner, Rule
from ace.policy.subjects import data_centre_location, data_centre_subject
from ace.policy.values import PolicyFinding
from ace.spec.values import Capacity, DataCentre, Member, Spec

FULL: Final = 0.9
"""From this share of the capacity on, there is a warning."""


def data_centre_capacity(spec: Spec, as_of: date) -> tuple[PolicyFinding, ...]:
    """The quotas of a data centre's tenants and its own hosts together fit into its `capacity:`.

    Quotas are promises, so they are counted in full: cores, RAM, volumes, without over-commitment. A data centre that
    states no capacity is not assessed. From 90 % on it warns.

    To satisfy it, give tenants smaller sizes, move one, or state what has been added.
    """
    return tuple(
        finding
        for member in spec.members
        for data_centre in member.data_centres
        if data_centre.capacity is not None
        for finding in _of(spec, member, data_centre, data_centre.capacity)
    )


def _of(spec: Spec, member: Member, data_centre: DataCentre, capacity: Capacity) -> Iterator[PolicyFinding]:
    promised = _promised(spec, member, data_centre)
    for what in ("cores", "ram_gib", "volumes_gib"):
        has, asked = getattr(capacity, what), getattr(promised, what)
        if asked <= FULL * has:
            continue
        over = asked > has
        yield PolicyFinding(
            rule="data-centre-capacity",
            severity=Severity.ERROR if over else Severity.WARNING,
            member=member.stack,
            subject=data_centre_subject(data_centre),
            fact=f"{data_centre.id} has {has} {what} and promises {asked} to tenants and hosts",
            remedy="give tenants smaller sizes, move one, or state what was added under `capacity:`",
            location=data_centre_location(member, data_centre) / "capacity" / what,
        )


def _promised(spec: Spec, member: Member, data_centre: DataCentre) -> Capacity:
    sizes = [tenant.size for tenant in member.tenants if tenant.data_centre == data_centre.id]
    flavors = {flavor.name: flavor for flavor in spec.region.flavors}
    names = (
        *(gateway.flavor for gateway in data_centre.gateways),
        *(host.flavor for host in data_centre.service_hosts),
        *(hub.flavor for hub in data_centre.hubs),
    )
    own = [flavors[name] for name in names if name in flavors]
    return Capacity(
        cores=sum(size.cores for size in sizes) + sum(flavor.vcpus for flavor in own),
        ram_gib=sum(size.ram_gib for size in sizes) + sum(flavor.ram_gib for flavor in own),
        volumes_gib=sum(size.volumes_gib for size in sizes)
        + sum(host.data_volume_gib for host in data_centre.service_hosts),
    )


DATA_CENTRE_CAPACITY = Rule(
    id="data-centre-capacity",
    title="A data centre promises at most what it has.",
    owner=Owner.COUNTRY,
    severity=Severity.ERROR,
    source="the operator's own statement (`capacity:`)",
    check=data_centre_capacity,
)
