"""Whether the services are in the catalogue, answer, and are new enough."""

from __future__ import annotations

from typing import Final

from ace.membership.fitness.contract import SERVICE_TYPES, Assessment, FitnessTest, failed, passed
from ace.membership.fitness.facts import AnswerFact, EndpointFact, Microversions
from ace.membership.fitness.requirements import Requirements


def assess_catalogue(endpoints: tuple[EndpointFact, ...], required: Requirements) -> Assessment:
    """PASS: each service has a public endpoint in the region that the member file names."""
    public = [one for one in endpoints if one.interface == "public"]
    regions = sorted({one.region for one in public})
    if required.cloud.region not in regions:
        return failed(
            f"no region {required.cloud.region}; the catalogue has {', '.join(regions) or 'none'}",
            "correct `region:` in the member file (or the cloud's catalogue)",
        )
    here = {one.service for one in public if one.region == required.cloud.region}
    if missing := [types[0] for types in SERVICE_TYPES.values() if not here & set(types)]:
        return failed(
            f"region {required.cloud.region} has no public endpoint of {', '.join(missing)}",
            f"`openstack endpoint create --region {required.cloud.region} {missing[0]} public https://…`",
        )
    return passed(f"region {required.cloud.region}: {', '.join(sorted(here))}")


def assess_services(answers: tuple[AnswerFact, ...], required: Requirements) -> Assessment:
    """PASS: each answers an authorised request."""
    broken = [one for one in answers if one.problem]
    if broken:
        return failed(
            "; ".join(f"{one.service.replace('_', ' ')} at {one.url or 'nowhere'}: {one.problem}" for one in broken),
            f"start {', '.join(one.service.replace('_', ' ') for one in broken)} and see its log; "
            "is the endpoint in the catalogue the right one?",
        )
    return passed(", ".join(one.service.replace("_", " ") for one in answers))


LEAST_MICROVERSIONS: Final = {"compute": (2, 64), "block_storage": (3, 0)}
"""Compute 2.64: server groups with one policy; below it also tags at creation (2.52) and embedded flavours (2.47)."""
_RELEASES: Final = {"compute": "Rocky (2018)", "block_storage": "Mitaka (2016)"}


def assess_microversions(versions: Microversions, required: Requirements) -> Assessment:
    """PASS: what the stacks ask for lies between the least and the most."""
    spans = []
    for service, needed in LEAST_MICROVERSIONS.items():
        name, span = service.replace("_", " "), versions.get(service)
        if span is None or not span[0] <= needed <= span[1]:
            has = f"{_dotted(span[0])}-{_dotted(span[1])}" if span else "none"
            return failed(
                f"{name} has microversions {has}; {_dotted(needed)} is needed",
                f"upgrade it: {_RELEASES[service]} or later",
            )
        spans.append(f"{name} {_dotted(span[0])}-{_dotted(span[1])}")
    return passed(", ".join(spans))


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


NEEDED_EXTENSIONS: Final = {
    "router": "routers",
    "external-net": "the way to the Internet",
    "extraroute": "routes to other members",
    "security-group": "security groups",
    "stateful-security-group": "a group on transit that tracks no connections: the way back may be another",
    "address-group": "address groups, which hold all members' prefixes",
    "security-groups-remote-address-group": "rules that name address groups",
    "allowed-address-pairs": "gateways that forward others' packets and share an address",
    "rbac-policies": "sharing transit with tenants",
    "rbac-address-group": "sharing address groups with tenants",
    "quotas": "quotas of tenants",
    "standard-attr-tag": "tags, by which ACE knows its own",
    "port-security": "ports without security groups on transit",
}
"""Neutron's alias -> what the stacks use it for."""


def assess_extensions(extensions: frozenset[str], required: Requirements) -> Assessment:
    """PASS: all are loaded."""
    if missing := sorted(NEEDED_EXTENSIONS.keys() - extensions):
        return failed(
            "missing: " + "; ".join(f"{alias} ({NEEDED_EXTENSIONS[alias]})" for alias in missing),
            "load them in neutron-server (service_plugins, extension_drivers of ML2), or upgrade Neutron: 2021.2 has all",
        )
    return passed(f"all {len(NEEDED_EXTENSIONS)} of {len(extensions)}")


TESTS: Final[tuple[FitnessTest, ...]] = (
    FitnessTest(
        "catalogue", "The region's services are in Keystone's catalogue", lambda c: c.catalogue, assess_catalogue
    ),
    FitnessTest("services", "Every service answers an authorised request", lambda c: c.answers, assess_services),
    FitnessTest(
        "microversions", "Compute and block storage are new enough", lambda c: c.microversions, assess_microversions
    ),
    FitnessTest(
        "extensions", "Neutron has the extensions that the stacks use", lambda c: c.extensions, assess_extensions
    ),
)
