"""Which pages there are: a path, the template that draws it, and what it is about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ace.catalogue.values import Kind

from .shelf import Shelf

PAGE_SIZE: Final = 24
"""Services on one page of the list that is there without JavaScript."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `path` below the language's folder."""

    path: str
    template: str
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """Folders between the page and the language's folder."""
        return self.path.count("/")


def pages(shelf: Shelf) -> Iterator[Page]:
    """Every page of one language."""
    catalogue = shelf.catalogue
    yield Page("index.html", "home.html")
    yield from _service_lists(shelf)
    yield Page("compare.html", "compare.html")
    yield Page("countries/index.html", "countries.html")
    yield Page("providers/index.html", "providers.html")
    yield Page("sectors/index.html", "sectors.html")
    yield Page("labels/index.html", "labels.html")
    yield Page("interconnection.html", "interconnection.html")
    yield Page("data.html", "data.html")
    yield Page("about.html", "about.html")
    for service in catalogue.services:
        yield Page(path_of(Kind.SERVICE, service.slug), "service.html", {"service": service})
    for country in catalogue.countries:
        yield Page(path_of(Kind.COUNTRY, country.slug), "country.html", {"country": country})
    for provider in catalogue.providers:
        yield Page(path_of(Kind.PROVIDER, provider.slug), "provider.html", {"provider": provider})
    for data_centre in catalogue.data_centres:
        yield Page(path_of(Kind.DATA_CENTRE, data_centre.slug), "data-centre.html", {"data_centre": data_centre})
    for sector in catalogue.sectors:
        yield Page(path_of(Kind.SECTOR, sector.slug), "sector.html", {"sector": sector})
    for scheme in catalogue.label_schemes:
        yield Page(path_of(Kind.LABEL_SCHEME, scheme.slug), "label.html", {"scheme": scheme})


def path_of(kind: Kind, slug: str) -> str:
    """The path of a record's page below a language's folder."""
    if kind is Kind.LABEL:
        return f"labels/{slug.partition('.')[2]}.html"
    if kind is Kind.INTERCONNECTION:
        return "interconnection.html"
    return f"{kind}/{slug}.html" if slug != "index" else f"{kind}/index-.html"  # no slug ends in a hyphen


def list_path(number: int) -> str:
    """The path of the n-th page of the list of services, from 1."""
    return "services/index.html" if number == 1 else f"services/page/{number}.html"


def _service_lists(shelf: Shelf) -> Iterator[Page]:
    services = shelf.catalogue.services
    chunks = [services[start : start + PAGE_SIZE] for start in range(0, len(services), PAGE_SIZE)] or [()]
    for number, chunk in enumerate(chunks, start=1):
        yield Page(list_path(number), "services.html", {"services": chunk, "number": number, "last": len(chunks)})
