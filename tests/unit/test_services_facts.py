"""What hosts tell the world, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ace.errors import UserError
from ace.layout import Layout
from ace.services.public_facts import ds_records, keep, merged, read

GW1, GW2 = "gw1.tunis-1.tn", "gw2.tunis-1.tn"


def test_what_is_told_anew_replaces_and_what_is_gone_is_forgotten() -> None:
    known = {GW1: {"a": "1"}, GW2: {"a": "2"}, "gw9.tunis-1.tn": {"a": "3"}}
    assert merged(known, {GW1: {"a": "9"}}, {GW1, GW2}) == {GW1: {"a": "9"}, GW2: {"a": "2"}}


def test_what_says_that_it_is_private_is_never_kept() -> None:
    assert merged({}, {GW1: {"k": "-----BEGIN PRIVATE KEY-----"}}, {GW1}) == {}
    assert merged({}, {GW1: {"k": "x" * 100_000}}, {GW1}) == {}


def test_facts_are_written_for_their_owner_alone_and_read_back(tmp_path: Path) -> None:
    keep(tmp_path, "tn", {GW1: {"wireguard_public_key": "k"}}, {GW1})
    assert read(tmp_path, "tn") == {GW1: {"wireguard_public_key": "k"}}
    assert Layout(tmp_path).facts("tn").stat().st_mode & 0o777 == 0o600


def test_a_country_that_was_never_configured_has_told_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "tn") == {}


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({GW1: "x"})])
def test_a_file_that_is_not_ours_is_told_as_such(tmp_path: Path, text: str) -> None:
    file = Layout(tmp_path).facts("tn")
    file.parent.mkdir(parents=True)
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        read(tmp_path, "tn")
    assert str(file) in caught.value.message


def test_ds_records_are_those_of_all_hosts_each_once() -> None:
    facts = {GW1: {"dns_ds": ["2 13 2 BB", "1 13 2 AA"]}, GW2: {"dns_ds": ["1 13 2 AA"]}, "x": {"other": 1}}
    assert ds_records(facts) == ("1 13 2 AA", "2 13 2 BB")
