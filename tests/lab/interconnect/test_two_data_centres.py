"""Ethiopia, which has two data centres, joins the running region: what is there as a fallback works as one."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.lab.hosts_site import eventually
from tests.lab.joined import Joined, dead, down, until_green

pytestmark = [
    pytest.mark.lab,
    pytest.mark.hosts,
    pytest.mark.suite("two-data-centres"),
    pytest.mark.timeout(1800),
]

ZONE = "et.ace.example"
FIRST, SECOND = "svc1.addis-ababa-1.et", "svc1.addis-ababa-2.et"
GATEWAYS = ("gw1.addis-ababa-1.et", "gw2.addis-ababa-1.et")
HOLDER = "svc1.konza-1.ke"
"""Kenya holds Ethiopia's zone (`ace.services.region`)."""
CATCHES_UP_S = 150.0
"""Who holds a zone asks every minute, on a machine that may be busy."""


@pytest.fixture(scope="module")
def ethiopia(joined: Joined) -> Joined:
    """The region with a country of two data centres, configured before there were tunnels to it."""
    joined.ace("lab", "up", "et", "--hosts")
    for step in (("up", "et"), ("configure", "et", "ke"), ("publish", "et"), ("interconnect", "apply")):
        joined.ace(*step)
    until_green(joined)
    return joined


def serial(region: Joined, host: str) -> str:
    """Of Ethiopia's zone, as a host serves it; empty: it does not."""
    told = region.on(host, f"knotc zone-read {ZONE} @ SOA 2>/dev/null || true").split()
    return told[6] if len(told) > 6 else ""


def keys(region: Joined, host: str) -> list[str]:
    """Of Ethiopia's zone, as a host serves it."""
    return sorted(region.on(host, f"knotc zone-read {ZONE} @ DNSKEY 2>/dev/null || true").splitlines())


def forget(region: Joined, host: str) -> None:
    """Let a host that holds the zone lose it, as after a new installation."""
    region.on(host, f"knotc -b -f zone-purge catalog.{ZONE}; knotc -b -f zone-purge {ZONE} || true")
    region.on(host, f"knotc zone-refresh catalog.{ZONE}")


def test_names_and_time_of_both_data_centres_are_in_order_right_after_the_tunnels_are_up(ethiopia: Joined) -> None:
    checks = {
        (check["host"], check["id"]): check
        for service in ("dns", "time")
        for check in ethiopia.ace("verify", "et", "--service", service)["countries"]["et"]["checks"]
    }
    for desired in (
        *((host, "dns.catalog") for host in (FIRST, SECOND)),
        *((host, "dns.secondary.ke") for host in (FIRST, SECOND)),
        (FIRST, "dns.secondary.et"),
        (SECOND, "dns.held.et"),
        *((host, "time.nts") for host in (FIRST, SECOND, *GATEWAYS)),
    ):
        assert checks[desired]["verdict"] == "PASS", checks[desired]
    [held] = [
        check
        for check in ethiopia.ace("verify", "ke", "--service", "dns")["countries"]["ke"]["checks"]
        if check["id"] == "dns.held.et"
    ]
    assert held["verdict"] == "PASS", held
    assert "no reply" not in held["evidence"]


def test_roles_do_not_undo_each_other_s_work_in_two_data_centres(ethiopia: Joined) -> None:
    again = ethiopia.ace("configure", "et", "--check")["countries"]["et"]
    assert again["changes"] == []


def test_a_gateway_is_drained_and_put_back(ethiopia: Joined) -> None:
    ethiopia.ace("interconnect", "drain", GATEWAYS[0])
    try:
        eventually(lambda: [h["host"] for h in ethiopia.check()["routes"] if h["drained"]], [GATEWAYS[0]])
    finally:
        ethiopia.ace("interconnect", "undrain", GATEWAYS[0])
    until_green(ethiopia)


def test_a_data_centre_is_lost_with_the_first_name_server_and_the_zone_still_travels(ethiopia: Joined) -> None:
    before = serial(ethiopia, SECOND)
    with ExitStack() as lost:
        for host in (FIRST, *GATEWAYS):
            lost.enter_context(dead(ethiopia, host))
        forget(ethiopia, HOLDER)
        eventually(lambda: serial(ethiopia, HOLDER), before, timeout_s=CATCHES_UP_S)
        other_side = {"addis-ababa-2.et", "konza-1.ke", "tunis-1.tn"}
        eventually(
            lambda: {p["ok"] for p in ethiopia.check()["reachability"] if {p["a"], p["b"]} <= other_side}, {True}
        )
        assert all(set(GATEWAYS) & session for session in down(ethiopia.check()))
    until_green(ethiopia)


def test_a_first_name_server_that_is_built_anew_replaces_the_old_zone_everywhere_though_its_notify_is_lost(
    ethiopia: Joined,
) -> None:
    for host in (SECOND, HOLDER):
        ethiopia.on(host, "systemctl stop knot")
    ethiopia.on(FIRST, "systemctl stop knot; rm -r /var/lib/knot/*; systemd-tmpfiles --create")
    ethiopia.ace("configure", "et", "--service", "dns", "--full")
    new = keys(ethiopia, FIRST)
    assert new
    ethiopia.on(HOLDER, "systemctl start knot")
    for host in (SECOND, HOLDER):
        eventually(lambda host=host: keys(ethiopia, host), new, timeout_s=CATCHES_UP_S)


def test_all_that_is_asked_of_a_country_with_two_data_centres_is_answered_well(ethiopia: Joined) -> None:
    checks = ethiopia.ace("verify", "et")["countries"]["et"]["checks"]
    assert {check["verdict"] for check in checks} == {"PASS", "SKIP"}
    assert {check["id"].split(".")[0] for check in checks} == {"base", "dns", "gateway", "monitoring", "time"}
