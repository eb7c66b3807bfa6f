"""Check members' data centres: their labels, clouds, gateways and hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import Facts, MemberFacts, refer, refer_all, twice
from ace.spec.fields import shown
from ace.spec.iso3166 import COUNTRIES
from ace.spec.text import escaped, shorten

OPTIONAL_CLOUD_SERVICES: Final = ("dns", "load_balancer", "object_storage")
"""What a cloud may have beyond the basic services; this release uses none of them."""


def check_data_centres(facts: Facts) -> Iterator[Finding]:
    """Findings in the data centres of all members."""
    all_ids: list[tuple[object, Cursor]] = []
    all_clouds: list[tuple[object, Cursor]] = []
    for member in facts.members:
        data_centres = list(member.cursor["data_centres"].items)
        all_ids += [(dc["id"].text, dc["id"]) for dc in data_centres]
        all_clouds += [(dc["cloud"]["cloud"].text, dc["cloud"]["cloud"]) for dc in data_centres]
        yield from twice(((dc["site"].number, dc["site"]) for dc in data_centres), "site")
        for data_centre in data_centres:
            yield from _labels(facts, member, data_centre)
            yield from _cloud(data_centre["cloud"])
            yield from _gateways(facts, data_centre)
            yield from _service_hosts(facts, data_centre)
            yield from _hosts(data_centre)
    yield from twice(all_ids, "data centre id", " in the region")
    yield from twice(all_clouds, "cloud", " in the region")


def _labels(facts: Facts, member: MemberFacts, data_centre: Cursor) -> Iterator[Finding]:
    labels = list(data_centre["labels"].items)
    yield from twice(
        ((label["scheme"].text, label["scheme"]) for label in labels), "label scheme", " in the data centre"
    )
    for label in labels:
        scheme = label["scheme"]
        yield from refer(scheme, facts.label_schemes, "label scheme")
        country = facts.ecosystem["label_schemes"][scheme.text or ""]["country"].text
        if country in COUNTRIES and country != member.code:
            message = (
                f"label scheme {shown(scheme.text)} is of {country}; a data centre of {member.code} can not hold it"
            )
            yield scheme.finding("foreign-label", message)


def _cloud(cloud: Cursor) -> Iterator[Finding]:
    if cloud["access"].text == "domain_manager" and cloud["flavors"].text == "create":
        message = "making flavours needs `access: admin`; with a domain manager's access write `flavors: existing`"
        yield cloud["flavors"].finding("needs-admin", message)
    for service in cloud["services"].items:
        if service.text in OPTIONAL_CLOUD_SERVICES:
            message = f"{shown(service.text)} is not supported by this release of ACE; leave it out"
            yield service.finding("not-supported", message)
        elif service.text is not None:
            message = f"unknown service of a cloud {shown(service.text)}; known: {', '.join(OPTIONAL_CLOUD_SERVICES)}"
            yield service.finding("unknown-reference", message)


def _gateways(facts: Facts, data_centre: Cursor) -> Iterator[Finding]:
    gateways = list(data_centre["gateways"].items)
    yield from twice(((gateway["number"].number, gateway["number"]) for gateway in gateways), "gateway number")
    for gateway in gateways:
        yield from refer(gateway["flavor"], facts.flavors, "flavour")
    zones = set(data_centre["cloud"]["availability_zones"].texts)
    used = Counter(gateway["zone"].text for gateway in gateways)
    if len(gateways) > 1 and len(zones) > 1 and len(used) == 1:
        zone = gateways[0]["zone"].text
        others = ", ".join(shorten(escaped(one)) for one in sorted(zones))
        message = f"all gateways are in {shown(zone)}; spread them over {others} so that one zone may fail"
        yield data_centre["gateways"].finding("one-zone", message)


def _service_hosts(facts: Facts, data_centre: Cursor) -> Iterator[Finding]:
    hosts = list(data_centre["service_hosts"].items)
    yield from twice(((host["number"].number, host["number"]) for host in hosts), "host number")
    for host in hosts:
        yield from refer(host["flavor"], facts.flavors, "flavour")
        yield from refer_all(host["runs"], facts.shared_services, "shared service")


def _hosts(data_centre: Cursor) -> Iterator[Finding]:
    """What gateways and service hosts have in common: one name each, a zone that exists."""
    hosts = [*data_centre["gateways"].items, *data_centre["service_hosts"].items]
    yield from twice(((host["name"].text, host["name"]) for host in hosts), "host name", " in the data centre")
    zones = data_centre["cloud"]["availability_zones"]
    known = frozenset(zones.texts) if zones.node is not None and zones.node.items is not None else None
    for host in hosts:
        yield from refer(host["zone"], known, "availability zone")
