"""The map of the region."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

from ace.interconnect.map import State, draw
from ace.interconnect.plan import plan
from ace.interconnect.values import LinkKind
from ace.spec.iso3166 import COUNTRIES
from ace.spec.region import Topology
from ace.spec.values import MemberStatus

from ..regions import a_member, a_region, shipped

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def classes(svg: str, kind: str) -> list[str]:
    found = (element.get("class", "") for element in ET.fromstring(svg).iter())
    return [name for name in found if kind in name.split()]


def test_it_names_every_country_and_every_hub() -> None:
    told = texts(draw(shipped()))
    for member in shipped().members:
        assert member.name.en in told
    for hub in shipped().region.hubs:
        assert hub.id in told


def test_it_has_a_line_for_every_pair_of_places_that_a_link_joins_and_one_in_the_legend() -> None:
    planned = plan(shipped())
    svg = draw(shipped())
    for kind in LinkKind:
        pairs = {(link.a.site, link.b.site) for link in planned.links if link.kind is kind}
        legend = 2 if kind is LinkKind.BACKBONE else 1
        assert len(classes(svg, kind.value)) == len(pairs) + legend, kind


def test_a_link_that_is_down_is_drawn_so_whichever_end_is_named_first() -> None:
    planned = plan(shipped())
    link = next(link for link in planned.links if link.kind is LinkKind.HOME)
    for ends in ((link.a.host, link.b.host), (link.b.host, link.a.host)):
        states = {(other.a.host, other.b.host): State.UP for other in planned.links if other is not link}
        svg = draw(shipped(), {**states, ends: State.DOWN})
        assert len(classes(svg, "down")) == 2, "the link's, and the legend's"


def test_several_tunnels_drawn_as_one_line_show_the_worst() -> None:
    spec = a_region([a_member("TN"), a_member("EG")], topology=Topology.MESH)
    links = plan(spec).links
    states = {(link.a.host, link.b.host): State.UP for link in links}
    states[links[1].a.host, links[1].b.host] = State.DOWN
    assert [name for name in classes(draw(spec, states), "direct") if "down" in name]


def test_a_member_that_is_left_out_is_shown_as_such_with_the_reason() -> None:
    members = [a_member("TN"), a_member("EG"), replace(a_member("KE"), status=MemberStatus.SUSPENDED)]
    svg = draw(a_region(members, hubs=("TN", "EG")))
    assert len(classes(svg, "out")) == 2
    assert "Kenya is suspended" in svg


def test_all_of_africa_fits_without_one_label_on_another() -> None:
    spec = a_region([a_member(code) for code in COUNTRIES], hubs=("TN", "EG", "KE", "ZM", "NG", "SN"))
    root = ET.fromstring(draw(spec))
    boxes = []
    for element in root.findall(f"{SVG}g/{SVG}text"):
        if element.get("text-anchor") is None:
            continue
        x, y, width = float(element.get("x", 0)), float(element.get("y", 0)), 7.0 * len(element.text or "")
        left = {"start": x, "end": x - width, "middle": x - width / 2}[element.get("text-anchor", "start")]
        boxes.append((left, y - 12, left + width, y, element.text))
    clashes = [
        (a[4], b[4])
        for place, a in enumerate(boxes)
        for b in boxes[place + 1 :]
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
    assert len(boxes) == len(COUNTRIES) + 6
    assert clashes == []


def test_what_a_translation_says_is_escaped() -> None:
    svg = draw(shipped(), texts={"hub": "<script>&"}, title='"><script>')
    assert "<script>" not in svg
    assert "<script>&" in texts(svg)


def test_it_is_the_same_text_every_time() -> None:
    assert draw(shipped()) == draw(shipped())


def test_the_picture_in_the_readme_is_the_shipped_region() -> None:
    """After a change of the spec or of the map: `ace interconnect map --out docs/region.svg`."""
    picture = Path(__file__).parents[2] / "docs" / "region.svg"
    assert picture.read_text(encoding="utf-8") == draw(shipped(), plan=plan(shipped()))
