"""The running region, on hosts that boot: Tunisia and Kenya joined over both their hubs, broken, attacked and repaired.

Traffic is measured from a tenant's server to a tenant's server of the other country, 50 packets a second, both families.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from ace.spec import load
from tests.lab.hosts_site import Server, eventually
from tests.lab.interconnect.conftest import COUNTRIES
from tests.lab.joined import Joined, dead, down, severed, tenants_prefix, until_green
from tests.lab.region import CHECKOUT

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
    pytest.mark.timeout(1800),
]

GW_TN, GW2_TN, HUB_TN = "gw1.tunis-1.tn", "gw2.tunis-1.tn", "hub-tunis.tunis-1.tn"
GW_KE, GW2_KE, HUB_KE = "gw1.konza-1.ke", "gw2.konza-1.ke", "hub-nairobi.konza-1.ke"
SESSIONS_WITHIN_S = 30.0
GAP_S = 3.0
"""Goals of the issue: sessions after an apply, and silence after a silent death."""
ROUNDING_S = 2
"""FRR gives the second from which a session is up as now less its age."""
NEWCOMER = ".sc"
ANSWERS = CHECKOUT / "templates" / "member" / "examples" / "sc.yaml"


def ping(server: Server, target: str, *options: str) -> bool:
    return server.works(f"ping -n -c 3 -i 0.2 -W 2 {' '.join(options)} {target}")


# ---------------------------------------------------------------------------------------------------------------------


def test_all_sessions_are_up_within_30_s_of_apply_and_everything_is_as_planned(joined: Joined) -> None:
    assert joined.sessions_after_s < SESSIONS_WITHIN_S
    until_green(joined)


def test_a_second_apply_changes_nothing(joined: Joined) -> None:
    again = joined.ace("interconnect", "apply")
    changed = {
        host: told["changed"]
        for part in ("hubs", "countries")
        for country in again[part].values()
        for host, told in country["hosts"].items()
    }
    assert set(changed) == {GW_TN, GW2_TN, HUB_TN, GW_KE, GW2_KE, HUB_KE}
    assert set(changed.values()) == {0}
    told = joined.ace("configure", *COUNTRIES, "--check")["countries"]
    assert {cc: told[cc]["changes"] for cc in COUNTRIES} == {"tn": [], "ke": []}, "roles do not undo each other's work"


def test_tenants_of_two_countries_reach_each_other_both_ways_in_both_families_with_large_packets(
    joined: Joined,
) -> None:
    for here, there in (("tn", "ke"), ("ke", "tn")):
        for version, overhead in ((4, 28), (6, 48)):
            address = joined.addresses[there][version]
            assert ping(joined.servers[here], address), f"{here} to {there}, IPv{version}"
            assert ping(joined.servers[here], address, f"-M do -s {1420 - overhead}"), f"1,420 bytes, IPv{version}"


def test_what_a_security_group_does_not_name_does_not_come_through(joined: Joined) -> None:
    assert joined.servers["ke"].works("nohup python3 -m http.server 8080 >/dev/null 2>&1 & sleep 0.5")
    assert not joined.servers["tn"].works(f"curl --silent --max-time 3 http://{joined.addresses['ke'][4]}:8080/")


def test_a_link_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured, severed(joined, GW_TN, HUB_TN):
        eventually(lambda: down(joined.check()), {frozenset((GW_TN, HUB_TN))})
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps
    until_green(joined)


def test_a_gateway_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured:
        with dead(joined, GW_TN):
            eventually(lambda: {GW_TN} < set().union(*down(joined.check())))
            assert [host["host"] for host in joined.check()["routes"] if not host["answers"]] == [GW_TN]
        until_green(joined)  # it comes back, and takes the shared address before or after it knows a way
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps


def test_a_hub_that_dies_silently_is_gone_round_within_three_seconds_and_named(joined: Joined) -> None:
    with joined.traffic() as measured, dead(joined, HUB_TN):
        eventually(lambda: {HUB_TN} < set().union(*down(joined.check())))
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps
    until_green(joined)


def test_a_key_is_changed_on_a_drained_gateway_and_not_one_packet_is_lost(joined: Joined) -> None:
    before = joined.on(GW_TN, "cat /etc/wireguard/public.key")
    with joined.traffic() as measured:
        joined.on(GW_TN, "rm /etc/wireguard/private.key /etc/wireguard/public.key")
        joined.ace("configure", "tn", "--service", "gateway")
        joined.ace("publish", "tn")
        joined.ace("interconnect", "drain", GW_TN)
        try:
            joined.ace("interconnect", "apply")
            eventually(lambda: down(joined.check()) <= {frozenset((GW_TN, GW2_TN)), frozenset((GW_TN, HUB_TN))})
        finally:
            joined.ace("interconnect", "undrain", GW_TN)
    assert joined.on(GW_TN, "cat /etc/wireguard/public.key") != before
    assert measured.lost == {4: [], 6: []}
    until_green(joined)


LEAKS: dict[str, tuple[Callable[[Joined], tuple[str, ...]], str]] = {
    "another's prefix": (lambda joined: (tenants_prefix(joined, "tn"),), r"10\.113\.73\.0/27"),
    "a default route": (lambda _: ("0.0.0.0/0",), r"\b0\.0\.0\.0/0"),
    "ten thousand prefixes": (
        lambda _: tuple(f"10.{64 + n // 4096}.{n // 16 % 256}.{n % 16 * 16}/28" for n in range(10_000)),
        r"and (9\d|10\d)\d\d more",
    ),
}


@pytest.mark.parametrize("what", LEAKS)
def test_what_a_member_may_not_announce_is_refused_by_its_neighbours_and_told(joined: Joined, what: str) -> None:
    """Tried by the gateway that carries no traffic, so that what it does to itself is not taken for an effect on others."""
    prefixes, told = LEAKS[what]
    asn, lists = own_side(joined, GW2_KE)
    announced = prefixes(joined)
    with joined.traffic() as measured:
        joined.vtysh(
            GW2_KE,
            *(f"ip prefix-list {name} seq 1 permit 0.0.0.0/0 le 32" for name in lists),
            f"router bgp {asn}",
            "no bgp network import-check",
            "address-family ipv4 unicast",
            *(f"network {prefix}" for prefix in announced),
        )
        try:
            eventually(lambda: leaks(joined, told) != [])
            [leak, *_] = leaks(joined, told)
            assert (leak["host"], leak["neighbour"]) == (HUB_TN, GW2_KE)
            for host in (GW_TN, HUB_TN, HUB_KE):
                best = json.loads(joined.on(host, "vtysh -c 'show bgp ipv4 unicast json'"))["routes"]
                assert [prefix for prefix in announced if str(asn) in ways(best, prefix)] == [], host
        finally:
            family = (f"router bgp {asn}", "address-family ipv4 unicast")
            joined.vtysh(GW2_KE, *family, *(f"no network {prefix}" for prefix in announced[1:]))
            joined.ace("interconnect", "apply", "ke")
            # Who sent too much would be heard again after five minutes.
            joined.on(HUB_TN, f"vtysh -c 'clear bgp {address_of(joined, HUB_TN, GW2_KE)}'")
    assert joined.on(GW2_KE, "vtysh -c 'show running-config'").count("network ") < 100, "apply undid it"
    until_green(joined)
    assert max(measured.gaps.values()) <= GAP_S, measured.gaps


def leaks(joined: Joined, told: str) -> list[dict[str, str]]:
    return [leak for leak in joined.check()["leaks"] if re.search(told, leak["what"])]


def address_of(joined: Joined, host: str, neighbour: str) -> str:
    told = joined.neighbours(host)
    return next(address for address, session in told.items() if session.get("nbrDesc") == neighbour)


def own_side(joined: Joined, host: str) -> tuple[int, list[str]]:
    """A gateway's AS, and the lists that say what it sends."""
    text = joined.on(host, "vtysh -c 'show running-config'")
    asn = int(next(line.split()[2] for line in text.splitlines() if line.startswith("router bgp ")))
    lists = {line.split()[2] for line in text.splitlines() if line.startswith("ip prefix-list TO-")}
    return asn, sorted(lists)


def ways(routes: dict[str, Any], prefix: str) -> set[str]:
    """All ASes on all ways to a prefix that a host knows."""
    return {asn for path in routes.get(prefix, []) for asn in path.get("path", "").split()}


def test_what_was_learnt_from_one_hub_is_not_told_to_another(joined: Joined) -> None:
    """A gateway that would announce everything does not: strict roles mark what came from a provider (RFC 9234)."""
    asn, lists = own_side(joined, GW2_KE)
    joined.vtysh(GW2_KE, *(f"ip prefix-list {name} seq 1 permit 0.0.0.0/0 le 32" for name in lists))
    try:
        joined.on(GW2_KE, "vtysh -c 'clear bgp ipv4 unicast * soft out'")
        stolen = tenants_prefix(joined, "tn")
        for hub in (HUB_TN, HUB_KE):
            routes = json.loads(joined.on(hub, "vtysh -c 'show bgp ipv4 unicast json'"))["routes"]
            assert str(asn) not in ways(routes, stolen)
        assert ping(joined.servers["tn"], joined.addresses["ke"][4])
    finally:
        joined.ace("interconnect", "apply", "ke")
    until_green(joined)


# ------------------------------------------------------------------------------------- a country joins, pauses and leaves


@pytest.mark.suite("newcomer")
def test_a_country_joins_by_one_command_and_nothing_of_anybody_else_s_changes(joined: Joined, alone: Before) -> None:
    joined.ace("member", "add", "SC", "--answers", str(ANSWERS))
    now = texts(joined.region.root)
    assert {name for name in now if now[name] != alone.texts.get(name)} == {
        "CODEOWNERS",
        "ecosystem/answers/sc.yaml",
        "ecosystem/members/sc.yaml",
        "ecosystem/register.yaml",
        "stacks/Pulumi.sc.yaml",
    }
    joined.ace("validate")
    unseen = joined.ace("preview", "sc", expect=2)["countries"]["sc"]
    joined.ace("lab", "up", "sc", "--hosts")
    seen = joined.ace("preview", "sc", expect=2)["countries"]["sc"]
    assert unseen.pop("without_clouds") == ["sc-victoria-1"]
    assert without_diffs(unseen) == without_diffs(seen)
    assert joined.ace("member", "check", "sc")["fit"]
    before = uptimes(joined)
    for step in (("member", "activate", "sc"), ("up", "sc"), ("configure", "sc"), ("publish", "sc")):
        joined.ace(*step)
    with joined.traffic() as measured:
        joined.ace("interconnect", "apply")
        until_green(joined)
    joined.ace("catalogue", "build")
    assert dropped(before, uptimes(joined)) == {}
    assert measured.lost == {4: [], 6: []}
    files = rendered(joined.region.root)
    assert {path.split("/")[1] for path in alone.files if files.get(path) != alone.files[path]} == {HUB_TN, HUB_KE}
    assert hubs_know(joined) == {True}
    assert {"sc-fish-prices", "sc-e-learning"} <= listed(joined)
    pairs = joined.check()["reachability"]
    assert {pair["ok"] for pair in pairs if "victoria-1.sc" in (pair["a"], pair["b"])} == {True}


@pytest.mark.suite("newcomer")
def test_suspended_it_has_no_routes_and_no_listings_and_reinstated_all_is_byte_for_byte_as_before(
    joined: Joined,
) -> None:
    root = joined.region.root
    before, since, offered = rendered(root), uptimes(joined), exports(root)
    joined.ace("member", "suspend", "sc", "--reason", "a test")
    assert hubs_know(joined) == {False}
    eventually(lambda: [host for host in (GW_TN, GW2_TN, GW_KE, GW2_KE) if knows_sc(joined, host)], [], timeout_s=60)
    assert not {name for name in listed(joined) if name.startswith("sc-")}
    cloud = joined.region.cloud("sc-victoria-1-admin")
    own = [project.id for project in cloud.identity.projects() if project.name.startswith("ace-sc-")]
    assert {cloud.compute.get_quota_set(project).cores for project in own} == {0}
    until_green(joined)
    joined.ace("member", "reinstate", "sc", "--reason", "the test is over")
    until_green(joined)
    assert rendered(root) == before
    assert exports(root) == offered
    assert hubs_know(joined) == {True}
    assert dropped(since, uptimes(joined)) == {}


@pytest.mark.suite("newcomer")
def test_removed_it_is_gone_from_cloud_routers_and_catalogue_and_the_others_are_as_before_it_came(
    joined: Joined, alone: Before
) -> None:
    before = uptimes(joined)
    assert joined.ace("member", "remove", "sc", "--reason", "a test", "--yes")["transition"]["to"] == "left"
    until_green(joined)
    assert hubs_know(joined) == {False}
    assert not {name for name in listed(joined) if name.startswith("sc-")}
    cloud = joined.region.cloud("sc-victoria-1-admin")
    assert not list(cloud.compute.servers(all_projects=True))
    assert not [project.name for project in cloud.identity.projects() if project.name.startswith("ace-")]
    assert rendered(joined.region.root) == alone.files
    assert dropped(before, uptimes(joined)) == {}


@dataclass(frozen=True)
class Before:
    """The region before the newcomer."""

    texts: dict[str, str]
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def alone(joined: Joined) -> Before:
    return Before(texts(joined.region.root), rendered(joined.region.root))


def texts(root: Path) -> dict[str, str]:
    """What people review: all that is not below ROOT/.ace, publications and keys aside."""
    own = ("ecosystem", "stacks", "inventories")
    files = [path for folder in own for path in (root / folder).rglob("*")] + [root / "CODEOWNERS"]
    return {str(path.relative_to(root)): path.read_text() for path in files if path.is_file()}


def uptimes(joined: Joined) -> dict[tuple[str, str], int]:
    """When each established session of the first two countries came up, as FRR says: seconds since 1970.

    Those to the newcomer's gateways aside.
    """
    return {
        (host, address): int(told["bgpTimerUpEstablishedEpoch"])
        for host in (GW_TN, GW2_TN, HUB_TN, GW_KE, GW2_KE, HUB_KE)
        for address, told in joined.neighbours(host).items()
        if told["bgpState"] == "Established" and not told.get("nbrDesc", "").endswith(NEWCOMER)
    }


def dropped(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The sessions of before that are younger now, or gone."""
    younger = {session: after.get(session, 0) - since for session, since in before.items()}
    return {session: by for session, by in younger.items() if abs(by) > ROUNDING_S}


def hubs_know(joined: Joined) -> set[bool]:
    """Whether each hub has an established session to the newcomer."""
    return {
        any(
            told.get("nbrDesc", "").endswith(NEWCOMER) and told["bgpState"] == "Established"
            for told in joined.neighbours(hub).values()
        )
        for hub in (HUB_TN, HUB_KE)
    }


def knows_sc(joined: Joined, host: str) -> bool:
    """Whether a gateway has a route into the newcomer's block."""
    block = load(joined.region.root / "ecosystem").member("sc").allocation.ipv4
    told = json.loads(joined.on(host, "vtysh -c 'show bgp ipv4 unicast json'"))
    return any(ip_network(prefix).subnet_of(block) for prefix in told["routes"])


def without_diffs(preview: dict[str, Any]) -> dict[str, Any]:
    """What would be done to what; values that only a cloud knows aside."""
    steps = [{key: value for key, value in step.items() if key != "diff"} for step in preview["steps"]]
    return {**preview, "steps": sorted(steps, key=lambda step: step["urn"])}


def listed(joined: Joined) -> set[str]:
    told = json.loads(exports(joined.region.root)["catalogue.json"])
    return {service["slug"] for service in told["services"]}


def exports(root: Path) -> dict[str, bytes]:
    folder = root / ".ace" / "catalogue" / "exports"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rendered(root: Path) -> dict[str, bytes]:
    folder = root / ".ace" / "interconnect-applied"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
