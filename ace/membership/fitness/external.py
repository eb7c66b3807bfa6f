"""Whether the cloud reaches the Internet: the external network, its addresses, IPv6."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Assessment, FitnessTest, aborted, failed, passed, skipped
from ace.membership.fitness.facts import ExternalFact
from ace.membership.fitness.requirements import Requirements
from ace.spec.values import CloudAccess


def assess_external_network(external: ExternalFact, required: Requirements) -> Assessment:
    """PASS: an external network of that name, active, with an IPv4 subnet."""
    name = required.cloud.external_network
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


def assess_external_addresses(external: ExternalFact, required: Requirements) -> Assessment:
    """PASS: enough free IPv4 addresses for floating IPs and routers; where it is deployed, enough altogether."""
    if required.cloud.external_network not in external.names:
        return aborted("the external network is not there", "see the test external-network")
    if external.total4 is None or external.used4 is None:
        if required.cloud.access is CloudAccess.DOMAIN_MANAGER:
            return skipped(
                "the cloud shows this to administrators only; "
                f"{required.capacity.external_addresses} are needed: ask the operator"
            )
        return aborted(
            "the cloud does not show how many addresses are left",
            "load Neutron's service plugin network_ip_availability",
        )
    free, needed = external.total4 - external.used4, required.capacity.external_addresses
    room = external.total4 if required.deployed else free
    if room < needed:
        return failed(
            f"{free} of {external.total4} IPv4 addresses are free, {needed} are needed",
            f"give {required.cloud.external_network!r} another subnet, or release unused floating IPs",
        )
    return passed(f"{free} of {external.total4} IPv4 addresses are free; ACE takes {needed}")


def assess_ipv6(external: ExternalFact, required: Requirements) -> Assessment:
    """PASS: the external network has an IPv6 subnet. SKIP without: tunnels between members run over IPv4 then.

    That networks inside can do IPv6, which ACE does need, is proven by the canary.
    """
    if required.cloud.external_network not in external.names:
        return aborted("the external network is not there", "see the test external-network")
    prefixes = [prefix for version, prefix in external.subnets if version == 6]
    if not prefixes:
        return skipped(
            f"{required.cloud.external_network!r} has no IPv6 subnet: tunnels to other members run over IPv4"
        )
    return passed(", ".join(prefixes))


TESTS: Final[tuple[FitnessTest, ...]] = (
    FitnessTest("external-network", "There is a way to the Internet", lambda c: c.external, assess_external_network),
    FitnessTest(
        "external-addresses", "The external network has addresses left", lambda c: c.external, assess_external_addresses
    ),
    FitnessTest("ipv6", "The cloud reaches the Internet over IPv6", lambda c: c.external, assess_ipv6),
)
