"""The region as a picture: countries where they are, hubs, and the links between them by kind and state (SVG).

Pure: text out, no files, no network. Colours follow the reader's light or dark scheme; the texts are ISO's names and ids
that the spec has checked, escaped all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from math import cos, hypot, radians
from typing import Final

from ace.interconnect.africa_outline import LAKES, MADAGASCAR, MAINLAND
from ace.interconnect.geography import Position, position
from ace.interconnect.plan import plan as plan_of
from ace.interconnect.values import Link, LinkKind, Node, NodeKind, Plan
from ace.spec.values import Spec

WIDTH: Final = 960
MANY: Final = 20
"""From this many data centres on, lines are thinner and long names give way to codes."""
LONG_NAME: Final = 13
LEGEND: Final = 64
"""Height of the legend below the map."""

Point = tuple[float, float]
Box = tuple[float, float, float, float]


class State(StrEnum):
    """How a link is."""

    PLANNED = "planned"
    UP = "up"
    DRAINED = "drained"
    DOWN = "down"
    UNKNOWN = "unknown"
    """Neither end was asked from here; drawn as planned."""


WORST: Final = (State.PLANNED, State.UP, State.DRAINED, State.DOWN)
"""Several tunnels between two locations are drawn as one line: in the state of the worst."""

TEXTS: Final[Mapping[str, str]] = {
    LinkKind.BACKBONE: "hub to hub",
    LinkKind.HOME: "country to hub",
    LinkKind.DIRECT: "neighbours",
    LinkKind.INTERNAL: "within a country",
    "hub": "hub",
    "country": "data centre",
    "left-out": "left out",
    State.PLANNED: "planned",
    State.UP: "up",
    State.DRAINED: "drained",
    State.DOWN: "down",
}
"""The legend's text in English; `draw` takes others."""

STYLE: Final = """
.ace-map{--land:#eef1ea;--coast:#c3cbbb;--water:#f8fafc;--ink:#1b2733;--soft:#5b6875;--halo:#fff;--planned:#4a6fa5;
--up:#15803d;--drained:#b45309;--down:#c81e1e;--hub:#6d28d9;--out:#8a949e;background:var(--water);
font:13px system-ui,sans-serif}
@media (prefers-color-scheme:dark){.ace-map{--land:#1d2630;--coast:#3a4857;--water:#11171d;--ink:#e6edf3;--soft:#9fb0c0;
--halo:#11171d;--planned:#7aa2e0;--up:#4ade80;--drained:#fbbf24;--down:#f87171;--hub:#b794f6;--out:#77828d}}
.ace-map .land{fill:var(--land);stroke:var(--coast)}
.ace-map .lake{fill:var(--water);stroke:var(--coast);stroke-width:.6}
.ace-map .link{fill:none;stroke-linecap:round}
.ace-map .backbone{stroke-width:3.2;opacity:.75}.ace-map .home{stroke-width:1.4;opacity:.8}
.ace-map .direct{stroke-width:2;stroke-dasharray:1 4}.ace-map .internal{stroke-width:1.4}
.ace-map .many .home{stroke-width:.9;opacity:.6}.ace-map .many .direct{stroke-width:.8;opacity:.5}
.ace-map .planned{stroke:var(--planned)}.ace-map .up{stroke:var(--up)}
.ace-map .link.drained{stroke:var(--drained);stroke-dasharray:2 5;stroke-width:3;opacity:1}
.ace-map .link.down{stroke:var(--down);stroke-dasharray:8 5;stroke-width:3;opacity:1}
.ace-map .hub{fill:var(--hub);stroke:var(--halo);stroke-width:1.5}
.ace-map .dc{fill:var(--ink);stroke:var(--halo);stroke-width:1.5}
.ace-map .out{fill:var(--water);stroke:var(--out);stroke-width:1.5}
.ace-map text{fill:var(--ink);paint-order:stroke;stroke:var(--halo);stroke-width:3.5px;stroke-linejoin:round}
.ace-map text.hubname{fill:var(--hub);font-weight:600}.ace-map text.small{fill:var(--soft);font-size:11px}
.ace-map .key text{stroke:none}.ace-map .key rect{fill:var(--water);opacity:.92}
"""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Something drawn at a place: a data centre, a hub, or a member that is left out."""

    kind: str
    key: tuple[int, int]
    name: str
    code: str
    """What stands for the name where there is no room."""
    title: str
    at: Point


def draw(
    spec: Spec,
    states: Mapping[tuple[str, str], State] | None = None,
    *,
    plan: Plan | None = None,
    texts: Mapping[str, str] | None = None,
    title: str | None = None,
) -> str:
    """The map as one SVG document.

    Args:
        spec: The ecosystem.
        states: How links are, by the host names of their ends in either order; none: planned.
        plan: The interconnect's plan; made from the spec alone unless given.
        texts: The legend's text in another language; those missing stay English.
        title: What the picture is called, for readers that cannot see it.
    """
    planned = plan or plan_of(spec)
    places = _places(spec, planned)
    projection = _Projection.around([where for _, where in places.values()])
    spots = _spots(spec, planned, places, projection)
    lines = _lines(planned, {spot.key: spot for spot in spots}, states or {})
    labels = {**TEXTS, **(texts or {})}
    height = projection.height + LEGEND
    many = len(spots) > MANY
    name = title or f"{spec.region.name}: the regional interconnect"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ace-map" viewBox="0 0 {WIDTH} {height:.0f}" role="img"'
        f' aria-label="{escape(name)}"><title>{escape(name)}</title><style>{STYLE}</style>',
        _land(projection),
        f'<g class="links{" many" if many else ""}">{"".join(lines)}</g>',
        _marks(spots),
        _labels(spots, projection, many=many),
        _legend(planned, spots, labels, projection.height, is_live=bool(states)),
        "</svg>\n",
    ]
    return "".join(parts)


# ------------------------------------------------------------------------------------------------------------- locations


@dataclass(frozen=True, slots=True)
class _Projection:
    """Degrees to pixels: equirectangular, true to scale along the middle parallel."""

    west: float
    north: float
    squeeze: float
    scale: float
    height: float

    @classmethod
    def around(cls, places: Iterable[Position]) -> _Projection:
        """So that all locations are in view, and never closer than a map is useful."""
        known = list(places) or [Position(0.0, 20.0)]
        south, north = min(p.latitude for p in known) - 4, max(p.latitude for p in known) + 4
        west, east = min(p.longitude for p in known) - 5, max(p.longitude for p in known) + 5
        if north - south < 24:
            middle = (north + south) / 2
            south, north = middle - 12, middle + 12
        squeeze = cos(radians((south + north) / 2))
        narrow = (north - south) * 0.95 - (east - west) * squeeze
        if narrow > 0:
            west, east = west - narrow / 2 / squeeze, east + narrow / 2 / squeeze
        scale = WIDTH / ((east - west) * squeeze)
        return cls(west, north, squeeze, scale, (north - south) * scale)

    def point(self, place: Position) -> Point:
        x = (place.longitude - self.west) * self.squeeze * self.scale
        return round(x, 1), round((self.north - place.latitude) * self.scale, 1)


def _places(spec: Spec, plan: Plan) -> dict[tuple[int, int], tuple[str, Position]]:
    """Where each site and hub is; members without coordinates stand in a row off the coast."""
    found: dict[tuple[int, int], tuple[str, Position]] = {}
    nowhere = 0
    for member in spec.members:
        seen: dict[Position, int] = {}
        for centre in member.data_centres:
            where = position(member.code, centre.city)
            if where is None:
                where = Position(-30.0 + nowhere % 20 * 2, -18.0 + nowhere // 20 * 2)
                nowhere += 1
            again = seen.get(where, 0)
            seen[where] = again + 1
            shifted = Position(where.latitude - 1.3 * again, where.longitude + 1.3 * again)
            found[member.numeric, centre.site] = (member.code, shifted)
    homes = {
        (member.code, centre.id): (member.numeric, centre.site)
        for member in spec.members
        for centre in member.data_centres
    }
    for hub in spec.region.hubs:
        home = homes.get((hub.hosted_by, hub.data_centre))
        if home is not None and plan.node(f"hub-{hub.id}.{hub.data_centre}.{hub.hosted_by.lower()}") is not None:
            found[hub.slot, 0] = (hub.hosted_by, found[home][1])
    return found


def _spots(
    spec: Spec, plan: Plan, places: Mapping[tuple[int, int], tuple[str, Position]], projection: _Projection
) -> list[_Spot]:
    planned = {node.site: node for node in plan.nodes}
    reasons = {item.subject: item.reason for item in plan.left_out}
    spots = []
    for member in spec.members:
        for place, centre in enumerate(member.data_centres):
            key = (member.numeric, centre.site)
            at = projection.point(places[key][1])
            inside = key in planned
            name = member.name.en if place == 0 else ""
            is_live = f"{member.name.en}: {centre.id}" + (
                "" if inside else f" ({reasons.get(member.stack, 'left out')})"
            )
            spots.append(_Spot("country" if inside else "left-out", key, name, member.code, is_live, at))
    for node in plan.nodes:
        if node.kind is NodeKind.HUB and node.site in places:
            x, y = projection.point(places[node.site][1])
            spots.append(
                _Spot(
                    "hub",
                    node.site,
                    node.name,
                    node.name,
                    f"hub {node.name} ({node.country.upper()})",
                    (x - 17, y - 13),
                )
            )
    return spots


# ------------------------------------------------------------------------------------------------------------ drawing


def _land(projection: _Projection) -> str:
    def ring(places: Iterable[Position], kind: str) -> str:
        points = " ".join(f"{x},{y}" for x, y in map(projection.point, places))
        return f'<polygon class="{kind}" points="{points}"/>'

    return "".join([ring(MAINLAND, "land"), ring(MADAGASCAR, "land"), *(ring(lake, "lake") for lake in LAKES)])


def _lines(plan: Plan, spots: Mapping[tuple[int, int], _Spot], states: Mapping[tuple[str, str], State]) -> list[str]:
    """One line for each pair of locations, in the worst state of its tunnels."""
    grouped: dict[tuple[tuple[int, int], tuple[int, int], LinkKind], list[Link]] = {}
    for link in plan.links:
        if link.a.site in spots and link.b.site in spots:
            grouped.setdefault((link.a.site, link.b.site, link.kind), []).append(link)
    order = list(LinkKind)
    drawn = []
    for (a, b, kind), links in sorted(grouped.items(), key=lambda item: (-order.index(item[0][2]), item[0][:2])):
        state = max((_state(link.a, link.b, states) for link in links), key=WORST.index)
        is_live = f"{links[0].a.host} - {links[0].b.host}" + (f" and {len(links) - 1} more" if len(links) > 1 else "")
        drawn.append(
            f'<path class="link {kind.value} {state.value}" d="{_curve(spots[a].at, spots[b].at, kind)}">'
            f"<title>{escape(is_live)}: {state.value}</title></path>"
        )
    return drawn


def _state(a: Node, b: Node, states: Mapping[tuple[str, str], State]) -> State:
    return states.get((a.host, b.host)) or states.get((b.host, a.host)) or State.PLANNED


def _curve(start: Point, end: Point, kind: LinkKind) -> str:
    (x1, y1), (x2, y2) = start, end
    bend = {LinkKind.BACKBONE: 0.12, LinkKind.HOME: -0.07}.get(kind, 0.0)
    middle = ((x1 + x2) / 2 - (y2 - y1) * bend, (y1 + y2) / 2 + (x2 - x1) * bend)
    return f"M{x1} {y1}Q{middle[0]:.1f} {middle[1]:.1f} {x2} {y2}"


def _marks(spots: Iterable[_Spot]) -> str:
    return "".join(f"<g><title>{escape(spot.title)}</title>{_mark(spot.kind, spot.at)}</g>" for spot in spots)


def _mark(kind: str, at: Point) -> str:
    x, y = at
    if kind == "hub":
        return f'<path class="hub" d="M{x} {y - 9:.1f}l9 9l-9 9l-9 -9z"/>'
    return f'<circle class="{"dc" if kind == "country" else "out"}" cx="{x}" cy="{y}" r="5"/>'


def _labels(spots: list[_Spot], projection: _Projection, *, many: bool) -> str:
    """Names beside their marks, each at the first of several locations that is free."""
    taken: list[Box] = [(spot.at[0] - 8, spot.at[1] - 8, spot.at[0] + 8, spot.at[1] + 8) for spot in spots]
    parts = []
    crowded = sorted(spots, key=lambda spot: (spot.kind != "hub", _nearest(spot, spots), spot.key))
    for spot in crowded:
        name = spot.name
        if not name:
            continue
        text = spot.code if many and len(name) > LONG_NAME else name
        width = 7.6 * len(text) + 4
        box, anchor = _free(spot.at, width, taken, projection)
        taken.append(box)
        x = {"start": box[0] + 2, "end": box[2] - 2, "middle": (box[0] + box[2]) / 2}[anchor]
        kind = ' class="hubname"' if spot.kind == "hub" else (' class="small"' if spot.kind == "left-out" else "")
        parts.append(f'<text{kind} x="{x:.1f}" y="{box[3] - 4:.1f}" text-anchor="{anchor}">{escape(text)}</text>')
    return f"<g>{''.join(parts)}</g>"


def _nearest(spot: _Spot, spots: Iterable[_Spot]) -> float:
    far = (hypot(spot.at[0] - o.at[0], spot.at[1] - o.at[1]) for o in spots if o.key != spot.key)
    return round(min(far, default=0.0))


def _free(at: Point, width: float, taken: Iterable[Box], projection: _Projection) -> tuple[Box, str]:
    x, y = at
    best: tuple[float, Box, str] | None = None
    for gap in (9, 16, 26, 38):
        for left, top, anchor in (
            (x + gap, y - 8, "start"),
            (x - gap - width, y - 8, "end"),
            (x - width / 2, y + gap, "middle"),
            (x - width / 2, y - gap - 17, "middle"),
            (x + gap, y + gap - 6, "start"),
            (x + gap, y - gap - 10, "start"),
            (x - gap - width, y + gap - 6, "end"),
            (x - gap - width, y - gap - 10, "end"),
        ):
            box = (left, top, left + width, top + 17)
            outside = max(0.0, -left) + max(0.0, box[2] - WIDTH) + max(0.0, -top) + max(0.0, box[3] - projection.height)
            cost = 10 * outside + sum(_overlap(box, other) for other in taken)
            if best is None or cost < best[0]:
                best = (cost, box, anchor)
            if cost == 0:
                return box, anchor
    assert best is not None  # noqa: S101
    return best[1], best[2]


def _overlap(a: Box, b: Box) -> float:
    return max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(0.0, min(a[3], b[3]) - max(a[1], b[1]))


def _legend(
    plan: Plan,
    spots: Iterable[_Spot],
    labels: Mapping[str, str],
    top: float,
    *,
    is_live: bool,
) -> str:
    """What is in the picture, and only that: marks and kinds of link in one row, states in the other."""
    kinds = {link.kind for link in plan.links}
    marks = {spot.kind for spot in spots}
    rows: list[list[tuple[str, str]]] = [[], []]
    rows[0] += [(mark, labels[mark]) for mark in ("country", "hub", "left-out") if mark in marks]
    rows[0] += [(kind.value, labels[kind]) for kind in LinkKind if kind in kinds]
    rows[1] += [(state.value, labels[state]) for state in (WORST if is_live else (State.PLANNED,))]
    parts = []
    for row, items in enumerate(rows):
        x, y = 24.0, top + 22 + 26 * row
        for what, text in items:
            if what in ("country", "hub", "left-out"):
                parts.append(_mark(what, (x + 9, y)))
            else:
                kind = what if row == 0 else "backbone"
                state = State.PLANNED.value if row == 0 else what
                parts.append(f'<path class="link {kind} {state}" d="M{x:.0f} {y}h26"/>')
            shift = 22 if what in ("country", "hub", "left-out") else 34
            parts.append(f'<text x="{x + shift:.0f}" y="{y + 4.5:.1f}">{escape(text)}</text>')
            x += shift + 7.4 * len(text) + 26
    ground = f'<rect x="0" y="{top:.0f}" width="{WIDTH}" height="{LEGEND}"/>'
    return f'<g class="key">{ground}{"".join(parts)}</g>'
