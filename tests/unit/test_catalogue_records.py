"""Which records the catalogue lists, where they come from, and why others are withheld."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from ace.catalogue.explain import explain
from ace.catalogue.values import Kind, Reason, Status
from ace.errors import UserError
from ace.spec.values import Spec

from .catalogue_facts import a_catalogue, a_site, shipped, suspended, with_member


def test_without_publications_everything_is_declared_and_no_service_has_an_endpoint() -> None:
    made = a_catalogue()
    assert len(made.services) == 33
    assert {service.status for service in made.services} == {Status.DECLARED}
    assert {service.endpoint for service in made.services} == {None}
    assert made.last_verified is None


def test_a_verified_publication_gives_endpoint_status_and_provenance() -> None:
    made = a_catalogue(verified=("TN",))
    service = next(each for each in made.services if each.slug == "tn-e-learning")
    assert service.endpoint == "https://e-learning.education.tn.ace.example/"
    assert service.status is Status.VERIFIED
    assert service.provenance.file == "ecosystem/members/tn.yaml"
    assert (service.provenance.publication, service.provenance.signer) == ("publications/tn.json", "SHA256:tn")
    assert {each.endpoint for each in made.services if each.country != "tn"} == {None}
    assert made.last_verified is not None and made.last_verified.isoformat() == "2026-11-20T08:30:00+00:00"


def test_a_service_that_the_publication_does_not_name_stays_declared() -> None:
    from ace.catalogue.facts import Facts
    from ace.catalogue.records import catalogue

    from .catalogue_facts import AS_OF, a_proof

    proof = replace(a_proof(shipped().member("TN")), endpoints={})
    made = catalogue(Facts(shipped(), AS_OF, {"TN": proof}))
    mine = [service for service in made.services if service.country == "tn"]
    assert {service.status for service in mine} == {Status.DECLARED}
    assert next(country for country in made.countries if country.slug == "tn").status is Status.VERIFIED


def test_an_endpoint_that_is_no_plain_https_address_is_never_shown() -> None:
    from ace.catalogue.facts import Facts
    from ace.catalogue.records import catalogue

    from .catalogue_facts import AS_OF, a_proof

    for address in ("javascript:alert(1)", "http://a.example/", "https://u:p@a.example/", 'https://a.example/"><b>'):
        proof = replace(a_proof(shipped().member("TN")), endpoints={"tn-e-learning": address})
        made = catalogue(Facts(shipped(), AS_OF, {"TN": proof}))
        assert next(each for each in made.services if each.slug == "tn-e-learning").endpoint is None


def everything_of(spec: Spec, **more: object) -> str:
    return "\n".join(f"{path}\n{text}" for path, text in a_site(spec, **more).files.items())


@pytest.mark.parametrize(
    ("spec", "more", "rule"),
    [
        (suspended("TN"), {}, "member-suspended"),
        (shipped(), {"refused": ("TN",)}, "publication-refused"),
        (shipped(), {"objections": {(Kind.COUNTRY, "tn"): (Reason("no-such-right", "it may not"),)}}, "no-such-right"),
    ],
    ids=["suspended", "refused", "policy"],
)
def test_a_withheld_country_is_in_no_page_and_no_export_with_all_that_it_declares(
    spec: Spec, more: dict[str, object], rule: str
) -> None:
    text = everything_of(spec, **more)
    for word in ("tn-e-learning", "Tunisia", "Tunisie", "tunis-1", "tn-g-cloud", "cni.tn.example", "10.113.64.0"):
        assert word not in text
    (decision,) = explain(a_catalogue(spec, **more), "services/tn-e-learning")
    assert not decision.listed
    assert decision.reasons[0].rule == rule


def test_a_withheld_service_leaves_its_country_and_the_others_alone() -> None:
    against = {(Kind.SERVICE, "tn-e-learning"): (Reason("label-missing", "education data need a label"),)}
    text = everything_of(shipped(), verified=("TN",), objections=against)
    assert "tn-e-learning" not in text
    assert "e-learning.education.tn.ace.example" not in text
    assert "tn-crop-advice" in text
    withheld = a_catalogue(verified=("TN",), objections=against).withheld
    assert [decision.slug for decision in withheld] == ["tn-e-learning"]


def test_a_label_is_gone_the_day_after_its_last() -> None:
    last, after = a_catalogue(as_of=date(2027, 5, 31)), a_catalogue(as_of=date(2027, 6, 1))
    slug = "tn-tunis-1.tn-g-cloud"
    assert slug in {label.slug for label in last.labels}
    assert slug not in {label.slug for label in after.labels}
    assert all(slug not in service.labels for service in after.services)
    (decision,) = explain(after, slug)
    assert decision.reasons[0].rule == "label-expired"
    assert "2027-05-31" in decision.reasons[0].fact


def test_a_provider_is_listed_as_long_as_one_of_its_data_centres_is() -> None:
    made = a_catalogue(objections={(Kind.DATA_CENTRE, "zm-lusaka-2"): (Reason("rule", "no"),)})
    withheld = {(decision.kind, decision.slug) for decision in made.withheld}
    assert (Kind.DATA_CENTRE, "zm-lusaka-2") in withheld
    assert {slug for kind, slug in withheld if kind is Kind.PROVIDER} == {"zm-smart-zambia-institute"}
    assert "zm-infratel-corporation" in {provider.slug for provider in made.providers}


def test_explain_takes_a_bare_name_a_path_an_address_and_a_data_centres_own_id() -> None:
    made = a_catalogue()
    for name in ("tn-e-learning", "services/tn-e-learning", made.address(Kind.SERVICE, "tn-e-learning")):
        assert [decision.slug for decision in explain(made, name)] == ["tn-e-learning"]
    assert [decision.slug for decision in explain(made, "tunis-1")] == ["tn-tunis-1"]


def test_explain_names_the_nearest_when_there_is_no_such_record() -> None:
    with pytest.raises(UserError) as raised:
        explain(a_catalogue(), "tn-elearning")
    assert raised.value.code == "no-such-record"
    assert "tn-e-learning" in raised.value.hint


def test_the_order_of_members_and_of_what_they_declare_changes_nothing() -> None:
    spec = shipped()
    tunisia = spec.member("TN")
    turned = with_member(spec, "TN", services=tunisia.services[::-1], tenants=tunisia.tenants[::-1])
    turned = replace(turned, members=turned.members[::-1])
    assert a_catalogue(turned) == a_catalogue(spec)


def test_a_provider_whose_name_has_no_latin_letter_gets_a_slug_of_its_own() -> None:
    tunisia = shipped().member("TN")
    centre = replace(tunisia.data_centres[0], operator=replace(tunisia.data_centres[0].operator, name="المركز الوطني"))
    made = a_catalogue(with_member(shipped(), "TN", data_centres=(centre,)))
    (provider,) = [each for each in made.providers if each.country == "tn"]
    assert provider.slug == "tn-" + provider.slug[3:] and len(provider.slug) == 11
    assert provider.name == "المركز الوطني"
