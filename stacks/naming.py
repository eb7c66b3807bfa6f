"""What things are called, in Pulumi and in a cloud, and the tags that show whose they are.

Pulumi's logical names are ids joined by dots (ids hold none, so no two names can meet): `tunis-1.gw1.transit`. They
never hold a position in a list, so that reordering the spec changes nothing.
"""

from __future__ import annotations

OWNER_TAG = "ace"
"""On every resource of ACE's that takes tags."""


def logical(*ids: str) -> str:
    """The logical name of what those ids lead to, outermost first."""
    return ".".join(ids)


def project_name(country: str, tenant: str) -> str:
    """A tenant's project: `ace-tn-education`."""
    return f"{OWNER_TAG}-{country}-{tenant}"


def host_name(host: str, data_centre: str, country: str) -> str:
    """A host of a data centre, as everybody names it: `gw1.tunis-1.tn`."""
    return f"{host}.{data_centre}.{country}"


def tags(country: str, **facets: str | tuple[str, ...]) -> tuple[str, ...]:
    """Tags in the order that clouds give them back: `ace`, `country:tn`, and one `facet:value` each.

    Keystone's and Nova's tags hold neither `/` nor `,`; ids are made of `[a-z0-9-]`.
    """
    made = {OWNER_TAG, f"country:{country}"}
    for facet, values in facets.items():
        for value in (values,) if isinstance(values, str) else values:
            made.add(f"{facet.replace('_', '-')}:{value}")
    return tuple(sorted(made))


def metadata(country: str, **facets: str) -> dict[str, str]:
    """The same for volumes, which take metadata where others take tags."""
    return {OWNER_TAG: "true", "country": country, **{key.replace("_", "-"): value for key, value in facets.items()}}
