"""Who comes, goes or moves changes the hubs' files and those of direct neighbours; every other file is byte-identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ace.interconnect.plan import plan
from ace.interconnect.render import render
from ace.spec.iso3166 import COUNTRIES
from ace.spec.region import Topology
from ace.spec.values import Member, MemberStatus, Spec

from ..regions import a_member, a_region

SOME = ("TN", "EG", "KE", "ZM", "UG", "RW", "ET", "NG", "SN", "MU", "CD")
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Shape:
    """A region, so that it can be made again with one country more or less."""

    members: dict[str, Member]
    hubs: tuple[str, ...]
    direct: frozenset[tuple[str, str]]
    topology: Topology

    def spec(self, without: str = "", order: Sequence[str] | None = None) -> Spec:
        codes = [code for code in order or list(self.members) if code != without]
        direct = [pair for pair in self.direct if without not in pair]
        return a_region([self.members[code] for code in codes], hubs=self.hubs, direct=direct, topology=self.topology)

    def neighbours(self, code: str) -> set[str]:
        """Countries that have a tunnel of their own to this one."""
        if self.topology is Topology.MESH:
            return set(self.members)
        return {other for pair in self.direct if code in pair for other in pair}


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    codes = draw(st.lists(st.sampled_from(SOME), min_size=4, max_size=8, unique=True))
    members = {
        code: a_member(
            code,
            gateways=draw(st.sampled_from([(1,), (1, 2), (2, 3), (1, 2, 3, 4)])),
            sites=draw(st.sampled_from([(0,), (0,), (0, 1), (2, 5)])),
        )
        for code in codes
    }
    topology = draw(st.sampled_from(list(Topology)))
    pairs = st.tuples(st.sampled_from(codes), st.sampled_from(codes)).filter(lambda pair: pair[0] < pair[1])
    direct = draw(st.frozensets(pairs, max_size=3)) if topology is Topology.HUBS else frozenset()
    return Shape(members, tuple(codes[: draw(st.integers(2, 3))]), direct, topology)


def files_of(files: dict[str, str], *countries: str) -> dict[str, str]:
    """The files of gateways of these countries (hubs aside)."""
    folders = {code.lower() for code in countries}
    return {p: t for p, t in files.items() if p.split("/")[0] in folders and not p.split("/")[1].startswith("hub-")}


@QUICK
@given(shapes(), st.data())
def test_a_member_that_comes_or_goes_changes_only_hubs_and_its_direct_neighbours(
    shape: Shape, data: st.DataObject
) -> None:
    lodgers = shape.hubs if shape.topology is Topology.HUBS else ()
    code = data.draw(st.sampled_from([code for code in shape.members if code not in lodgers] or [""]))
    if not code:
        return
    before, after = render(plan(shape.spec(without=code))), render(plan(shape.spec()))
    others = set(shape.members) - {code} - shape.neighbours(code)
    assert files_of(after, *others) == files_of(before, *others)
    assert set(before) <= set(after)


@QUICK
@given(shapes(), st.data())
def test_a_member_that_is_suspended_and_reinstated_is_back_byte_by_byte(shape: Shape, data: st.DataObject) -> None:
    code = data.draw(st.sampled_from(list(shape.members)))
    before = render(plan(shape.spec()))
    gone = Shape(
        {**shape.members, code: replace(shape.members[code], status=MemberStatus.SUSPENDED)},
        shape.hubs,
        shape.direct,
        shape.topology,
    )
    assert not files_of(render(plan(gone.spec())), code)
    assert render(plan(shape.spec())) == before


@QUICK
@given(shapes(), st.randoms(use_true_random=False))
def test_the_order_of_members_means_nothing(shape: Shape, random: st.DataObject) -> None:
    codes = list(shape.members)
    random.shuffle(codes)  # type: ignore[attr-defined]
    assert render(plan(shape.spec(order=codes))) == render(plan(shape.spec()))


@QUICK
@given(shapes())
def test_no_two_tunnels_share_an_address_a_port_or_an_interface(shape: Shape) -> None:
    planned = plan(shape.spec())
    addresses = [address for link in planned.links for address in (link.address_a, link.address_b)]
    assert len(addresses) == len(set(addresses))
    for sessions in planned.sessions.values():
        assert len({s.port for s in sessions}) == len(sessions)
        assert len({s.interface for s in sessions}) == len(sessions)


def test_the_eleventh_member_changes_no_gateway_of_the_ten() -> None:
    ten = [a_member(code) for code in ("TN", "EG", "ET", "ZM", "UG", "KE", "RW", "MU", "ZW", "CD")]
    hubs = ("TN", "EG", "KE", "ZM")
    before = render(plan(a_region(ten, hubs=hubs)))
    after = render(plan(a_region([*ten, a_member("SC")], hubs=hubs)))
    changed = {path for path in before if before[path] != after[path]}
    assert changed
    assert {path.split("/")[1].split(".")[0].split("-")[0] for path in changed} == {"hub"}
    assert all(path.endswith(("frr.conf", "nftables.conf")) for path in changed)


def test_there_are_enough_countries_to_draw_from() -> None:
    assert set(SOME) <= set(COUNTRIES)
