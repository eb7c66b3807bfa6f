"""Is a national cloud fit? One small file a test; `TESTS` has them in the order in which they are told."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness import (
    catalogue,
    clock,
    extensions,
    external_addresses,
    external_network,
    flavors,
    identity_v3,
    images,
    ipv6,
    latency,
    least_privilege,
    microversions,
    quotas,
    roles,
    roles_known,
    services,
    tls,
    trial,
    zones,
)
from ace.membership.fitness.contract import FitnessTest

TESTS: Final[dict[str, FitnessTest]] = {
    module.TEST.id: module.TEST
    for module in (
        tls,
        identity_v3,
        clock,
        latency,
        roles,
        least_privilege,
        roles_known,
        catalogue,
        services,
        microversions,
        extensions,
        quotas,
        zones,
        flavors,
        images,
        external_network,
        external_addresses,
        ipv6,
        trial,
    )
}
