"""The catalogue as one JSON document, with the JSON Schema that describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ace.catalogue.formats.json_schema import schema
from ace.catalogue.plain import export
from ace.catalogue.values import Catalogue

SCHEMA = "catalogue.schema.json"


class JsonExport:
    """Every listed record with all of its fields; `id`s are addresses."""

    title = "JSON"
    main = "catalogue.json"
    media_type = "application/json"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        body = {"$schema": SCHEMA, **export(catalogue)}
        return {
            self.main: json.dumps(body, indent=1, ensure_ascii=False) + "\n",
            SCHEMA: json.dumps(schema(), indent=1) + "\n",
        }
