"""Render the plan into the files of each gateway and hub: FRR, nftables, and WireGuard, one file a tunnel.

The same plan gives the same bytes, and a node's files depend on nothing but the node and its neighbours. Every value
that enters a file is a number, an address, a key or a name that the spec has checked; `_plain` refuses all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ace.interconnect.values import Announcement, LinkKind, Node, NodeKind, Plan, Prefix, Role, Session
from ace.spec.values import ResidencyMode

PLACEHOLDER: Final = "PLACEHOLDER"
"""Stands for a key or an address that is not published yet; such a file is proven but never applied."""
RESIDENCY_CODES: Final[Mapping[ResidencyMode | None, int]] = {
    None: 0,
    ResidencyMode.UNRESTRICTED: 1,
    ResidencyMode.CONDITIONAL: 2,
    ResidencyMode.IN_COUNTRY_COPY: 3,
    ResidencyMode.IN_COUNTRY_ONLY: 4,
    ResidencyMode.UNKNOWN: 5,
}
"""The third part of the large community `<asn>:2:<code>`."""
LOCAL_PREFERENCE: Final[Mapping[Role, int]] = {Role.PROVIDER: 300, Role.PEER: 200, Role.CUSTOMER: 100}
"""By what the local end is to the neighbour: own customers' routes first, then peers', then providers'."""
TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates" / "interconnect"
_SAFE: Final = re.compile(r"[A-Za-z0-9._:/+=, -]*\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a prefix list."""

    action: str
    prefix: Prefix
    bounds: str = ""
    """Such as ` le 32`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A group of announcements with the large communities that they set out with."""

    name: str
    communities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A session with the names and lists that its template needs."""

    session: Session
    name: str
    """Of its lists: `TN0G1`."""
    accepts: tuple[Entry, ...]
    sends: tuple[Entry, ...]
    map_in: str
    map_out: str | None
    exact_path: bool
    """Whether only routes that the neighbour's own AS originates are accepted."""


def render(plan: Plan) -> dict[str, str]:
    """All files, by path: `<cc>/<host>/frr.conf`, `.../nftables.conf`, `.../wg-<interface>.conf`."""
    files: dict[str, str] = {}
    for node in plan.nodes:
        files |= render_node(plan, node)
    return files


def render_node(plan: Plan, node: Node) -> dict[str, str]:
    """The files of one node, by path."""
    folder = f"{node.country}/{node.host}"
    view = _view(plan, node)
    files = {
        f"{folder}/frr.conf": _template("frr.conf.j2").render(view),
        f"{folder}/nftables.conf": _template("nftables.conf.j2").render(view),
    }
    for session in plan.sessions[node.host]:
        path = f"{folder}/{session.interface}.conf"
        files[path] = _template("wireguard.conf.j2").render(node=node, session=session, placeholder=PLACEHOLDER)
    return files


def origin_name(announcement: Announcement) -> str:
    """The route map that marks an announcement at its origin."""
    return f"ORIGIN-{announcement.group.upper()}"


def neighbour_name(node: Node) -> str:
    """What a neighbour's lists are named after: `TN0G1`, `H9010G1`."""
    return f"{node.tag.upper()}{node.end.site}G{node.end.number}"


def _view(plan: Plan, node: Node) -> dict[str, Any]:
    sessions = plan.sessions[node.host]
    neighbours = tuple(_neighbour(plan, session) for session in sessions)
    internal = any(session.kind is LinkKind.INTERNAL for session in sessions)
    inside = tuple(prefix for prefix in node.keeps if internal and _within(prefix, (node.block4, node.block6)))
    restricted = tuple(item for item in node.announces if item.allowed is not None)
    return {
        "node": node,
        "plan": plan,
        "is_hub": node.kind is NodeKind.HUB,
        "neighbours": neighbours,
        "siblings": plan.siblings[node.host],
        "origins": _origins(node),
        "origin_name": origin_name,
        "inside": inside,
        "customers": tuple(sorted({s.remote.end.slot for s in sessions if s.role is Role.PROVIDER})),
        "loopbacks": tuple(item.prefix for item in node.announces if _is_loopback(node, item.prefix)),
        "restricted": restricted,
        "allowed": _allowed(plan, restricted),
        "wide": [
            s.interface for s in sessions if s.kind in (LinkKind.BACKBONE, LinkKind.HOME) and s.role != Role.PROVIDER
        ],
        "internal": [s.interface for s in sessions if s.kind is LinkKind.INTERNAL],
        "exact": [s for s in sessions if s.role is Role.PROVIDER or s.kind is LinkKind.DIRECT],
        "local_preference": {role.value: value for role, value in LOCAL_PREFERENCE.items()},
    }


def _neighbour(plan: Plan, session: Session) -> Neighbour:
    local, remote = session.local, session.remote
    name = neighbour_name(remote)
    # the other data centre of the same country announces out of the same blocks; it is held to its own exact list
    blocks = () if session.kind is LinkKind.INTERNAL else (local.block4, local.block6)
    own = tuple(Entry("deny", block, f" le {block.max_prefixlen}") for block in blocks)
    if session.accepts:
        loose = session.kind is LinkKind.BACKBONE
        accepts = (*own, *(entry for prefix in session.accepts for entry in _permit(prefix, loose=loose)))
    else:
        accepts = (*own, *_region(plan))
    keeps = () if session.kind is LinkKind.INTERNAL else local.keeps
    refused = tuple(Entry("deny", prefix, f" le {prefix.max_prefixlen}") for prefix in keeps)
    if session.announces:
        loose = session.kind is LinkKind.BACKBONE
        sends = (*refused, *(entry for prefix in session.announces for entry in _permit(prefix, loose=loose)))
    else:
        sends = (*refused, *_region(plan))
    map_in = {Role.PROVIDER: "FROM-CUSTOMER", Role.PEER: "FROM-PEER", Role.CUSTOMER: "FROM-PROVIDER"}[session.role]
    map_out = None
    if local.kind is NodeKind.HUB:
        map_out = f"TO-MEMBER-{remote.end.slot}" if session.role is Role.PROVIDER else "TO-PEER"
    exact_path = session.role is Role.PROVIDER or session.kind in (LinkKind.DIRECT, LinkKind.INTERNAL)
    return Neighbour(session, name, accepts, sends, map_in, map_out, exact_path)


def _region(plan: Plan) -> tuple[Entry, ...]:
    """All that members may announce: networks, and single gateways' loopbacks; never a default route or a pool."""
    return (
        Entry("permit", plan.pool4, " ge 20 le 28"),
        Entry("permit", plan.pool4, " ge 32"),
        Entry("permit", plan.pool6, " ge 48 le 64"),
        Entry("permit", plan.pool6, " ge 128"),
    )


def _permit(prefix: Prefix, *, loose: bool) -> tuple[Entry, ...]:
    """Exactly this prefix, or (between hubs) what lies within a member's block."""
    if not loose or prefix.prefixlen not in (20, 48):
        return (Entry("permit", prefix),)
    longest = 28 if prefix.version == 4 else 64
    return (
        Entry("permit", prefix, f" le {longest}"),
        Entry("permit", prefix, f" ge {prefix.max_prefixlen}"),
    )


def _origins(node: Node) -> tuple[Origin, ...]:
    groups: dict[str, Origin] = {}
    for item in node.announces:
        name = origin_name(item)
        marks = [f"{node.asn}:1:{node.end.slot}", f"{node.asn}:2:{RESIDENCY_CODES[item.residency]}"]
        if item.allowed is not None:
            marks += [f"{node.asn}:3:0", *(f"{node.asn}:4:{slot}" for slot in item.allowed)]
        if node.kind is NodeKind.HUB:
            marks.append(f"{node.asn}:9:1")
        groups[name] = Origin(name, tuple(marks))
    return tuple(groups[name] for name in sorted(groups))


def _allowed(plan: Plan, restricted: Iterable[Announcement]) -> dict[str, list[Prefix]]:
    """For each restricted prefix the blocks, of its own family, of the members that it may exchange packets with."""
    return {
        str(item.prefix): [plan.blocks[slot][0 if item.prefix.version == 4 else 1] for slot in item.allowed or ()]
        for item in restricted
    }


def _is_loopback(node: Node, prefix: Prefix) -> bool:
    return not _is_host(prefix) and (node.loopback4 if prefix.version == 4 else node.loopback6) in prefix


def _is_host(prefix: Prefix) -> bool:
    return prefix.prefixlen == prefix.max_prefixlen


def _within(prefix: Prefix, blocks: Iterable[Prefix]) -> bool:
    return any(block.version == prefix.version and prefix.subnet_of(block) for block in blocks)  # type: ignore[arg-type]


def _plain(value: Any) -> str:
    """What a template writes: text of a few harmless characters, on one line."""
    text = str(value)
    if not _SAFE.match(text):
        raise ValueError(f"not to be written into a rendered file: {text[:60]!r}")
    return text


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_plain,
        autoescape=False,  # noqa: S701 - configuration files, no pages; `_plain` guards what enters
    )
    environment.filters["v4"] = lambda items: [item for item in items if _prefix(item).version == 4]
    environment.filters["v6"] = lambda items: [item for item in items if _prefix(item).version == 6]
    environment.tests["host"] = lambda item: _is_host(_prefix(item))
    return environment


def _prefix(item: Any) -> Prefix:
    return item.prefix if hasattr(item, "prefix") else item  # type: ignore[no-any-return]


@cache
def _template(name: str) -> Any:
    return _environment().get_template(name)
