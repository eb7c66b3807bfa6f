"""What hosts say, judged against the plan: every thing that is not as planned is named."""

from __future__ import annotations

import json
from dataclasses import replace
from ipaddress import ip_network

import pytest

from ace.interconnect.check import check_region, expected, targets
from ace.interconnect.live.seen import Echo, Seen, SessionSeen, parse
from ace.interconnect.live.shell import ShellError
from ace.interconnect.map import State
from ace.interconnect.plan import plan
from ace.interconnect.values import NodeKind, Plan, Prefix

from ..regions import a_member, a_region

UP = SessionSeen("Established", 60, "", (), overflow=False)
TN, EG_HUB, TN_HUB = "gw1.tn-1.tn", "hub-hub1.eg-1.eg", "hub-hub0.tn-1.tn"


def region() -> Plan:
    members = [a_member("TN"), a_member("EG"), a_member("KE", sites=[0, 1])]
    return plan(a_region(members, hubs=("TN", "EG"), direct=[("EG", "KE")]))


def as_planned(planned: Plan) -> dict[str, Seen | str]:
    """What all hosts see when all is well."""
    found: dict[str, Seen | str] = {}
    for node in planned.nodes:
        peers = [str(s.remote6) for s in planned.sessions[node.host]]
        peers += [str(sibling.transit6) for sibling in planned.siblings[node.host]]
        pinged = targets(planned, node)
        found[node.host] = Seen(
            sessions=dict.fromkeys(peers, UP),
            bfd=dict.fromkeys(peers, "up"),
            routes=dict.fromkeys(expected(planned, node), (4_200_090_100,)),
            pings=dict.fromkeys(pinged, Echo(3, 12.0)),
            big={address: True for address in pinged if ":" not in address},
        )
    return found


def changed(seen: dict[str, Seen | str], host: str, **fields: object) -> dict[str, Seen | str]:
    view = seen[host]
    assert isinstance(view, Seen)
    return {**seen, host: replace(view, **fields)}  # type: ignore[arg-type]


def with_session(seen: dict[str, Seen | str], host: str, neighbour: str, session: SessionSeen) -> dict[str, Seen | str]:
    view = seen[host]
    assert isinstance(view, Seen)
    return changed(seen, host, sessions={**view.sessions, neighbour: session})


def test_a_region_as_planned_is_well_and_has_a_matrix() -> None:
    planned = region()
    found = check_region(planned, as_planned(planned))
    assert found.ok
    assert {link.state for link in found.links} == {State.UP}
    assert {pair.ms for pair in found.pairs} == {12.0}
    assert len(found.pairs) == 6
    assert found.pairs[0].paths == (("hub0",),)


def test_a_session_that_is_down_is_named_by_both_ends() -> None:
    planned = region()
    neighbour = str(planned.sessions[TN][0].remote6)
    down = SessionSeen("Active", 0, "Hold Timer Expired", (), overflow=False)
    found = check_region(planned, with_session(as_planned(planned), TN, neighbour, down))
    assert not found.ok
    bad = [link for link in found.links if link.state is State.DOWN]
    assert [{link.a, link.b} for link in bad] == [{TN, TN_HUB}]
    assert "Hold Timer Expired" in bad[0].detail
    assert found.states[bad[0].a, bad[0].b] is State.DOWN


def test_bfd_that_is_down_counts_as_down() -> None:
    planned = region()
    neighbour = str(planned.sessions[TN][0].remote6)
    found = check_region(planned, changed(as_planned(planned), TN, bfd={neighbour: "down"}))
    assert [link.detail for link in found.links if link.state is State.DOWN] == [f"{TN}: BFD down"]


def test_the_session_of_two_gateways_on_transit_is_looked_at_too() -> None:
    planned = region()
    sibling = planned.siblings[TN][0]
    down = SessionSeen("Connect", 0, "", (), overflow=False)
    found = check_region(planned, with_session(as_planned(planned), TN, str(sibling.transit6), down))
    assert [link.kind for link in found.links if link.state is State.DOWN] == ["transit"]


def test_a_host_that_does_not_answer_is_named_with_why() -> None:
    planned = region()
    found = check_region(planned, {**as_planned(planned), TN: "no answer within 150 s"})
    assert not found.ok
    assert [(host.host, host.detail) for host in found.hosts if not host.answers] == [(TN, "no answer within 150 s")]
    assert [pair for pair in found.pairs if not pair.ok]


def test_what_was_not_asked_from_here_is_unknown_and_no_failure() -> None:
    planned = region()
    from_tunisia = {host: view for host, view in as_planned(planned).items() if host.endswith(".tn")}
    found = check_region(planned, from_tunisia)
    assert found.ok
    unknown = [link for link in found.links if link.state is State.UNKNOWN]
    assert unknown
    assert not any(".tn" in link.a or ".tn" in link.b for link in unknown)
    assert all((link.a, link.b) not in found.states for link in unknown)
    assert {pair.is_known for pair in found.pairs if "tn" not in pair.a and "tn" not in pair.b} == {False}
    assert not check_region(planned, {}).ok


def test_a_drained_gateway_is_told_of_and_is_no_failure() -> None:
    planned = region()
    found = check_region(planned, changed(as_planned(planned), TN, drained=True))
    assert found.ok
    assert {link.state for link in found.links if TN in (link.a, link.b)} == {State.DRAINED}


def test_a_route_that_is_missing_and_one_too_many_are_named() -> None:
    planned = region()
    view = as_planned(planned)[TN]
    assert isinstance(view, Seen)
    gone = next(iter(view.routes))
    other: dict[Prefix, tuple[int, ...]] = {p: path for p, path in view.routes.items() if p != gone}
    other[ip_network("10.127.0.0/24")] = (1,)
    found = check_region(planned, changed(as_planned(planned), TN, routes=other))
    host = next(host for host in found.hosts if host.host == TN)
    assert (host.missing, host.unexpected) == ((gone,), (ip_network("10.127.0.0/24"),))
    assert not found.ok


def test_what_a_neighbour_may_not_say_is_a_leak_by_name() -> None:
    planned = region()
    neighbour = next(str(s.remote6) for s in planned.sessions[TN_HUB] if s.remote.host == TN)
    for session, word in (
        (replace(UP, refused=(ip_network("0.0.0.0/0"), ip_network("10.115.36.0/25"))), "0.0.0.0/0"),
        (SessionSeen("Idle", 0, "", (), overflow=True), "more prefixes"),
    ):
        found = check_region(planned, with_session(as_planned(planned), TN_HUB, neighbour, session))
        assert [(leak.host, leak.neighbour) for leak in found.leaks] == [(TN_HUB, TN)]
        assert word in found.leaks[0].what
        assert not found.ok


def test_own_routes_that_come_back_are_no_leak() -> None:
    planned = region()
    neighbour = str(planned.sessions[TN][0].remote6)
    node = planned.node(TN)
    assert node is not None
    session = replace(UP, refused=(node.announces[0].prefix,))
    assert check_region(planned, with_session(as_planned(planned), TN, neighbour, session)).leaks == ()


def test_one_flow_that_is_lost_or_large_packets_that_are_make_a_pair_fail() -> None:
    planned = region()
    view = as_planned(planned)[TN]
    assert isinstance(view, Seen)
    lost = dict.fromkeys(list(view.pings)[:1], Echo(0, None))
    found = check_region(planned, changed(as_planned(planned), TN, pings={**view.pings, **lost}))
    assert [pair.flows - pair.through for pair in found.pairs if not pair.ok] == [1]
    found = check_region(planned, changed(as_planned(planned), TN, big={**view.big, next(iter(view.big)): False}))
    assert [(pair.through == pair.flows, pair.large) for pair in found.pairs if not pair.ok] == [(True, False)]


def test_limited_prefixes_are_expected_only_where_they_may_be() -> None:
    planned = region()
    tunisia, kenya, egypt = planned.node(TN), planned.node("gw1.ke-1.ke"), planned.node("gw1.eg-1.eg")
    assert tunisia is not None
    assert kenya is not None
    assert egypt is not None
    limited = {item.prefix for item in tunisia.announces if item.allowed is not None}
    assert limited <= expected(planned, egypt)
    assert not limited & expected(planned, kenya)


def test_hubs_ping_nobody() -> None:
    planned = region()
    assert all(targets(planned, node) == () for node in planned.nodes if node.kind is NodeKind.HUB)


def test_an_answer_is_read_and_nonsense_is_refused() -> None:
    told = {
        "sessions": {"fd00:0::1": {"state": "Established", "uptime_s": 5, "refused": ["10.0.0.0/8"]}},
        "routes": {"10.0.0.0/24": {"path": "1 2", "from": "x"}},
        "pings": {"10.0.0.1": {"received": 3, "ms": 1.5}},
        "drained": True,
    }
    seen = parse(json.dumps(told))
    assert seen.sessions["fd00::1"].up
    assert seen.sessions["fd00::1"].refused == (ip_network("10.0.0.0/8"),)
    assert seen.routes[ip_network("10.0.0.0/24")] == (1, 2)
    assert seen.drained
    for bad in ("", "[]", '{"sessions": {"x": 1}}', '{"routes": {"10.0.0.1/8": {}}}'):
        with pytest.raises(ShellError):
            parse(bad)
