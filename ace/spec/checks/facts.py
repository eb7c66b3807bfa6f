"""What the files of a spec declare, as far as they can be understood: what references are checked against."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import PurePosixPath

from pydantic import TypeAdapter

from ace.addressing import POOL_LENGTH4, POOL_LENGTH6
from ace.errors import Finding
from ace.spec.checks.cursor import Cursor
from ace.spec.fields import ID_PATTERN, Prefix4, Prefix6, shown
from ace.spec.iso3166 import COUNTRIES
from ace.spec.source import Source
from ace.spec.text import escaped, shorten

PREFIX4: TypeAdapter[IPv4Network] = TypeAdapter(Prefix4)
PREFIX6: TypeAdapter[IPv6Network] = TypeAdapter(Prefix6)

Known = frozenset[str] | None
"""Names that may be referred to; None when the place that declares them can not be fully read: nothing is reported then."""


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """One member's file. `code` is what it states, or else what it is called."""

    code: str
    cursor: Cursor

    @property
    def data_centres(self) -> Known:
        """Ids of its data centres."""
        return ids_of(self.cursor["data_centres"])


@dataclass(frozen=True, slots=True)
class Facts:
    """The files of a spec, and what they declare."""

    ecosystem: Cursor
    register: Cursor
    members: tuple[MemberFacts, ...]
    sectors: Known
    data_classes: Known
    label_schemes: Known
    tenant_sizes: Known
    shared_services: Known
    flavors: Known
    languages: Known
    registered: Known
    """Countries that are in the register, those that have left included."""
    ipv4_pool: IPv4Network | None
    ipv6_pool: IPv6Network | None

    @classmethod
    def gather(cls, ecosystem: Source, register: Source, members: Iterable[Source]) -> Facts:
        """Read the facts off the files."""
        region, entries = Cursor.of(ecosystem), Cursor.of(register)
        pool4 = region["addressing"]["ipv4_pool"].parsed(PREFIX4)
        pool6 = region["addressing"]["ipv6_pool"].parsed(PREFIX6)
        languages = _texts(region["languages"])
        return cls(
            ecosystem=region,
            register=entries,
            members=tuple(_member(source) for source in members),
            sectors=_keys(region["sectors"]) or None,
            data_classes=_texts(region["data_classes"]) or None,
            label_schemes=_keys(region["label_schemes"]),
            tenant_sizes=_keys(region["tenant_sizes"]) or None,
            shared_services=_texts(region["shared_services"]) or None,
            flavors=_texts(region["flavors"]["offered"]) or None,
            languages=languages if languages is not None and "en" in languages else None,
            registered=_countries_of(entries["members"]),
            ipv4_pool=pool4 if pool4 is not None and pool4.prefixlen == POOL_LENGTH4 else None,
            ipv6_pool=pool6 if pool6 is not None and pool6.prefixlen == POOL_LENGTH6 else None,
        )

    def member(self, code: str) -> MemberFacts | None:
        """The member of that code, when it has a file."""
        return next((member for member in self.members if member.code == code), None)


def _member(source: Source) -> MemberFacts:
    cursor = Cursor.of(source)
    declared = cursor["country"].text
    return MemberFacts(declared if declared in COUNTRIES else PurePosixPath(source.name).stem.upper(), cursor)


def ids_of(items: Cursor) -> Known:
    """The ids of a list's items; None when there is no list, or one of them has none that can be read."""
    ids = _texts(items, "id")
    return ids if ids is None or all(re.fullmatch(ID_PATTERN, id_) for id_ in ids) else None


def _countries_of(entries: Cursor) -> Known:
    countries = _texts(entries, "country")
    return countries if countries is None or countries <= COUNTRIES.keys() else None


def _keys(mapping: Cursor) -> Known:
    return frozenset(key for key, _ in mapping.entries) if mapping.node and mapping.node.entries is not None else None


def _texts(items: Cursor, key: str = "") -> Known:
    if items.node is None or items.node.items is None:
        return None
    texts = [(item[key] if key else item).text for item in items.items]
    given = frozenset(text for text in texts if text is not None)
    return given if None not in texts else None


def refer(reference: Cursor, known: Known, what: str) -> Iterator[Finding]:
    """A finding when a text refers to nothing that is known."""
    if reference.text is not None and known is not None and reference.text not in known:
        yield reference.finding("unknown-reference", unknown(what, reference.text, known))


def refer_all(references: Cursor, known: Known, what: str) -> Iterator[Finding]:
    """The same for each text of a list."""
    for reference in references.items:
        yield from refer(reference, known, what)


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """`unknown label scheme 'tn-x'; known: tn-g-cloud, tn-n-cloud`."""
    names = sorted(known)
    listed = ", ".join(shorten(escaped(name)) for name in names[:12]) + (", ..." if len(names) > 12 else "")
    return f"unknown {what} {shown(name)}; known: {listed or 'none'}"


def twice(values: Iterable[tuple[object, Cursor]], what: str, scope: str = "") -> Iterator[Finding]:
    """Findings for values that come a second time; None counts as nothing.

    Args:
        values: Each value with where it is.
        what: What may occur only once, such as `data centre id`.
        scope: Within what it must be unique, such as ` in the region`.
    """
    first: dict[object, Cursor] = {}
    for value, cursor in values:
        if value is None:
            continue
        if value in first:
            before = first[value]
            where = f"line {before.node.line}" if before.file == cursor.file and before.node else before.place
            yield cursor.finding("duplicate", f"{what} {shown(value)} is taken{scope}: first used at {where}")
        else:
            first[value] = cursor
