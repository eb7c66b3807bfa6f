"""zones: whether the availability zones of the spec are there."""

from __future__ import annotations

from ace.membership.fitness.contract import Asked, FitnessTest, Judged, failed, passed


def judge(zones: tuple[tuple[str, bool], ...], asked: Asked) -> Judged:
    """PASS: compute knows each, and says that it is available."""
    known = dict(zones)
    if missing := [zone for zone in asked.availability_zones if zone not in known]:
        return failed(
            f"compute has no zone {', '.join(missing)}; it has {', '.join(sorted(known)) or 'none'}",
            "correct `availability_zones:` in the member file",
        )
    if down := [zone for zone in asked.availability_zones if not known[zone]]:
        return failed(
            f"zone {', '.join(down)} is not available", "are its compute services up? `openstack compute service list`"
        )
    return passed(", ".join(asked.availability_zones))


TEST = FitnessTest("zones", "The availability zones are there", lambda c: c.zones, judge)
