"""Every fitness test by its id, in the order in which a check runs and shows them."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness import apis, canary, capacity, credentials, external, reachability
from ace.membership.fitness.contract import FitnessTest

TESTS: Final[dict[str, FitnessTest]] = {
    test.id: test for module in (reachability, credentials, apis, capacity, external, canary) for test in module.TESTS
}
