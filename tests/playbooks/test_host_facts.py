"""What a host is, out of what its own tools say."""

from __future__ import annotations

import json

from ansible.module_utils.ace_converge.host import installed, interfaces


def test_an_interface_is_found_by_each_of_its_addresses() -> None:
    listing = [{"ifname": "eth1", "addr_info": [{"local": "10.113.65.2"}, {"local": "fd92::2"}, {}]}, {"ifname": "lo"}]
    assert interfaces(json.dumps(listing)) == {"10.113.65.2": "eth1", "fd92::2": "eth1"}
    assert interfaces("") == {}


def test_a_package_that_was_removed_is_not_installed() -> None:
    assert installed("ii knot\nrc frr\nii chrony\n") == ["chrony", "knot"]
