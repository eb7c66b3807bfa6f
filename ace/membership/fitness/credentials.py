"""Whether the credential may do what the stacks do, and no more."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Assessment, FitnessTest, failed, passed
from ace.membership.fitness.facts import CredentialFact
from ace.membership.fitness.requirements import Requirements
from ace.spec.values import CloudAccess


def assess_roles(credentials: tuple[CredentialFact, ...], required: Requirements) -> Assessment:
    """PASS: `admin` in a project; or, for a domain's manager, `member` in a project and `manager` of the domain."""
    by_entry = {one.entry: one for one in credentials}
    manages = required.cloud.access is CloudAccess.DOMAIN_MANAGER
    needed = [(required.cloud.cloud, "project", {"member", "admin"} if manages else {"admin"})]
    if manages:
        needed.append((f"{required.cloud.cloud}-domain", "domain", {"manager", "admin"}))
    for entry, scope, roles in needed:
        one = by_entry[entry]
        if one.scope != scope:
            return failed(f"{entry}: the credential is scoped to {one.scope}", f"scope it to a {scope} in clouds.yaml")
        if not one.roles & roles:
            role = "manager" if scope == "domain" else "member" if manages else "admin"
            return failed(
                f"{entry}: has the roles {', '.join(sorted(one.roles)) or 'none'}; "
                f"`access: {required.cloud.access}` needs {role}",
                f"grant it: `openstack role add --user … --{scope} … {role}`; or set another `access:` in the member file",
            )
    return passed("; ".join(f"{one.entry}: {', '.join(sorted(one.roles))}" for one in credentials))


def assess_least_privilege(credentials: tuple[CredentialFact, ...], required: Requirements) -> Assessment:
    """PASS: nothing is scoped to the whole system, no credential can make others, `admin` only where the spec allows it."""
    for one in credentials:
        if one.scope == "system":
            return failed(
                f"{one.entry}: the credential is scoped to the whole system",
                "scope it to ACE's own project (or domain)",
            )
        if one.unrestricted:
            return failed(
                f"{one.entry}: the application credential is unrestricted: it can make further credentials",
                "make a new one without --unrestricted, and delete this one",
            )
        if required.cloud.access is CloudAccess.DOMAIN_MANAGER and "admin" in one.roles:
            return failed(
                f"{one.entry}: has the role admin, and the member file has `access: domain_manager`",
                "take admin away: `openstack role remove … admin`; domain managers need manager and member only",
            )
    roles = "admin, as in the member file" if required.cloud.access is CloudAccess.ADMIN else "no administrator's role"
    return passed(f"{roles}; scoped to {', '.join(one.scope for one in credentials)}")


NEEDED_ROLES: Final = frozenset({"manager", "member"})
"""Since Keystone 2023.1 `keystone-manage bootstrap` makes both."""


def assess_roles_known(roles: frozenset[str], required: Requirements) -> Assessment:
    """PASS: manager and member are there."""
    if missing := sorted(NEEDED_ROLES - roles):
        return failed(
            f"the cloud has no role {', '.join(missing)}",
            "; ".join(f"`openstack role create {role}`" for role in missing) + ", as an administrator",
        )
    return passed(", ".join(sorted(NEEDED_ROLES)))


TESTS: Final[tuple[FitnessTest, ...]] = (
    FitnessTest("roles", "The credential may do what the stacks do", lambda c: c.credentials, assess_roles),
    FitnessTest(
        "least-privilege",
        "The credential has only the access that the country declared",
        lambda c: c.credentials,
        assess_least_privilege,
    ),
    FitnessTest(
        "roles-known", "The cloud has the roles that tenants' groups get", lambda c: c.roles, assess_roles_known
    ),
)
