"""flavors: whether the region's server sizes are there, or can be made."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import FlavorFact
from ace.spec.values import FlavorSource


def judge(flavors: tuple[FlavorFact, ...], asked: Asked) -> Judged:
    """PASS: of `existing` ones each is there and as large as its SCS name says; of those to `create` no name is taken."""
    known = {one.name: one for one in flavors}
    names = ", ".join(flavor.name for flavor in asked.flavors)
    if asked.flavor_source is FlavorSource.CREATE:
        taken = [flavor.name for flavor in asked.flavors if flavor.name in known]
        if taken and not asked.deployed:
            return failed(
                f"{', '.join(taken)} would be made and is there already",
                "write `flavors: existing` in the member file if these are as SCS names them, else rename them",
            )
        return passed(f"{names}: ACE makes them" if not asked.deployed else f"{names}: made by ACE")
    if missing := [flavor.name for flavor in asked.flavors if flavor.name not in known]:
        return failed(
            f"missing: {', '.join(missing)}",
            "have the operator make them (standard scs-0100-v3), "
            "or write other `flavor:`s; with admin, `flavors: create`",
        )
    for flavor in asked.flavors:
        has = known[flavor.name]
        if (has.vcpus, has.ram_mib, has.disk_gb) != (flavor.vcpus, flavor.ram_gib * 1024, flavor.disk_gb):
            return failed(
                f"{flavor.name} has {has.vcpus} vCPUs, {has.ram_mib} MiB, {has.disk_gb} GB, which differs from its name",
                "let the operator create a flavour that matches its name",
            )
    return passed(names)


TEST = FitnessTest("flavors", "The region's flavours are there, or can be made", lambda c: c.flavors, judge)
