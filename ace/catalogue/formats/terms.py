"""What a member promises for a service, as a small text of its own: what Gaia-X's terms point to, with its digest."""

from __future__ import annotations

import hashlib
from typing import Final

from ace.catalogue.values import Catalogue, Kind, Service


def path(service: Service) -> str:
    """Where the text is, below `exports/`."""
    return f"terms/{service.slug}.txt"


def text(catalogue: Catalogue, service: Service) -> str:
    """The promises, one a line; the same promises give the same text."""
    offered = "all member countries" if "all" in service.offered_to else ", ".join(service.offered_to).upper()
    rules = [f"{rule.data_class} data: {rule.mode} ({rule.basis})" for rule in service.residency]
    lines = [
        f"{service.title.en}",
        f"{catalogue.address(Kind.SERVICE, service.slug)}",
        f"declared in {service.provenance.file}",
        "",
        f"offered to: {offered}",
        f"availability: {service.sla.availability:g} % of a year",
        f"recovery time objective: {service.sla.rto_h:g} hours",
        f"recovery point objective: {service.sla.rpo_h:g} hours",
        f"support: {service.support.hours}, in {', '.join(service.support.languages)}",
        *rules,
    ]
    return "\n".join(lines) + "\n"


HUB_PATH: Final = "terms/interconnection.txt"


def hub_text(catalogue: Catalogue) -> str:
    """What holds for everybody who is connected to a hub of the region."""
    lines = [
        f"Interconnection of the {catalogue.name}",
        "",
        "Who may connect: the gateways of active member countries' data centres.",
        "A member announces its own prefixes only; what must stay in its country is not announced.",
        "A hub carries traffic between members only.",
    ]
    return "\n".join(lines) + "\n"


def digest(terms: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(terms.encode()).hexdigest()
