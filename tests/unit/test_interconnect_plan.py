"""The interconnect's plan: who is joined to whom, by which numbers, and what each may say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, ip_network

import pytest

from ace.interconnect.plan import plan
from ace.interconnect.values import LinkKind, NodeKind, Plan, Role
from ace.operations.region import refused_routes
from ace.policy import Kind, judge_spec
from ace.publication.values import (
    Absent,
    HubPublication,
    Publication,
    PublishedDataCentre,
    PublishedGateway,
    Reason,
    Refused,
    Verified,
)
from ace.spec.region import Topology
from ace.spec.values import Member, MemberStatus, Spec

from ..regions import a_member, a_region, shipped

THREE = [a_member("TN"), a_member("EG"), a_member("KE")]
HUBS = ("TN", "EG")
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def published(member: Member, *, key: str | None = "A" * 43 + "=") -> Verified[Publication]:
    centre = member.data_centres[0]
    gateways = tuple(
        PublishedGateway(
            gateway.name,
            gateway.number,
            gateway.zone,
            centre.id,
            centre.allocation.asn,
            IPv4Address(f"198.18.{member.numeric % 200}.{gateway.number}"),
            key,
            (centre.allocation.loopback4[gateway.number], centre.allocation.loopback6[gateway.number]),
        )
        for gateway in centre.gateways
    )
    shown = PublishedDataCentre(centre.id, 0, "", "", centre.operator.kind, centre.allocation.asn, (), gateways)
    publication = Publication(
        member.stack,
        NOW,
        NOW,
        "0" * 64,
        member.allocation.ipv4,
        member.allocation.ipv6,
        (shown,),
        (),
        (),
        (),
        None,
    )
    return Verified(publication, "SHA256:x", NOW)


def published_hub(spec: Spec, place: int) -> Verified[HubPublication]:
    hub = spec.region.hubs[place]
    loopbacks = (hub.allocation.ipv4[1], hub.allocation.ipv6[1])
    publication = HubPublication(
        hub.id,
        hub.hosted_by.lower(),
        NOW,
        NOW,
        "0" * 64,
        f"hub-{hub.id}.x.y",
        hub.data_centre,
        hub.slot,
        hub.number,
        4_200_000_000 + 100 * hub.slot,
        IPv4Address(f"198.18.250.{place + 1}"),
        "B" * 43 + "=",
        loopbacks,
    )
    return Verified(publication, "SHA256:x", NOW)


def test_two_gateways_of_a_country_home_to_hubs_lodged_in_different_places() -> None:
    planned = plan(shipped())
    homes: dict[tuple[int, int], set[str]] = {}
    for session in (session for found in planned.sessions.values() for session in found):
        if session.kind is LinkKind.HOME and session.role is Role.CUSTOMER:
            homes.setdefault(session.local.site, set()).add(session.remote.host.split(".", 1)[1])
    assert len(homes) == sum(len(member.data_centres) for member in shipped().active)
    assert {len(places) for places in homes.values()} == {2}


def test_a_country_s_first_gateway_homes_to_the_nearest_hub() -> None:
    planned = plan(shipped())
    assert [s.remote.name for s in planned.sessions["gw1.tunis-1.tn"]] == ["tunis"]
    assert [s.remote.name for s in planned.sessions["gw2.tunis-1.tn"]] == ["cairo"]


def test_a_gateway_alone_homes_to_two_hubs() -> None:
    planned = plan(a_region([*THREE, a_member("UG", gateways=[1])], hubs=HUBS))
    assert [s.remote.kind for s in planned.sessions["gw1.ug-1.ug"]] == [NodeKind.HUB, NodeKind.HUB]


def test_hubs_are_providers_gateways_customers_and_all_else_is_among_peers() -> None:
    planned = plan(a_region([*THREE, a_member("ET", sites=[0, 1])], hubs=HUBS, direct=[("KE", "ET")]))
    roles = {(s.kind, s.local.kind, s.role) for found in planned.sessions.values() for s in found}
    assert roles == {
        (LinkKind.HOME, NodeKind.GATEWAY, Role.CUSTOMER),
        (LinkKind.HOME, NodeKind.HUB, Role.PROVIDER),
        (LinkKind.BACKBONE, NodeKind.HUB, Role.PEER),
        (LinkKind.DIRECT, NodeKind.GATEWAY, Role.PEER),
        (LinkKind.INTERNAL, NodeKind.GATEWAY, Role.PEER),
    }


def test_both_ends_of_a_link_agree_on_addresses_ports_and_what_is_said() -> None:
    planned = plan(shipped())
    by_ends = {(s.local.host, s.remote.host): s for found in planned.sessions.values() for s in found}
    for (local, remote), session in by_ends.items():
        other = by_ends[remote, local]
        assert (session.local6, session.remote6) == (other.remote6, other.local6)
        assert (session.port, session.remote_port) == (other.remote_port, other.port)
        if session.accepts:
            assert session.accepts == other.announces


def test_a_mesh_joins_every_pair_and_needs_no_hub() -> None:
    planned = plan(a_region(THREE, topology=Topology.MESH))
    assert {link.kind for link in planned.links} == {LinkKind.DIRECT}
    assert len(planned.links) == 3 * 2


def test_going_from_hubs_to_a_mesh_renumbers_nobody() -> None:
    hubs = plan(a_region(THREE, hubs=HUBS, direct=[("TN", "EG")]))
    mesh = plan(a_region(THREE, topology=Topology.MESH))
    before = {(link.a.host, link.b.host): link.net6 for link in hubs.links if link.kind is LinkKind.DIRECT}
    after = {(link.a.host, link.b.host): link.net6 for link in mesh.links}
    assert before.items() <= after.items()
    assert {n.host: n.loopback4 for n in mesh.nodes}.items() <= {n.host: n.loopback4 for n in hubs.nodes}.items()


def test_a_suspended_member_is_left_out_with_the_reason_and_so_is_the_hub_that_it_lodges() -> None:
    members = [replace(THREE[0], status=MemberStatus.SUSPENDED), *THREE[1:]]
    planned = plan(a_region(members, hubs=("TN", "EG", "KE")))
    assert {(item.subject, item.code) for item in planned.left_out} == {
        ("tn", "not-active"),
        ("hub-hub0", "host-not-active"),
    }
    assert not [node for node in planned.nodes if node.country == "tn"]
    assert "suspended" in planned.left_out[-1].reason


@pytest.mark.parametrize("reason", [Reason.EXPIRED, Reason.BAD_SIGNATURE])
def test_a_refused_publication_leaves_its_country_out_with_the_reason(reason: Reason) -> None:
    planned = plan(a_region(THREE, hubs=HUBS), {"ke": Refused(reason, "it says why")})
    assert [(item.subject, item.code) for item in planned.left_out] == [("ke", reason.value)]
    assert "it says why" in planned.left_out[0].reason
    assert not [node for node in planned.nodes if node.country == "ke"]


def test_an_absent_publication_is_planned_without_a_key_and_is_not_applied() -> None:
    spec = a_region(THREE, hubs=HUBS)
    verdicts = {"tn": published(THREE[0]), "eg": published(THREE[1]), "ke": Absent()}
    verdicts |= {f"hub-hub{place}": published_hub(spec, place) for place in (0, 1)}  # type: ignore[dict-item]
    whole, applied = plan(spec, verdicts), plan(spec, verdicts, verified_only=True)
    assert [node.verified for node in whole.nodes if node.country == "ke"] == [False, False]
    assert not [node for node in applied.nodes if node.country == "ke"]
    assert {item.subject for item in applied.left_out} == {"gw1.ke-1.ke", "gw2.ke-1.ke"}
    assert all(link.verified for link in applied.links)


def test_where_a_hub_has_not_published_gateways_home_to_those_that_have() -> None:
    spec = a_region([*THREE, a_member("ZM")], hubs=("TN", "EG", "KE", "ZM"))
    verdicts = {member.stack: published(member) for member in THREE}
    verdicts |= {f"hub-hub{place}": published_hub(spec, place) for place in (0, 1, 2)}  # type: ignore[misc]
    applied = plan(spec, verdicts, verified_only=True)
    homes = [[s.remote.name for s in applied.sessions[f"gw{n}.ke-1.ke"]] for n in (1, 2)]
    assert homes == [["hub2"], ["hub1"]]


def test_a_gateway_whose_key_is_not_published_is_left_out_alone() -> None:
    spec = a_region(THREE, hubs=HUBS)
    verdicts = {member.stack: published(member) for member in THREE[:2]}
    verdicts["ke"] = published(THREE[2], key=None)
    verdicts |= {f"hub-hub{place}": published_hub(spec, place) for place in (0, 1)}  # type: ignore[misc]
    applied = plan(spec, verdicts, verified_only=True)
    assert [item.code for item in applied.left_out] == ["unpublished", "unpublished"]


def test_what_residency_closes_is_kept_and_what_it_limits_is_for_the_listed_members_only() -> None:
    node = plan(shipped()).node("gw1.tunis-1.tn")
    assert node is not None
    health = ip_network("10.113.72.128/27")
    assert health in node.keeps
    assert health not in [item.prefix for item in node.announces]
    education = next(item for item in node.announces if item.group == "tenant-0")
    assert education.allowed == (480, 788, 818)
    agriculture = next(item for item in node.announces if item.group == "tenant-8")
    assert agriculture.allowed is None


def test_a_neighbour_joined_directly_hears_only_what_it_may_have() -> None:
    planned = plan(a_region(THREE, hubs=HUBS, direct=[("TN", "KE"), ("TN", "EG")]))
    sessions = {s.remote.host: s for s in planned.sessions["gw1.tn-1.tn"]}
    limited = {item.prefix for item in sessions["gw1.ke-1.ke"].local.announces if item.group == "tenant-0"}
    assert limited
    assert not limited & set(sessions["gw1.ke-1.ke"].announces)
    assert limited <= set(sessions["gw1.eg-1.eg"].announces)


def test_only_data_centres_of_one_country_tell_each_other_of_what_stays_in_it() -> None:
    planned = plan(a_region([*THREE, a_member("ET", sites=[0, 1])], hubs=HUBS, direct=[("KE", "ET")]))
    for session in planned.sessions["gw1.et-1.et"]:
        tells = bool(set(session.announces) & set(session.local.keeps))
        assert tells is (session.kind is LinkKind.INTERNAL), session.remote.host


def test_after_a_label_s_end_exactly_the_prefixes_that_needed_it_are_kept_at_home_and_told() -> None:
    spec, later = shipped(), date(2027, 12, 1)
    before, after = plan(spec), plan(spec, refused=refused_routes(spec, later))
    gone = announced(before) - announced(after)
    assert gone and gone == announced(before) & judge_spec(spec, later).refused(Kind.ROUTE)
    assert {item.subject for item in after.left_out} == gone
    assert all(item.code == "label-coverage" and "ended on" in item.reason for item in after.left_out)
    kept = {str(prefix) for node in after.nodes for prefix in node.keeps}
    assert gone <= kept, "denied by name towards everybody"


def announced(planned: Plan) -> frozenset[str]:
    return frozenset(str(item.prefix) for node in planned.nodes for item in node.announces)
