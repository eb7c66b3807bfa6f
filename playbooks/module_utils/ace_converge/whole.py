"""A whole call of `converge`: its parts, in order."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.ace_converge.facts import PublicFact, public_facts
from ansible.module_utils.ace_converge.files import File, Folder, converge_files, converge_folders
from ansible.module_utils.ace_converge.firewall import Rules, converge_firewall
from ansible.module_utils.ace_converge.kernel import Network, converge_network, converge_sysctls
from ansible.module_utils.ace_converge.keys import Key, converge_keys
from ansible.module_utils.ace_converge.packages import check_versions
from ansible.module_utils.ace_converge.steps import Step, converge_steps
from ansible.module_utils.ace_converge.units import Unit, converge_units
from ansible.module_utils.ace_converge.values import Change, Machine


def converge(given: dict[str, Any], machine: Machine, changes: list[Change]) -> None:
    """Do it all; `changes` grows, so that what was done before a failure is reported too."""
    check_versions(given.get("minimum") or {}, machine)
    changes += converge_folders(
        [Folder(**{**item, "mode": int(item["mode"], 8)}) for item in given["folders"]], machine
    )
    for item in given["files"]:
        changes += converge_files(
            [File(**{**item, "mode": int(item["mode"], 8), "check": tuple(item["check"])})], machine
        )
    changes += converge_keys([Key(**item) for item in given["keys"]], machine)
    changes += converge_steps([Step(**item) for item in given["steps"]], machine)
    changes += converge_sysctls({name: str(value) for name, value in given["sysctl"].items()}, machine)
    if given["network"] is not None:
        network = given["network"]
        changes += converge_network(Network(tuple(network["addresses"]), network["routes"]), machine)
    if given["firewall"] is not None:
        changes += converge_firewall([Rules(**item) for item in given["firewall"]], machine)
    changes += converge_units([Unit(**_tuples(item)) for item in given["units"]], machine)


def public_facts_of(given: dict[str, Any], machine: Machine) -> dict[str, Any]:
    """The public facts that the call names.

    Raises:
        ConvergeError: One states that it is private.
    """
    return public_facts([PublicFact(**item) for item in given["public_facts"]], machine)


def _tuples(item: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}
