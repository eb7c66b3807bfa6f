"""Laws of addressing: disjoint, within its block, the same whoever else is there."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ace import addressing as a

POOLS = a.Pools(IPv4Network("10.64.0.0/10"), IPv6Network("fd92:3091:a000::/36"))

slots = st.integers(0, a.MAX_SLOT)
sites = st.sampled_from(a.SITES)
numbers = st.sampled_from(a.GATEWAY_NUMBERS)
tenant_slots = st.sampled_from(a.TENANT_SLOTS)
endpoints = st.builds(a.Endpoint, slots, sites, numbers)
networks = st.tuples(tenant_slots, st.sampled_from(a.TENANT_NETWORK_LENGTHS)).filter(
    lambda network: network[0] % (1 << (27 - network[1])) == 0
)
pools = st.builds(
    lambda second, group: a.Pools(
        IPv4Network((10 << 24 | second << 22, 10)), IPv6Network((0xFD << 120 | group << 92, 36))
    ),
    st.integers(0, 3),
    st.integers(0, 2**28 - 1),
)


def everything_of(member: a.MemberAllocation) -> list[tuple[str, IPv4Network | IPv6Network]]:
    """Every prefix that a member's numbers give, with a name."""
    found: list[tuple[str, IPv4Network | IPv6Network]] = []
    for site in a.SITES:
        numbers_ = a.site_allocation(member, site)
        for field in ("loopback", "transit", "management", "services"):
            found += [(f"{field}4-{site}", getattr(numbers_, f"{field}4"))]
            found += [(f"{field}6-{site}", getattr(numbers_, f"{field}6"))]
        found += [
            (f"tenant6-{site}-{slot}-{number}", a.tenant_network6(member, site, slot, number))
            for slot in a.TENANT_SLOTS
            for number in range(8)
        ]
        found += [(f"links6-{site}", a.subnet6(member, site, a.SubnetClass.LINK, index)) for index in range(0x11, 0x45)]
    found += [(f"tenant4-{slot}", a.tenant_network4(member, slot)) for slot in a.TENANT_SLOTS]
    return found


@given(slots, slots, pools)
def test_two_slots_share_no_number(one: int, other: int, pools_: a.Pools) -> None:
    assume(one != other)
    first, second = a.member_allocation(one, pools_), a.member_allocation(other, pools_)
    assert not first.ipv4.overlaps(second.ipv4)
    assert not first.ipv6.overlaps(second.ipv6)
    assert abs(first.asn_base - second.asn_base) >= len(a.SITES)


def test_no_two_of_all_thousand_slots_overlap() -> None:
    members = {str(slot): a.member_allocation(slot, POOLS) for slot in range(a.MAX_SLOT + 1)}
    assert a.overlaps((name, member.ipv4) for name, member in members.items()) == ()
    assert a.overlaps((name, member.ipv6) for name, member in members.items()) == ()
    assert a.asns_clash((name, member.asn_base) for name, member in members.items()) == ()


@given(slots, pools)
def test_a_member_lies_in_the_pools_and_in_the_private_asn_range(slot: int, pools_: a.Pools) -> None:
    member = a.member_allocation(slot, pools_)
    assert member.ipv4.subnet_of(pools_.ipv4)
    assert member.ipv6.subnet_of(pools_.ipv6)
    assert 4_200_000_000 <= member.asn_base <= member.asn_base + 7 <= 4_294_967_294


@given(slots)
def test_an_ipv6_block_shows_the_numeric_code(slot: int) -> None:
    third_group = str(a.member_allocation(slot, POOLS).ipv6.network_address.exploded).split(":")[2]
    assert third_group[1:] == f"{slot:03}"


@settings(max_examples=20)
@given(slots)
def test_all_of_a_member_lies_in_its_blocks_and_nothing_overlaps(slot: int) -> None:
    member = a.member_allocation(slot, POOLS)
    found = everything_of(member)
    v4 = [(name, network) for name, network in found if isinstance(network, IPv4Network)]
    v6 = [(name, network) for name, network in found if isinstance(network, IPv6Network)]
    assert all(network.subnet_of(member.ipv4) for _, network in v4)
    assert all(network.subnet_of(member.ipv6) for _, network in v6)
    assert a.overlaps(v4) == ()
    assert a.overlaps(v6) == ()


@given(slots, sites)
def test_hosts_of_a_transit_network_do_not_meet(slot: int, site: int) -> None:
    numbers_ = a.site_allocation(a.member_allocation(slot, POOLS), site)
    gateways = [a.gateway_transit(numbers_, number) for number in a.GATEWAY_NUMBERS]
    first4, last4 = a.transit_router_pool4(numbers_)
    first6, last6 = a.transit_router_pool6(numbers_)
    hosts4: list[IPv4Address] = [numbers_.transit_vip4, *(pair[0] for pair in gateways)]
    hosts6: list[IPv6Address] = [numbers_.transit_vip6, *(pair[1] for pair in gateways)]
    assert len(set(hosts4)) == len(set(hosts6)) == 5
    assert all(host in numbers_.transit4 and host < first4 for host in hosts4)
    assert all(host in numbers_.transit6 and host < first6 for host in hosts6)
    assert first4 <= last4 < numbers_.transit4.broadcast_address
    assert last6 in numbers_.transit6
    assert int(last4) - int(first4) + 1 == len(a.TRANSIT_ROUTERS)


@given(slots, sites, numbers)
def test_loopbacks_are_the_ones_that_the_contract_names(slot: int, site: int, number: int) -> None:
    numbers_ = a.site_allocation(a.member_allocation(slot, POOLS), site)
    assert a.gateway_loopback(numbers_, number) == (numbers_.loopback4[number], numbers_.loopback6[number])
    assert a.gateway_transit(numbers_, number)[0] == numbers_.transit4[1 + number]


@given(slots, networks, networks)
def test_tenant_networks_overlap_only_when_their_slots_do(
    slot: int, one: tuple[int, int], other: tuple[int, int]
) -> None:
    member = a.member_allocation(slot, POOLS)
    first, second = a.tenant_network4(member, *one), a.tenant_network4(member, *other)
    share = set(a.tenant_run(*one)) & set(a.tenant_run(*other))
    assert first.overlaps(second) == bool(share)
    assert first.prefixlen == one[1]


@given(tenant_slots, st.integers(0, 32))
def test_a_run_that_is_not_aligned_is_refused(slot: int, length: int) -> None:
    if length in a.TENANT_NETWORK_LENGTHS and slot % (1 << (27 - length)) == 0:
        assert len(a.tenant_run(slot, length)) == 1 << (27 - length)
        return
    with pytest.raises(ValueError, match="tenant"):
        a.tenant_run(slot, length)


@given(endpoints, endpoints)
def test_a_link_is_the_same_from_both_ends(one: a.Endpoint, other: a.Endpoint) -> None:
    assume((one.slot, one.site) != (other.slot, other.site))
    blocks = {slot: a.member_allocation(slot, POOLS).ipv6 for slot in (one.slot, other.slot)}
    link = a.link(one, other, blocks)
    assert link == a.link(other, one, blocks)
    assert link.net6.prefixlen == 127
    assert {link.lower, link.upper} == set(link.net6)
    lower = min(one, other, key=lambda end: (end.slot, end.site))
    assert link.net6.subnet_of(blocks[lower.slot])
    assert link.net6.subnet_of(IPv6Network((int(blocks[lower.slot].network_address) | lower.site << 76, 52)))


@given(st.sets(st.tuples(endpoints, endpoints), min_size=2, max_size=40))
def test_no_two_links_share_an_address(pairs: set[tuple[a.Endpoint, a.Endpoint]]) -> None:
    chosen = {frozenset(pair) for pair in pairs if (pair[0].slot, pair[0].site) != (pair[1].slot, pair[1].site)}
    blocks = {end.slot: a.member_allocation(end.slot, POOLS).ipv6 for pair in chosen for end in pair}
    nets = [a.link(*pair, blocks).net6 for pair in map(tuple, chosen)]
    assert len(set(nets)) == len(chosen)


@given(st.sets(endpoints, min_size=2, max_size=60))
def test_wireguard_ports_differ_by_peer_and_lie_in_their_range(peers: set[a.Endpoint]) -> None:
    ports = {a.wireguard_port(peer) for peer in peers}
    assert len(ports) == len(peers)
    assert all(20_000 <= port <= 51_999 for port in ports)


@given(st.sets(st.tuples(st.sampled_from(["tn", "eg", "ET", "h901", "h999"]), sites, numbers), min_size=2))
def test_wireguard_interfaces_differ_by_peer_and_are_short_enough(peers: set[tuple[str, int, int]]) -> None:
    names = {a.wireguard_interface(tag, a.Endpoint(1, site, number)) for tag, site, number in peers}
    assert len(names) == len(peers)
    assert all(len(name) <= 15 for name in names)


prefixes4 = st.integers(8, 32).flatmap(
    lambda length: st.integers(0, 2**length - 1).map(lambda bits: IPv4Network((bits << (32 - length), length)))
)


@given(st.lists(prefixes4, max_size=12))
def test_overlaps_finds_something_exactly_when_two_prefixes_do(prefixes: list[IPv4Network]) -> None:
    named = [(str(index), prefix) for index, prefix in enumerate(prefixes)]
    pairs = a.overlaps(named)
    truth = {frozenset((i, j)) for i, one in named for j, other in named if i < j and one.overlaps(other)}
    assert {frozenset(pair) for pair in pairs} <= truth
    assert {name for pair in pairs for name in pair} == {name for pair in truth for name in pair}


blocks4 = st.integers(0, 2**20 - 1).map(lambda bits: IPv4Network((bits << 12, a.MEMBER_LENGTH4)))


@given(slots, blocks4, st.integers(1, 4_294_967_000))
def test_a_pin_replaces_what_it_names_and_nothing_else(slot: int, block: IPv4Network, asn: int) -> None:
    plain = a.member_allocation(slot, POOLS)
    pinned = a.member_allocation(slot, POOLS, a.Pin(ipv4=block))
    assert (pinned.ipv4, pinned.ipv6, pinned.asn_base) == (block, plain.ipv6, plain.asn_base)
    assert a.member_allocation(slot, POOLS, a.Pin(asn_base=asn)).asn_base == asn
    assert (plain.pinned, pinned.pinned) == (False, True)
