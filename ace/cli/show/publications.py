"""What may be believed of publications, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.show.output import stdout

if TYPE_CHECKING:
    from ace.publication.values import AnyVerification


def as_json(name: str, verdict: AnyVerification) -> dict[str, Any]:
    """One publication for machines; a refused one has its message."""
    from ace.files import timestamp
    from ace.publication.values import Refused, Verified

    base: dict[str, Any] = {"country": name, "valid": False, "reason": "absent", "signer": None, "issued": None}
    if isinstance(verdict, Verified):
        return {**base, "valid": True, "reason": "", "signer": verdict.signer, "issued": timestamp(verdict.issued)}
    if isinstance(verdict, Refused):
        return {**base, "reason": str(verdict.reason), "message": verdict.message}
    return base


def show(told: list[dict[str, Any]]) -> None:
    """A line for each of what `as_json` gave."""
    width = max((len(entry["country"]) for entry in told), default=0)
    for entry in told:
        name = f"{entry['country']:<{width}}"
        if entry["valid"]:
            stdout.print(f"{name}  valid    issued {entry['issued']} by {entry['signer']}", markup=False)
        elif entry["reason"] == "absent":
            stdout.print(f"{name}  absent   nothing has been published yet", markup=False)
        else:
            stdout.print(f"{name}  refused  {entry['reason']}: {entry['message']}", markup=False)
