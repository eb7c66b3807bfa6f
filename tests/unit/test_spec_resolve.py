"""What the loader fills in: defaults, numbers, exports; what it does not depend on."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest

from ace.errors import SpecError
from ace.spec import load
from ace.spec.values import MemberStatus, ResidencyMode, Spec, Tenant

from .spec_cases import base_spec


def edited(tmp_path: Path, *edits: tuple[str, str, str]) -> Spec:
    """The base spec with texts of its files replaced: (file, old, new)."""
    spec_dir = base_spec(tmp_path)
    for name, old, new in edits:
        path = spec_dir / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
    return load(spec_dir)


def tenant(spec: Spec, name: str) -> Tenant:
    return next(tenant for tenant in spec.member("tn").tenants if tenant.name == name)


def test_a_tenant_without_networks_has_one_called_main_in_its_slot(tmp_path: Path) -> None:
    (network,) = tenant(edited(tmp_path), "agriculture").networks
    assert network.name == "main"
    assert network.ipv4 == IPv4Network("10.113.73.0/27")
    assert network.ipv6 == IPv6Network("fd12:3456:7788:808::/64")
    assert network.exported


def test_a_tenant_is_called_like_its_sector_unless_named(tmp_path: Path) -> None:
    spec = edited(tmp_path, ("members/tn.yaml", "sector: agriculture\n", "sector: agriculture\n    name: farms\n"))
    assert {t.name for t in spec.member("tn").tenants} == {"education", "health", "farms"}


def test_data_that_must_stay_is_not_exported(tmp_path: Path) -> None:
    assert not any(network.exported for network in tenant(edited(tmp_path), "health").networks)


def test_a_network_is_withheld_by_its_own_word(tmp_path: Path) -> None:
    assert {n.name: n.exported for n in tenant(edited(tmp_path), "education").networks} == {"app": True, "data": False}


def test_data_without_a_rule_is_not_exported(tmp_path: Path) -> None:
    rule = "  personal: {mode: conditional, basis: Loi organique 2004-63, transfers_to: [ET]}\n"
    spec = edited(tmp_path, ("members/tn.yaml", rule, ""))
    assert not any(network.exported for network in tenant(spec, "education").networks)
    modes = {rule.data_class: rule.mode for rule in spec.member("tn").residency}
    assert modes["personal"] is ResidencyMode.UNKNOWN


def test_an_own_prefix_is_taken_and_never_exported(tmp_path: Path) -> None:
    spec = edited(tmp_path, ("members/tn.yaml", "slot: 2, exported: false", "slot: 2, cidr: 192.168.7.0/24"))
    network = tenant(spec, "education").networks[1]
    assert network.ipv4 == IPv4Network("192.168.7.0/24")
    assert network.ipv6 == IPv6Network("fd12:3456:7788:802::/64")
    assert not network.exported


def test_flavours_of_gateways_and_hosts_are_the_regions_unless_given(tmp_path: Path) -> None:
    spec = edited(tmp_path, ("members/tn.yaml", "number: 2, zone: az2", "number: 2, zone: az2, flavor: SCS-2V-8-20"))
    centre = spec.member("tn").data_centres[0]
    assert [gateway.flavor for gateway in centre.gateways] == ["SCS-2V-4-10", "SCS-2V-8-20"]
    assert centre.service_hosts[0].flavor == "SCS-2V-8-20"
    assert spec.region.hubs[0].flavor == "SCS-2V-4-10"


def test_a_hub_is_lodged_in_its_data_centre_with_a_block_of_its_own(tmp_path: Path) -> None:
    (hub,) = edited(tmp_path).member("tn").data_centres[0].hubs
    assert (hub.id, hub.slot) == ("tunis", 901)
    assert hub.allocation.ipv6 == IPv6Network("fd12:3456:7901::/48")
    assert hub.allocation.asn_base == 4_200_090_100


def test_pinned_numbers_take_the_place_of_the_slots(tmp_path: Path) -> None:
    pinned = "since: 2026-11-02, pinned: {ipv4: 172.20.0.0/20, asn_base: 65010}}\n  - {country: ET"
    spec = edited(tmp_path, ("register.yaml", "since: 2026-11-02}\n  - {country: ET", pinned))
    member = spec.member("tn")
    assert member.allocation.ipv4 == IPv4Network("172.20.0.0/20")
    assert member.allocation.ipv6 == IPv6Network("fd12:3456:7788::/48")
    assert member.data_centres[0].allocation.asn == 65_010
    assert member.data_centres[0].allocation.loopback4 == IPv4Network("172.20.0.0/27")
    assert tenant(spec, "education").networks[0].ipv4 == IPv4Network("172.20.8.0/26")


def test_a_member_who_left_needs_no_file_and_keeps_its_place_in_the_register(tmp_path: Path) -> None:
    left = "  - {country: ET, numeric: 231, since: 2026-11-02}\n"
    gone = "  - {country: SC, numeric: 690, since: 2026-11-02, left: 2026-11-20}\n"
    spec = edited(tmp_path, ("register.yaml", left, left + gone))
    assert {member.code for member in spec.members} == {"TN", "ET"}


def test_only_active_members_are_active(tmp_path: Path) -> None:
    spec = edited(tmp_path, ("members/et.yaml", "status: active", "status: suspended"))
    assert spec.member("et").status is MemberStatus.SUSPENDED
    assert [member.code for member in spec.active] == ["TN"]


def test_the_digest_follows_the_values_and_not_the_layout(tmp_path: Path) -> None:
    plain = edited(tmp_path / "a")
    commented = edited(tmp_path / "b", ("members/tn.yaml", "version: 1\n", "# a remark\nversion: 1\n\n"))
    changed = edited(tmp_path / "c", ("members/tn.yaml", "city: Tunis", "city: Ariana"))
    assert plain.digest == commented.digest
    assert plain.digest != changed.digest
    assert len(plain.digest) == 64


def test_a_bad_spec_raises_all_its_findings_with_their_number(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as raised:
        edited(tmp_path, ("members/tn.yaml", "site: 0", "site: 9"), ("members/et.yaml", "site: 0", "site: -1"))
    assert raised.value.message == (
        "ecosystem/members/et.yaml:17:11: data_centres[0].site: -1 is too small; at least 0 is expected\n"
        "ecosystem/members/tn.yaml:19:11: data_centres[0].site: 9 is too large; at most 7 is expected\n"
        "2 errors in the spec"
    )
