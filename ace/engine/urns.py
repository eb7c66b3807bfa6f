"""URNs: `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>`."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; the stack itself is no part of its children's types."""
    qualified = type_
    if parent:
        parents = parent.split("::")[2]
        if parents != STACK_TYPE:
            qualified = f"{parents}${type_}"
    return f"urn:pulumi:{stack}::{project}::{qualified}::{name}"


def name_of(urn: str) -> str:
    """The last part."""
    return urn.split("::", 3)[3]


def type_of(urn: str) -> str:
    """Its own type, without its parents'."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def split_reference(reference: str) -> tuple[str, str]:
    """A provider reference `<urn>::<id>` as URN and id."""
    urn, _, id_ = reference.rpartition("::")
    return urn, id_


def package_of(type_: str) -> str:
    """The package of a provider's type `pulumi:providers:<package>`, or of a resource's `<package>:...`."""
    return type_.removeprefix(PROVIDER_PREFIX).split(":", 1)[0]
