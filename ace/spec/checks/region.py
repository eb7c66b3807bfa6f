"""Check ecosystem.yaml within itself and against the members that it names."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from ace.addressing import POOL_LENGTH4, POOL_LENGTH6
from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import PREFIX4, PREFIX6, Facts, refer, refer_all, twice, unknown

_PRIVATE4: Final = (IPv4Network("10.0.0.0/8"), IPv4Network("100.64.0.0/10"))
_PRIVATE6: Final = IPv6Network("fd00::/8")


def check_region(facts: Facts) -> Iterator[Finding]:
    """Findings in ecosystem.yaml."""
    region = facts.ecosystem
    if (languages := region["languages"]).texts and "en" not in languages.texts:
        yield languages.finding("languages", "English (en) is missing; every text has it")
    for _, sector in region["sectors"].entries:
        yield from refer_all(sector["data_classes"], facts.data_classes, "data class")
    for _, scheme in region["label_schemes"].entries:
        yield from refer_all(scheme["allows"], facts.data_classes, "data class")
    for data_class, kinds in region["operator_kinds"].entries:
        if facts.data_classes is not None and data_class not in facts.data_classes:
            yield kinds.key_finding("unknown-reference", unknown("data class", data_class, facts.data_classes))
    for use in ("gateway", "service_host", "hub"):
        yield from refer(region["flavors"][use], facts.flavors, "flavour")
    yield from _pools(facts)
    yield from _hubs(facts)
    yield from _direct(facts)


def _pools(facts: Facts) -> Iterator[Finding]:
    addressing = facts.ecosystem["addressing"]
    pool4, pool6 = addressing["ipv4_pool"].parsed(PREFIX4), addressing["ipv6_pool"].parsed(PREFIX6)
    if pool4 is not None and pool4.prefixlen != POOL_LENGTH4:
        message = f"the IPv4 pool is a /{POOL_LENGTH4}, not a /{pool4.prefixlen}: a /20 for each of 1024 slots"
        yield addressing["ipv4_pool"].finding("bad-pool", message)
    elif pool4 is not None and not any(pool4.subnet_of(block) for block in _PRIVATE4):
        yield addressing["ipv4_pool"].finding("bad-pool", f"{pool4} is no private space; take a /10 of 10.0.0.0/8")
    if pool6 is not None and pool6.prefixlen != POOL_LENGTH6:
        message = f"the IPv6 pool is a /{POOL_LENGTH6}, not a /{pool6.prefixlen}: a /48 for each slot"
        yield addressing["ipv6_pool"].finding("bad-pool", message)
    elif pool6 is not None and not pool6.subnet_of(_PRIVATE6):
        yield addressing["ipv6_pool"].finding("bad-pool", f"{pool6} is no unique local space; draw a /36 of fd00::/8")


def _hubs(facts: Facts) -> Iterator[Finding]:
    interconnect = facts.ecosystem["interconnect"]
    hubs = list(interconnect["hubs"].items)
    yield from twice(((hub["id"].text, hub["id"]) for hub in hubs), "hub id")
    yield from twice(((hub["slot"].number, hub["slot"]) for hub in hubs), "hub slot")
    topology = interconnect["topology"]
    if topology.text == "mesh" and hubs:
        yield topology.finding("topology", "a mesh has no hubs; delete `hubs`, or write `topology: hubs`")
    if topology.text == "hubs":
        lodgings = {(hub["hosted_by"].text, hub["data_centre"].text) for hub in hubs}
        if len(lodgings) < 2:
            message = "at least two hubs in different data centres are needed, so that one may fail"
            yield topology.finding("topology", message)
    for hub in hubs:
        yield from refer(hub["flavor"], facts.flavors, "flavour")
        yield from refer(hub["hosted_by"], facts.registered, "member")
        host = facts.member(hub["hosted_by"].text or "")
        if host is not None:
            yield from refer(hub["data_centre"], host.data_centres, f"data centre of {host.code}")
            if host.cursor["status"].text == "left":
                yield hub["hosted_by"].finding("host-left", f"{host.code} has left; the hub needs another host")


def _direct(facts: Facts) -> Iterator[Finding]:
    interconnect = facts.ecosystem["interconnect"]
    pairs = list(interconnect["direct"].items)
    if pairs and interconnect["topology"].text == "mesh":
        yield interconnect["direct"].finding("topology", "in a mesh all are joined directly; delete `direct`")
    for pair in pairs:
        yield from refer_all(pair["between"], facts.registered, "member")
    joined = ((_pair(pair), pair["between"]) for pair in pairs)
    yield from twice(joined, "direct link")


def _pair(direct: Cursor) -> str | None:
    texts = direct["between"].texts
    return " - ".join(sorted(texts)) if len(texts) == 2 else None
