"""roles: whether the credential may do what the stacks do."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import CredentialFact
from ace.spec.values import CloudAccess


def judge(credentials: tuple[CredentialFact, ...], asked: Asked) -> Judged:
    """PASS: `admin` in a project; or, for a domain's manager, `member` in a project and `manager` of the domain."""
    by_entry = {one.entry: one for one in credentials}
    manages = asked.access is CloudAccess.DOMAIN_MANAGER
    wanted = [(asked.cloud, "project", {"member", "admin"} if manages else {"admin"})]
    if manages:
        wanted.append((f"{asked.cloud}-domain", "domain", {"manager", "admin"}))
    for entry, scope, roles in wanted:
        one = by_entry[entry]
        if one.scope != scope:
            return failed(f"{entry}: the credential is scoped to {one.scope}", f"scope it to a {scope} in clouds.yaml")
        if not one.roles & roles:
            role = "manager" if scope == "domain" else "member" if manages else "admin"
            return failed(
                f"{entry}: has the roles {', '.join(sorted(one.roles)) or 'none'}, and `access: {asked.access}` needs {role}",
                f"grant it: `openstack role add --user … --{scope} … {role}`; or set another `access:` in the member file",
            )
    return passed("; ".join(f"{one.entry}: {', '.join(sorted(one.roles))}" for one in credentials))


TEST = FitnessTest("roles", "The credential may do what the stacks do", lambda c: c.credentials, judge)
