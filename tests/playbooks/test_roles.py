"""Every role says what it reads, and what it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.playbooks.conftest import PLAYBOOKS

ROLES = sorted(
    path
    for path in (PLAYBOOKS / "roles").iterdir()
    if path.is_dir() and path.name in {"base", "dns", "gateway", "monitoring", "time"}
)


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def specs(role: Path) -> dict[str, Any]:
    return dict(read(role / "meta" / "argument_specs.yml")["argument_specs"])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_default_of_a_role_is_in_its_argument_spec_with_the_same_value(role: Path) -> None:
    options = specs(role)["main"]["options"]
    defaults = read(role / "defaults" / "main.yml")
    assert {name: options.get(name, {}).get("default") for name in defaults} == defaults


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_option_has_a_type_and_a_description_and_a_default_or_is_required(role: Path) -> None:
    for spec in specs(role).values():
        assert spec["short_description"]
        for name, option in spec["options"].items():
            assert option["type"] and option["description"], name
            assert ("default" in option) != option.get("required", False), name


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_can_be_asked_whether_it_works(role: Path) -> None:
    assert (role / "tasks" / "verify.yml").is_file()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_packages_of_a_role_are_on_the_lab_s_hosts(role: Path) -> None:
    listed = (PLAYBOOKS.parent / "ace" / "lab" / "host_packages.txt").read_text().split()
    desired = [
        name for key, value in read(role / "vars" / "main.yml").items() if key.endswith("_packages") for name in value
    ]
    assert [name for name in desired if name not in listed] == []


@pytest.mark.parametrize("name", ["dns", "monitoring", "time"])
def test_a_service_can_stop_all_that_it_starts_and_close_all_that_it_opens(name: str) -> None:
    assert name in read(PLAYBOOKS / "group_vars" / "all.yml")["ace_known_services"]
    starts, opens = started_and_opened(PLAYBOOKS / "roles" / name / "tasks" / "main.yml")
    stops, closes = started_and_opened(PLAYBOOKS / "roles" / name / "tasks" / "absent.yml")
    assert {unit["name"] for unit in stops} == {unit["name"] for unit in starts}
    assert all(unit["running"] is False and unit["enabled"] is False for unit in stops)
    assert {rule["name"] for rule in closes} == {rule["name"] for rule in opens}
    assert all("content" not in rule for rule in closes)


def started_and_opened(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the tasks of a file make of units and rule files; chrony, which every host has, is not among them."""
    calls = [task["converge"] for task in read(file) if "converge" in task]
    units = [unit for call in calls if not isinstance(call.get("units", []), str) for unit in call.get("units", [])]
    return units, [rule for call in calls for rule in call.get("firewall", [])]
