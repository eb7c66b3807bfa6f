"""catalogue: whether the region's services are named in Keystone's catalogue."""

from __future__ import annotations

from ace.membership.fitness.contract import SERVICE_TYPES, Asked, FitnessTest, Judged, failed, passed
from ace.membership.fitness.facts import EndpointFact


def judge(endpoints: tuple[EndpointFact, ...], asked: Asked) -> Judged:
    """PASS: each service has a public endpoint in the region that the member file names."""
    public = [one for one in endpoints if one.interface == "public"]
    regions = sorted({one.region for one in public})
    if asked.region not in regions:
        return failed(
            f"no region {asked.region}; the catalogue has {', '.join(regions) or 'none'}",
            "correct `region:` in the member file (or the cloud's catalogue)",
        )
    here = {one.service for one in public if one.region == asked.region}
    if missing := [types[0] for types in SERVICE_TYPES.values() if not here & set(types)]:
        return failed(
            f"region {asked.region} has no public endpoint of {', '.join(missing)}",
            f"`openstack endpoint create --region {asked.region} {missing[0]} public https://…`",
        )
    return passed(f"region {asked.region}: {', '.join(sorted(here))}")


TEST = FitnessTest("catalogue", "The region's services are in Keystone's catalogue", lambda c: c.catalogue, judge)
