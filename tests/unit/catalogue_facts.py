"""Facts for the catalogue's tests: the shipped spec, with publications and objections as a test wants them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

from ace.catalogue.build import Built, build
from ace.catalogue.facts import Facts, Proof, Refusal
from ace.catalogue.records import catalogue
from ace.catalogue.values import Catalogue, Kind, Reason
from ace.spec import load
from ace.spec.region import LocalizedText
from ace.spec.values import Member, MemberStatus, Service, Spec

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates" / "catalogue"
AS_OF = date(2026, 11, 25)


@lru_cache
def shipped() -> Spec:
    """The spec of the ten countries."""
    return load(ROOT / "ecosystem")


def a_proof(member: Member) -> Proof:
    """A verified publication of all that a member declares."""
    return Proof(
        file=f"publications/{member.stack}.json",
        signer=f"SHA256:{member.stack}",
        issued=datetime(2026, 11, 20, 8, 30, tzinfo=UTC),
        expires=datetime(2026, 12, 20, 8, 30, tzinfo=UTC),
        endpoints={service.id: service.endpoint for service in member.services},
        data_centres=frozenset(centre.id for centre in member.data_centres),
        hubs=frozenset(hub.id for centre in member.data_centres for hub in centre.hubs),
    )


def facts(
    spec: Spec | None = None,
    *,
    as_of: date = AS_OF,
    verified: tuple[str, ...] = (),
    refused: tuple[str, ...] = (),
    objections: Mapping[tuple[Kind, str], tuple[Reason, ...]] | None = None,
) -> Facts:
    """The shipped spec (or another) with some countries' publications verified or refused."""
    spec = spec or shipped()
    standing: dict[str, Proof | Refusal] = {code: a_proof(spec.member(code)) for code in verified}
    standing |= {code: Refusal("bad-signature", "the signature does not fit the file") for code in refused}
    return Facts(spec, as_of, standing, objections or {})


def a_catalogue(spec: Spec | None = None, **more: object) -> Catalogue:
    """The catalogue of `facts(...)`."""
    return catalogue(facts(spec, **more))  # type: ignore[arg-type]


def a_site(spec: Spec | None = None, **more: object) -> Built:
    """The site of `facts(...)`."""
    return build(a_catalogue(spec, **more), spec or shipped(), TEMPLATES)


def with_member(spec: Spec, code: str, **changes: object) -> Spec:
    """The spec with some of one member's fields changed."""
    members = tuple(replace(m, **changes) if m.code == code else m for m in spec.members)  # type: ignore[arg-type]
    return replace(spec, members=members)


def suspended(code: str) -> Spec:
    """The shipped spec with one member suspended."""
    return with_member(shipped(), code, status=MemberStatus.SUSPENDED)


def with_texts(text: str, **service_changes: object) -> Spec:
    """The shipped spec with a text in every free field of Tunisia and Egypt."""
    spec = shipped()
    for code in ("TN", "EG"):
        member = spec.member(code)
        every = LocalizedText(text, text, text)
        services: tuple[Service, ...] = tuple(
            replace(service, title=every, description=every, **service_changes)  # type: ignore[arg-type]
            for service in member.services
        )
        centres = tuple(
            replace(
                centre,
                city=text,
                operator=replace(centre.operator, name=text),
                labels=tuple(replace(label, number=text) for label in centre.labels),
            )
            for centre in member.data_centres
        )
        spec = with_member(
            spec,
            code,
            services=services,
            data_centres=centres,
            technical_contact=replace(member.technical_contact, name=text),
            security_contact=replace(member.security_contact, name=text),
            residency=tuple(replace(rule, basis=text) for rule in member.residency),
        )
    return spec


def of_countries(count: int) -> Spec:
    """The shipped spec's members copied until there are that many countries, each with ids of its own."""
    spec = shipped()
    members: list[Member] = []
    for number in range(count):
        source = spec.members[number % len(spec.members)]
        code = f"{chr(65 + number // 26)}{chr(65 + number % 26)}"
        services = tuple(replace(each, id=f"{code.lower()}-{each.id}") for each in source.services)
        members.append(replace(source, code=code, services=services, name=replace(source.name, en=f"Country {code}")))
    region = replace(spec.region, hubs=(), label_schemes=spec.region.label_schemes)
    return replace(spec, region=region, members=tuple(members))
