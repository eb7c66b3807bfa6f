"""The spec that ACE ships: ten countries, twelve clouds, nothing secret, everything illustrative marked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from ace.addressing import overlaps
from ace.errors import UserError
from ace.spec import check, load
from ace.spec.region import OperatorKind
from ace.spec.values import Member, ResidencyMode, Spec

SPEC_DIR = Path(__file__).parents[2] / "ecosystem"
FOUR = {"TN", "EG", "KE", "ZM"}


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load(SPEC_DIR)


def test_it_has_no_findings_on_the_day_it_was_written() -> None:
    assert check(SPEC_DIR)[1] == ()


def test_ten_countries_are_active_and_examples(spec: Spec) -> None:
    assert {member.code for member in spec.active} == {"TN", "EG", "ET", "ZM", "UG", "KE", "RW", "MU", "ZW", "CD"}
    assert all(member.example for member in spec.members)


def test_two_countries_have_two_data_centres_of_operators_of_different_kinds(spec: Spec) -> None:
    two = {member.code: {dc.operator.kind for dc in member.data_centres} for member in spec.members}
    assert {code for code, _ in two.items() if len(spec.member(code).data_centres) == 2} == {"ET", "ZM"}
    assert all(len(two[code]) == 2 for code in ("ET", "ZM"))
    assert sum(len(member.data_centres) for member in spec.members) == 12


def test_every_kind_of_operator_is_there(spec: Spec) -> None:
    assert {dc.operator.kind for member in spec.members for dc in member.data_centres} == set(OperatorKind)


def test_every_country_has_three_sectors_or_more(spec: Spec) -> None:
    for member in spec.members:
        assert {"education", "health", "agriculture"} <= {tenant.sector for tenant in member.tenants}


def test_hubs_are_lodged_by_four_countries(spec: Spec) -> None:
    assert {(hub.hosted_by, hub.slot) for hub in spec.region.hubs} == {
        ("TN", 901),
        ("EG", 902),
        ("KE", 903),
        ("ZM", 904),
    }
    lodged = {hub.id for member in spec.members for dc in member.data_centres for hub in dc.hubs}
    assert lodged == {hub.id for hub in spec.region.hubs}


def test_one_country_is_single_homed_and_the_others_are_not(spec: Spec) -> None:
    gateways = {member.code: len(member.data_centres[0].gateways) for member in spec.members}
    assert Counter(gateways.values()) == {2: 9, 1: 1}


def test_no_data_that_must_stay_is_exported(spec: Spec) -> None:
    for member in spec.members:
        closed = {
            rule.data_class
            for rule in member.residency
            if rule.mode in {ResidencyMode.IN_COUNTRY_ONLY, ResidencyMode.UNKNOWN}
        }
        for tenant in member.tenants:
            if closed & set(tenant.data_classes):
                assert not any(network.exported for network in tenant.networks)
    assert any(network.exported for tenant in spec.member("TN").tenants for network in tenant.networks)


def test_every_legal_basis_waits_for_counsel(spec: Spec) -> None:
    assert all("to be confirmed by counsel" in rule.basis for member in spec.members for rule in member.residency)


def test_mailboxes_and_endpoints_are_in_example_domains(spec: Spec) -> None:
    for member in spec.members:
        assert member.technical_contact.email.endswith(".example")
        assert member.security_contact.email.endswith(".example")
        assert all(admin.endswith(".example") for tenant in member.tenants for admin in tenant.admins)
        assert all(".example/" in service.endpoint for service in member.services)


def test_services_are_titled_in_all_languages(spec: Spec) -> None:
    for member in spec.members:
        assert member.name.fr
        assert member.name.ar
        for service in member.services:
            assert service.title.fr
            assert service.title.ar
            assert service.description.fr
            assert service.description.ar
    assert all(sector.title.fr and sector.title.ar for sector in spec.region.sectors)


def prefixes(member: Member) -> list[tuple[str, object]]:
    return [(f"{member.code} {tenant.name} {net.name}", net) for tenant in member.tenants for net in tenant.networks]


def test_no_two_tenant_networks_of_the_region_overlap(spec: Spec) -> None:
    nets = [(name, net) for member in spec.members for name, net in prefixes(member)]
    assert overlaps((name, net.ipv4) for name, net in nets) == ()  # type: ignore[attr-defined]
    assert overlaps((name, net.ipv6) for name, net in nets) == ()  # type: ignore[attr-defined]


def test_a_member_is_found_by_code_or_stack(spec: Spec) -> None:
    assert spec.member("TN") is spec.member("tn")
    assert spec.member("tn").stack == "tn"


def test_an_unknown_member_is_told_of_with_the_nearest(spec: Spec) -> None:
    with pytest.raises(UserError) as raised:
        spec.member("tg")
    assert raised.value.message == (
        "'tg' is no member of the ecosystem; members: cd, eg, et, ke, mu, rw, tn, ug, zm, zw"
    )
    assert raised.value.hint == "is ug meant?"


def test_no_file_holds_a_private_key() -> None:
    assert not any("PRIVATE KEY" in path.read_text(encoding="utf-8") for path in SPEC_DIR.rglob("*.yaml"))
