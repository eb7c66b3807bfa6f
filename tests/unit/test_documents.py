"""What commands print with `--format json` comes from types, and is what `ace schema COMMAND` describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from ace.cli.main import app
from ace.cli.show.documents import DOCUMENTS
from ace.cli.show.interconnect_check import check_document
from ace.documents import plain, schema_of, text
from ace.interconnect.check import HostCheck, Leak, LinkCheck, PairCheck, RegionCheck
from ace.interconnect.map import State
from tests.unit.publications import lab_root

OWN_FORMAT = {"inventory", "schema", "state export"}
"""They print formats of others: Ansible's, JSON Schema, Pulumi's."""
ARGUMENTS = {
    "catalogue explain": ("tn-e-learning",),
    "catalogue serve": ("--spec", "nowhere"),  # else it would serve
    "interconnect drain": ("gw1.tunis-1.tn",),
    "interconnect undrain": ("gw1.tunis-1.tn",),
    "lab up": ("nowhere",),  # else it would start one
    "configure": ("tn",),
    "down": ("tn",),
    "member activate": ("tn", "--reason", "x"),
    "member add": ("sc", "--defaults", "--dry-run"),
    "member reinstate": ("tn", "--reason", "x"),
    "member remove": ("tn", "--reason", "x", "--dry-run"),
    "member suspend": ("tn", "--reason", "x", "--dry-run"),
    "member check": ("tn", "--only", "tls"),
    "outputs": ("tn",),
    "policy approve": ("tn", "--key", "no-such-key"),
    "policy explain": ("label-coverage",),
    "publication introduce": ("tn", "--new", "no", "--from", "2027-01-01", "--until", "2028-01-01", "--key", "no"),
    "publish": ("tn",),
    "preview": ("tn",),
    "state import": ("tn", "no-such-file"),
}
"""What a command needs; where it cannot succeed without a cloud, its failure is what is checked here."""


def commands(group: Any, before: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in sorted(group.commands.items()):
        if hasattr(command, "commands"):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = lab_root(tmp_path / "root", ("tn-tunis-1",), monkeypatch)
    monkeypatch.chdir(root)
    return root


def ace(*arguments: str) -> Any:
    return json.loads(CliRunner().invoke(app, list(arguments)).stdout)


def test_every_command_has_a_document() -> None:
    every = set(commands(typer.main.get_command(app)))
    assert every == set(DOCUMENTS) | OWN_FORMAT


@pytest.mark.parametrize("command", sorted(DOCUMENTS))
def test_what_a_command_prints_is_what_its_schema_describes(root: Path, command: str) -> None:
    words = command.split()
    schema = ace("schema", *words)
    Draft202012Validator.check_schema(schema)
    body = ace(*words, *ARGUMENTS.get(command, ()), "--format", "json")
    assert list(Draft202012Validator(schema).iter_errors(body)) == []


def test_what_needs_hosts_is_described_too() -> None:
    prefix = IPv4Network("10.64.0.0/24")
    found = RegionCheck(
        (LinkCheck("gw1.tunis-1.tn", "hub-tunis", "home", State.UP, ""),),
        (HostCheck("gw1.tunis-1.tn", True, False, 9, (prefix,), (), "one is missing"),),
        (PairCheck("tunis-1.tn", "cairo-1.eg", 4, 4, None, True, (("tn", "hub-tunis", "eg"),)),),
        (Leak("gw1.tunis-1.tn", "hub-tunis", "10.0.0.0/8"),),
    )
    body = {"schema": "ace/interconnect-check/v1", **plain(check_document(found))}
    assert list(Draft202012Validator(DOCUMENTS["interconnect check"].schema()).iter_errors(body)) == []
    assert body["routes"][0]["missing"] == ["10.64.0.0/24"]


def test_a_spec_with_errors_is_described_too(root: Path) -> None:
    (root / "ecosystem" / "members" / "tn.yaml").write_text("oops: [\n", encoding="utf-8")
    body = ace("outputs", "tn", "--format", "json")
    assert list(body) == ["schema", "findings", "error"]
    assert list(Draft202012Validator(ace("schema", "outputs")).iter_errors(body)) == []


def test_a_schema_of_an_unknown_name_is_refused_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["schema", "policy", "lists"])
    assert done.exit_code == 1
    assert "did you mean policy list?" in done.stderr


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Inner:
    """Something inside."""

    from_: date
    """The first day."""
    colour: Colour | None
    note: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Outer:
    """Something."""

    inner: tuple[Inner, ...]


def test_a_field_is_left_out_only_where_its_default_is_none() -> None:
    document = Outer((Inner(date(2027, 1, 1), None), Inner(date(2027, 1, 1), Colour.RED, "x", date(2028, 1, 1))))
    assert plain(document) == {
        "inner": [
            {"from": "2027-01-01", "colour": None, "note": ""},
            {"from": "2027-01-01", "colour": "red", "note": "x", "until": "2028-01-01"},
        ]
    }
    described = schema_of("ace/outer/v1", Outer)["$defs"]["Inner"]
    assert described["required"] == ["from", "colour", "note"]
    assert described["properties"]["from"]["description"] == "The first day."
    assert "null" not in json.dumps(described["properties"]["until"])
    assert json.loads(text("ace/outer/v1", document))["schema"] == "ace/outer/v1"


@pytest.mark.parametrize("spoil", [{"more": 1}, {"inner": [{"from": "2027-01-01", "note": ""}]}, {"inner": None}])
def test_a_schema_refuses_what_is_never_printed(spoil: dict[str, Any]) -> None:
    body = {"schema": "ace/outer/v1", "inner": [], **spoil}
    assert list(Draft202012Validator(schema_of("ace/outer/v1", Outer)).iter_errors(body))
