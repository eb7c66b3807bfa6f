"""The catalogue's records by what they belong to: what a page looks up, gathered once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TypeVar

from ace.catalogue import values as v

_Key = TypeVar("_Key")


class Shelf:
    """Lookups over one catalogue."""

    def __init__(self, catalogue: v.Catalogue) -> None:
        self.catalogue = catalogue
        self.country = {record.slug: record for record in catalogue.countries}
        self.provider = {record.slug: record for record in catalogue.providers}
        self.data_centre = {record.slug: record for record in catalogue.data_centres}
        self.sector = {record.slug: record for record in catalogue.sectors}
        self.scheme = {record.slug: record for record in catalogue.label_schemes}
        self.label = {record.slug: record for record in catalogue.labels}
        self.service = {record.slug: record for record in catalogue.services}
        services = catalogue.services
        self.services_of_country = _grouped((record.country, record) for record in services)
        self.services_of_provider = _grouped((record.provider, record) for record in services)
        self.services_of_data_centre = _grouped((record.data_centre, record) for record in services)
        self.services_of_sector = _grouped((record.sector, record) for record in services)
        self.services_of_scheme = _grouped(
            (self.label[label].scheme, record) for record in services for label in record.labels
        )
        self.data_centres_of_country = _grouped((record.country, record) for record in catalogue.data_centres)
        self.data_centres_of_provider = _grouped((record.provider, record) for record in catalogue.data_centres)
        self.providers_of_country = _grouped((record.country, record) for record in catalogue.providers)
        self.labels_of_data_centre = _grouped((record.data_centre, record) for record in catalogue.labels)
        self.labels_of_scheme = _grouped((record.scheme, record) for record in catalogue.labels)
        self.meetings_of_country = _grouped((record.country, record) for record in catalogue.interconnections)
        self.hue = {record.slug: number % 8 for number, record in enumerate(catalogue.sectors)}

    @property
    def verified_countries(self) -> int:
        """How many listed countries have a verified publication."""
        return sum(record.status is v.Status.VERIFIED for record in self.catalogue.countries)


def _grouped(pairs: Iterable[tuple[_Key, v.RecordType]]) -> Mapping[_Key, tuple[v.RecordType, ...]]:
    groups: defaultdict[_Key, list[v.RecordType]] = defaultdict(list)
    for key, record in pairs:
        if record not in groups[key]:
            groups[key].append(record)
    found: dict[_Key, tuple[v.RecordType, ...]] = {key: tuple(records) for key, records in groups.items()}
    return defaultdict(tuple, found)
