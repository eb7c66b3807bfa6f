"""The export formats by name. To add one: write its class, name it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ace.catalogue.formats.atom import AtomFeed
from ace.catalogue.formats.contract import Format
from ace.catalogue.formats.csv_export import CsvExport
from ace.catalogue.formats.json_export import JsonExport

FORMATS: Final[Mapping[str, Format]] = {
    "json": JsonExport(),
    "csv": CsvExport(),
    "atom": AtomFeed(),
}
