"""What a publication must not state, whoever signed it: what the spec denies. Pure.

A country answers for its own numbers and names only. What it states is compared with what follows from the spec, value
by value, and the first contradiction is reported; the newest publication of a country may only be younger than the last
one seen, and live no longer than the region allows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from typing import Any, Final

from ace.addressing import gateway_loopback, site_allocation
from ace.publication.building import HUB_SITE, LIFETIME, announced, hub_host
from ace.publication.values import HubPublication, Publication, Reason, Refused
from ace.spec.region import Hub
from ace.spec.values import DataCentre, Member, MemberStatus, Spec

CLOCK_SLACK: Final = timedelta(minutes=5)
"""How far clocks of a country and of the region may be apart."""
LAB_UNDERLAY: Final = IPv4Network("198.18.0.0/15")
"""Benchmarking addresses (RFC 2544): the Internet of labs, so they count for members marked `example`."""


def untimely(publication: Publication | HubPublication, now: datetime) -> Refused | None:
    """Why a publication does not count now; None when it does."""
    if publication.issued > now + CLOCK_SLACK:
        claimed = f"it was issued at {publication.issued:%Y-%m-%d %H:%M} UTC, which is still to come"
        return Refused(Reason.FROM_THE_FUTURE, f"{claimed}; is a clock wrong?")
    if publication.expires - publication.issued > LIFETIME:
        days = (publication.expires - publication.issued).days
        claimed = f"it would count for {days} days"
        return Refused(
            Reason.LIVES_TOO_LONG, f"{claimed}; the region takes {LIFETIME.days} at most: run `ace publish` again"
        )
    if publication.expires <= now:
        claimed = f"it expired at {publication.expires:%Y-%m-%d %H:%M} UTC"
        return Refused(Reason.EXPIRED, f"{claimed}; the country renews it with `ace publish {publication.country}`")
    return None


def contradiction(publication: Publication, member: Member, spec: Spec) -> Refused | None:
    """The first thing in a country's publication that the spec denies; None when it denies nothing."""
    return next(_country(publication, member, spec), None)


def hub_contradiction(publication: HubPublication, hub: Hub, spec: Spec) -> Refused | None:
    """The first thing in a hub's publication that the spec denies; None when it denies nothing."""
    return next(_hub(publication, hub, spec.member(hub.hosted_by)), None)


def not_joining(member: Member) -> Refused | None:
    """Why nothing of a member counts now, by its status."""
    if member.status in {MemberStatus.ACTIVE, MemberStatus.CANDIDATE}:
        return None
    return Refused(Reason.NOT_ACTIVE, f"{member.code} is {member.status}: nothing of it is used ({member.file})")


def _country(claimed: Publication, member: Member, spec: Spec) -> Iterator[Refused]:
    if (claimed.ipv4, claimed.ipv6) != (member.allocation.ipv4, member.allocation.ipv6):
        own = f"{member.allocation.ipv4} and {member.allocation.ipv6}"
        yield Refused(Reason.FOREIGN_PREFIX, f"it claims {claimed.ipv4} and {claimed.ipv6}; {member.code} has {own}")
    centres = {centre.id: centre for centre in member.data_centres}
    for one in claimed.data_centres:
        if one.id not in centres:
            yield Refused(Reason.FOREIGN_NAME, f"{one.id} is no data centre of {member.code}")
            return
        yield from _data_centre(one, centres[one.id], member)
    yield from _twice("data centre", (one.id for one in claimed.data_centres))
    yield from _twice("gateway", (f"{one.name}.{one.data_centre}" for one in claimed.gateways))
    yield from _services(claimed, member)
    keys = Counter(gateway.wireguard_key for gateway in claimed.gateways if gateway.wireguard_key)
    if shared := [key for key, count in keys.items() if count > 1]:
        yield Refused(
            Reason.SAME_KEY, f"two gateways have the same WireGuard key {shared[0][:12]}…: each makes its own"
        )
    addresses = Counter(gateway.public_address for gateway in claimed.gateways if gateway.public_address)
    if shared_addresses := [address for address, count in addresses.items() if count > 1]:
        yield Refused(Reason.SAME_ADDRESS, f"two gateways have the same public address {shared_addresses[0]}")
    yield from _declared(claimed, member, spec)


def _data_centre(claimed: Any, centre: DataCentre, member: Member) -> Iterator[Refused]:
    site = centre.allocation
    if claimed.site != centre.site:
        yield Refused(Reason.CONTRADICTS_SPEC, f"{claimed.id} is site {centre.site} in the spec, not {claimed.site}")
    if claimed.asn != site.asn:
        yield Refused(Reason.FOREIGN_ASN, f"{claimed.id} claims AS{claimed.asn}; its own is AS{site.asn}")
    may = set(announced(member, centre))
    for prefix in claimed.prefixes:
        block = member.allocation.ipv4 if prefix.version == 4 else member.allocation.ipv6
        if not prefix.subnet_of(block):
            yield Refused(
                Reason.FOREIGN_PREFIX, f"{claimed.id} announces {prefix}, which is not of {member.code}'s {block}"
            )
        elif prefix not in may:
            yield Refused(
                Reason.PREFIX_NOT_EXPORTED, f"{claimed.id} announces {prefix}, which the spec does not let it export"
            )
    yield from _twice("prefix", (str(prefix) for prefix in claimed.prefixes))
    gateways = {gateway.name: gateway for gateway in centre.gateways}
    for one in claimed.gateways:
        known = gateways.get(one.name)
        if known is None or one.data_centre != claimed.id:
            yield Refused(Reason.FOREIGN_NAME, f"{one.name}.{one.data_centre} is no gateway of {claimed.id}")
            continue
        if one.number != known.number:
            yield Refused(
                Reason.CONTRADICTS_SPEC, f"{one.name} has number {known.number} in the spec, not {one.number}"
            )
        if one.asn != site.asn:
            yield Refused(Reason.FOREIGN_ASN, f"{one.name}.{claimed.id} claims AS{one.asn}; its own is AS{site.asn}")
        if one.loopbacks != gateway_loopback(site, known.number):
            yield Refused(
                Reason.FOREIGN_LOOPBACK,
                f"{one.name}.{claimed.id} claims loopbacks {', '.join(map(str, one.loopbacks))} that are not its own",
            )
        if one.public_address is not None and not routable(one.public_address, example=member.example):
            yield Refused(
                Reason.UNROUTABLE_ADDRESS,
                f"{one.name}.{claimed.id} has {one.public_address} as its public address, which no other country reaches",
            )


def _services(claimed: Publication, member: Member) -> Iterator[Refused]:
    services = {service.id: service for service in member.services}
    for one in claimed.services:
        known = services.get(one.id)
        if known is None:
            yield Refused(Reason.FOREIGN_NAME, f"{one.id} is no service of {member.code}")
            continue
        if one.endpoint != known.endpoint:
            yield Refused(Reason.FOREIGN_ENDPOINT, f"{one.id}: its endpoint is another than in {member.file}")
        audience = tuple(sorted(country.lower() for country in known.offered_to))
        stated = (one.sector, one.tenant, tuple(sorted(one.data_classes)), tuple(sorted(one.offered_to)))
        if stated != (known.sector, known.tenant, tuple(sorted(known.data_classes)), audience):
            yield Refused(
                Reason.CONTRADICTS_SPEC,
                f"{one.id}: sector, tenant, data classes or audience are other ones than in {member.file}",
            )
    yield from _twice("service", (one.id for one in claimed.services))


def _declared(claimed: Publication, member: Member, spec: Spec) -> Iterator[Refused]:
    """Labels and residency: what the catalogue and the rules rest on must equal the spec."""
    del spec
    labels = {
        (centre.id, label.scheme, label.number, label.valid_until)
        for centre in member.data_centres
        for label in centre.labels
    }
    for label in claimed.labels:
        if (label.data_centre, label.scheme, label.number, label.valid_until) not in labels:
            yield Refused(
                Reason.CONTRADICTS_SPEC,
                f"label {label.scheme} {label.number} of {label.data_centre} until {label.valid_until} is not in "
                f"{member.file}",
            )
    modes = {rule.data_class: rule.mode for rule in member.residency}
    for rule in claimed.residency:
        if modes.get(rule.data_class) is not rule.mode:
            yield Refused(
                Reason.CONTRADICTS_SPEC, f"residency of {rule.data_class}: {rule.mode} differs from {member.file}"
            )


def _hub(claimed: HubPublication, hub: Hub, host: Member) -> Iterator[Refused]:
    site = site_allocation(hub.allocation, HUB_SITE)
    if claimed.country != host.stack or claimed.host_name != hub_host(hub) or claimed.data_centre != hub.data_centre:
        yield Refused(
            Reason.FOREIGN_NAME, f"hub {hub.id} is {hub_host(hub)}, not {claimed.host_name} of {claimed.country}"
        )
    if claimed.asn != site.asn:
        yield Refused(Reason.FOREIGN_ASN, f"hub {hub.id} claims AS{claimed.asn}; its own is AS{site.asn}")
    if (claimed.slot, claimed.number) != (hub.slot, hub.number):
        yield Refused(Reason.CONTRADICTS_SPEC, f"hub {hub.id} has slot {hub.slot} and number {hub.number} in the spec")
    if claimed.loopbacks != gateway_loopback(site, hub.number):
        yield Refused(Reason.FOREIGN_LOOPBACK, f"hub {hub.id} claims loopbacks that are not its own")
    if claimed.public_address is not None and not routable(claimed.public_address, example=host.example):
        yield Refused(
            Reason.UNROUTABLE_ADDRESS, f"hub {hub.id} has {claimed.public_address}, which no other country reaches"
        )


def routable(address: IPv4Address, *, example: bool) -> bool:
    """Whether others can send to an address: a global one, or of the labs' Internet where the member is an example."""
    return (address.is_global and not address.is_multicast) or (example and address in LAB_UNDERLAY)


def _twice(what: str, names: Iterator[str]) -> Iterator[Refused]:
    for name, count in Counter(names).items():
        if count > 1:
            yield Refused(Reason.DUPLICATE, f"{what} {name} is there {count} times")
