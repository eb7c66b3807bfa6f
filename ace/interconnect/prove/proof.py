"""Run the proofs: one small file each, put together in a plain dict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ace.interconnect.prove.addresses import symmetric
from ace.interconnect.prove.closed import nothing_else
from ace.interconnect.prove.exports import exports_are_own
from ace.interconnect.prove.guards import guarded
from ace.interconnect.prove.keys import keys_known
from ace.interconnect.prove.outcome import ProofOutcome
from ace.interconnect.prove.own_prefixes import own_prefix_refused
from ace.interconnect.prove.paths import survives_any_failure, two_disjoint_paths
from ace.interconnect.prove.region import Flaw, Region
from ace.interconnect.prove.residency import residency_holds
from ace.interconnect.prove.tools import frr_accepts, nftables_accepts
from ace.interconnect.prove.valleys import valley_free
from ace.verdict import Verdict

__all__ = ["PROOFS", "Flaw", "ProofOutcome", "ProofResult", "prove"]

Proof = Callable[[Region], ProofOutcome]
"""Looks at a region's files and reports what it found: pure, but for those that call a daemon's own checker.

A proof never raises for what is in a file: what it does not understand is a flaw.
"""

PROOFS: Final[dict[str, Proof]] = {
    "two-disjoint-paths": two_disjoint_paths,
    "survives-any-failure": survives_any_failure,
    "symmetric": symmetric,
    "exports-are-own": exports_are_own,
    "valley-free": valley_free,
    "own-prefix-refused": own_prefix_refused,
    "residency": residency_holds,
    "nothing-else": nothing_else,
    "guarded": guarded,
    "keys-known": keys_known,
    "frr-accepts": frr_accepts,
    "nftables-accepts": nftables_accepts,
}


@dataclass(frozen=True, slots=True)
class ProofResult:
    """A proof's name, verdict, what it rests on, and where it fails."""

    name: str
    verdict: Verdict
    evidence: str
    flaws: tuple[Flaw, ...] = ()


def prove(region: Region) -> tuple[ProofResult, ...]:
    """All proofs. Where files cannot be read, the others would prove nothing: all abort but that one."""
    if region.flaws:
        unreadable = ProofResult("readable", Verdict.FAIL, "not every file could be read back", region.flaws)
        aborted = (ProofResult(name, Verdict.ABORT, "not every file could be read back") for name in PROOFS)
        return (unreadable, *aborted)
    read = f"{len(region.files)} files of {len(region.hosts)} hosts read back"
    return (ProofResult("readable", Verdict.PASS, read), *(_run(name, proof, region) for name, proof in PROOFS.items()))


def _run(name: str, proof: Proof, region: Region) -> ProofResult:
    outcome = proof(region)
    verdict = Verdict.PASS
    if outcome.aborted:
        verdict = Verdict.ABORT
    elif outcome.flaws:
        verdict = Verdict.FAIL
    elif outcome.skipped:
        verdict = Verdict.SKIP
    return ProofResult(name, verdict, outcome.skipped or outcome.aborted or outcome.evidence, outcome.flaws)
