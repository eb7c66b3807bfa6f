"""quotas: whether ACE's own project may hold what the spec asks for."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import QuotaFact


def judge(quotas: tuple[QuotaFact, ...], asked: Asked) -> Judged:
    """PASS: what is needed fits into what is free; into the limit, where it is deployed already."""
    limits = {(one.service, one.name): one for one in quotas}
    short = []
    for service, needs in (
        ("compute", asked.need.compute),
        ("network", asked.need.network),
        ("block_storage", asked.need.block_storage),
    ):
        for name, needed in needs.items():
            quota = limits.get((service, name))
            if quota is None or quota.limit < 0:
                continue
            room = quota.limit if asked.deployed else quota.limit - quota.used
            if room < needed:
                used = "" if asked.deployed else f", {quota.used} used"
                short.append((name, f"{name}: {needed} needed, limit {quota.limit}{used}", quota.used, needed))
    if short:
        options = " ".join(f"--{name.replace('_', '-')} {used + needed}" for name, _, used, needed in short)
        return failed(
            "; ".join(text for _, text, _, _ in short),
            f"raise them: `openstack quota set {options} PROJECT` (ACE's own project)",
        )
    compute = asked.need.compute
    return passed(
        f"room for {compute['instances']} servers, {compute['cores']} cores, {compute['ram'] // 1024} GiB, "
        f"{asked.need.network['port']} ports, {asked.need.block_storage['gigabytes']} GiB of volumes"
    )


TEST = FitnessTest("quotas", "ACE's own project may hold what the spec asks for", lambda c: c.quotas, judge)
