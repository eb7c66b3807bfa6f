"""The exports: each is what its standard says, and holds what the catalogue lists and nothing else."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import jsonschema

from ace.catalogue.formats.registry import FORMATS

from .catalogue_facts import a_catalogue, with_texts

ATOM = "{http://www.w3.org/2005/Atom}"


def test_the_json_export_fits_its_own_published_schema() -> None:
    files = FORMATS["json"].files(a_catalogue(verified=("TN",)))
    schema = json.loads(files["catalogue.schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    body = json.loads(files["catalogue.json"])
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)
    assert body["services"][0]["id"] == "https://catalogue.ace.example/id/services/cd-market-prices/"


def test_the_json_schema_refuses_what_is_not_in_the_contract() -> None:
    files = FORMATS["json"].files(a_catalogue())
    body = json.loads(files["catalogue.json"])
    body["services"][0]["password"] = "x"
    validator = jsonschema.Draft202012Validator(json.loads(files["catalogue.schema.json"]))
    assert not validator.is_valid(body)


def test_the_csv_export_has_one_row_a_record_and_all_of_one_width() -> None:
    files = FORMATS["csv"].files(a_catalogue(verified=("TN",)))
    rows = list(csv.DictReader(io.StringIO(files["services.csv"].removeprefix("\ufeff"))))
    assert len(rows) == 33
    mine = next(row for row in rows if row["slug"] == "tn-e-learning")
    assert mine["endpoint"] == "https://e-learning.education.tn.ace.example/"
    assert mine["sla.availability"] == "99.5"
    assert mine["residency"] == "education=conditional personal=conditional"


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    for text in ('=HYPERLINK("https://a.example")', "+1+1", "-2+3", "@SUM(A1)"):
        files = FORMATS["csv"].files(a_catalogue(with_texts(text)))
        rows = csv.DictReader(io.StringIO(files["services.csv"].removeprefix("\ufeff")))
        assert next(row for row in rows if row["slug"] == "tn-e-learning")["title.en"] == f"'{text}"


def test_the_feed_is_valid_atom_with_an_entry_for_every_country_and_service() -> None:
    feed = ElementTree.fromstring(FORMATS["atom"].files(a_catalogue(verified=("TN",)))["changes.atom"])
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 43
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == 43
    assert entries[0].findtext(f"{ATOM}updated") == feed.findtext(f"{ATOM}updated") == "2026-11-20T08:30:00+00:00"
    for name in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{name}") is not None
