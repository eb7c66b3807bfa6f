"""Backstage's `catalog-info.yaml` (backstage.io/docs/features/software-catalog/descriptor-format).

A country is a Domain, what it offers in a sector a System, a provider a Group, a service a Component with an API where
its address is known. Point Backstage's `catalog.locations` at the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ace.catalogue.text import clip, slug_of
from ace.catalogue.values import Catalogue, Country, Kind, Provider, Service

_NAME = 63
"""Characters of an entity's name."""


class Backstage:
    """One file of many documents."""

    title = "Backstage"
    main = "catalog-info.yaml"
    media_type = "application/yaml"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        documents = list(_entities(catalogue))
        return {self.main: yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=120)}


def _entities(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    owner = slug_of(catalogue.organisation, _NAME) or "region"
    organisation = {"type": "organization", "profile": {"displayName": catalogue.organisation}, "children": []}
    yield _entity("Group", {"name": owner, "title": catalogue.organisation}, organisation)
    for country in catalogue.countries:
        yield _domain(catalogue, country, owner)
    for provider in catalogue.providers:
        yield _group(catalogue, provider, owner)
    for country_slug, sector in sorted({(service.country, service.sector) for service in catalogue.services}):
        spec = {"owner": f"group:{owner}", "domain": country_slug}
        yield _entity("System", {"name": _name(f"{country_slug}-{sector}")}, spec)
    for service in catalogue.services:
        yield from _service(catalogue, service)


def _entity(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec}


def _domain(catalogue: Catalogue, country: Country, owner: str) -> dict[str, Any]:
    metadata = {
        "name": country.slug,
        "title": country.name.en,
        "links": [{"url": catalogue.address(Kind.COUNTRY, country.slug), "title": "Catalogue"}],
    }
    return _entity("Domain", metadata, {"owner": f"group:{owner}"})


def _group(catalogue: Catalogue, provider: Provider, owner: str) -> dict[str, Any]:
    metadata = {
        "name": _name(provider.slug),
        "title": provider.name,
        "links": [{"url": catalogue.address(Kind.PROVIDER, provider.slug), "title": "Catalogue"}],
    }
    spec = {
        "type": "provider",
        "profile": {"displayName": provider.name},
        "parent": f"group:{owner}",
        "children": [],
    }
    return _entity("Group", metadata, spec)


def _service(catalogue: Catalogue, service: Service) -> Iterator[dict[str, Any]]:
    links = [{"url": catalogue.address(Kind.SERVICE, service.slug), "title": "Catalogue"}]
    if service.endpoint is not None:
        links.append({"url": service.endpoint, "title": "Service"})
    metadata = {
        "name": _name(service.slug),
        "title": clip(service.title.en, 120),
        "description": service.description.en,
        "annotations": {"ace/status": str(service.status), "ace/data-centre": service.data_centre},
        "tags": sorted({service.sector, *service.data_classes}),
        "links": links,
    }
    spec: dict[str, Any] = {
        "type": "service",
        "lifecycle": "production" if service.endpoint is not None else "experimental",
        "owner": f"group:{_name(service.provider)}",
        "system": _name(f"{service.country}-{service.sector}"),
    }
    if service.endpoint is not None:
        spec["providesApis"] = [_name(service.slug)]
    yield _entity("Component", metadata, spec)
    if service.endpoint is not None:
        api = {key: spec[key] for key in ("lifecycle", "owner", "system")}
        definition = f"{service.endpoint}\n"
        yield _entity("API", {**metadata, "links": links}, {"type": "https", **api, "definition": definition})


def _name(slug: str) -> str:
    return slug[:_NAME].strip("-")
