"""ipv6: whether the cloud reaches the Internet over IPv6."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, aborted, passed, skipped
from ace.membership.fitness.facts import ExternalFact


def judge(external: ExternalFact, asked: Asked) -> Judged:
    """PASS: the external network has an IPv6 subnet. SKIP without: tunnels between members run over IPv4 then.

    That networks inside can do IPv6, which ACE does need, is proven by the canary.
    """
    if asked.external_network not in external.names:
        return aborted("the external network is not there", "see the test external-network")
    prefixes = [prefix for version, prefix in external.subnets if version == 6]
    if not prefixes:
        return skipped(f"{asked.external_network!r} has no IPv6 subnet: tunnels to other members run over IPv4")
    return passed(", ".join(prefixes))


TEST = FitnessTest("ipv6", "The cloud reaches the Internet over IPv6", lambda c: c.external, judge)
