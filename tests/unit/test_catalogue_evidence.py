"""What publications' verdicts and the policies' judgement mean to the catalogue."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from ace.catalogue.evidence import facts_of
from ace.catalogue.explain import explain
from ace.catalogue.records import catalogue
from ace.catalogue.values import Catalogue, Kind, Status
from ace.policy import judge_spec
from ace.publication.values import (
    Absent,
    HubPublication,
    Publication,
    PublishedDataCentre,
    PublishedService,
    Reason,
    Refused,
    Verified,
)
from ace.spec.values import Member, Spec

from .catalogue_facts import AS_OF, a_site, shipped, suspended

ISSUED = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
EXPIRES = datetime(2026, 12, 20, 8, 30, tzinfo=UTC)


def a_publication(member: Member) -> Publication:
    """What a member would publish, as far as the catalogue looks at it."""
    tenants = {tenant.name: tenant.data_centre for tenant in member.tenants}
    return Publication(
        country=member.stack,
        issued=ISSUED,
        expires=EXPIRES,
        spec_digest=shipped().digest,
        ipv4=member.allocation.ipv4,
        ipv6=member.allocation.ipv6,
        data_centres=tuple(
            PublishedDataCentre(
                id=centre.id,
                site=centre.site,
                city=centre.city,
                operator=centre.operator.name,
                operator_kind=centre.operator.kind,
                asn=centre.allocation.asn,
                prefixes=(),
                gateways=(),
            )
            for centre in member.data_centres
        ),
        services=tuple(
            PublishedService(
                id=service.id,
                sector=service.sector,
                tenant=service.tenant,
                data_centre=tenants[service.tenant],
                endpoint=service.endpoint,
                data_classes=service.data_classes,
                offered_to=tuple(to.lower() for to in service.offered_to),
            )
            for service in member.services
        ),
        labels=(),
        residency=(),
        fitness=None,
    )


def a_hub_publication(spec: Spec) -> HubPublication:
    """What Tunisia would publish for the hub that it lodges."""
    hub = next(hub for hub in spec.region.hubs if hub.id == "tunis")
    network4, network6 = hub.allocation.ipv4, hub.allocation.ipv6
    return HubPublication(
        hub=hub.id,
        country="tn",
        issued=ISSUED,
        expires=EXPIRES,
        spec_digest=spec.digest,
        host_name="hub-tunis.tunis-1.tn",
        data_centre=hub.data_centre,
        slot=hub.slot,
        number=hub.number,
        asn=hub.allocation.asn_base,
        public_address=None,
        wireguard_key=None,
        loopbacks=(network4[1], network6[1]),
    )


def made(verdicts: dict[str, object], spec: Spec | None = None, as_of: date = AS_OF) -> Catalogue:
    spec = spec or shipped()
    return catalogue(facts_of(spec, judge_spec(spec, as_of), verdicts))  # type: ignore[arg-type]


def test_a_verified_publication_verifies_its_country_and_gives_the_endpoints_that_it_signs() -> None:
    publication = a_publication(shipped().member("TN"))
    one = replace(publication.services[0], endpoint="https://moved.education.tn.ace.example/")
    signed = replace(publication, services=(one, *publication.services[1:]))
    records = made({"tn": Verified(signed, "SHA256:abc", ISSUED), "eg": Absent()})
    service = next(each for each in records.services if each.slug == one.id)
    assert (service.status, service.endpoint) == (Status.VERIFIED, "https://moved.education.tn.ace.example/")
    assert service.provenance.publication == "publications/tn.json"
    assert (service.provenance.signer, service.provenance.issued) == ("SHA256:abc", ISSUED)
    assert {each.status for each in records.services if each.country == "eg"} == {Status.DECLARED}


def test_a_refused_publication_withholds_its_country_with_the_reason() -> None:
    records = made({"tn": Refused(Reason.EXPIRED, "it ended on 2026-11-01")})
    assert "tn" not in {country.slug for country in records.countries}
    (decision,) = explain(records, "tn-e-learning")
    assert decision.reasons[0].rule == "publication-refused"
    assert "(expired): it ended on 2026-11-01" in decision.reasons[0].fact


def test_a_hub_has_a_publication_of_its_own() -> None:
    hub = a_hub_publication(shipped())
    records = made({"tn": Verified(a_publication(shipped().member("TN")), "SHA256:a", ISSUED)})
    assert next(each for each in records.interconnections if each.hub == "tunis").status is Status.DECLARED
    records = made(
        {
            "tn": Verified(a_publication(shipped().member("TN")), "SHA256:a", ISSUED),
            "hub-tunis": Verified(hub, "SHA256:a", ISSUED),
        }
    )
    assert next(each for each in records.interconnections if each.hub == "tunis").status is Status.VERIFIED


def test_a_refused_hub_is_left_out_and_met_by_nobody() -> None:
    records = made({"hub-tunis": Refused(Reason.UNSIGNED, "no signature beside it")})
    assert "tunis" not in {each.hub for each in records.interconnections}
    assert all(home.hub != "tunis" for each in records.interconnections for home in each.homes)
    (decision,) = explain(records, "hub-tunis")
    assert decision.kind is Kind.INTERCONNECTION
    assert decision.reasons[0].rule == "publication-refused"
    assert "tn" in {country.slug for country in records.countries}


def test_the_day_after_its_label_ended_a_service_that_needs_it_is_gone_and_explain_says_why() -> None:
    last, after = made({}, as_of=date(2027, 5, 31)), made({}, as_of=date(2027, 6, 1))
    assert "tn-health-records" in {service.slug for service in last.services}
    assert "tn-health-records" not in {service.slug for service in after.services}
    assert "tn-crop-advice" in {service.slug for service in after.services}
    (decision,) = explain(after, "tn-health-records")
    assert decision.reasons[0].rule == "label-coverage"
    assert decision.reasons[0].place.startswith("ecosystem/members/tn.yaml: ")
    assert decision.reasons[0].remedy


def test_what_a_policy_refuses_is_in_no_page_and_no_export() -> None:
    from ace.catalogue.build import build

    from .catalogue_facts import TEMPLATES

    text = "\n".join(build(made({}, as_of=date(2027, 6, 1)), shipped(), TEMPLATES).files.values())
    assert "tn-health-records" not in text
    assert "tn-tunis-1.tn-g-cloud" not in text
    assert "tn-crop-advice" in text


def test_a_suspended_member_is_withheld_whatever_it_has_published() -> None:
    spec = suspended("TN")
    records = made({"tn": Verified(a_publication(spec.member("TN")), "SHA256:a", ISSUED)}, spec)
    assert "tn" not in {country.slug for country in records.countries}
    assert "tunis" not in {each.hub for each in records.interconnections}
    assert explain(records, "services/tn-e-learning")[0].reasons[0].rule == "member-suspended"


def test_the_shipped_spec_lists_everything_today() -> None:
    assert a_site().untranslated == {}
    assert made({}).withheld == ()
