"""A tenant for trial: made as the stacks make one, and always taken away again."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ace.engine.contract import CloudError
from ace.membership.fitness.contract import Asked
from ace.membership.fitness.facts import CanaryFact
from ace.openstack.cloud import Cloud
from ace.openstack.sweep import sweep_default_security_groups
from ace.spec.values import CloudAccess

NETWORK4: Final = "192.0.2.0/24"
NETWORK6: Final = "2001:db8:ace::/64"
"""For documentation (RFC 5737, RFC 3849): they meet nobody's."""


@dataclass(slots=True)
class _Trial:
    """What has been made, newest last, each with how it goes."""

    done: list[str] = field(default_factory=list)
    undo: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)


def prefix_of(asked: Asked) -> str:
    """What every canary of a country is called."""
    return f"ace-canary-{asked.country}-"


def try_canary(cloud: Cloud, identity: Cloud, asked: Asked, cancel: threading.Event) -> CanaryFact:
    """Make a tenant and take it away; leftovers of a canary whose process was killed go first.

    Args:
        cloud: The credential for networks and volumes.
        identity: The credential for projects.
        asked: What the spec asks of the cloud.
        cancel: Set when the person wants to stop: what is made goes, nothing more is made.
    """
    name, trial, problem = prefix_of(asked) + secrets.token_hex(4), _Trial(), ""
    try:
        remove_leftovers(cloud, identity, asked)
        for what, make in _steps(cloud, identity, asked, name, trial):
            if cancel.is_set():
                problem = f"interrupted before: {what}"
                break
            make()
            trial.done.append(what)
    except CloudError as error:
        problem = error.message.removeprefix(f"{cloud.name}: ")
    finally:
        left = _undo(trial)
    return CanaryFact(tuple(trial.done), problem, tuple(left))


def remove_leftovers(cloud: Cloud, identity: Cloud, asked: Asked) -> int:
    """Take away what canaries of a killed process left behind; returns how many projects that were.

    Raises:
        CloudError: The cloud says no.
    """
    prefix = prefix_of(asked)
    params = {"name__contains": prefix}
    doing = "look for projects of earlier trials"
    listed = identity.items("identity", "/projects", "projects", params=params, doing=doing)
    doomed = [project for project in listed if str(project["name"]).startswith(prefix)]
    for project in doomed:
        _purge(cloud, str(project["name"]), str(project["id"]))
        identity.request("identity", "DELETE", f"/projects/{project['id']}", absent_ok=True)
    return len(doomed)


def _steps(
    cloud: Cloud, identity: Cloud, asked: Asked, name: str, trial: _Trial
) -> list[tuple[str, Callable[[], None]]]:
    """What a tenant consists of, in order. With an administrator's credential it all belongs to the new project."""
    ids: dict[str, str] = {}
    admin = asked.access is CloudAccess.ADMIN

    def owner() -> dict[str, str]:
        return {"project_id": ids["project"]} if admin else {}

    def make(kind: str, path: str, key: str, body: dict[str, Any]) -> str:
        made = cloud.request("network", "POST", path, json={key: body}, doing=f"create a {kind} for trial")[key]
        trial.undo.append(
            (f"{kind} {name}", lambda: cloud.request("network", "DELETE", f"{path}/{made['id']}", absent_ok=True))
        )
        return str(made["id"])

    def project() -> None:
        body: dict[str, Any] = {"name": name, "description": "A trial by `ace member check`; may be deleted"}
        if not admin:
            body["domain_id"] = identity.identity().domain_id
        made = identity.request("identity", "POST", "/projects", json={"project": body}, doing="create a project")
        ids["project"] = str(made["project"]["id"])
        trial.undo.append(
            (
                f"project {name}",
                lambda: identity.request("identity", "DELETE", f"/projects/{ids['project']}", absent_ok=True),
            )
        )
        if admin:
            trial.undo.append(
                ("its default security group", lambda: sweep_default_security_groups(cloud, {ids["project"]}))
            )

    def quota() -> None:
        path = f"/quotas/{ids['project']}"
        body = {"quota": {"network": 2, "subnet": 4, "router": 1, "port": 10}}
        cloud.request("network", "PUT", path, json=body, doing="set a project's quota")
        trial.undo.append((f"quota of {name}", lambda: cloud.request("network", "DELETE", path, absent_ok=True)))

    def network() -> None:
        ids["network"] = make("network", "/networks", "network", {"name": name, **owner()})

    def subnet4() -> None:
        body = {"name": f"{name}-4", "network_id": ids["network"], "ip_version": 4, "cidr": NETWORK4, **owner()}
        ids["subnet4"] = make("subnet", "/subnets", "subnet", body)

    def subnet6() -> None:
        mode = {"ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}
        body = {"name": f"{name}-6", "network_id": ids["network"], "ip_version": 6, "cidr": NETWORK6, **mode, **owner()}
        ids["subnet6"] = make("subnet", "/subnets", "subnet", body)

    def router() -> None:
        found = cloud.items(
            "network", "/networks", "networks", params={"name": asked.external_network, "router:external": "true"}
        )
        body: dict[str, Any] = {"name": name, **owner()}
        if found:
            body["external_gateway_info"] = {"network_id": found[0]["id"]}
        ids["router"] = make("router", "/routers", "router", body)

    def interface() -> None:
        path = f"/routers/{ids['router']}"
        subnet = {"subnet_id": ids["subnet4"]}
        doing = "put a router into a network"
        cloud.request("network", "PUT", f"{path}/add_router_interface", json=subnet, doing=doing)
        trial.undo.append(
            (
                f"router interface of {name}",
                lambda: cloud.request("network", "PUT", f"{path}/remove_router_interface", json=subnet, absent_ok=True),
            )
        )

    def security_group() -> None:
        group = make("security group", "/security-groups", "security_group", {"name": name, **owner()})
        addresses = make(
            "address group", "/address-groups", "address_group", {"name": name, "addresses": [NETWORK4], **owner()}
        )
        rule = {"security_group_id": group, "direction": "ingress", "remote_address_group_id": addresses}
        make("security group rule", "/security-group-rules", "security_group_rule", {**rule, **owner()})

    def volume() -> None:
        body = {"name": name, "size": 1, "description": "A trial by `ace member check`; may be deleted"}
        made = cloud.request("block_storage", "POST", "/volumes", json={"volume": body}, doing="create a volume")
        path = f"/volumes/{made['volume']['id']}"

        def settled() -> bool:
            found = cloud.get("block_storage", path)
            return found is None or found["volume"]["status"] in ("available", "error")

        def remove() -> None:
            cloud.wait("a volume for trial", settled, 60)
            cloud.request("block_storage", "DELETE", path, absent_ok=True)
            cloud.wait("the end of a volume", lambda: cloud.get("block_storage", path) is None, 60)

        trial.undo.append((f"volume {name}", remove))
        cloud.wait("a volume for trial", settled, 60)
        if cloud.get("block_storage", path)["volume"]["status"] == "error":
            raise CloudError(f"{cloud.name}: a volume of 1 GiB could not be made: its status is error", status=500)

    steps = [
        ("project", project),
        ("quota", quota),
        ("network", network),
        ("IPv4 subnet", subnet4),
        ("IPv6 subnet", subnet6),
        ("router", router),
        ("router interface", interface),
        ("security group with a rule", security_group),
        ("volume", volume),
    ]
    return [(what, step) for what, step in steps if admin or what != "quota"]


def _undo(trial: _Trial) -> list[str]:
    """Take all away, newest first; returns what would not go."""
    left = []
    for what, undo in reversed(trial.undo):
        try:
            undo()
        except CloudError as error:
            left.append(f"{what}: {error.message}")
    return left


def _purge(cloud: Cloud, name: str, project: str) -> None:
    """All that a canary of that name can have made, in the order in which it goes."""
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
