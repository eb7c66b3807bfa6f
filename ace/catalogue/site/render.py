"""From pages to HTML: the Jinja environment, and what templates may call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ace.catalogue import values as v
from ace.catalogue.formats.contract import Format
from ace.catalogue.text import clip
from ace.catalogue.values import Kind, Text

from . import region_map, schema_org, terms
from .language import Language
from .pages import Page, list_path, pages, path_of
from .shelf import Shelf

_KINDS: Mapping[type[Any], Kind] = {
    v.Country: Kind.COUNTRY,
    v.Provider: Kind.PROVIDER,
    v.DataCentre: Kind.DATA_CENTRE,
    v.Sector: Kind.SECTOR,
    v.LabelScheme: Kind.LABEL_SCHEME,
    v.Label: Kind.LABEL,
    v.Service: Kind.SERVICE,
}


def environment(templates: Path) -> Environment:
    """The templates, with autoescape for everything and an error for every name that is not there."""
    made = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        keep_trailing_newline=True,
    )
    made.globals.update(bdi=_bdi, clip=_clip, link=_link, list_path=list_path, kind_of=_kind_of)
    return made


def render(
    jinja: Environment,
    shelf: Shelf,
    languages: Iterable[Language],
    formats: Mapping[str, Format],
) -> Iterator[tuple[str, str]]:
    """Every page with its path below the site.

    Args:
        jinja: From `environment`.
        shelf: What to show.
        languages: In which languages.
        formats: The exports that the data page names.
    """
    known = list(languages)
    for language in known:
        shared = _shared(shelf, known, language, formats)
        for page in pages(shelf):
            home = "../" * page.depth
            yield f"{language.code}/{page.path}", _render(jinja, page, {**shared, "home": home, "root": home + "../"})
    yield from _choosers(jinja, shelf, known)


def _render(jinja: Environment, page: Page, names: Mapping[str, Any]) -> str:
    return jinja.get_template(page.template).render(names, page=page, about=page.about)


def _shared(
    shelf: Shelf,
    languages: list[Language],
    language: Language,
    formats: Mapping[str, Format],
) -> dict[str, Any]:
    """What every template of a language may use."""

    def by_name(countries: Iterable[v.Country]) -> list[v.Country]:
        return sorted(countries, key=lambda country: language.order(language.local_plain(country.name)))

    return {
        "catalogue": shelf.catalogue,
        "shelf": shelf,
        "lang": language,
        "languages": languages,
        "t": language.text,
        "ta": language.plain,
        "tn": language.count,
        "words": _words(language),
        "by_name": by_name,
        "schema_org": lambda service: schema_org.embedded(shelf, language, service),
        "formats": sorted(formats.items(), key=lambda item: item[1].title),
        "map_title": language.plain(region_map.TITLE),
    }


def _words(language: Language) -> SimpleNamespace:
    """`words` bound to a language."""
    return SimpleNamespace(
        status=lambda status: language.text(terms.STATUSES[status]),
        data_class=lambda name: terms.data_class(language, name),
        mode=lambda mode: language.text(terms.MODES[mode]),
        operator=lambda kind: language.text(terms.OPERATORS[kind]),
        hours=lambda hours: terms.support_hours(language, hours),
        downtime=lambda hours: terms.downtime(language, hours),
        shared_service=lambda name: (
            language.text(terms.SHARED_SERVICES[name]) if name in terms.SHARED_SERVICES else name
        ),
    )


def _choosers(jinja: Environment, shelf: Shelf, languages: list[Language]) -> Iterator[tuple[str, str]]:
    """The entrance, and the page behind each record's address: both let the reader choose a language."""
    template = jinja.get_template("choose.html")
    offers = {language.code: language.plain(terms.CHOOSE) for language in languages}
    names = {"catalogue": shelf.catalogue, "languages": languages, "offers": offers}
    yield "index.html", template.render(names, root="", target="index.html", title="")
    for kind, records in shelf.catalogue.by_kind().items():
        for record in records:
            path = f"id/{kind}/{record.slug}/index.html"
            yield path, template.render(names, root="../../../", target=path_of(kind, record.slug), title=record.slug)


def _bdi(text: str) -> Markup:
    return Markup("<bdi>%s</bdi>") % text


def _clip(text: Text, limit: int = 120) -> Text:
    if max(len(each) for each in text.by_language().values()) <= limit:
        return text
    return Text(
        clip(text.en, limit),
        clip(text.fr, limit) if text.fr is not None else None,
        clip(text.ar, limit) if text.ar is not None else None,
    )


def _link(kind: str, slug: str) -> str:
    return path_of(Kind(kind), slug)


def _kind_of(record: v.Record) -> Kind:
    return _KINDS[type(record)]
