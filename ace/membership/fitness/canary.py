"""A tenant for trial: made as the stacks make one, and always deleted again; and the test over it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from ace.engine.contract import CloudError
from ace.membership.fitness.contract import Assessment, FitnessTest, failed, passed
from ace.membership.fitness.facts import CanaryFact
from ace.membership.fitness.requirements import Requirements
from ace.openstack.cloud import Cloud
from ace.openstack.sweep import sweep_default_security_groups
from ace.spec.values import CloudAccess

NETWORK4: Final = "192.0.2.0/24"
NETWORK6: Final = "2001:db8:ace::/64"
"""For documentation (RFC 5737, RFC 3849): nobody uses them."""
_DESCRIPTION: Final = "A trial by `ace member check`; may be deleted"


@dataclass(slots=True)
class _Trial:
    """One tenant under trial. With an administrator's credential all its parts belong to the new project."""

    cloud: Cloud
    identity: Cloud
    required: Requirements
    name: str
    made: list[str] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)
    _undo: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)
    """What to delete again, oldest first, each with its name."""

    @property
    def steps(self) -> tuple[tuple[str, Callable[[], None]], ...]:
        """What a tenant consists of, in the order in which it is made."""
        quota: tuple[tuple[str, Callable[[], None]], ...] = (("quota", self._quota),) if self._is_admin else ()
        return (
            ("project", self._project),
            *quota,
            ("network", self._network),
            ("IPv4 subnet", self._subnet4),
            ("IPv6 subnet", self._subnet6),
            ("router", self._router),
            ("router interface", self._router_interface),
            ("security group with a rule", self._security_group),
            ("volume", self._volume),
        )

    def undo(self) -> list[str]:
        """Delete everything, newest first; returns what could not be deleted, each with the reason."""
        left = []
        for what, delete in reversed(self._undo):
            try:
                delete()
            except CloudError as error:
                left.append(f"{what}: {error.message}")
        return left

    @property
    def _is_admin(self) -> bool:
        return self.required.cloud.access is CloudAccess.ADMIN

    @property
    def _owner(self) -> dict[str, str]:
        return {"project_id": self._ids["project"]} if self._is_admin else {}

    def _make(self, kind: str, path: str, key: str, body: dict[str, Any]) -> str:
        doing = f"create a {kind} for trial"
        made = self.cloud.request("network", "POST", path, json={key: {**body, **self._owner}}, doing=doing)[key]
        self._deletes(f"{kind} {self.name}", "network", f"{path}/{made['id']}")
        return str(made["id"])

    def _deletes(self, what: str, service: str, path: str, *, of: Cloud | None = None) -> None:
        cloud = of or self.cloud
        self._undo.append((what, lambda: cloud.request(service, "DELETE", path, absent_ok=True)))

    def _project(self) -> None:
        body: dict[str, Any] = {"name": self.name, "description": _DESCRIPTION}
        if not self._is_admin:
            body["domain_id"] = self.identity.identity().domain_id
        made = self.identity.request("identity", "POST", "/projects", json={"project": body}, doing="create a project")
        project = self._ids["project"] = str(made["project"]["id"])
        self._deletes(f"project {self.name}", "identity", f"/projects/{project}", of=self.identity)
        if self._is_admin:
            sweep = partial(sweep_default_security_groups, self.cloud, {project})
            self._undo.append(("its default security group", sweep))

    def _quota(self) -> None:
        path = f"/quotas/{self._ids['project']}"
        body = {"quota": {"network": 2, "subnet": 4, "router": 1, "port": 10}}
        self.cloud.request("network", "PUT", path, json=body, doing="set a project's quota")
        self._deletes(f"quota of {self.name}", "network", path)

    def _network(self) -> None:
        self._ids["network"] = self._make("network", "/networks", "network", {"name": self.name})

    def _subnet4(self) -> None:
        self._ids["subnet4"] = self._subnet(4, NETWORK4)

    def _subnet6(self) -> None:
        self._subnet(6, NETWORK6, ipv6_address_mode="slaac", ipv6_ra_mode="slaac")

    def _subnet(self, version: int, cidr: str, **modes: str) -> str:
        body = {
            "name": f"{self.name}-{version}",
            "network_id": self._ids["network"],
            "ip_version": version,
            "cidr": cidr,
        }
        return self._make("subnet", "/subnets", "subnet", {**body, **modes})

    def _router(self) -> None:
        params = {"name": self.required.cloud.external_network, "router:external": "true"}
        found = self.cloud.items("network", "/networks", "networks", params=params)
        body: dict[str, Any] = {"name": self.name}
        if found:
            body["external_gateway_info"] = {"network_id": found[0]["id"]}
        self._ids["router"] = self._make("router", "/routers", "router", body)

    def _router_interface(self) -> None:
        path, subnet = f"/routers/{self._ids['router']}", {"subnet_id": self._ids["subnet4"]}
        doing = "put a router into a network"
        self.cloud.request("network", "PUT", f"{path}/add_router_interface", json=subnet, doing=doing)
        remove = partial(self.cloud.request, "network", "PUT", f"{path}/remove_router_interface", json=subnet)
        self._undo.append((f"router interface of {self.name}", partial(remove, absent_ok=True)))

    def _security_group(self) -> None:
        group = self._make("security group", "/security-groups", "security_group", {"name": self.name})
        body = {"name": self.name, "addresses": [NETWORK4]}
        addresses = self._make("address group", "/address-groups", "address_group", body)
        rule = {"security_group_id": group, "direction": "ingress", "remote_address_group_id": addresses}
        self._make("security group rule", "/security-group-rules", "security_group_rule", rule)

    def _volume(self) -> None:
        cloud = self.cloud
        body = {"name": self.name, "size": 1, "description": _DESCRIPTION}
        made = cloud.request("block_storage", "POST", "/volumes", json={"volume": body}, doing="create a volume")
        path = f"/volumes/{made['volume']['id']}"

        def settled() -> bool:
            found = cloud.get("block_storage", path)
            return found is None or found["volume"]["status"] in ("available", "error")

        def remove() -> None:
            cloud.wait("a volume for trial", settled, 60)
            cloud.request("block_storage", "DELETE", path, absent_ok=True)
            cloud.wait("the end of a volume", lambda: cloud.get("block_storage", path) is None, 60)

        self._undo.append((f"volume {self.name}", remove))
        cloud.wait("a volume for trial", settled, 60)
        if cloud.get("block_storage", path)["volume"]["status"] == "error":
            raise CloudError(f"{cloud.name}: a volume of 1 GiB could not be made: its status is error", status=500)


def prefix_of(required: Requirements) -> str:
    """The beginning of the names of all canaries of a country."""
    return f"ace-canary-{required.country}-"


def try_canary(cloud: Cloud, identity: Cloud, required: Requirements, cancel: threading.Event) -> CanaryFact:
    """Make a tenant and delete it again; leftovers of a canary whose process was killed are deleted first.

    Args:
        cloud: The credential for networks and volumes.
        identity: The credential for projects.
        required: What the spec requires of the cloud.
        cancel: Set when the person wants to stop: what is made is deleted, nothing more is made.
    """
    trial, problem = _Trial(cloud, identity, required, prefix_of(required) + secrets.token_hex(4)), ""
    try:
        remove_leftovers(cloud, identity, required)
        for what, make in trial.steps:
            if cancel.is_set():
                problem = f"interrupted before: {what}"
                break
            make()
            trial.made.append(what)
    except CloudError as error:
        problem = error.message.removeprefix(f"{cloud.name}: ")
    finally:
        left = trial.undo()
    return CanaryFact(tuple(trial.made), problem, tuple(left))


def remove_leftovers(cloud: Cloud, identity: Cloud, required: Requirements) -> int:
    """Delete what canaries of a killed process left behind; returns how many projects that were.

    Raises:
        CloudError: The cloud refuses.
    """
    prefix = prefix_of(required)
    params = {"name__contains": prefix}
    doing = "look for projects of earlier trials"
    listed = identity.items("identity", "/projects", "projects", params=params, doing=doing)
    doomed = [project for project in listed if str(project["name"]).startswith(prefix)]
    for project in doomed:
        _purge(cloud, str(project["name"]), str(project["id"]))
        identity.request("identity", "DELETE", f"/projects/{project['id']}", absent_ok=True)
    return len(doomed)


def _purge(cloud: Cloud, name: str, project: str) -> None:
    """Delete all that a canary of that name can have made, in an order that the cloud accepts."""
    for volume in cloud.items("block_storage", "/volumes", "volumes", params={"name": name}):
        cloud.request("block_storage", "DELETE", f"/volumes/{volume['id']}", absent_ok=True)
    for router in cloud.items("network", "/routers", "routers", params={"name": name}):
        ports = cloud.items("network", "/ports", "ports", params={"device_id": router["id"]})
        for port in ports:
            if port["device_owner"] == "network:router_interface":
                path = f"/routers/{router['id']}/remove_router_interface"
                cloud.request("network", "PUT", path, json={"port_id": port["id"]}, absent_ok=True)
        cloud.request("network", "DELETE", f"/routers/{router['id']}", absent_ok=True)
    for kind, key in (("networks", "networks"), ("security-groups", "security_groups")):
        for found in cloud.items("network", f"/{kind}", key, params={"name": name}):
            cloud.request("network", "DELETE", f"/{kind}/{found['id']}", absent_ok=True)
    for group in cloud.items("network", "/address-groups", "address_groups", params={"name": name}):
        cloud.request("network", "DELETE", f"/address-groups/{group['id']}", absent_ok=True)
    cloud.request("network", "DELETE", f"/quotas/{project}", absent_ok=True)
    sweep_default_security_groups(cloud, {project})


def assess_canary(canary: CanaryFact, required: Requirements) -> Assessment:
    """PASS: every part was made and deleted again."""
    if canary.left:
        return failed(
            f"could not be deleted: {'; '.join(canary.left)}", "delete it by hand; its name begins with ace-canary-"
        )
    if canary.problem:
        made = f" after {', '.join(canary.made)}" if canary.made else ""
        return failed(
            f"{canary.problem}{made}; everything was deleted again",
            "the first failed test above usually shows why",
        )
    return passed(f"made and deleted: {', '.join(canary.made)}")


TESTS: Final = (FitnessTest("canary", "A tenant can be created and removed", lambda c: c.canary, assess_canary),)
