"""What a country's stack tells, as tests of ace.services need it: the reviewed golden outputs with addresses filled in."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from ace.services.inventory import Inventory, from_outputs
from ace.spec import Spec, load
from ace.spec.values import Member

CHECKOUT = Path(__file__).resolve().parents[2]
_LATER = re.compile(r"<address of [^>]*>")


@cache
def shipped() -> Spec:
    return load(CHECKOUT / "ecosystem")


def a_member(country: str = "tn") -> Member:
    return shipped().member(country)


def outputs_of(country: str = "tn") -> dict[str, Any]:
    """The outputs of a deployed country."""
    text = (CHECKOUT / "tests" / "golden" / "stacks" / f"{country}.txt").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text[text.rindex("\n{\n") :])
    hosts = found["inventory"]["hosts"]
    for number, host in enumerate(hosts, start=5):
        for where, key in ((host, "public_address"), (host["reach"], "address")):
            if where[key] and _LATER.match(where[key]):
                where[key] = f"198.18.0.{number}"
        if host["data_volume_id"]:
            host["data_volume_id"] = f"0c1d2e3f-1111-4222-8333-9444444444{number:02d}"
    return found


def an_inventory(country: str = "tn") -> Inventory:
    return from_outputs(a_member(country), outputs_of(country))
