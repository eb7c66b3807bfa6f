"""The region's map for the site: the interconnect's own drawing, of listed countries only, in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ace.catalogue.values import Catalogue
from ace.interconnect.map import draw
from ace.spec.region import LocalizedText
from ace.spec.values import Spec

from .language import Language
from .terms import N_

TEXTS: Final = {
    "backbone": N_("hub to hub"),
    "home": N_("country to hub"),
    "direct": N_("neighbours"),
    "internal": N_("within a country"),
    "hub": N_("hub"),
    "country": N_("data centre"),
    "planned": N_("planned"),
}
TITLE: Final = N_("Map of the interconnection")


def listed_spec(spec: Spec, catalogue: Catalogue) -> Spec:
    """The spec without the countries, and the hubs that they host, which the catalogue does not list."""
    listed = {country.code for country in catalogue.countries}
    hubs = {meeting.hub for meeting in catalogue.interconnections if meeting.hub is not None}
    region = replace(spec.region, hubs=tuple(hub for hub in spec.region.hubs if hub.id in hubs))
    return replace(spec, region=region, members=tuple(member for member in spec.members if member.code in listed))


def drawn(spec: Spec, catalogue: Catalogue, language: Language) -> str:
    """The map as an SVG document."""
    names = {country.code: language.local_plain(country.name) for country in catalogue.countries}
    shown = listed_spec(spec, catalogue)
    members = tuple(replace(member, name=LocalizedText(names[member.code])) for member in shown.members)
    texts = {key: language.plain(text) for key, text in TEXTS.items()}
    return draw(replace(shown, members=members), texts=texts, title=language.plain(TITLE))
