"""What a proof found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ace.interconnect.prove.region import Flaw


@dataclass(frozen=True, slots=True)
class ProofOutcome:
    """What a proof rests on, in one sentence, and its flaws; or why it was skipped or could not be carried out."""

    evidence: str
    flaws: tuple[Flaw, ...] = ()
    skipped: str = ""
    aborted: str = ""


def outcome(flaws: Iterable[Flaw], evidence: str) -> ProofOutcome:
    """Of flaws as they come, each once, by place."""
    return ProofOutcome(evidence, tuple(sorted(set(flaws), key=lambda flaw: (flaw.file, flaw.line, flaw.message))))


def counted(number: int, noun: str) -> str:
    """`1 tunnel`, `2 tunnels`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
