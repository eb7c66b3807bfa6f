"""A security group's rule that Neutron made and then denied to have made: the same one is taken, no other."""

from __future__ import annotations

from typing import Any

import pytest

from ace.engine.contract import CloudError
from ace.openstack import provider

RULE = provider().types["openstack:networking/secGroupRule:SecGroupRule"]
WANTED = {"securityGroupId": "g1", "direction": "egress", "ethertype": "IPv4", "description": "egress all"}


class BusyNeutron:
    """Answers a create with 409, and lists the rules that it has."""

    name = "tn-tunis-1"
    region = "tn-tunis-1"

    def __init__(self, *rules: dict[str, Any], status: int = 409) -> None:
        self.rules = list(rules)
        self.status = status

    def request(self, _service: str, method: str, path: str, **_options: Any) -> Any:
        if method == "POST":
            raise CloudError("Security group rule already exists. Rule id is r1.", status=self.status)
        return {"security_group_rule": next(rule for rule in self.rules if path.endswith(rule["id"]))}

    def items(self, *_path: str, **_options: Any) -> list[dict[str, Any]]:
        return self.rules


def a_rule(**changes: Any) -> dict[str, Any]:
    rule = {"id": "r1", "security_group_id": "g1", "direction": "egress", "ethertype": "IPv4", "project_id": "p1"}
    return {**rule, "description": "egress all", **changes}


def create(cloud: BusyNeutron) -> Any:
    return RULE.create(cloud, WANTED)


def test_the_rule_that_is_there_is_the_one_that_was_asked_for() -> None:
    assert create(BusyNeutron(a_rule())).id == "r1"


@pytest.mark.parametrize("changes", [{"description": "somebody else's"}, {"direction": "ingress"}])
def test_a_rule_that_differs_is_not_taken_for_it(changes: dict[str, str]) -> None:
    with pytest.raises(CloudError):
        create(BusyNeutron(a_rule(**changes)))


def test_another_refusal_stays_one() -> None:
    with pytest.raises(CloudError):
        create(BusyNeutron(a_rule(), status=403))
