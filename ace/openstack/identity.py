"""Projects, groups, role assignments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ace.engine.contract import Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known
from ace.openstack.neutron import text
from ace.openstack.sweep import sweep_default_security_groups


class _IdentityType(OpenStackType):
    """One of Keystone's collections."""

    collection: ClassVar[str]
    noun: ClassVar[str]
    names: ClassVar[Mapping[str, str]]
    fixed: ClassVar[frozenset[str]]

    def outputs(self, cloud: Cloud, found: Mapping[str, Any]) -> dict[str, Any]:
        """The provider's outputs."""
        raise NotImplementedError

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST."""
        body = {api: inputs[key] for key, api in self.names.items() if inputs.get(key) is not None}
        doing = f"create {self.noun} {inputs.get('name')!r}"
        self.note_what_is_there(cloud, lambda: (item["id"] for item in self._all(cloud)))
        made = cloud.request("identity", "POST", f"/{self.collection}", json={self.noun: body}, doing=doing)
        return self._live(cloud, made[self.noun], self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("identity", f"/{self.collection}/{id}")
        return self._live(cloud, found[self.noun], self.last(outputs)) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list."""
        listed = {item["id"]: item for item in self._all(cloud)}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """PATCH what differs."""
        body = {
            api: inputs.get(key) if inputs.get(key) is not None else ([] if key == "tags" else "")
            for key, api in self.names.items()
            if key not in self.fixed
            and (key in inputs or key in old_inputs)
            and not self._same(key, old_outputs.get(key), inputs.get(key))
        }
        doing = f"update {self.noun} {inputs.get('name')!r}"
        found = cloud.request("identity", "PATCH", f"/{self.collection}/{id}", json={self.noun: body}, doing=doing)
        return self._live(cloud, found[self.noun], self.changed(inputs, old_inputs, old_outputs))

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE."""
        doing = f"delete {self.noun} {outputs.get('name')!r}"
        cloud.request("identity", "DELETE", f"/{self.collection}/{id}", doing=doing, absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name, in its domain if it names one."""
        params = {"name": inputs.get("name")} | ({"domain_id": inputs["domainId"]} if inputs.get("domainId") else {})
        for found in cloud.items("identity", f"/{self.collection}", self.collection, params=params):
            yield self._live(cloud, found, self.given(inputs))

    def _all(self, cloud: Cloud) -> list[dict[str, Any]]:
        return cloud.items("identity", f"/{self.collection}", self.collection)

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        reported = {"id": found["id"], "region": cloud.region, **self.outputs(cloud, found)}
        return known.live(found["id"], reported, self.unordered)


class Project(_IdentityType):
    """`identity/project:Project`."""

    token = "openstack:identity/project:Project"
    collection, noun = "projects", "project"
    names = {
        "name": "name",
        "description": "description",
        "domainId": "domain_id",
        "parentId": "parent_id",
        "enabled": "enabled",
        "isDomain": "is_domain",
        "tags": "tags",
    }
    fixed = frozenset({"domainId", "parentId", "isDomain"})
    replaces = fixed
    defaults = {"enabled": True}

    def outputs(self, cloud: Cloud, found: Mapping[str, Any]) -> dict[str, Any]:
        """As `identity_project_v3` keeps it."""
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "domainId": found["domain_id"],
            "parentId": text(found.get("parent_id")),
            "enabled": found["enabled"],
            "isDomain": found.get("is_domain", False),
            "tags": sorted(found.get("tags") or []),
        }

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """With the security group that Neutron made for it by itself."""
        sweep_default_security_groups(cloud, [id])
        super().delete(cloud, id, outputs)


class Group(_IdentityType):
    """`identity/groupV3:GroupV3`."""

    token = "openstack:identity/groupV3:GroupV3"
    collection, noun = "groups", "group"
    names = {"name": "name", "description": "description", "domainId": "domain_id"}
    fixed = frozenset({"domainId"})
    replaces = fixed

    def outputs(self, cloud: Cloud, found: Mapping[str, Any]) -> dict[str, Any]:
        """As `identity_group_v3` keeps it."""
        return {
            "name": found["name"],
            "description": text(found.get("description")),
            "domainId": found["domain_id"],
        }


class RoleAssignment(OpenStackType):
    """`identity/roleAssignment:RoleAssignment`; its id is `domain/project/group/user/role`."""

    token = "openstack:identity/roleAssignment:RoleAssignment"
    is_within = True
    replaces = frozenset({"domainId", "groupId", "projectId", "roleId", "userId"})

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """PUT; repeating it does no harm."""
        live = self._live(cloud, inputs, self.given(inputs))
        cloud.request("identity", "PUT", self._path(live.outputs), doing="assign a role")
        return live

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """The roles that the group (or user) has there."""
        parts = self._parts(id)
        found = cloud.get("identity", self._path(parts).rsplit("/", 1)[0]) or {"roles": ()}
        return (
            self._live(cloud, parts, self.last(outputs))
            if any(role["id"] == parts["roleId"] for role in found["roles"])
            else None
        )

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list of all assignments."""
        listed = set()
        for item in cloud.items("identity", "/role_assignments", "role_assignments"):
            scope = item.get("scope") or {}
            if "OS-INHERIT:inherited_to" in scope:
                continue
            listed.add(
                "/".join(
                    (
                        (scope.get("domain") or {}).get("id", ""),
                        (scope.get("project") or {}).get("id", ""),
                        (item.get("group") or {}).get("id", ""),
                        (item.get("user") or {}).get("id", ""),
                        item["role"]["id"],
                    )
                )
            )
        return {id_: self._live(cloud, self._parts(id_), self.last(outputs)) for id_, outputs in known if id_ in listed}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """Nothing of it can change in place."""
        return Live(id, old_outputs)

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE."""
        cloud.request("identity", "DELETE", self._path(self._parts(id)), doing="withdraw a role", absent_ok=True)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """The assignment, if it is made."""
        known = self.given(inputs)
        live = self.read(cloud, self._live(cloud, inputs, known).id, known.outputs)
        return [live] if live else []

    @staticmethod
    def _parts(id_: str) -> dict[str, str]:
        keys = ("domainId", "projectId", "groupId", "userId", "roleId")
        return dict(zip(keys, id_.split("/"), strict=True))

    @staticmethod
    def _path(parts: Mapping[str, Any]) -> str:
        scope = f"projects/{parts['projectId']}" if parts.get("projectId") else f"domains/{parts['domainId']}"
        actor = f"groups/{parts['groupId']}" if parts.get("groupId") else f"users/{parts['userId']}"
        return f"/{scope}/{actor}/roles/{parts['roleId']}"

    def _live(self, cloud: Cloud, given: Properties, known: Known) -> Live:
        keys = ("domainId", "projectId", "groupId", "userId", "roleId")
        parts = {key: text(given.get(key)) for key in keys}
        id_ = "/".join(parts[key] for key in keys)
        return known.live(id_, {"id": id_, "region": cloud.region, **parts}, self.unordered)
