"""Playbooks, their modules, and what Ansible makes of the roles for the countries of `inventory/`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ansible.module_utils
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLAYBOOKS = ROOT / "playbooks"
INVENTORIES = Path(__file__).parent / "inventory"
BIN = Path(sys.executable).parent

# As Ansible does: what is in module_utils beside the playbook counts as its own.
ansible.module_utils.__path__.append(str(PLAYBOOKS / "module_utils"))

RECORDER = """#!/usr/bin/python
# WANT_JSON
import json, sys
FACTS = {
    "wireguard_public_key": "A" * 43 + "=",
    "time_ca": "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----",
    "dns_ds": ["4242 13 2 " + "AB" * 32],
}
with open(sys.argv[1]) as file:
    given = {name: value for name, value in json.load(file).items() if not name.startswith("_ansible")}
told = {tell["key"]: FACTS[tell["key"]] for tell in given.get("public_facts") or []}
print(json.dumps({"changed": False, "given": given, "ansible_facts": {"ace_public_facts": told}}))
"""
"""In the place of `converge`: tells what it was given, and facts as a host that was configured."""
ALONE = """
import json, sys
import ansible_runner
run = ansible_runner.run(**json.load(sys.stdin))
data = [event["event_data"] for event in run.events if event["event"] == "runner_on_ok"]
given = [(one["host"], one["res"]["given"]) for one in data if "given" in (one.get("res") or {})]
print(json.dumps({"rc": run.rc, "given": given, "out": run.stdout.read()[-4000:]}))
"""
"""Ansible in a process of its own: it forks, which threads that other tests have started (gRPC's) do not bear."""
NOTHING = """#!/usr/bin/python
# WANT_JSON
print('{"changed": false}')
"""
"""In the place of `host_facts`: they are in the inventory."""


@dataclass(frozen=True)
class Converged:
    """What the roles ask `converge` to make of a host, in the order of the calls."""

    host: str
    calls: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def files(self) -> dict[str, Mapping[str, Any]]:
        """The files, by path."""
        return {file["path"]: file for call in self.calls for file in call.get("files") or ()}

    @property
    def rules(self) -> dict[str, str]:
        """The firewall's rule files, by name."""
        return {rule["name"]: rule["content"] for call in self.calls for rule in call.get("firewall") or ()}

    @property
    def units(self) -> dict[str, Mapping[str, Any]]:
        """The units, by name."""
        return {unit["name"]: unit for call in self.calls for unit in call.get("units") or ()}

    def text(self, path: str) -> str:
        """A file's text."""
        return str(self.files[path]["content"])


def converged(
    country: str, folder: Path, second: Mapping[str, Any] | None = None, **variables: Any
) -> dict[str, Converged]:
    """Run site.yml for a country, with modules that touch nothing; by host, what it would have made.

    `second`: more of the inventory, merged into it.
    """
    project = folder / "playbooks"
    shutil.copytree(PLAYBOOKS, project, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "library" / "converge.py").write_text(RECORDER)
    (project / "library" / "host_facts.py").write_text(NOTHING)
    inventory = merged(yaml.safe_load((INVENTORIES / f"{country}.yml").read_text()), second or {})
    members = inventory["all"]["children"][f"country_{country}"]["hosts"]
    for one in members.values():
        one["ace_host"] = a_host(one)
    inventory["all"]["vars"] = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        **variables,
    }
    (folder / "run").mkdir()
    (folder / "hosts.json").write_text(json.dumps(inventory))
    asked = {
        "private_data_dir": str(folder / "run"),
        "project_dir": str(project),
        "playbook": "site.yml",
        "inventory": str(folder / "hosts.json"),
        "extravars": {"ansible_become": False},
        "quiet": True,
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE], input=json.dumps(asked), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["rc"] == 0, told["out"]
    results: dict[str, Converged] = {}
    for host, given in told["given"]:
        results.setdefault(host, Converged(host)).calls.append(given)
    return results


def merged(inventory: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Both; where both have a value, the second's."""
    both = {**inventory, **more}
    for key in inventory.keys() & more.keys():
        if isinstance(inventory[key], Mapping) and isinstance(more[key], Mapping):
            both[key] = merged(inventory[key], more[key])
    return both


def another_data_centre(country: str) -> dict[str, Any]:
    """A second data centre for a country of `inventory/`: one service host, like the first one's, beside it."""
    inventory = yaml.safe_load((INVENTORIES / f"{country}.yml").read_text())["all"]["children"]
    [(name, first)] = [
        (name, its) for name, its in inventory[f"country_{country}"]["hosts"].items() if its["ace_role"] == "services"
    ]
    [dc] = [group for name, group in inventory.items() if name.startswith("dc_")]
    other = "svc1.second-2." + country
    host = {**first, "ace_services": ["10.115.36.139", "fd92:3091:a818:301::b"], "ace_data_volume_id": None}
    groups = [group for group, its in inventory.items() if name in its.get("hosts", {}) and not group.startswith("dc_")]
    return {
        "all": {
            "children": {
                **{group: {"hosts": {other: {}}} for group in groups},
                f"country_{country}": {"hosts": {other: host}},
                "dc_second_2": {
                    "vars": {"ace_dc": {**dc["vars"]["ace_dc"], "id": "second-2", "site": 1}},
                    "hosts": {other: {}},
                },
            }
        }
    }


def a_host(variables: Mapping[str, Any]) -> dict[str, Any]:
    """What `host_facts` would say of it."""
    networks = [variables["ace_management"], variables["ace_transit"], variables["ace_services"]]
    interfaces = {address: f"eth{n}" for n, pair in enumerate(filter(None, networks)) for address in pair}
    packages = {name for file in PLAYBOOKS.glob("roles/*/vars/main.yml") for name in packages_of(file)}
    return {
        "container": True,
        "interfaces": interfaces,
        "packages": sorted(packages),
    }


def packages_of(file: Path) -> list[str]:
    """The packages that a role's variables name."""
    return [
        name for key, value in yaml.safe_load(file.read_text()).items() if key.endswith("_packages") for name in value
    ]


@pytest.fixture(scope="session")
def tunisia(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Converged]:
    """What the roles make of Tunisia's hosts."""
    return converged("tn", tmp_path_factory.mktemp("tn"))


@pytest.fixture(scope="session")
def egypt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Converged]:
    """What the roles make of Egypt's hosts."""
    return converged("eg", tmp_path_factory.mktemp("eg"))


@pytest.fixture(scope="session")
def egypt_in_two_places(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Converged]:
    """What the roles make of Egypt's hosts if it has a second data centre."""
    return converged("eg", tmp_path_factory.mktemp("eg2"), another_data_centre("eg"))
