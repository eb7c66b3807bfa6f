"""Proofs over the rendered files alone: they are parsed back, so what is proven is what the daemons will read."""

from ace.interconnect.prove.proof import PROOFS, Flaw, ProofOutcome, ProofResult, prove
from ace.interconnect.prove.region import read_dir, read_region

__all__ = ["PROOFS", "Flaw", "ProofOutcome", "ProofResult", "prove", "read_dir", "read_region"]
