"""Proof: every key and address is published. Where not, the proof is skipped by name: such a file is never applied."""

from __future__ import annotations

from ace.interconnect.prove.outcome import ProofOutcome, counted
from ace.interconnect.prove.region import Region
from ace.interconnect.render import PLACEHOLDER


def keys_known(region: Region) -> ProofOutcome:
    """No placeholder is left."""
    missing = sorted(
        {
            session.far.name
            for session in region.sessions
            if session.far is not None and PLACEHOLDER in (session.tunnel.key, session.tunnel.endpoint)
        }
    )
    if missing:
        named = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        return ProofOutcome("", skipped=f"no key or address published yet: {named}")
    return ProofOutcome(f"the keys and addresses of {counted(len(region.hosts), 'host')} are published")
