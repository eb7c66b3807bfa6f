"""The published JSON Schemas are what the loader takes, and the files in ecosystem/schema are true."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from ace.spec.schema import KINDS, schemas

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "ecosystem").glob("**/*.yaml"))


def _kind(path: Path) -> str:
    return "member" if path.parent.name == "members" else path.stem


def _json(value: Any) -> Any:
    """What YAML read, as JSON has it: dates are texts."""
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_file_for_editors_is_what_the_program_says(kind: str, update_golden: bool) -> None:
    path = ROOT / "ecosystem" / "schema" / f"{kind}.schema.json"
    text = json.dumps(schemas()[kind], indent=2, ensure_ascii=False) + "\n"
    if update_golden:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_a_schema(kind: str) -> None:
    Draft202012Validator.check_schema(schemas()[kind])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_files_satisfy_their_schema_and_name_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    errors = list(Draft202012Validator(schemas()[_kind(path)]).iter_errors(_json(yaml.safe_load(text))))
    assert errors == []
    named = path.parent / text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert named.resolve() == ROOT / "ecosystem" / "schema" / f"{_kind(path)}.schema.json"


def _without_city(member: dict[str, Any]) -> None:
    del member["data_centres"][0]["city"]


def _unknown_key(member: dict[str, Any]) -> None:
    member["colour"] = "green"


def _bad_hours(member: dict[str, Any]) -> None:
    member["services"][0]["support"]["hours"] = "24x7 or so"


def _bad_class(member: dict[str, Any]) -> None:
    member["residency"]["Not A Name"] = member["residency"]["open"]


@pytest.mark.parametrize("spoil", [_without_city, _unknown_key, _bad_hours, _bad_class])
def test_a_schema_refuses_what_the_loader_refuses(spoil: Callable[[dict[str, Any]], None]) -> None:
    member = _json(yaml.safe_load((ROOT / "ecosystem/members/tn.yaml").read_text(encoding="utf-8")))
    spoil(member)
    assert list(Draft202012Validator(schemas()["member"]).iter_errors(member))
