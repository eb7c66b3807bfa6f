"""Each rule: what it refuses, what it lets pass, and what a refusal takes along."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from ace.errors import Severity
from ace.policy import Kind, judge_spec
from ace.policy.judge import judge_plan, judge_publication
from ace.policy.rules import LEVELS, RULES
from ace.policy.values import Announcement, Published
from ace.signatures.ssh import make_key
from ace.spec.region import OperatorKind
from ace.spec.values import Capacity, MemberStatus, ResidencyMode
from tests.unit.policy_cases import (
    TODAY,
    a_label,
    a_suspension,
    an_approver,
    having,
    judged,
    told,
    with_centre,
    with_mode,
    with_service,
    with_tenant,
)
from tests.unit.publications import shipped


def test_the_shipped_spec_keeps_every_rule_on_the_day_it_was_written() -> None:
    assert judged(shipped()) == []


def test_every_rule_says_what_it_asks_who_owns_it_and_where_it_comes_from() -> None:
    assert len(RULES) == sum(len(level) for level in LEVELS.values())
    for id_, rule in RULES.items():
        assert rule.id == id_
        assert rule.title.endswith(".")
        assert rule.source
        assert len(rule.explanation) > 80


# ------------------------------------------------------------------------------------------------------------ residency


def test_unknown_residency_fails_closed_and_takes_services_and_routes_along() -> None:
    judgement = judge_spec(with_mode("ug", "education", ResidencyMode.UNKNOWN), TODAY)
    assert told(judgement) == ["error residency-unknown tenant/ug/education"]
    assert judgement.refused(Kind.SERVICE) == {"ug-e-learning"}
    [finding] = judgement.errors_for(Kind.SERVICE, "ug-e-learning")
    assert "where such data may live is unknown" in finding.fact
    assert "state a mode and its basis under `residency: education:`" in finding.remedy
    assert judgement.errors_of("ug") and not judgement.errors_of("tn")


def test_a_class_that_nobody_holds_may_be_unknown() -> None:
    assert any(rule.mode is ResidencyMode.UNKNOWN for rule in shipped().member("tn").residency)
    assert judged(shipped()) == []


@pytest.mark.parametrize(
    ("mode", "transfers_to", "offered_to", "refused"),
    [
        (ResidencyMode.UNRESTRICTED, (), ("all",), False),
        (ResidencyMode.IN_COUNTRY_COPY, (), ("all",), False),
        (ResidencyMode.CONDITIONAL, ("KE", "RW"), ("KE", "UG"), False),
        (ResidencyMode.CONDITIONAL, ("KE",), ("KE", "RW"), True),
        (ResidencyMode.CONDITIONAL, ("KE", "RW"), ("all",), True),
        (ResidencyMode.CONDITIONAL, (), ("UG",), False),
        (ResidencyMode.IN_COUNTRY_ONLY, (), ("UG",), False),
        (ResidencyMode.IN_COUNTRY_ONLY, (), ("KE",), True),
        (ResidencyMode.IN_COUNTRY_ONLY, (), ("all",), True),
    ],
)
def test_a_service_is_offered_only_where_its_data_may_go(
    mode: ResidencyMode, transfers_to: tuple[str, ...], offered_to: tuple[str, ...], refused: bool
) -> None:
    spec = with_mode("ug", "open", mode, *transfers_to)
    services = tuple(
        replace(service, offered_to=offered_to) if service.id == "ug-crop-advice" else service
        for service in spec.member("ug").services
    )
    expected = ["error residency-audience service/ug-crop-advice"] if refused else []
    assert judged(having("ug", spec, services=services)) == expected


# --------------------------------------------------------------------------------------------------------------- labels


def test_as_of_a_date_after_a_labels_end_exactly_what_needed_it_is_refused() -> None:
    judgement = judge_spec(shipped(), date(2027, 6, 1))
    assert {finding.rule for finding in judgement.errors} == {"label-coverage"}
    assert judgement.refused(Kind.TENANT) == {"tn/education", "tn/health", "tn/justice"}
    assert judgement.refused(Kind.SERVICE) == {"tn-e-learning", "tn-health-records", "tn-case-files"}
    app = next(net for net in shipped().member("tn").tenants[0].networks if net.name == "app")
    assert judgement.refused(Kind.ROUTE) == {str(app.ipv4), str(app.ipv6)}
    for finding in judgement.errors:
        assert "tn-g-cloud ended on 2027-05-31" in finding.fact
        assert "renewed by Agence nationale de la cybersécurité" in finding.remedy


def test_a_label_counts_on_its_last_day() -> None:
    assert judge_spec(shipped(), date(2027, 5, 31)).errors == ()


def test_a_label_of_another_scheme_does_not_cover() -> None:
    spec = with_centre("tn", labels=(a_label("tn-n-cloud", date(2029, 1, 1)),))
    assert judge_spec(spec, TODAY).refused(Kind.TENANT) == {"tn/education", "tn/health", "tn/justice"}


def test_a_country_without_a_scheme_needs_no_label() -> None:
    assert not any(scheme.country == "UG" for scheme in shipped().region.label_schemes)
    assert judged(with_centre("ug", labels=())) == []


@pytest.mark.parametrize(
    ("days", "severity", "words"),
    [
        (91, None, ""),
        (90, Severity.NOTE, "in 90 days; have its renewal under way"),
        (30, Severity.WARNING, "in 30 days; renew it"),
        (7, Severity.WARNING, "in 7 days; renew it now"),
        (0, Severity.WARNING, "in 0 days; renew it now"),
        (-1, Severity.WARNING, "ended on 2027-05-31; renew it, or delete it"),
    ],
)
def test_the_end_of_a_label_is_told_90_30_and_7_days_before(days: int, severity: Severity | None, words: str) -> None:
    as_of = date.fromordinal(date(2027, 5, 31).toordinal() - days)
    found = [finding for finding in judge_spec(shipped(), as_of).findings if finding.rule == "label-ending"]
    assert [finding.severity for finding in found] == ([severity] if severity else [])
    assert all(words in finding.message for finding in found)


def test_a_label_that_lasts_longer_than_its_scheme_grants_is_told() -> None:
    labels = (*shipped().member("tn").data_centres[0].labels[:1], a_label(valid_until=date(2031, 1, 1)))
    assert judged(with_centre("tn", labels=labels)) == ["warning label-term data_centre/tunis-1"]


def test_a_label_without_evidence_is_told() -> None:
    labels = tuple(replace(label, evidence=None) for label in shipped().member("ke").data_centres[0].labels)
    assert judged(with_centre("ke", labels=labels)) == ["warning label-evidence data_centre/konza-1"]


# --------------------------------------------------------------------------------------- operators, capacity, names


def test_government_data_is_not_with_a_telecom_operator() -> None:
    operator = replace(shipped().member("tn").data_centres[0].operator, kind=OperatorKind.TELECOM)
    judgement = judge_spec(with_centre("tn", operator=operator), TODAY)
    assert told(judgement) == ["error operator-kind tenant/tn/justice"]
    assert judgement.refused(Kind.SERVICE) == {"tn-case-files"}


@pytest.mark.parametrize(
    ("cores", "expected"),
    [(448, "warning"), (447, "error"), (497, "warning"), (498, None)],
)
def test_a_data_centre_promises_no_more_than_it_has(cores: int, expected: str | None) -> None:
    spec = with_centre("tn", capacity=Capacity(cores, 100_000, 1_000_000))
    assert judged(spec) == ([f"{expected} data-centre-capacity data_centre/tunis-1"] if expected else [])


def test_nobody_has_an_endpoint_in_anothers_zone() -> None:
    for endpoint in ("https://x.eg.ace.example/", "https://ace.example/", "https://tn.ace.example.ace.example/"):
        assert judged(with_service("tn-crop-advice", endpoint=endpoint)) == [
            "error name-endpoint service/tn-crop-advice"
        ]
    for endpoint in ("https://tn.ace.example/", "https://crops.gov.example/", "https://notace.example/"):
        assert judged(with_service("tn-crop-advice", endpoint=endpoint)) == []


def test_a_service_that_does_not_tell_whose_it_is_is_told() -> None:
    assert judged(with_service("tn-crop-advice", id="crop-advice")) == ["warning name-service service/crop-advice"]


# ------------------------------------------------------------------------------------------------------------- members


def test_nobody_suspends_a_country_alone(tmp_path: Path) -> None:
    keys = {name: make_key(tmp_path / name, name) for name in ("amina", "bashir", "chidi")}
    files = {name: tmp_path / name for name in keys}
    approvers = tuple(an_approver(key, name) for name, key in keys.items() if name != "chidi")
    region = replace(shipped().region, approvers=approvers)
    start = replace(having("zw", status=MemberStatus.SUSPENDED, example=False), region=region)
    said = "error suspension-two-persons member/zw"
    assert judged(start) == [said]
    one = {"amina": files["amina"]}
    assert judged(having("zw", start, suspension=a_suspension("zw", **one))) == [said]
    twice = {"amina": files["amina"], "bashir": files["amina"]}
    assert judged(having("zw", start, suspension=a_suspension("zw", **twice))) == [said]
    stranger = {"amina": files["amina"], "chidi": files["chidi"]}
    assert judged(having("zw", start, suspension=a_suspension("zw", **stranger))) == [said]
    both = {"amina": files["amina"], "bashir": files["bashir"]}
    of_another = a_suspension("zm", **both)
    assert judged(having("zw", start, suspension=of_another)) == [said]
    signed = a_suspension("zw", **both)
    assert judged(having("zw", start, suspension=signed)) == []
    assert judged(having("zw", start, suspension=replace(signed, reason="other"))) == [said]


def test_an_examples_suspension_only_warns() -> None:
    spec = having("zw", status=MemberStatus.SUSPENDED)
    assert judged(spec) == ["warning suspension-two-persons member/zw"]


def test_candidates_and_suspensions_that_last_too_long_are_told(tmp_path: Path) -> None:
    candidate = having("zw", status=MemberStatus.CANDIDATE, since=date(2026, 11, 16))
    assert judged(candidate, date(2027, 1, 16)) == []
    assert judged(candidate, date(2027, 1, 17)) == ["warning member-age member/zw"]
    make_key(tmp_path / "key", "key")
    suspension = a_suspension("zw", amina=tmp_path / "key")
    suspended = having("zw", status=MemberStatus.SUSPENDED, suspension=suspension)
    assert "warning member-age member/zw" not in judged(suspended, date(2027, 3, 20))
    assert "warning member-age member/zw" in judged(suspended, date(2027, 3, 21))


def test_the_end_of_the_last_signing_key_is_told() -> None:
    tn = "member/tn"
    assert f"note signer-ending {tn}" in judged(shipped(), date(2028, 8, 4))
    assert f"warning signer-ending {tn}" in judged(shipped(), date(2028, 10, 20))
    assert f"warning signer-ending {tn}" in judged(shipped(), date(2028, 11, 1))
    assert f"warning signer-ending {tn}" in judged(shipped(), date(2026, 10, 31))


# ------------------------------------------------------------------------------------------------- plan and publication


def announced(country: str, index: int, *, exported: bool) -> Announcement:
    member = shipped().member(country)
    networks = [(t, n) for t in member.tenants for n in t.networks if n.exported is exported]
    tenant, network = networks[index]
    return Announcement(member.stack, tenant.data_centre, network.ipv4)


def test_what_the_spec_exports_may_be_announced() -> None:
    site = shipped().member("tn").data_centres[0].allocation
    fine = [
        announced("tn", 0, exported=True),
        Announcement("tn", "tunis-1", site.loopback6),
        Announcement("tn", "tunis-1", site.services4),
    ]
    assert judge_plan(shipped(), fine, TODAY).findings == ()


@pytest.mark.parametrize(
    ("announcement", "why"),
    [
        (announced("tn", 1, exported=False), "whose network is not exported"),
        (announced("zm", 0, exported=False), "whose network is not exported"),
        (replace(announced("tn", 0, exported=True), member="eg"), "it is outside EG's"),
        (replace(announced("tn", 0, exported=True), data_centre="cairo-1"), "it is tenant education's"),
        (Announcement("tn", "tunis-1", shipped().member("tn").allocation.ipv4), "it is tenant education's"),
        (replace(announced("tn", 0, exported=True), member="xx"), "xx is no member"),
        (Announcement("tn", "tunis-1", shipped().member("tn").data_centres[0].allocation.transit4), "it is no network"),
    ],
)
def test_nothing_else_is_announced(announcement: Announcement, why: str) -> None:
    [finding] = judge_plan(shipped(), [announcement], TODAY).errors
    assert finding.rule == "announcement-residency"
    assert why in finding.fact
    assert finding.subject.id == str(announcement.prefix)


def test_a_publication_is_told_of_what_it_lacks_and_when_it_ends() -> None:
    whole = Published("tn", date(2026, 12, 25), (announced("tn", 0, exported=True),), (), (), 0)
    assert judge_publication(shipped(), whole, TODAY).findings == ()
    lacking = replace(whole, gateways_without_key=("gw1.tunis-1",), unfit_tests=2)
    assert len(judge_publication(shipped(), lacking, TODAY).findings) == 2
    assert judge_publication(shipped(), lacking, TODAY).errors == ()
    assert told(judge_publication(shipped(), whole, date(2026, 12, 18))) == ["warning publication-ending member/tn"]
    worse = replace(whole, announcements=(announced("tn", 1, exported=False),))
    assert told(judge_publication(shipped(), worse, TODAY))[0].startswith("error announcement-residency route/")


def test_a_tenant_elsewhere_is_not_refused_for_another_countrys_sake() -> None:
    spec = with_tenant("ke", "finance", lambda tenant: replace(tenant, data_classes=("open",)))
    assert judged(spec) == []
