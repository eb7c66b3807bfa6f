"""Check the files of a spec against each other.

Every check walks the files' trees, not their models, so that one error never hides another: what a check does not
understand it skips, because the file's model has informed of it already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ace.errors import Finding
from ace.spec.checks.approvals import check_approvals
from ace.spec.checks.data_centres import check_data_centres
from ace.spec.checks.facts import Facts
from ace.spec.checks.offers import check_residency, check_services, check_signers
from ace.spec.checks.pins import check_pins
from ace.spec.checks.region import check_region
from ace.spec.checks.register import check_register
from ace.spec.checks.tenants import check_tenants
from ace.spec.source import Source

CHECKS: Final[tuple[Callable[[Facts], Iterator[Finding]], ...]] = (
    check_region,
    check_register,
    check_pins,
    check_data_centres,
    check_tenants,
    check_signers,
    check_residency,
    check_services,
    check_approvals,
)


def cross_check(ecosystem: Source, register: Source, members: Iterable[Source]) -> list[Finding]:
    """Findings that no file shows alone."""
    facts = Facts.gather(ecosystem, register, members)
    return [finding for check in CHECKS for finding in check(facts)]
