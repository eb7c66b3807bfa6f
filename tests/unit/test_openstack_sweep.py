"""What clouds make by themselves for projects is removed after the Pulumi CLI has destroyed them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ace.engine.contract import CloudError
from ace.errors import UserError
from ace.openstack.sweep import PROJECT, PROVIDER, sweep_destroyed

URN = "urn:pulumi:tn::ace::pulumi:providers:openstack::tunis-1"
RESOURCES = [
    {"type": PROVIDER, "urn": URN, "id": "p1", "inputs": {"cloud": "tn-tunis-1"}},
    {"type": PROJECT, "urn": "urn:pulumi:tn::ace::project", "id": "ours", "provider": f"{URN}::p1"},
    {"type": PROJECT, "urn": "urn:pulumi:tn::ace::other", "id": "theirs", "provider": "a provider that is gone"},
]


@dataclass
class Neutron:
    """A cloud with a default security group for each of two projects; a port still uses those of `busy`."""

    busy: tuple[str, ...] = ()
    silent: bool = False
    deleted: list[str] = field(default_factory=list)

    def configure(self, inputs: Mapping[str, Any], environment: Mapping[str, str]) -> Neutron:
        assert (inputs["cloud"], environment["OS_CLIENT_CONFIG_FILE"]) == ("tn-tunis-1", "clouds.yaml")
        return self

    def items(self, _service: str, path: str, _key: str, *, params: Mapping[str, Any]) -> list[dict[str, str]]:
        if self.silent:
            raise CloudError("tn-tunis-1: no answer")
        if path == "/ports":
            return [{"id": "port"}] if params["security_groups"] in self.busy else []
        return [{"id": f"default of {project}", "project_id": project} for project in ("ours", "theirs")]

    def request(self, _service: str, method: str, path: str, **_options: Any) -> None:
        assert method == "DELETE"
        self.deleted.append(path)


def sweep(cloud: Neutron) -> list[str]:
    sweep_destroyed(cloud, RESOURCES, {"OS_CLIENT_CONFIG_FILE": "clouds.yaml"})  # type: ignore[arg-type]
    return cloud.deleted


def test_only_default_groups_of_the_destroyed_projects_are_removed() -> None:
    assert sweep(Neutron()) == ["/security-groups/default of ours"]


def test_a_group_that_a_port_uses_is_left_alone() -> None:
    assert sweep(Neutron(busy=("default of ours",))) == []


def test_a_cloud_that_does_not_answer_is_an_error_that_says_what_is_left() -> None:
    with pytest.raises(UserError, match="default security groups: tn-tunis-1: no answer") as told:
        sweep(Neutron(silent=True))
    assert told.value.code == "not-swept"
