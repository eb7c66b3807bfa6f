"""What a service's page offers to search engines: schema.org as JSON-LD, in the page's language where there is one."""

from __future__ import annotations

import json
from typing import Any

from markupsafe import Markup

from ace.catalogue.values import Kind, Service

from .language import Language
from .shelf import Shelf


def embedded(shelf: Shelf, language: Language, service: Service) -> Markup:
    """The script's content; `<`, `>` and `&` are written as escapes, so no text can end the script."""
    text = json.dumps(_service(shelf, language, service), ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704 - escaped


def _service(shelf: Shelf, language: Language, service: Service) -> dict[str, Any]:
    catalogue = shelf.catalogue
    country, provider = shelf.country[service.country], shelf.provider[service.provider]
    offered = [shelf.country[to] for to in service.offered_to if to != "all"] or list(catalogue.countries)
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "GovernmentService",
        "@id": catalogue.address(Kind.SERVICE, service.slug),
        "name": language.local_plain(service.title),
        "description": language.local_plain(service.description),
        "serviceType": language.local_plain(shelf.sector[service.sector].title),
        "provider": {
            "@type": "GovernmentOrganization"
            if provider.operator_kind in {"ministry", "public_body"}
            else "Organization",
            "@id": catalogue.address(Kind.PROVIDER, provider.slug),
            "name": provider.name,
        },
        "areaServed": [
            {"@type": "Country", "identifier": each.code, "name": language.local_plain(each.name)} for each in offered
        ],
        "jurisdiction": {"@type": "Country", "identifier": country.code, "name": language.local_plain(country.name)},
    }
    if service.endpoint is not None:
        found["availableChannel"] = {
            "@type": "ServiceChannel",
            "serviceUrl": service.endpoint,
            "availableLanguage": list(service.support.languages),
        }
    return found
