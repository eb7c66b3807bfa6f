"""The export formats by name. To add one: write its class, name it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ace.catalogue.formats.atom import AtomFeed
from ace.catalogue.formats.backstage import Backstage
from ace.catalogue.formats.clouds import CloudsYaml
from ace.catalogue.formats.contract import Format
from ace.catalogue.formats.csv_export import CsvExport
from ace.catalogue.formats.dcat_ap import DcatAp
from ace.catalogue.formats.gaia_x import GaiaX
from ace.catalogue.formats.ixf import IxfExport
from ace.catalogue.formats.json_export import JsonExport

FORMATS: Final[Mapping[str, Format]] = {
    "json": JsonExport(),
    "csv": CsvExport(),
    "dcat-ap": DcatAp(),
    "gaia-x": GaiaX(),
    "backstage": Backstage(),
    "clouds": CloudsYaml(),
    "ixf": IxfExport(),
    "atom": AtomFeed(),
}
