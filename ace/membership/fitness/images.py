"""images: whether the image that hosts boot is there."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import ImageFact


def judge(images: tuple[ImageFact, ...], asked: Asked) -> Judged:
    """PASS: exactly one of that name, active, and small enough for the smallest flavour."""
    if not images:
        return failed(
            f"there is no image {asked.image!r} that the credential sees",
            f"`openstack image create {asked.image!r} --public --file …`, or correct `image:` in the member file",
        )
    active = [one for one in images if one.status == "active"]
    if not active:
        return failed(f"image {asked.image!r} is {images[0].status}", "wait for it, or upload it again")
    if len(active) > 1:
        return failed(
            f"{len(active)} active images are called {asked.image!r}: which one hosts boot would be chance",
            "hide or rename the old ones (`openstack image set --hidden`)",
        )
    smallest = min((flavor.disk_gb for flavor in asked.flavors if flavor.disk_gb), default=0)
    if smallest and active[0].min_disk_gb > smallest:
        return failed(
            f"image {asked.image!r} needs a disk of {active[0].min_disk_gb} GB, and a host's flavour has {smallest}",
            "take a smaller image or larger flavours",
        )
    return passed(f"{asked.image!r} is active")


TEST = FitnessTest("images", "The image that hosts boot is there", lambda c: c.images, judge)
