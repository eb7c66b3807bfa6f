"""The hosts of a country, from its stack's output `inventory`: complete, or an error that names what is missing.

The schema is `ace.spec.outputs`. Whatever is unknown, missing, unexpected or behind the spec makes the whole inventory an
error: a partial one would quietly leave hosts unconfigured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Never, TypeAlias

from pydantic import TypeAdapter, ValidationError

from ace.engine.contract import UNKNOWN, Secret
from ace.errors import UserError
from ace.spec import outputs as schema
from ace.spec.values import Member

Inventory: TypeAlias = schema.Inventory[Never]
"""An inventory whose every value is known."""
Host: TypeAlias = schema.Host[Never]
DataCentre: TypeAlias = schema.DataCentreFacts[Never]
_INVENTORY: TypeAdapter[Inventory] = TypeAdapter(Inventory)


def from_outputs(member: Member, outputs: Mapping[str, Any]) -> Inventory:
    """The inventory of a member, from its stack's outputs.

    Raises:
        UserError: The stack has no inventory yet, it is incomplete, or it is not what the spec states now.
    """
    found = outputs.get("inventory")
    if found is None:
        raise UserError(
            f"{member.stack}: its stack has no inventory yet",
            hint=f"deploy it first: `ace up {member.stack}`",
            code="no-inventory",
        )
    if unknown := [*_not_known(found, "inventory")]:
        raise _incomplete(member, [f"{path} is not known" for path in unknown])
    try:
        inventory = _INVENTORY.validate_python(_revealed(found))
    except ValidationError as error:
        raise _incomplete(member, [_problem(item) for item in error.errors(include_url=False)]) from None
    if problems := [*_inconsistencies(member, inventory)]:
        raise _incomplete(member, problems)
    return inventory


def expected_hosts(member: Member) -> frozenset[str]:
    """The hosts that the spec gives a member."""
    return frozenset(
        f"{label}.{centre.id}.{member.stack}"
        for centre in member.data_centres
        for label in (
            *(gateway.name for gateway in centre.gateways),
            *(host.name for host in centre.service_hosts),
            *(f"hub-{hub.id}" for hub in centre.hubs),
        )
    )


def _inconsistencies(member: Member, inventory: Inventory) -> Iterator[str]:
    if inventory.country != member.stack:
        yield f"inventory.country is {inventory.country}"
    centres = {centre.id for centre in inventory.data_centres}
    names = [host.name for host in inventory.hosts]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name} is there twice"
    for host in inventory.hosts:
        if host.data_centre not in centres or not host.name.endswith(f".{host.data_centre}.{member.stack}"):
            yield f"{host.name} is in no data centre of {member.stack}"
        if host.reach.jump is not None and host.reach.jump not in names:
            yield f"{host.name} is reached through {host.reach.jump}, which is not there"
        if host.role == "gateway" and not (host.transit and host.loopbacks and host.management):
            yield f"{host.name} lacks addresses"
        if host.role == "services" and not host.services:
            yield f"{host.name} lacks addresses"
    expected = expected_hosts(member)
    for name in sorted(expected - set(names)):
        yield f"{name} is in the spec and not among the stack's hosts"
    for name in sorted(set(names) - expected):
        yield f"{name} is among the stack's hosts and not in the spec"


def _incomplete(member: Member, problems: list[str]) -> UserError:
    lines = "\n".join(f"  {problem}" for problem in problems)
    return UserError(
        f"{member.stack}: the outputs of its stack are incomplete, so it has no inventory:\n{lines}",
        hint=f"bring the stack to where the spec is: `ace up {member.stack}`",
        code="incomplete-stack",
    )


def _not_known(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, Secret):
        yield from _not_known(value.value, path)
    elif value is UNKNOWN:
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _not_known(item, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _not_known(item, f"{path}[{index}]")


def _revealed(value: Any) -> Any:
    """Without the marks of secrecy: an engine marks an output that was computed from a secret; addresses are none."""
    if isinstance(value, Secret):
        return _revealed(value.value)
    if isinstance(value, Mapping):
        return {key: _revealed(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_revealed(item) for item in value]
    return value


def _problem(error: Any) -> str:
    path = "inventory"
    for part in error["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in ("ipv4address", "ipv6address", "ipv4network", "ipv6network", "nullable"):
            path += f".{part}"
    return f"{path}: {error['msg'][:1].lower()}{error['msg'][1:]}"
