"""Addressing by example: the numbers that the design names, and what is refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest

from ace import addressing as a

POOLS = a.Pools(IPv4Network("10.64.0.0/10"), IPv6Network("fd92:3091:a000::/36"))
TN = a.member_allocation(788, POOLS)


def test_tunisia_has_the_blocks_that_the_design_names() -> None:
    assert TN.ipv4 == IPv4Network("10.113.64.0/20")
    assert TN.ipv6 == IPv6Network("fd92:3091:a788::/48")
    assert TN.asn_base == 4_200_078_800
    assert not TN.pinned


def test_a_site_has_the_ranges_that_the_design_names() -> None:
    assert a.site_allocation(TN, 1) == a.SiteAllocation(
        site=1,
        asn=4_200_078_801,
        loopback4=IPv4Network("10.113.64.32/27"),
        loopback6=IPv6Network("fd92:3091:a788:1000::/64"),
        transit4=IPv4Network("10.113.65.32/27"),
        transit6=IPv6Network("fd92:3091:a788:1400::/64"),
        transit_vip4=IPv4Address("10.113.65.33"),
        transit_vip6=IPv6Address("fd92:3091:a788:1400::1"),
        management4=IPv4Network("10.113.66.64/26"),
        management6=IPv6Network("fd92:3091:a788:1200::/64"),
        services4=IPv4Network("10.113.68.128/25"),
        services6=IPv6Network("fd92:3091:a788:1300::/64"),
    )


def test_tenants_have_the_upper_half_of_the_block() -> None:
    assert a.tenant_network4(TN, 0) == IPv4Network("10.113.72.0/27")
    assert a.tenant_network4(TN, 63) == IPv4Network("10.113.79.224/27")
    assert a.tenant_network4(TN, 0, 21) == IPv4Network("10.113.72.0/21")
    assert a.tenant_network6(TN, 1, 63) == IPv6Network("fd92:3091:a788:183f::/64")
    assert a.tenant_network6(TN, 0, 5, 7) == IPv6Network("fd92:3091:a788:f05::/64")


def test_a_link_is_numbered_from_the_lower_slot() -> None:
    link = a.link(a.Endpoint(901, 0, 1), a.Endpoint(788, 1, 2), {788: TN.ipv6})
    assert link.net6 == IPv6Network("fd92:3091:a788:1121::901:0/127")
    assert (link.lower, link.upper) == (
        IPv6Address("fd92:3091:a788:1121::901:0"),
        IPv6Address("fd92:3091:a788:1121::901:1"),
    )


def test_a_link_between_two_sites_of_a_country_is_numbered_from_the_lower_site() -> None:
    link = a.link(a.Endpoint(788, 3, 1), a.Endpoint(788, 1, 1), {788: TN.ipv6})
    assert link.net6 == IPv6Network("fd92:3091:a788:1111::788:30/127")


def test_ports_and_interfaces_of_wireguard_follow_from_the_far_end() -> None:
    assert a.wireguard_port(a.Endpoint(0, 0, 1)) == 20_000
    assert a.wireguard_port(a.Endpoint(999, 7, 4)) == 51_999
    assert a.wireguard_interface("TN", a.Endpoint(788, 0, 2)) == "wg-tn0g2"
    assert a.wireguard_interface(a.hub_tag(901), a.Endpoint(901, 0, 1)) == "wg-h9010g1"
    assert a.tunnel_mtu(1500) == 1420


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: a.member_allocation(1000, POOLS), "slot is 0-999, not 1000"),
        (lambda: a.member_allocation(-1, POOLS), "slot is 0-999, not -1"),
        (lambda: a.site_allocation(TN, 8), "site is 0-7, not 8"),
        (lambda: a.tenant_network4(TN, 64), "tenant slot is 0-63, not 64"),
        (lambda: a.tenant_network4(TN, 1, 26), "begins at a multiple of 2, not at 1"),
        (lambda: a.tenant_network4(TN, 0, 28), "tenant network length is 21-27, not 28"),
        (lambda: a.tenant_network6(TN, 0, 0, 8), "number of the tenant's /64 is 0-7, not 8"),
        (lambda: a.gateway_transit(a.site_allocation(TN, 0), 5), "gateway number is 1-4, not 5"),
        (lambda: a.gateway_loopback(a.site_allocation(TN, 0), 0), "gateway number is 1-4, not 0"),
        (lambda: a.Endpoint(788, 0, 0), "gateway number is 1-4, not 0"),
        (lambda: a.link(a.Endpoint(788, 0, 1), a.Endpoint(788, 0, 2), {}), "no link within site 0 of slot 788"),
        (lambda: a.wireguard_interface("x" * 12, a.Endpoint(1, 0, 1)), "longer than 15 characters"),
        (lambda: a.Pools(IPv4Network("10.0.0.0/8"), POOLS.ipv6), "the IPv4 pool is a /10, not 10.0.0.0/8"),
        (lambda: a.Pools(POOLS.ipv4, IPv6Network("fd00::/32")), "the IPv6 pool is a /36, not fd00::/32"),
        (
            lambda: a.member_allocation(1, POOLS, a.Pin(ipv4=IPv4Network("192.0.2.0/24"))),
            "a pinned IPv4 block is a /20",
        ),
        (
            lambda: a.member_allocation(1, POOLS, a.Pin(ipv6=IPv6Network("2001:db8::/32"))),
            "a pinned IPv6 block is a /48",
        ),
    ],
)
def test_what_is_out_of_range_is_refused(call: object, words: str) -> None:
    assert callable(call)
    with pytest.raises(ValueError, match=words):
        call()


def test_clashing_asns_are_found() -> None:
    assert a.asns_clash([("a", 65_010), ("b", 65_017), ("c", 65_025)]) == (("a", "b"),)
