"""One CSV file per kind of record (RFC 4180, UTF-8 with a byte order mark, so that spreadsheets read the accents)."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from ace.catalogue.plain import TABLES, export
from ace.catalogue.values import Catalogue

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class CsvExport:
    """Nested fields become `sla.availability`; lists are joined with blanks, pairs written as `health=conditional`."""

    title = "CSV"
    main = "services.csv"
    media_type = "text/csv"

    def files(self, catalogue: Catalogue) -> Mapping[str, str]:
        tables = export(catalogue)
        return {f"{name}.csv": _table([_flat(row) for row in tables[name]]) for name in TABLES.values()}


def _flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list):
            flat[prefix + name] = _cell(" ".join(_word(each) for each in value))
        else:
            flat[prefix + name] = _cell(str(value).lower() if isinstance(value, bool) else _word(value))
    return flat


def _word(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return f"{value['data_class']}={value['mode']}" if "mode" in value else f"{value['gateway']}={value['hub']}"
    return str(value)


def _cell(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front (OWASP: CSV injection)."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _table(rows: list[dict[str, str]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row)) or ["id", "slug"]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return "\ufeff" + out.getvalue()
