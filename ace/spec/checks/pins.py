"""Check the numbers that members brought along (register.yaml): they meet nobody's, those of who left included."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from ace.addressing import (
    DEFAULT_ASN_BASE,
    MAX_SLOT,
    MEMBER_LENGTH4,
    MEMBER_LENGTH6,
    SITES,
    asns_clash,
    overlaps,
)
from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.checks.facts import PREFIX4, PREFIX6, Facts
from ace.spec.fields import shown

_RESERVED_ASNS: Final = ((23456, 23456), (64496, 64511), (65535, 65551), (4_294_967_295, 4_294_967_295))
"""AS_TRANS (RFC 6793), documentation (RFC 5398), last ones (RFC 7300)."""


def check_pins(facts: Facts) -> Iterator[Finding]:
    """Findings in the register's `pinned` blocks."""
    pinned = [entry["pinned"] for entry in facts.register["members"].items if entry["pinned"]]
    for pin in pinned:
        if not any(True for _ in pin.entries):
            yield pin.finding("bad-pin", "nothing is pinned here; give ipv4, ipv6 or asn_base, or delete it")
    yield from _prefixes4(facts, pinned)
    yield from _prefixes6(facts, pinned)
    yield from _asns(facts, pinned)


def _prefixes4(facts: Facts, pinned: list[Cursor]) -> Iterator[Finding]:
    blocks: dict[str, tuple[Cursor, IPv4Network]] = {}
    for pin in pinned:
        at = pin["ipv4"]
        block = at.parsed(PREFIX4)
        if block is None:
            continue
        blocks[at.place + str(at.path)] = (at, block)
        if block.prefixlen != MEMBER_LENGTH4:
            yield at.finding("bad-pin", f"a pinned IPv4 block is a /{MEMBER_LENGTH4}, not {block}")
        elif facts.ipv4_pool is not None and block.overlaps(facts.ipv4_pool):
            yield at.finding("overlap", f"{block} is in the region's pool {facts.ipv4_pool}: it is some slot's already")
    for wider, other in overlaps((name, block) for name, (_, block) in blocks.items()):
        yield _overlap(blocks[other], blocks[wider])


def _prefixes6(facts: Facts, pinned: list[Cursor]) -> Iterator[Finding]:
    blocks: dict[str, tuple[Cursor, IPv6Network]] = {}
    for pin in pinned:
        at = pin["ipv6"]
        block = at.parsed(PREFIX6)
        if block is None:
            continue
        blocks[at.place + str(at.path)] = (at, block)
        if block.prefixlen != MEMBER_LENGTH6:
            yield at.finding("bad-pin", f"a pinned IPv6 block is a /{MEMBER_LENGTH6}, not {block}")
        elif facts.ipv6_pool is not None and block.overlaps(facts.ipv6_pool):
            yield at.finding("overlap", f"{block} is in the region's pool {facts.ipv6_pool}: it is some slot's already")
    for wider, other in overlaps((name, block) for name, (_, block) in blocks.items()):
        yield _overlap(blocks[other], blocks[wider])


def _overlap(
    here: tuple[Cursor, IPv4Network | IPv6Network], there: tuple[Cursor, IPv4Network | IPv6Network]
) -> Finding:
    return here[0].finding("overlap", f"{here[1]} overlaps {there[1]}, pinned at {there[0].place}")


def _asns(facts: Facts, pinned: list[Cursor]) -> Iterator[Finding]:
    base = facts.ecosystem["addressing"]["asn_base"].number or DEFAULT_ASN_BASE
    bases: dict[str, tuple[Cursor, int]] = {}
    for pin in pinned:
        at = pin["asn_base"]
        first = at.number
        if first is None:
            continue
        last = first + len(SITES) - 1
        bases[at.place] = (at, first)
        if any(first <= high and low <= last for low, high in _RESERVED_ASNS):
            yield at.finding("bad-pin", f"ASNs {first}-{last} include reserved ones (RFC 7300, 6793, 5398)")
        elif first < base + 100 * (MAX_SLOT + 1) and last >= base:
            yield at.finding(
                "overlap", f"ASNs {shown(first)}-{last} are in the region's own range, which begins at {base}"
            )
    for before, after in asns_clash((name, first) for name, (_, first) in bases.items()):
        at, first = bases[after]
        yield at.finding("overlap", f"ASN {first} is one of the eight from {bases[before][1]}, pinned at {before}")
