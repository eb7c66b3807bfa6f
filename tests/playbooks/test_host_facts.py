"""`host_facts`: what a host is, out of what its own tools say."""

from __future__ import annotations

import importlib.util
import json
from types import ModuleType

from tests.playbooks.conftest import PLAYBOOKS


def the_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("host_facts", PLAYBOOKS / "library" / "host_facts.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_interface_is_found_by_each_of_its_addresses() -> None:
    listing = [{"ifname": "eth1", "addr_info": [{"local": "10.113.65.2"}, {"local": "fd92::2"}, {}]}, {"ifname": "lo"}]
    assert the_module().interfaces(json.dumps(listing)) == {"10.113.65.2": "eth1", "fd92::2": "eth1"}
    assert the_module().interfaces("") == {}


def test_a_package_that_was_removed_is_not_installed() -> None:
    assert the_module().installed("ii knot\nrc frr\nii chrony\n") == ["chrony", "knot"]
