"""What the pages' script searches and compares: one file a language, loaded as a script so that `file://` works too."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ace.catalogue.text import clip
from ace.catalogue.values import Kind, Service

from . import terms
from .language import Language
from .pages import path_of
from .shelf import Shelf


def script(shelf: Shelf, language: Language) -> str:
    """`ACE = {…}` with services, facets and the script's own messages."""
    body = {
        "lang": language.code,
        "facets": [facet for facet in _facets(shelf, language) if len(facet["options"]) > 1],
        "services": [_service(shelf, language, service) for service in shelf.catalogue.services],
        "rows": _rows(language),
        "say": _messages(language),
    }
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    return f"window.ACE={text};\n".replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _service(shelf: Shelf, language: Language, service: Service) -> dict[str, Any]:
    country, provider = shelf.country[service.country], shelf.provider[service.provider]
    centre = shelf.data_centre[service.data_centre]
    labels = [shelf.label[slug] for slug in service.labels]
    sector = shelf.sector[service.sector]
    foreign = language.code not in service.title.by_language()
    texts = [*service.title.by_language().values(), *service.description.by_language().values()]
    names = [*country.name.by_language().values(), *sector.title.by_language().values()]
    return {
        "id": service.slug,
        "href": path_of(Kind.SERVICE, service.slug),
        "title": clip(language.local_plain(service.title), 120),
        "what": clip(language.local_plain(service.description), 160),
        **({"foreign": 1} if foreign else {}),
        "sector": [service.sector, language.local_plain(sector.title)],
        "hue": shelf.hue[service.sector],
        "who": [language.local_plain(country.name), path_of(Kind.COUNTRY, country.slug), provider.name],
        "find": " ".join([*texts, *names, provider.name, centre.city, centre.id, service.slug]),
        "classes": [str(terms.data_class(language, name)) for name in service.data_classes],
        "labels": [language.local_plain(shelf.scheme[label.scheme].title) for label in labels],
        "sla": service.sla.availability,
        "in": {
            "country": [service.country],
            "sector": [service.sector],
            "data": list(service.data_classes),
            "residency": sorted({str(rule.mode) for rule in service.residency}),
            "label": [label.scheme for label in labels] or ["none"],
            "expiry": _expiry(shelf, labels),
            "operator": [str(provider.operator_kind)],
            "sla": [step for step in _SLA_STEPS if service.sla.availability >= float(step)],
            "language": list(service.support.languages),
            "status": [str(service.status)],
        },
        "cells": _cells(shelf, language, service),
    }


_SLA_STEPS = ("99.9", "99.5", "99")


def _expiry(shelf: Shelf, labels: Iterable[Any]) -> list[str]:
    days = [(label.valid_until - shelf.catalogue.as_of).days for label in labels]
    return [step for step, least in (("365", 365), ("183", 183), ("30", 30)) if any(day >= least for day in days)]


def _facets(shelf: Shelf, language: Language) -> Iterable[dict[str, Any]]:
    catalogue, plain = shelf.catalogue, language.plain
    yield _facet("sector", plain("Sector"), ((s.slug, language.local_plain(s.title)) for s in catalogue.sectors))
    countries = sorted(catalogue.countries, key=lambda country: language.order(language.local_plain(country.name)))
    yield _facet("country", plain("Country"), ((c.slug, language.local_plain(c.name)) for c in countries))
    classes = ((name, str(terms.data_class(language, name))) for name in catalogue.data_classes)
    yield _facet("data", plain("Data"), classes)
    yield _facet("residency", plain("Where the data may live"), ((m, plain(n)) for m, n in terms.MODES.items()))
    schemes = [(s.slug, language.local_plain(s.title)) for s in catalogue.label_schemes]
    yield _facet("label", plain("Label"), [*schemes, ("none", plain("No label"))])
    expiry = [("365", plain("12 months or more")), ("183", plain("6 months or more")), ("30", plain("30 days or more"))]
    yield _facet("expiry", plain("Label still valid for"), expiry)
    yield _facet("operator", plain("Kind of provider"), ((k, plain(n)) for k, n in terms.OPERATORS.items()))
    steps = ((s, plain("%(percent)s or more", percent=language.percent(float(s)))) for s in _SLA_STEPS)
    yield _facet("sla", plain("Availability"), steps)
    codes = sorted({code for service in catalogue.services for code in service.support.languages})
    yield _facet("language", plain("Support in"), ((code, language.language_name(code)) for code in codes))
    yield _facet("status", plain("Status"), ((key, plain(name)) for key, name in terms.STATUSES.items()))


def _facet(key: str, title: str, options: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {"key": key, "title": title, "options": [[str(value), name] for value, name in options]}


def _rows(language: Language) -> list[str]:
    plain = language.plain
    return [
        plain("Country"),
        plain("Provider"),
        plain("Sector"),
        plain("Status"),
        plain("Data"),
        plain("Where the data may live"),
        plain("Labels"),
        plain("Availability"),
        plain("Down at most"),
        plain("Back after a failure within"),
        plain("Data lost at most"),
        plain("Support"),
        plain("Support in"),
        plain("For users in"),
    ]


def _cells(shelf: Shelf, language: Language, service: Service) -> list[str]:
    """The service's column in a comparison, in the order of `_rows`."""
    country, provider = shelf.country[service.country], shelf.provider[service.provider]
    labels = [shelf.label[slug] for slug in service.labels]
    modes = [
        f"{terms.data_class(language, rule.data_class)}: {language.plain(terms.MODES[rule.mode])}"
        for rule in service.residency
    ]
    offered = [
        language.plain("all member countries") if to == "all" else language.local_plain(shelf.country[to].name)
        for to in service.offered_to
    ]
    valid = [
        language.plain(
            "%(label)s, valid until %(date)s",
            label=language.local_plain(shelf.scheme[label.scheme].title),
            date=language.date(label.valid_until),
        )
        for label in labels
    ]
    return [
        language.local_plain(country.name),
        f"{provider.name} ({language.plain(terms.OPERATORS[provider.operator_kind])})",
        language.local_plain(shelf.sector[service.sector].title),
        language.plain(terms.STATUSES[service.status]),
        language.list(str(terms.data_class(language, name)) for name in service.data_classes),
        "\n".join(modes),
        "\n".join(valid) or language.plain("none"),
        language.percent(service.sla.availability),
        language.plain("%(time)s a year", time=terms.downtime(language, service.sla.downtime_h)),
        language.hours(service.sla.rto_h),
        language.hours(service.sla.rpo_h),
        terms.support_hours(language, service.support.hours),
        language.languages(service.support.languages),
        language.list(offered) or "–",
    ]


def _messages(language: Language) -> dict[str, str]:
    plain = language.plain
    return {
        "found": plain("Services found: %(number)s", number="{n}"),
        "remove": plain("Remove filter %(name)s", name="{n}"),
        "compare": plain("Compare"),
        "compareThis": plain("Compare: %(name)s", name="{n}"),
        "chosen": plain("Chosen for comparison: %(number)s of 4", number="{n}"),
        "take": plain("Remove %(name)s", name="{n}"),
        "availability": plain("Availability"),
        "more": plain("Show more"),
        "service": plain("Service"),
    }
