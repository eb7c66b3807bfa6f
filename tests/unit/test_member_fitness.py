"""Verdicts of the fitness check, each over plain facts: what passes, what fails with which advice, what is no question."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ace.documents import text
from ace.membership.fitness import facts as f
from ace.membership.fitness.apis import NEEDED_EXTENSIONS
from ace.membership.fitness.checking import Report, check, digest_of, read_report
from ace.membership.fitness.contract import Assessment, FitnessResult, FitnessTest
from ace.membership.fitness.facts import FactUnavailable
from ace.membership.fitness.registry import TESTS
from ace.membership.fitness.requirements import Requirements, requirements_of
from ace.spec import load
from ace.spec.values import CloudAccess, FlavorSource, MemberStatus
from ace.verdict import Verdict
from tests.unit.member_root import CHECKOUT

NOW = datetime(2026, 11, 25, tzinfo=UTC)
SPEC = load(CHECKOUT / "ecosystem")
KENYA = SPEC.member("KE")


def required(**changes: Any) -> Requirements:
    candidate = replace(KENYA, status=MemberStatus.CANDIDATE)
    found = requirements_of(SPEC.region, candidate, KENYA.data_centres[0])
    of_cloud = {name: changes.pop(name) for name in ("access", "flavors") if name in changes}
    return replace(found, cloud=replace(found.cloud, **of_cloud), **changes)


ADMIN = f.CredentialFact("ke-konza-1", frozenset({"admin", "member"}), "project", False)
MANAGER = (
    f.CredentialFact("ke-konza-1", frozenset({"member"}), "project", False),
    f.CredentialFact("ke-konza-1-domain", frozenset({"manager"}), "domain", False),
)
MANAGED = {"access": CloudAccess.DOMAIN_MANAGER}
EXISTING = {"flavors": FlavorSource.EXISTING}
GOOD_TLS = f.TlsFact("cloud.ke:443", "", NOW + timedelta(days=90), NOW)
ENDPOINTS = tuple(
    f.EndpointFact(service, "ke-konza-1", "public", f"https://cloud.ke/{service}")
    for service in ("identity", "compute", "network", "image", "volumev3")
)
ANSWERS = tuple(
    f.AnswerFact(name, f"https://cloud.ke/{name}", "")
    for name in ("identity", "compute", "network", "image", "block_storage")
)
EXTERNAL = f.ExternalFact(("public",), "ACTIVE", ((4, "198.51.100.0/24"), (6, "2001:db8::/64")), 200, 10)
SIZES = {"SCS-1V-2-10": (1, 2, 10), "SCS-2V-4-10": (2, 4, 10), "SCS-2V-8-20": (2, 8, 20), "SCS-4V-16-50": (4, 16, 50)}
FLAVORS = tuple(f.FlavorFact(name, cpus, ram * 1024, disk, True) for name, (cpus, ram, disk) in SIZES.items())
DEBIAN = f.ImageFact("Debian 12", "active", 3)
SPANS = {"compute": ((2, 1), (2, 104)), "block_storage": ((3, 0), (3, 71))}
QUOTAS = tuple(
    f.QuotaFact(service, name, 1000, 0)
    for service, needs in (
        ("compute", required().capacity.compute),
        ("network", required().capacity.network),
        ("block_storage", required().capacity.block_storage),
    )
    for name in needs
    if name not in ("ram", "gigabytes")
)
ALIASES = frozenset({*NEEDED_EXTENSIONS, "agent"})


def short(name: str, limit: int, used: int = 0) -> tuple[f.QuotaFact, ...]:
    return tuple(replace(one, limit=limit, used=used) if one.name == name else one for one in QUOTAS)


PASSES: list[tuple[str, Any, dict[str, Any]]] = [
    ("tls", (GOOD_TLS,), {}),
    ("identity-v3", f.IdentityFact("https://x/v3", (("v3.14", "stable"),)), {}),
    ("clock", -1.5, {}),
    ("latency", (40.0, 3000.0), {}),
    ("roles", (ADMIN,), {}),
    ("roles", MANAGER, MANAGED),
    ("least-privilege", (ADMIN,), {}),
    ("least-privilege", MANAGER, MANAGED),
    ("roles-known", frozenset({"manager", "member", "reader"}), {}),
    ("catalogue", ENDPOINTS, {}),
    ("services", ANSWERS, {}),
    ("microversions", SPANS, {}),
    ("extensions", ALIASES, {}),
    ("quotas", QUOTAS, {}),
    ("quotas", short("cores", -1), {}),
    ("quotas", short("instances", 100, 100), {"deployed": True}),
    ("zones", (("az1", True), ("az2", True), ("nova", False)), {}),
    ("flavors", (), {}),
    ("flavors", FLAVORS, {"deployed": True}),
    ("flavors", FLAVORS, EXISTING),
    ("images", (DEBIAN,), {}),
    ("external-network", EXTERNAL, {}),
    ("external-addresses", EXTERNAL, {}),
    ("external-addresses", replace(EXTERNAL, used4=200), {"deployed": True}),
    ("ipv6", EXTERNAL, {}),
    ("canary", f.CanaryFact(("project",), "", ()), {}),
]

FAILS: list[tuple[str, Any, dict[str, Any], str, str]] = [
    (
        "tls",
        (replace(GOOD_TLS, problem="certificate has expired", not_after=NOW - timedelta(days=3)),),
        {},
        "cloud.ke:443: certificate has expired, ended 2026-11-22",
        "renew the certificate of cloud.ke:443",
    ),
    (
        "tls",
        (replace(GOOD_TLS, problem="unable to get local issuer certificate"),),
        {},
        "unable to get local issuer certificate",
        "serve the whole chain",
    ),
    (
        "tls",
        (GOOD_TLS, replace(GOOD_TLS, host="n.ke:443", not_after=NOW + timedelta(days=13))),
        {},
        "n.ke:443: ends in 13 days",
        "renew it now",
    ),
    ("tls", (f.TlsFact("cloud.ke:80", "", None, NOW, plain=True),), {}, "plain http", "put TLS in front"),
    ("tls", (replace(GOOD_TLS, not_after=None),), {}, "no certificate", "is there TLS"),
    ("identity-v3", f.IdentityFact("https://x", (("v2.0", "deprecated"),)), {}, "it offers v2.0 (deprecated)", "v3"),
    ("identity-v3", f.IdentityFact("https://x", (("v3.0", "deprecated"),)), {}, "no identity v3", "v3"),
    ("clock", 42.0, {}, "42 s ahead of", "chrony"),
    ("clock", -42.0, {}, "42 s behind", "chrony"),
    ("latency", (1200.0, 1500.0), {}, "1200 ms at best", "nearer"),
    ("roles", (replace(ADMIN, roles=frozenset({"member"})),), {}, "has the roles member", "openstack role add"),
    ("roles", (replace(ADMIN, scope="system"),), {}, "scoped to system", "scope it to a project"),
    (
        "roles",
        (MANAGER[0], replace(MANAGER[1], roles=frozenset({"member"}))),
        MANAGED,
        "ke-konza-1-domain: has the roles member",
        "manager",
    ),
    ("least-privilege", (ADMIN, replace(MANAGER[1])), MANAGED, "has the role admin", "take admin away"),
    ("least-privilege", (replace(ADMIN, scope="system"),), {}, "the whole system", "ACE's own project"),
    ("least-privilege", (replace(ADMIN, unrestricted=True),), {}, "unrestricted", "--unrestricted"),
    ("roles-known", frozenset({"member"}), {}, "no role manager", "openstack role create manager"),
    (
        "catalogue",
        tuple(replace(one, region="RegionOne") for one in ENDPOINTS),
        {},
        "no region ke-konza-1; the catalogue has RegionOne",
        "`region:`",
    ),
    (
        "catalogue",
        tuple(one for one in ENDPOINTS if one.service != "volumev3"),
        {},
        "no public endpoint of block-storage",
        "openstack endpoint create",
    ),
    ("catalogue", tuple(replace(one, interface="internal") for one in ENDPOINTS), {}, "no region", "region"),
    (
        "services",
        (*ANSWERS[:4], replace(ANSWERS[4], problem="answers 503")),
        {},
        "block storage at https://cloud.ke/block_storage: answers 503",
        "start block storage",
    ),
    (
        "microversions",
        {**SPANS, "compute": ((2, 1), (2, 53))},
        {},
        "compute has microversions 2.1-2.53; 2.64 is needed",
        "Rocky",
    ),
    ("microversions", {**SPANS, "block_storage": None}, {}, "block storage has microversions none", "Mitaka"),
    ("extensions", ALIASES - {"address-group"}, {}, "address-group (address groups", "neutron-server"),
    ("quotas", short("cores", 5), {}, "cores: 8 needed, limit 5, 0 used", "openstack quota set --cores 8"),
    ("quotas", short("floatingip", 10, 9), {}, "floatingip: 3 needed, limit 10, 9 used", "--floatingip 12"),
    ("quotas", short("port", 3, 3), {"deployed": True}, "port:", "--port"),
    ("zones", (("az1", True),), {}, "no zone az2; it has az1", "availability_zones"),
    ("zones", (("az1", True), ("az2", False)), {}, "zone az2 is not available", "compute service list"),
    ("flavors", FLAVORS[:1], {}, "SCS-1V-2-10 would be made and is there already", "flavors: existing"),
    ("flavors", FLAVORS[:1], EXISTING, "missing: ", "scs-0100"),
    (
        "flavors",
        (*FLAVORS[:3], replace(FLAVORS[3], vcpus=3)),
        EXISTING,
        "SCS-4V-16-50 has 3 vCPUs",
        "matches its name",
    ),
    ("images", (), {}, "no image 'Debian 12'", "openstack image create"),
    ("images", (replace(DEBIAN, status="queued"),), {}, "is queued", "upload"),
    ("images", (DEBIAN, DEBIAN), {}, "2 active images", "hide"),
    ("images", (replace(DEBIAN, min_disk_gb=40),), {}, "needs a disk of 40 GB", "smaller image"),
    (
        "external-network",
        replace(EXTERNAL, names=("ext",)),
        {},
        "no external network 'public'; the credential sees ext",
        "external_network",
    ),
    ("external-network", replace(EXTERNAL, status="DOWN"), {}, "is DOWN", "openstack network show"),
    ("external-network", replace(EXTERNAL, subnets=((6, "2001:db8::/64"),)), {}, "no IPv4 subnet", "floating IPs"),
    (
        "external-addresses",
        replace(EXTERNAL, used4=199),
        {},
        "1 of 200 IPv4 addresses are free, 9 are needed",
        "another subnet",
    ),
    ("external-addresses", replace(EXTERNAL, total4=4, used4=4), {"deployed": True}, "0 of 4", "another subnet"),
    (
        "canary",
        f.CanaryFact(("project",), "neutron refused", ()),
        {},
        "neutron refused after project; everything was deleted again",
        "first failed test",
    ),
    (
        "canary",
        f.CanaryFact(("project",), "", ("volume x: in use",)),
        {},
        "could not be deleted: volume x",
        "by hand",
    ),
]

OTHERS: list[tuple[str, Any, dict[str, Any], Verdict]] = [
    ("tls", (f.TlsFact("127.0.0.1:8000", "", None, NOW, plain=True, loopback=True),), {}, Verdict.SKIP),
    ("ipv6", replace(EXTERNAL, subnets=((4, "198.51.100.0/24"),)), {}, Verdict.SKIP),
    ("ipv6", replace(EXTERNAL, names=()), {}, Verdict.ABORT),
    ("external-addresses", replace(EXTERNAL, names=()), {}, Verdict.ABORT),
    ("external-addresses", replace(EXTERNAL, total4=None), {}, Verdict.ABORT),
    ("external-addresses", replace(EXTERNAL, total4=None), MANAGED, Verdict.SKIP),
]


@pytest.mark.parametrize(("name", "fact", "changes"), PASSES)
def test_a_fit_cloud_passes(name: str, fact: Any, changes: dict[str, Any]) -> None:
    assessment = TESTS[name].assess(fact, required(**changes))
    assert assessment.verdict is Verdict.PASS, assessment
    assert assessment.evidence
    assert not assessment.advice


@pytest.mark.parametrize(("name", "fact", "changes", "evidence", "advice"), FAILS)
def test_an_unfit_cloud_fails_with_evidence_and_advice(
    name: str, fact: Any, changes: dict[str, Any], evidence: str, advice: str
) -> None:
    assessment = TESTS[name].assess(fact, required(**changes))
    assert assessment.verdict is Verdict.FAIL, assessment
    assert evidence in assessment.evidence
    assert advice in assessment.advice


@pytest.mark.parametrize(("name", "fact", "changes", "verdict"), OTHERS)
def test_what_is_no_question_is_skipped_and_what_cannot_be_known_aborts(
    name: str, fact: Any, changes: dict[str, Any], verdict: Verdict
) -> None:
    assert TESTS[name].assess(fact, required(**changes)).verdict is verdict


def test_every_test_is_tried_in_both_directions() -> None:
    assert {name for name, *_ in PASSES} == TESTS.keys()
    assert {name for name, *_ in FAILS} | {"ipv6"} == TESTS.keys()


def test_every_test_says_what_it_proves() -> None:
    assert all(test.id == name and len(test.proves) > 20 for name, test in TESTS.items())


def test_a_domain_managers_project_needs_room_for_the_tenants_networks_too() -> None:
    centre = KENYA.data_centres[0]
    lent = replace(centre, cloud=replace(centre.cloud, access=CloudAccess.DOMAIN_MANAGER))
    own, all_ = (requirements_of(SPEC.region, KENYA, one).capacity.network for one in (centre, lent))
    assert all_["network"] == own["network"] + sum(len(tenant.networks) for tenant in KENYA.tenants)
    assert all_["router"] == own["router"] + len(KENYA.tenants)


# --------------------------------------------------------------------------------------------------------------- a run


class _Facts:
    """Stands where a collector would; its facts are plain."""

    def __init__(self, required: Requirements) -> None:
        from threading import Event

        self.required, self.cancel = required, Event()
        self.good = "yes"

    @property
    def unknown(self) -> str:
        raise FactUnavailable("nobody knows", "ask somebody")


def a_test(name: str, fact: str) -> FitnessTest:
    return FitnessTest(name, name, lambda c: getattr(c, fact), lambda value, _: Assessment(Verdict.PASS, str(value)))


def test_a_fact_that_cannot_be_had_aborts_its_own_tests_and_no_others() -> None:
    reported: list[FitnessResult] = []
    tests = {name: a_test(name, fact) for name, fact in (("a", "good"), ("b", "unknown"), ("c", "good"))}
    results = check(tests, _Facts(required()), reported.append)  # type: ignore[arg-type]
    assert [result.assessment.verdict for result in results] == [Verdict.PASS, Verdict.ABORT, Verdict.PASS]
    assert results[1].assessment == Assessment(Verdict.ABORT, "nobody knows", "ask somebody")
    assert tuple(reported) == results


@pytest.mark.parametrize(
    ("verdicts", "fit"),
    [("PASS PASS", True), ("PASS SKIP", True), ("PASS FAIL", False), ("PASS ABORT", False), ("", False)],
)
def test_fit_is_who_has_neither_fail_nor_abort(verdicts: str, fit: bool) -> None:
    results = tuple(FitnessResult("x", "dc", "", Assessment(Verdict(word), "")) for word in verdicts.split())
    report = Report("ke", NOW, digest_of(KENYA), results)
    assert report.fit is fit
    assert read_report(text("ace/fitness-report/v1", report.document)) == report


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": "other"}', '{"schema": "ace/fitness-report/v1"}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_report(text)


def test_the_digest_moves_with_what_is_asked_and_not_with_the_status() -> None:
    assert digest_of(KENYA) == digest_of(replace(KENYA, status=MemberStatus.CANDIDATE))
    assert digest_of(KENYA) != digest_of(replace(KENYA, tenants=KENYA.tenants[1:]))
