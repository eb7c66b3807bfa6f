"""external-network: whether there is a way to the Internet."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import ExternalFact


def judge(external: ExternalFact, asked: Asked) -> Judged:
    """PASS: an external network of that name, active, with an IPv4 subnet."""
    name = asked.external_network
    if name not in external.names:
        return failed(
            f"there is no external network {name!r}; the credential sees {', '.join(external.names) or 'none'}",
            "correct `external_network:` in the member file, or share the network with ACE's project",
        )
    if external.status != "ACTIVE":
        return failed(f"the external network {name!r} is {external.status}", "`openstack network show` shows why")
    if not any(version == 4 for version, _ in external.subnets):
        return failed(f"the external network {name!r} has no IPv4 subnet", "give it one: floating IPs come from there")
    return passed(f"{name}: {', '.join(prefix for _, prefix in external.subnets)}")


TEST = FitnessTest("external-network", "There is a way to the Internet", lambda c: c.external, judge)
