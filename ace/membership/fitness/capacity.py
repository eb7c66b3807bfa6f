"""Whether what the spec needs fits: quotas, zones, flavours, the image."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import Assessment, FitnessTest, failed, passed
from ace.membership.fitness.facts import FlavorFact, ImageFact, QuotaFact
from ace.membership.fitness.requirements import Requirements
from ace.spec.values import FlavorSource


def assess_quotas(quotas: tuple[QuotaFact, ...], required: Requirements) -> Assessment:
    """PASS: what is needed fits into what is free; into the limit, where it is deployed already."""
    limits = {(one.service, one.name): one for one in quotas}
    short = []
    for service, needs in (
        ("compute", required.capacity.compute),
        ("network", required.capacity.network),
        ("block_storage", required.capacity.block_storage),
    ):
        for name, needed in needs.items():
            quota = limits.get((service, name))
            if quota is None or quota.limit < 0:
                continue
            room = quota.limit if required.deployed else quota.limit - quota.used
            if room < needed:
                used = "" if required.deployed else f", {quota.used} used"
                short.append((name, f"{name}: {needed} needed, limit {quota.limit}{used}", quota.used, needed))
    if short:
        options = " ".join(f"--{name.replace('_', '-')} {used + needed}" for name, _, used, needed in short)
        return failed(
            "; ".join(text for _, text, _, _ in short),
            f"raise them: `openstack quota set {options} PROJECT` (ACE's own project)",
        )
    compute = required.capacity.compute
    return passed(
        f"room for {compute['instances']} servers, {compute['cores']} cores, {compute['ram'] // 1024} GiB, "
        f"{required.capacity.network['port']} ports, {required.capacity.block_storage['gigabytes']} GiB of volumes"
    )


def assess_zones(zones: tuple[tuple[str, bool], ...], required: Requirements) -> Assessment:
    """PASS: compute knows each, and states that it is available."""
    known = dict(zones)
    if missing := [zone for zone in required.cloud.availability_zones if zone not in known]:
        return failed(
            f"compute has no zone {', '.join(missing)}; it has {', '.join(sorted(known)) or 'none'}",
            "correct `availability_zones:` in the member file",
        )
    if down := [zone for zone in required.cloud.availability_zones if not known[zone]]:
        return failed(
            f"zone {', '.join(down)} is not available", "are its compute services up? `openstack compute service list`"
        )
    return passed(", ".join(required.cloud.availability_zones))


def assess_flavors(flavors: tuple[FlavorFact, ...], required: Requirements) -> Assessment:
    """PASS: of `existing` ones each is there and as large as its SCS name states; of those to `create` no name is taken."""
    known = {one.name: one for one in flavors}
    names = ", ".join(flavor.name for flavor in required.flavors)
    if required.cloud.flavors is FlavorSource.CREATE:
        taken = [flavor.name for flavor in required.flavors if flavor.name in known]
        if taken and not required.deployed:
            return failed(
                f"{', '.join(taken)} would be made and is there already",
                "write `flavors: existing` in the member file if these are as SCS names them, else rename them",
            )
        return passed(f"{names}: ACE makes them" if not required.deployed else f"{names}: made by ACE")
    if missing := [flavor.name for flavor in required.flavors if flavor.name not in known]:
        return failed(
            f"missing: {', '.join(missing)}",
            "have the operator make them (standard scs-0100-v3), "
            "or write other `flavor:`s; with admin, `flavors: create`",
        )
    for flavor in required.flavors:
        has = known[flavor.name]
        if (has.vcpus, has.ram_mib, has.disk_gb) != (flavor.vcpus, flavor.ram_gib * 1024, flavor.disk_gb):
            return failed(
                f"{flavor.name} has {has.vcpus} vCPUs, {has.ram_mib} MiB, {has.disk_gb} GB, which differs from its name",
                "let the operator create a flavour that matches its name",
            )
    return passed(names)


def assess_images(images: tuple[ImageFact, ...], required: Requirements) -> Assessment:
    """PASS: exactly one of that name, active, and small enough for the smallest flavour."""
    if not images:
        return failed(
            f"there is no image {required.cloud.image!r} that the credential sees",
            f"`openstack image create {required.cloud.image!r} --public --file …`, or correct `image:` in the member file",
        )
    active = [one for one in images if one.status == "active"]
    if not active:
        return failed(f"image {required.cloud.image!r} is {images[0].status}", "wait for it, or upload it again")
    if len(active) > 1:
        return failed(
            f"{len(active)} active images are called {required.cloud.image!r}: which one hosts boot would be chance",
            "hide or rename the old ones (`openstack image set --hidden`)",
        )
    smallest = min((flavor.disk_gb for flavor in required.flavors if flavor.disk_gb), default=0)
    if smallest and active[0].min_disk_gb > smallest:
        return failed(
            f"image {required.cloud.image!r} needs a disk of {active[0].min_disk_gb} GB, and a host's flavour has {smallest}",
            "take a smaller image or larger flavours",
        )
    return passed(f"{required.cloud.image!r} is active")


TESTS: Final[tuple[FitnessTest, ...]] = (
    FitnessTest("quotas", "ACE's own project may hold what the spec asks for", lambda c: c.quotas, assess_quotas),
    FitnessTest("zones", "The availability zones are there", lambda c: c.zones, assess_zones),
    FitnessTest("flavors", "The region's flavours are there, or can be made", lambda c: c.flavors, assess_flavors),
    FitnessTest("images", "The image that hosts boot is there", lambda c: c.images, assess_images),
)
