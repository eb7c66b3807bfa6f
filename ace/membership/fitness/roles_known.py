"""roles-known: whether the cloud has the roles that tenants' groups get."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed

WANTED: Final = frozenset({"manager", "member"})
"""Since Keystone 2023.1 `keystone-manage bootstrap` makes both."""


def judge(roles: frozenset[str], asked: Asked) -> Judged:
    """PASS: manager and member are there."""
    if missing := sorted(WANTED - roles):
        return failed(
            f"the cloud has no role {', '.join(missing)}",
            "; ".join(f"`openstack role create {role}`" for role in missing) + ", as an administrator",
        )
    return passed(", ".join(sorted(WANTED)))


TEST = FitnessTest("roles-known", "The cloud has the roles that tenants' groups get", lambda c: c.roles, judge)
