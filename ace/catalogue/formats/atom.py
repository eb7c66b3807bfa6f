"""Changes as an Atom feed (RFC 4287): who joined, what was published; an entry moves up when its record is signed anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from xml.sax.saxutils import escape, quoteattr

from ace.catalogue.values import Catalogue, Country, Kind, Service


class AtomFeed:
    """One entry a country and one a service, newest first; ids are the records' addresses."""

    title = "Atom"
    main = "changes.atom"
    media_type = "application/atom+xml"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        countries = {country.slug: country for country in catalogue.countries}
        entries = [_country(catalogue, country) for country in catalogue.countries]
        entries += [_service(catalogue, service, countries[service.country]) for service in catalogue.services]
        entries.sort(reverse=True)
        updated = entries[0][0] if entries else _moment(None, catalogue.as_of)
        head = (
            '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
            f"<id>{escape(catalogue.base_url)}</id>\n<title>{escape(catalogue.name)}: changes</title>\n"
            f"<updated>{updated}</updated>\n<author><name>{escape(catalogue.organisation)}</name></author>\n"
            f'<link rel="self" href={quoteattr(f"{catalogue.base_url}exports/{self.main}")}/>\n'
            f"<link href={quoteattr(catalogue.base_url)}/>\n"
        )
        return {self.main: head + "".join(text for _, _, text in entries) + "</feed>\n"}


def _country(catalogue: Catalogue, country: Country) -> tuple[str, str, str]:
    issued = country.provenance.issued
    updated = _moment(issued, country.since)
    what = "published and signed" if issued else "joined as a member"
    address = catalogue.address(Kind.COUNTRY, country.slug)
    return updated, address, _entry(address, f"{country.name.en}: {what}", updated, f"{country.name.en} {what}.")


def _service(catalogue: Catalogue, service: Service, country: Country) -> tuple[str, str, str]:
    updated = _moment(service.provenance.issued, country.since)
    state = "verified" if service.provenance.issued else "declared, not verified"
    address = catalogue.address(Kind.SERVICE, service.slug)
    title = f"{service.title.en} ({country.name.en}): {state}"
    return updated, address, _entry(address, title, updated, service.description.en)


def _entry(address: str, title: str, updated: str, summary: str) -> str:
    return (
        f"<entry><id>{escape(address)}</id><title>{escape(title)}</title><updated>{updated}</updated>"
        f"<link href={quoteattr(address)}/><summary>{escape(summary)}</summary></entry>\n"
    )


def _moment(issued: datetime | None, day: date) -> str:
    return (issued or datetime.combine(day, time(), UTC)).astimezone(UTC).isoformat(timespec="seconds")
