"""DCAT-AP 3.0 as JSON-LD (https://semiceu.github.io/DCAT-AP/releases/3.0.0/).

A verified service is a `dcat:DataService`. DCAT-AP asks an endpoint of those, so a service that is only declared is a
`dcat:Resource` of the catalogue until its country has signed. The catalogue's own files are the dataset's distributions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ace.catalogue.values import Catalogue, Kind, Service, Text

CONTEXT: Final = {
    "adms": "http://www.w3.org/ns/adms#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_DISTRIBUTIONS: Final = {"catalogue.json": "application/json", "services.csv": "text/csv"}
_MEDIA: Final = "http://www.iana.org/assignments/media-types/"
_LANGUAGES: Final = "http://publications.europa.eu/resource/authority/language/"
_LANGUAGE_CODES: Final = {"en": "ENG", "fr": "FRA", "ar": "ARA"}


class DcatAp:
    """One graph: the catalogue, its publisher, themes, services and dataset."""

    title = "DCAT-AP 3.0 (JSON-LD)"
    main = "dcat-ap.jsonld"
    media_type = "application/ld+json"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        graph = [_catalogue(catalogue), _region(catalogue), _dataset(catalogue), *_concepts(catalogue)]
        graph += [_agent(catalogue, provider.slug, provider.name) for provider in catalogue.providers]
        graph += [_service(catalogue, service) for service in catalogue.services]
        document = {"@context": CONTEXT, "@graph": graph}
        return {self.main: json.dumps(document, indent=1, ensure_ascii=False) + "\n"}


def _catalogue(catalogue: Catalogue) -> dict[str, Any]:
    verified = [service for service in catalogue.services if service.endpoint is not None]
    declared = [service for service in catalogue.services if service.endpoint is None]
    return {
        "@id": catalogue.base_url,
        "@type": "dcat:Catalog",
        "dct:title": _in("en", catalogue.name),
        "dct:description": _in("en", "Digital public services on the national clouds of the region's countries"),
        "dct:publisher": _ref(f"{catalogue.base_url}#organisation"),
        "dct:language": [
            {"@id": _LANGUAGES + _LANGUAGE_CODES[code], "@type": "dct:LinguisticSystem"} for code in catalogue.languages
        ],
        "dct:modified": {"@type": "xsd:date", "@value": catalogue.as_of.isoformat()},
        "foaf:homepage": {"@id": f"{catalogue.base_url}index.html", "@type": "foaf:Document"},
        "dcat:themeTaxonomy": _ref(f"{catalogue.base_url}#sectors"),
        "dcat:dataset": _ref(f"{catalogue.base_url}#dataset"),
        "dcat:service": [_ref(catalogue.address(Kind.SERVICE, service.slug)) for service in verified],
        "dcat:resource": [_ref(catalogue.address(Kind.SERVICE, service.slug)) for service in declared],
    }


def _region(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "@id": f"{catalogue.base_url}#organisation",
        "@type": "foaf:Agent",
        "foaf:name": _in("en", catalogue.organisation),
    }


def _agent(catalogue: Catalogue, slug: str, name: str) -> dict[str, Any]:
    return {"@id": catalogue.address(Kind.PROVIDER, slug), "@type": "foaf:Agent", "foaf:name": name}


def _dataset(catalogue: Catalogue) -> dict[str, Any]:
    return {
        "@id": f"{catalogue.base_url}#dataset",
        "@type": "dcat:Dataset",
        "dct:title": _in("en", f"Records of the {catalogue.name}"),
        "dct:description": _in("en", "Services, providers, data centres, labels, countries and where they meet"),
        "dct:publisher": _ref(f"{catalogue.base_url}#organisation"),
        "dcat:distribution": [
            {
                "@id": f"{catalogue.base_url}exports/{name}",
                "@type": "dcat:Distribution",
                "dcat:accessURL": {"@id": f"{catalogue.base_url}exports/{name}", "@type": "rdfs:Resource"},
                "dcat:mediaType": {"@id": _MEDIA + media, "@type": "dct:MediaType"},
            }
            for name, media in _DISTRIBUTIONS.items()
        ],
    }


def _concepts(catalogue: Catalogue) -> list[dict[str, Any]]:
    scheme = {
        "@id": f"{catalogue.base_url}#sectors",
        "@type": "skos:ConceptScheme",
        "dct:title": _in("en", "Sectors"),
    }
    sectors = [
        {
            "@id": catalogue.address(Kind.SECTOR, sector.slug),
            "@type": "skos:Concept",
            "skos:prefLabel": _texts(sector.title),
            "skos:inScheme": _ref(scheme["@id"]),
        }
        for sector in catalogue.sectors
    ]
    return [scheme, *sectors]


def _service(catalogue: Catalogue, service: Service) -> dict[str, Any]:
    country = next(country for country in catalogue.countries if country.slug == service.country)
    audience = "all member countries" if "all" in service.offered_to else ", ".join(service.offered_to).upper()
    address = catalogue.address(Kind.SERVICE, service.slug)
    found: dict[str, Any] = {
        "@id": address,
        "@type": "dcat:DataService" if service.endpoint is not None else "dcat:Resource",
        "dct:title": _texts(service.title),
        "dct:description": _texts(service.description),
        "dct:publisher": _ref(catalogue.address(Kind.PROVIDER, service.provider)),
        "dcat:theme": _ref(catalogue.address(Kind.SECTOR, service.sector)),
        "dcat:keyword": [_in("en", name) for name in service.data_classes],
        "dcat:landingPage": {"@id": address + "index.html", "@type": "foaf:Document"},
        "dct:accessRights": {"@type": "dct:RightsStatement", "rdfs:label": _in("en", f"offered to: {audience}")},
        "dcat:contactPoint": {
            "@type": "vcard:Kind",
            "vcard:fn": country.technical.name,
            **({"vcard:hasEmail": _ref(f"mailto:{country.technical.email}")} if country.technical.email else {}),
        },
    }
    if service.endpoint is None:
        return found | {"adms:versionNotes": _in("en", "declared, not verified: no signed publication confirms it yet")}
    return found | {"dcat:endpointURL": {"@id": service.endpoint, "@type": "rdfs:Resource"}}


def _ref(address: Any) -> dict[str, Any]:
    return {"@id": address}


def _in(language: str, text: str) -> dict[str, str]:
    return {"@language": language, "@value": text}


def _texts(text: Text) -> list[dict[str, str]]:
    return [_in(language, translation) for language, translation in text.by_language().items()]
