"""What hosts publish, kept in ROOT/.ace/facts/<cc>.json: `{"gw1.tunis-1.tn": {"wireguard_public_key": "..."}}`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from ace.errors import UserError
from ace.files import put
from ace.layout import Layout

Facts = Mapping[str, Mapping[str, Any]]
LONGEST = 64 * 1024
"""Bytes of JSON that a host may report."""
_PRIVATE = "PRIVATE"


def merged(known: Facts, reported: Facts, hosts: Collection[str]) -> dict[str, dict[str, Any]]:
    """What is known after a run: hosts that reported again are as they report now, hosts that are gone are forgotten.

    What is too long, or states that it is private, is left out: nothing of that belongs here.
    """
    both = {**known, **reported}
    return {host: dict(both[host]) for host in sorted(both) if host in hosts and _is_public(both[host])}


def read(root: Path, country: str) -> dict[str, dict[str, Any]]:
    """What is known of a country's hosts; nothing if it was never configured from here.

    Raises:
        UserError: The file is not what ACE wrote.
    """
    file = Layout(root).facts(country)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read: {error}", hint=_again(country), code="bad-facts") from None
    if not isinstance(found, dict) or not all(isinstance(facts, dict) for facts in found.values()):
        raise UserError(f"{file} is not what ACE wrote", hint=_again(country), code="bad-facts")
    return found


def keep(root: Path, country: str, reported: Facts, hosts: Collection[str]) -> None:
    """Remember what hosts reported.

    Raises:
        UserError: The file cannot be read or written.
    """
    before = read(root, country)
    after = merged(before, reported, hosts)
    if after == before:
        return
    file = Layout(root).facts(country)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(file, json.dumps(after, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None


def ds_records(facts: Facts) -> tuple[str, ...]:
    """The DS records of a country's zone, as its hosts reported; sorted, each once."""
    return tuple(sorted({str(record) for reported in facts.values() for record in _list(reported.get("dns_ds"))}))


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else ()


def _is_public(facts: Mapping[str, Any]) -> bool:
    text = json.dumps(facts)
    return len(text) <= LONGEST and _PRIVATE not in text


def _again(country: str) -> str:
    return f"remove it; `ace configure {country}` writes it again"
