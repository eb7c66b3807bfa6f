"""How desired inputs are compared with what a cloud has: plain data, no cloud."""

from __future__ import annotations

from typing import Any

import pytest

from ace.engine.contract import UNKNOWN, Live
from ace.openstack import provider

TYPES = provider().types
NETWORK = TYPES["openstack:networking/network:Network"]
SUBNET = TYPES["openstack:networking/subnet:Subnet"]
PORT = TYPES["openstack:networking/port:Port"]
PROJECT = TYPES["openstack:identity/project:Project"]
INSTANCE = TYPES["openstack:compute/instance:Instance"]
RULE = TYPES["openstack:networking/secGroupRule:SecGroupRule"]


def paths(kind: Any, inputs: dict[str, Any], outputs: dict[str, Any], old_inputs: dict[str, Any] | None = None) -> Any:
    diff = kind.diff(kind.check(inputs), old_inputs or inputs, outputs)
    return {change.path: change.forces_replacement for change in diff.changes}


def test_what_the_cloud_added_by_itself_is_no_difference() -> None:
    outputs = {"name": "app", "mtu": 1450, "segments": [{}], "tags": ["ace", "country:tn"], "shared": False}
    assert paths(NETWORK, {"name": "app", "tags": ["country:tn", "ace"]}, outputs) == {}


@pytest.mark.parametrize(
    ("before", "after"), [(10, "10"), (10.0, 10), ("fd00:0::/64", "fd00::/64"), (None, ""), ([], None)]
)
def test_two_ways_to_say_the_same_are_no_difference(before: Any, after: Any) -> None:
    assert paths(SUBNET, {"cidr": after}, {"cidr": before, "ipVersion": 4, "enableDhcp": True}) == {}


def test_an_unknown_counts_as_a_change_and_replaces_where_the_provider_would() -> None:
    outputs = {"name": "app", "networkId": "n1", "cidr": "10.0.0.0/24", "ipVersion": 4, "enableDhcp": True}
    inputs = {"name": "app", "networkId": UNKNOWN, "cidr": "10.0.0.0/24"}
    assert paths(SUBNET, inputs, outputs) == {"networkId": True}
    nested = {"fixedIps": [{"subnetId": UNKNOWN}]}
    assert paths(PORT, nested, {"fixedIps": [{"subnetId": "s1", "ipAddress": "10.0.0.5"}]}) == {"fixedIps": False}


def test_of_objects_only_what_is_wanted_counts() -> None:
    outputs = {"allowedAddressPairs": [{"ipAddress": "10.0.0.1", "macAddress": "fa:16:3e:00:00:01"}]}
    assert paths(PORT, {"allowedAddressPairs": [{"ipAddress": "10.0.0.1"}]}, outputs) == {}
    assert paths(PORT, {"allowedAddressPairs": [{"ipAddress": "10.0.0.2"}]}, outputs) == {"allowedAddressPairs": False}


def test_an_input_that_is_taken_away_is_a_change() -> None:
    outputs = {"name": "app", "description": "old", "tags": ["ace"]}
    old = {"name": "app", "description": "old", "tags": ["ace"]}
    assert paths(NETWORK, {"name": "app"}, outputs, old) == {"description": False, "tags": False}


def test_a_name_that_stays_makes_the_old_one_go_first() -> None:
    outputs = {"name": "app", "cidr": "10.0.0.0/24", "ipVersion": 4, "enableDhcp": True}
    diff = SUBNET.diff({"name": "app", "cidr": "10.0.1.0/24"}, {}, outputs)
    assert (diff.replaces, diff.delete_before_replace) == (True, True)
    renamed = SUBNET.diff({"name": "other", "cidr": "10.0.1.0/24"}, {}, outputs)
    assert not renamed.delete_before_replace


def test_nothing_of_a_rule_changes_in_place() -> None:
    outputs = {"direction": "ingress", "protocol": "tcp", "portRangeMin": 443}
    assert paths(RULE, {"direction": "ingress", "protocol": "tcp", "portRangeMin": 80}, outputs) == {
        "portRangeMin": True
    }


def test_what_the_cloud_does_not_give_back_is_compared_with_what_was_given() -> None:
    outputs = {"name": "gw1", "userData": "sha1", "imageName": "renamed since", "powerState": "active"}
    given = {"name": "gw1", "userData": "#cloud-config", "imageName": "Debian 12", "powerState": "active"}
    assert paths(INSTANCE, given, outputs, given) == {}
    assert paths(INSTANCE, {**given, "userData": "other"}, outputs, given) == {"userData": True}


def test_refresh_shows_what_changed_and_keeps_the_form_of_what_did_not() -> None:
    live = Live("p1", {"name": "app", "enabled": False, "tags": ["a", "b"], "description": ""})
    old = {"name": "app", "enabled": True, "tags": ["b", "a"]}
    assert PROJECT.inputs_of(live, old) == {"name": "app", "enabled": False, "tags": ["b", "a"]}


def test_the_providers_defaults_are_filled_in() -> None:
    assert SUBNET.check({"cidr": "10.0.0.0/24", "name": None}) == {
        "cidr": "10.0.0.0/24",
        "ipVersion": 4,
        "enableDhcp": True,
        "noGateway": False,
    }
