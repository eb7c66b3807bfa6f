"""From facts to the catalogue: a pure function; the same facts give the same catalogue, byte for byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter

from ace.interconnect.homing import homes
from ace.spec.values import Contact, DataCentre, Member, Service

from . import values as v
from .facts import Facts, Proof
from .listing import (
    country_reasons,
    data_centre_reasons,
    data_centre_slug,
    decide,
    label_reasons,
    label_slug,
    service_reasons,
)
from .text import clean, localized, safe_link, safe_mailbox, slug_of
from .values import Kind, Reason, Status

SHORT = 120
"""Characters of names, cities and numbers."""


def catalogue(facts: Facts) -> v.Catalogue:
    """Everything that is listed as of the date, and a decision on everything that is declared."""
    listed_countries = frozenset(m.stack for m in facts.spec.members if not country_reasons(facts, m))
    book = _Book(listed_countries)
    region = facts.spec.region
    for member in facts.spec.members:
        _member(facts, member, book)
    _shared(facts, book)
    listed = {(decision.kind, decision.slug) for decision in book.decisions if decision.listed}
    return v.Catalogue(
        name=clean(region.name, SHORT),
        organisation=clean(region.organisation, SHORT),
        languages=region.languages,
        base_url=f"https://catalogue.{region.domain}/",
        spec_digest=facts.spec.digest,
        as_of=facts.as_of,
        data_classes=region.data_classes,
        countries=_sorted(book.countries, listed, Kind.COUNTRY),
        providers=_sorted(book.providers, listed, Kind.PROVIDER),
        data_centres=_sorted(book.data_centres, listed, Kind.DATA_CENTRE),
        sectors=_sorted(book.sectors, listed, Kind.SECTOR),
        label_schemes=_sorted(book.label_schemes, listed, Kind.LABEL_SCHEME),
        labels=_sorted(book.labels, listed, Kind.LABEL),
        services=_sorted(book.services, listed, Kind.SERVICE),
        interconnections=_sorted(book.interconnections, listed, Kind.INTERCONNECTION),
        decisions=tuple(sorted(book.decisions, key=lambda decision: (list(Kind).index(decision.kind), decision.slug))),
    )


@dataclass(slots=True)
class _Book:
    """Records and decisions while they are being collected; other countries than the listed are not even named."""

    listed: frozenset[str]
    countries: list[v.Country] = field(default_factory=list)
    providers: list[v.Provider] = field(default_factory=list)
    data_centres: list[v.DataCentre] = field(default_factory=list)
    sectors: list[v.Sector] = field(default_factory=list)
    label_schemes: list[v.LabelScheme] = field(default_factory=list)
    labels: list[v.Label] = field(default_factory=list)
    services: list[v.Service] = field(default_factory=list)
    interconnections: list[v.Interconnection] = field(default_factory=list)
    decisions: list[v.Decision] = field(default_factory=list)


def _sorted(records: list[v.RecordType], listed: set[tuple[Kind, str]], kind: Kind) -> tuple[v.RecordType, ...]:
    chosen = [record for record in records if (kind, record.slug) in listed]
    return tuple(sorted(chosen, key=attrgetter("slug")))


def _member(facts: Facts, member: Member, book: _Book) -> None:
    """A country and all that it declares."""
    proof = facts.standing.get(member.code)
    proof = proof if isinstance(proof, Proof) else None
    status, provenance = _standing(member, proof, proof is not None)
    book.countries.append(_country(member, status, provenance, book.listed))
    book.decisions.append(decide(Kind.COUNTRY, member.stack, country_reasons(facts, member), _because(provenance)))
    slugs = _provider_slugs(member)
    for name, slug in slugs.items():
        homes = [centre for centre in member.data_centres if centre.operator.name == name]
        proven = proof is not None and any(centre.id in proof.data_centres for centre in homes)
        status, provenance = _standing(member, proof, proven)
        kind = homes[0].operator.kind
        book.providers.append(v.Provider(slug, clean(name, SHORT) or slug, kind, member.stack, status, provenance))
        against = [data_centre_reasons(facts, member, centre) for centre in homes]
        reasons = () if any(not each for each in against) else tuple(reason for each in against for reason in each)
        book.decisions.append(decide(Kind.PROVIDER, slug, reasons, _because(provenance)))
    for centre in member.data_centres:
        _data_centre(facts, member, centre, proof, slugs[centre.operator.name], book)
    for service in member.services:
        record = _service(facts, member, service, proof, slugs, book.listed)
        book.services.append(record)
        reasons = service_reasons(facts, member, service)
        book.decisions.append(decide(Kind.SERVICE, service.id, reasons, _because(record.provenance)))


def _country(member: Member, status: Status, provenance: v.Provenance, listed: frozenset[str]) -> v.Country:
    return v.Country(
        slug=member.stack,
        code=member.code,
        name=localized(member.name, SHORT),
        since=member.since,
        example=member.example,
        residency=tuple(_residency(member, listed)),
        technical=_contact(member.technical_contact),
        security=_contact(member.security_contact),
        ipv4=str(member.allocation.ipv4),
        ipv6=str(member.allocation.ipv6),
        status=status,
        provenance=provenance,
    )


def _residency(member: Member, listed: frozenset[str]) -> Iterator[v.Residency]:
    for rule in member.residency:
        transfers = tuple(code.lower() for code in rule.transfers_to if code.lower() in listed)
        yield v.Residency(rule.data_class, rule.mode, clean(rule.basis), transfers)


def _contact(contact: Contact) -> v.Contact:
    return v.Contact(clean(contact.name, SHORT), safe_mailbox(contact.email))


def _data_centre(
    facts: Facts, member: Member, centre: DataCentre, proof: Proof | None, provider: str, book: _Book
) -> None:
    """A data centre, the labels that it holds, and where it meets the others."""
    slug = data_centre_slug(member, centre.id)
    status, provenance = _standing(member, proof, proof is not None and centre.id in proof.data_centres)
    runs = {name for host in centre.service_hosts for name in host.runs}
    book.data_centres.append(
        v.DataCentre(
            slug=slug,
            id=centre.id,
            city=clean(centre.city, SHORT),
            country=member.stack,
            provider=provider,
            cloud=centre.cloud.cloud,
            region=clean(centre.cloud.region, SHORT),
            zones=centre.cloud.availability_zones,
            gateways=len(centre.gateways),
            shared_services=tuple(sorted(runs)),
            status=status,
            provenance=provenance,
        )
    )
    reasons = data_centre_reasons(facts, member, centre)
    book.decisions.append(decide(Kind.DATA_CENTRE, slug, reasons, _because(provenance)))
    for label in centre.labels:
        held = label_slug(member, centre, label)
        number, evidence = clean(label.number, SHORT), safe_link(label.evidence)
        book.labels.append(v.Label(held, label.scheme, slug, number, label.valid_until, evidence, status, provenance))
        against = label_reasons(facts, member, centre, label)
        book.decisions.append(decide(Kind.LABEL, held, against, _because(provenance)))
    networks = [network for tenant in member.tenants if tenant.data_centre == centre.id for network in tenant.networks]
    exported = [
        *sorted(network.ipv4 for network in networks if network.exported),
        *sorted(network.ipv6 for network in networks if network.exported),
    ]
    site = centre.allocation
    book.interconnections.append(
        v.Interconnection(
            slug=slug,
            data_centre=slug,
            country=member.stack,
            asn=site.asn,
            loopbacks=(str(site.loopback4), str(site.loopback6)),
            prefixes=(str(site.services4), str(site.services6), *map(str, exported)),
            gateways=len(centre.gateways),
            hub=None,
            slot=member.allocation.slot,
            homes=tuple(_homes(facts, member, centre)),
            status=status,
            provenance=provenance,
        )
    )
    book.decisions.append(decide(Kind.INTERCONNECTION, slug, reasons, _because(provenance)))


def _homes(facts: Facts, member: Member, centre: DataCentre) -> Iterator[v.Home]:
    """Which gateway meets which hub; a hub that is not listed is met by nobody."""
    hosts = {member.code for member in facts.spec.members if not country_reasons(facts, member)}
    refused = {slug for (kind, slug), against in facts.objections.items() if kind is Kind.INTERCONNECTION and against}
    hubs = [hub for hub in facts.spec.region.hubs if hub.hosted_by in hosts and f"hub-{hub.id}" not in refused]
    chosen = homes(member, centre, hubs)
    for gateway in centre.gateways:
        loopbacks = centre.allocation.loopback4[gateway.number], centre.allocation.loopback6[gateway.number]
        for hub in chosen[gateway.number]:
            yield v.Home(gateway.name, hub.id, str(loopbacks[0]), str(loopbacks[1]))


def _service(
    facts: Facts,
    member: Member,
    service: Service,
    proof: Proof | None,
    providers: dict[str, str],
    listed: frozenset[str],
) -> v.Service:
    tenant = next(tenant for tenant in member.tenants if tenant.name == service.tenant)
    centre = member.data_centre(tenant.data_centre)
    endpoint = safe_link(proof.endpoints.get(service.id)) if proof is not None else None
    status, provenance = _standing(member, proof, proof is not None and service.id in proof.endpoints)
    labels = [label for label in centre.labels if not label_reasons(facts, member, centre, label)]
    return v.Service(
        slug=service.id,
        title=localized(service.title),
        description=localized(service.description),
        sector=service.sector,
        country=member.stack,
        provider=providers[centre.operator.name],
        data_centre=data_centre_slug(member, centre.id),
        data_classes=service.data_classes,
        residency=tuple(rule for rule in _residency(member, listed) if rule.data_class in service.data_classes),
        labels=tuple(label_slug(member, centre, label) for label in labels),
        offered_to=tuple(to for each in service.offered_to if (to := each.lower()) == "all" or to in listed),
        sla=v.Sla(service.sla.availability, service.sla.rto_h, service.sla.rpo_h),
        support=service.support,
        endpoint=endpoint,
        status=status,
        provenance=provenance,
    )


def _shared(facts: Facts, book: _Book) -> None:
    """What the region declares: sectors, label schemes, hubs."""
    region = facts.spec.region
    provenance = v.Provenance("ecosystem/ecosystem.yaml")
    for sector in region.sectors:
        book.sectors.append(v.Sector(sector.id, localized(sector.title, SHORT), sector.data_classes, provenance))
        book.decisions.append(decide(Kind.SECTOR, sector.id, (), _because(provenance)))
    members = {member.code: member for member in facts.spec.members}
    for scheme in region.label_schemes:
        book.label_schemes.append(
            v.LabelScheme(
                slug=scheme.id,
                title=localized(scheme.title, SHORT),
                issuer=clean(scheme.issuer, SHORT),
                country=scheme.country.lower(),
                valid_for_months=scheme.valid_for_months,
                allows=scheme.allows,
                source=safe_link(scheme.source),
                provenance=provenance,
            )
        )
        member = members.get(scheme.country)
        against = country_reasons(facts, member) if member is not None else ()
        book.decisions.append(decide(Kind.LABEL_SCHEME, scheme.id, against, _because(provenance)))
    for hub in region.hubs:
        host = members[hub.hosted_by]
        centre = host.data_centre(hub.data_centre)
        proof = facts.standing.get(host.code)
        proof = proof if isinstance(proof, Proof) else None
        status, origin = _standing(host, proof, proof is not None and hub.id in proof.hubs)
        asn = hub.allocation.asn_base
        prefixes = (str(hub.allocation.ipv4), str(hub.allocation.ipv6))
        slug = f"hub-{hub.id}"
        book.interconnections.append(
            v.Interconnection(
                slug=slug,
                data_centre=data_centre_slug(host, centre.id),
                country=host.stack,
                asn=asn,
                loopbacks=prefixes,
                prefixes=(),
                gateways=1,
                hub=hub.id,
                slot=hub.slot,
                homes=(),
                status=status,
                provenance=origin,
            )
        )
        against = (*data_centre_reasons(facts, host, centre), *facts.objections.get((Kind.INTERCONNECTION, slug), ()))
        book.decisions.append(decide(Kind.INTERCONNECTION, slug, against, _because(origin)))


def _standing(member: Member, proof: Proof | None, proven: bool) -> tuple[Status, v.Provenance]:
    """Status and provenance of what a member's file declares."""
    if proof is None or not proven:
        return Status.DECLARED, v.Provenance(member.file)
    return Status.VERIFIED, v.Provenance(member.file, proof.file, proof.signer, proof.issued, proof.expires)


def _because(provenance: v.Provenance) -> Reason:
    if provenance.issued is None:
        return Reason(
            "declared", f"declared in {provenance.file}; no signed publication confirms it yet", provenance.file
        )
    moment = provenance.issued.isoformat(timespec="seconds")
    fact = f"declared in {provenance.file} and confirmed by the publication that {provenance.signer} signed on {moment}"
    return Reason("verified", fact, provenance.publication or provenance.file)


def _provider_slugs(member: Member) -> dict[str, str]:
    """A slug for each operator of a member: from its name, with a short digest where that is too short or clashes."""
    slugs: dict[str, str] = {}
    for name in sorted({centre.operator.name for centre in member.data_centres}):
        plain = slug_of(name)
        digest = hashlib.sha256(name.encode()).hexdigest()[:8]
        slug = f"{member.stack}-{plain}" if plain else f"{member.stack}-{digest}"
        slugs[name] = slug if slug not in slugs.values() else f"{slug}-{digest}"
    return slugs
