"""external-addresses: whether the external network has addresses left."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, aborted, failed, passed, skipped
from ace.membership.fitness.facts import ExternalFact
from ace.spec.values import CloudAccess


def judge(external: ExternalFact, asked: Asked) -> Judged:
    """PASS: enough free IPv4 addresses for floating IPs and routers; where it is deployed, enough altogether."""
    if asked.external_network not in external.names:
        return aborted("the external network is not there", "see the test external-network")
    if external.total4 is None or external.used4 is None:
        if asked.access is CloudAccess.DOMAIN_MANAGER:
            return skipped(
                f"the cloud shows this to administrators only; {asked.need.external_addresses} are needed: ask the operator"
            )
        return aborted(
            "the cloud does not show how many addresses are left",
            "load Neutron's service plugin network_ip_availability",
        )
    free, needed = external.total4 - external.used4, asked.need.external_addresses
    room = external.total4 if asked.deployed else free
    if room < needed:
        return failed(
            f"{free} of {external.total4} IPv4 addresses are free, {needed} are needed",
            f"give {asked.external_network!r} another subnet, or release unused floating IPs",
        )
    return passed(f"{free} of {external.total4} IPv4 addresses are free; ACE takes {needed}")


TEST = FitnessTest("external-addresses", "The external network has addresses left", lambda c: c.external, judge)
