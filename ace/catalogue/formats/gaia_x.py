"""Gaia-X 25.11 as unsigned JSON-LD (`https://w3id.org/gaia-x/2511#`): what a member would put into its credentials.

Providers are `gx:LegalPerson`, data centres `gx:Datacenter`, services `gx:ServiceOffering`, hubs
`gx:InterconnectionServiceOffering`. Who signs is the member, not the region. The spec knows no company register, so a
provider's `gx:LocalRegistrationNumber` is its id in this catalogue, and reports it; the member replaces it when it signs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ace.catalogue.formats import terms
from ace.catalogue.values import Catalogue, DataCentre, Interconnection, Kind, Service

NAMESPACE: Final = "https://w3id.org/gaia-x/2511#"
CONTEXT: Final = {
    "gx": NAMESPACE,
    "dcterms": "http://purl.org/dc/terms/",
    "schema": "https://schema.org/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def _link(address: str) -> dict[str, str]:
    """An address where 25.11 wants a text that is one, and not the thing itself."""
    return {"@type": "xsd:anyURI", "@value": address}


_HTTP: Final = {
    "@type": "gx:StandardConformity",
    "dcterms:title": "HTTP Semantics (RFC 9110)",
    "gx:standardReference": _link("https://www.rfc-editor.org/rfc/rfc9110"),
}


class GaiaX:
    """One graph, and beside it the terms of each service that its digests speak of."""

    title = "Gaia-X 25.11 (JSON-LD)"
    main = "gaia-x.jsonld"
    media_type = "application/ld+json"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        graph = [
            *(_provider(catalogue, provider.slug) for provider in catalogue.providers),
            *(_data_centre(catalogue, centre) for centre in catalogue.data_centres),
            *(_service(catalogue, service) for service in catalogue.services),
            *(_hub(catalogue, meeting) for meeting in catalogue.interconnections if meeting.hub is not None),
        ]
        document = {"@context": CONTEXT, "@graph": graph}
        texts = {terms.path(service): terms.text(catalogue, service) for service in catalogue.services}
        texts[terms.HUB_PATH] = terms.hub_text(catalogue)
        return {self.main: json.dumps(document, indent=1, ensure_ascii=False) + "\n", **texts}


def _provider(catalogue: Catalogue, slug: str) -> dict[str, Any]:
    provider = next(each for each in catalogue.providers if each.slug == slug)
    address = _address(provider.country)
    return {
        "@id": catalogue.address(Kind.PROVIDER, slug),
        "@type": "gx:LegalPerson",
        "schema:name": provider.name,
        "gx:headquartersAddress": address,
        "gx:legalAddress": address,
        "gx:registrationNumber": {
            "@type": ["gx:LocalRegistrationNumber", "gx:RegistrationNumber"],
            "gx:local": catalogue.address(Kind.PROVIDER, slug),
        },
    }


def _data_centre(catalogue: Catalogue, centre: DataCentre) -> dict[str, Any]:
    own = catalogue.address(Kind.DATA_CENTRE, centre.slug)
    return {
        "@id": own,
        "@type": ["gx:Datacenter", "gx:PhysicalResource"],
        "schema:name": centre.id,
        "gx:location": _address(centre.country, centre.city),
        "gx:maintainedBy": {"@id": catalogue.address(Kind.PROVIDER, centre.provider)},
        "gx:aggregationOfResources": [
            {"@id": f"{own}#{zone}", "@type": ["gx:AvailabilityZone", "gx:Resource"], "schema:name": zone}
            for zone in centre.zones
        ],
    }


def _service(catalogue: Catalogue, service: Service) -> dict[str, Any]:
    country = next(country for country in catalogue.countries if country.slug == service.country)
    found: dict[str, Any] = {
        "@id": catalogue.address(Kind.SERVICE, service.slug),
        "@type": "gx:ServiceOffering",
        "schema:name": service.title.en,
        "schema:description": service.description.en,
        "gx:providedBy": {"@id": catalogue.address(Kind.PROVIDER, service.provider)},
        "gx:hostedOn": {"@id": catalogue.address(Kind.DATA_CENTRE, service.data_centre)},
        "gx:keyword": [service.sector, *service.data_classes],
        "gx:provisionType": "public" if "all" in service.offered_to else "private",
        "gx:serviceScope": "all member countries"
        if "all" in service.offered_to
        else " ".join(service.offered_to).upper(),
        "gx:serviceOfferingTermsAndConditions": _terms(catalogue, service),
        "gx:providerContactInformation": {
            "@type": "gx:ContactInformation",
            "gx:url": _link(catalogue.address(Kind.COUNTRY, service.country)),
            **({"gx:email": country.technical.email} if country.technical.email else {}),
        },
    }
    if service.endpoint is not None:
        found["gx:endpoint"] = {
            "@type": "gx:Endpoint",
            "gx:endpointURL": _link(service.endpoint),
            "gx:standardConformity": _HTTP,
        }
    return found


def _terms(catalogue: Catalogue, service: Service) -> dict[str, Any]:
    return {
        "@type": "gx:TermsAndConditions",
        "gx:url": _link(f"{catalogue.base_url}exports/{terms.path(service)}"),
        "gx:hash": terms.digest(terms.text(catalogue, service)),
    }


def _hub(catalogue: Catalogue, hub: Interconnection) -> dict[str, Any]:
    provider = next(each.provider for each in catalogue.data_centres if each.slug == hub.data_centre)
    homed = [meeting for meeting in catalogue.interconnections if any(home.hub == hub.hub for home in meeting.homes)]
    own = catalogue.address(Kind.INTERCONNECTION, hub.slug)
    return {
        "@id": own,
        "@type": "gx:InterconnectionServiceOffering",
        "schema:name": f"hub {hub.hub}",
        "gx:providedBy": {"@id": catalogue.address(Kind.PROVIDER, provider)},
        "gx:ipVersion": "IPv6",
        "gx:connectedNetworkA": hub.asn,
        "gx:connectedNetworkZ": [meeting.asn for meeting in homed],
        "gx:prefixSetA": list(hub.loopbacks),
        "gx:prefixSetZ": sorted(prefix for meeting in homed for prefix in meeting.prefixes),
        "gx:connectivityConfiguration": {
            "@type": "gx:ConnectivityConfiguration",
            "schema:description": "One WireGuard tunnel and one BGP session a gateway; IPv4 and IPv6 over IPv6",
        },
        "gx:serviceOfferingTermsAndConditions": {
            "@type": "gx:TermsAndConditions",
            "gx:url": _link(f"{catalogue.base_url}exports/{terms.HUB_PATH}"),
            "gx:hash": terms.digest(terms.hub_text(catalogue)),
        },
    }


def _address(country: str, city: str | None = None) -> dict[str, Any]:
    own = {"@type": "gx:Address", "gx:countryCode": country.upper()}
    return own | ({"vcard:locality": city} if city else {})
