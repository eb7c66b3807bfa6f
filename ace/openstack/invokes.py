"""Look-ups: what a program asks a cloud for by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ace.engine.contract import CloudError, Invoke, Properties
from ace.openstack.cloud import Cloud
from ace.openstack.servers import flavor_named


def get_network(cloud: Cloud, arguments: Properties) -> Properties:
    """`networking/getNetwork:getNetwork`, by name, id, external."""
    names = {"name": "name", "networkId": "id", "external": "router:external", "tenantId": "project_id"}
    params = {api: arguments[key] for key, api in names.items() if arguments.get(key) is not None}
    found = _one(cloud, "network", cloud.items("network", "/networks", "networks", params=params), arguments)
    return {
        "id": found["id"],
        "name": found["name"],
        "external": found.get("router:external", False),
        "mtu": found.get("mtu"),
        "region": cloud.region,
        "shared": str(found["shared"]).lower(),
        "adminStateUp": str(found["admin_state_up"]).lower(),
        "subnets": found.get("subnets") or [],
        "tenantId": found["project_id"],
        "allTags": sorted(found.get("tags") or []),
    }


def get_role(cloud: Cloud, arguments: Properties) -> Properties:
    """`identity/getRole:getRole`, by name."""
    params = {"name": arguments["name"]}
    found = _one(cloud, "role", cloud.items("identity", "/roles", "roles", params=params), arguments)
    return {"id": found["id"], "name": found["name"], "domainId": found.get("domain_id") or "", "region": cloud.region}


def get_flavor(cloud: Cloud, arguments: Properties) -> Properties:
    """`compute/getFlavor:getFlavor`, by name."""
    name = str(arguments["name"])
    flavor = flavor_named(cloud, name)
    found = _one(cloud, "flavour", [flavor] if flavor else [], arguments)
    return {
        "id": found["id"],
        "flavorId": found["id"],
        "name": found["name"],
        "ram": found["ram"],
        "vcpus": found["vcpus"],
        "disk": found["disk"],
        "swap": found.get("swap") or 0,
        "isPublic": found.get("os-flavor-access:is_public", True),
        "region": cloud.region,
    }


def get_auth_scope(cloud: Cloud, arguments: Properties) -> Properties:
    """`identity/getAuthScope:getAuthScope`: who the credential is, and in what scope."""
    session = cloud.connection.session
    access = session.auth.get_access(session)
    return {
        "id": access.user_id,
        "name": arguments["name"],
        "userId": access.user_id,
        "userName": access.username,
        "userDomainId": access.user_domain_id or "",
        "projectId": access.project_id or "",
        "projectName": access.project_name or "",
        "projectDomainId": access.project_domain_id or "",
        "domainId": access.domain_id or "",
        "domainName": access.domain_name or "",
        "region": cloud.region,
        "roles": [
            {"roleId": role_id, "roleName": name}
            for role_id, name in zip(access.role_ids, access.role_names, strict=True)
        ],
        "serviceCatalogs": [],
        "setTokenId": False,
        "tokenId": "",
    }


def _one(cloud: Cloud, what: str, found: list[dict[str, Any]], arguments: Properties) -> dict[str, Any]:
    asked = ", ".join(f"{key} {value!r}" for key, value in sorted(arguments.items()) if value not in (None, ""))
    if not found:
        raise CloudError(
            f"{cloud.name}: there is no {what} with {asked}", status=404, hint="check the member file's `cloud:`"
        )
    if len(found) > 1:
        raise CloudError(f"{cloud.name}: there are {len(found)} {what}s with {asked}", status=409)
    return found[0]


INVOKES: Mapping[str, Invoke] = {
    "openstack:networking/getNetwork:getNetwork": get_network,
    "openstack:identity/getRole:getRole": get_role,
    "openstack:compute/getFlavor:getFlavor": get_flavor,
    "openstack:identity/getAuthScope:getAuthScope": get_auth_scope,
}
