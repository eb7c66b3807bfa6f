"""What Neutron's resource types share: a collection, names translated, tags set beside."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ace.engine.contract import CloudError, Live, Properties
from ace.openstack.base import OpenStackType
from ace.openstack.cloud import Cloud
from ace.openstack.known import Known

DELETE_TIMEOUT_S = 120


class NeutronType(OpenStackType):
    """A resource in one of Neutron's collections."""

    collection: ClassVar[str]
    """Its path and list key, such as `networks`."""
    noun: ClassVar[str]
    """Its body's key, such as `network`."""
    names: ClassVar[Mapping[str, str]]
    """Inputs that go into a body as they are: our name -> the API's."""
    fixed: ClassVar[frozenset[str]] = frozenset()
    """Those of `names` that only a create may carry."""
    tagged: ClassVar[bool] = True

    # ----------------------------------------------------------------------------------------------- for the subclasses

    def body(self, cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """A create's body."""
        return {api: inputs[key] for key, api in self.names.items() if inputs.get(key) is not None}

    def update_body(
        self, cloud: Cloud, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> dict[str, Any]:
        """An update's body: what differs; what was taken away becomes empty."""
        return {
            api: inputs.get(key) if inputs.get(key) is not None else self.emptied(key)
            for key, api in self.names.items()
            if key not in self.fixed
            and (key in inputs or key in old_inputs)
            and not self._same(key, old_outputs.get(key), inputs.get(key))
        }

    def emptied(self, key: str) -> Any:
        """What an input becomes that the program no longer gives."""
        return [] if key in self.unordered else ""

    def outputs(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> dict[str, Any]:
        """The provider's outputs for a resource as Neutron reports it; what Neutron does not report is left out."""
        raise NotImplementedError

    # --------------------------------------------------------------------------------------------------------- contract

    def create(self, cloud: Cloud, inputs: Properties) -> Live:
        """POST, then tags."""
        label = inputs.get("name") or inputs.get("description") or ""
        doing = (
            f"create {self.noun.replace('_', ' ')} {label!r}" if label else f"create a {self.noun.replace('_', ' ')}"
        )
        made = cloud.request(
            "network", "POST", f"/{self.collection}", json={self.noun: self.body(cloud, inputs)}, doing=doing
        )[self.noun]
        return self._finish(cloud, made, inputs)

    def together(self, inputs: Properties) -> Hashable:
        """See `BulkMaker.together`: one by one, unless a type specifies otherwise."""
        return None

    def create_many(self, cloud: Cloud, many: Sequence[Properties]) -> Sequence[Live | CloudError]:
        """One POST for all: Neutron makes all of them or none. Then tags, one by one."""
        key = self.collection.replace("-", "_")
        bodies = [self.body(cloud, inputs) for inputs in many]
        doing = f"create {len(many)} {key.replace('_', ' ')}"
        answer = cloud.request("network", "POST", f"/{self.collection}", json={key: bodies}, doing=doing)
        made = _in_order(bodies, answer[key])
        if len(made) != len(many):
            raise CloudError(f"{cloud.name}: neutron was asked to {doing} and returned {len(made)}")
        return [self._finished(cloud, found, inputs) for found, inputs in zip(made, many, strict=True)]

    def _finished(self, cloud: Cloud, made: dict[str, Any], inputs: Properties) -> Live | CloudError:
        try:
            return self._finish(cloud, made, inputs)
        except CloudError as error:
            return error

    def made(self, cloud: Cloud, found: Mapping[str, Any], inputs: Properties) -> None:
        """What a create has to do besides; may be repeated."""

    def find(
        self, cloud: Cloud, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """The one that has all these inputs; what its create had still to do (tags and more) is done now."""
        live = super().find(cloud, inputs, begun, known)
        if live is None:
            return None
        path = f"/{self.collection}/{live.id}"
        found = cloud.request("network", "GET", path, doing="see what an earlier request made")[self.noun]
        return self._finish(cloud, found, inputs)

    def _is_as_wanted(self, inputs: Properties, live: Live) -> bool:
        """But for tags, of which it may lack some: they are set by a request of their own."""
        tags = set(live.outputs.get("tags") or [])
        plain = {key: value for key, value in inputs.items() if key != "tags"}
        return tags <= set(inputs.get("tags") or []) and super()._is_as_wanted(plain, live)

    def _finish(self, cloud: Cloud, made: dict[str, Any], inputs: Properties) -> Live:
        try:
            self.made(cloud, made, inputs)
            tagged = {**made, "tags": self._tag(cloud, made, inputs.get("tags"))}
        except CloudError as error:
            raise error.leaving(self._live(cloud, made, self.given(inputs))) from None
        return self._live(cloud, tagged, self.given(inputs))

    def read(self, cloud: Cloud, id: str, outputs: Properties) -> Live | None:
        """GET."""
        found = cloud.get("network", f"/{self.collection}/{id}")
        return self._live(cloud, found[self.noun], self.last(outputs)) if found else None

    def read_many(self, cloud: Cloud, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """One list for all."""
        listed = {found["id"]: found for found in cloud.items("network", f"/{self.collection}", self.collection)}
        return {id_: self._live(cloud, listed[id_], self.last(outputs)) for id_, outputs in known if id_ in listed}

    def update(
        self, cloud: Cloud, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties
    ) -> Live:
        """PUT what differs, then tags."""
        body = self.update_body(cloud, inputs, old_inputs, old_outputs)
        path = f"/{self.collection}/{id}"
        doing = f"update {self.noun.replace('_', ' ')} {inputs.get('name') or id}"
        if body:
            cloud.request("network", "PUT", path, json={self.noun: body}, doing=doing)
        found = cloud.request("network", "GET", path, doing=doing)[self.noun]
        if "tags" in inputs or "tags" in old_inputs:
            found["tags"] = self._tag(cloud, found, inputs.get("tags") or [])
        return self._live(cloud, found, self.changed(inputs, old_inputs, old_outputs))

    def delete(self, cloud: Cloud, id: str, outputs: Properties) -> None:
        """DELETE, again while something that is on its way out still uses it."""
        doing = f"delete {self.noun.replace('_', ' ')} {outputs.get('name') or id}"
        delete_when_free(cloud, "network", f"/{self.collection}/{id}", doing)

    def search(self, cloud: Cloud, inputs: Properties) -> Iterable[Live]:
        """Those of its name, in its project: an administrator's lists show everybody's."""
        names = {"name": "name", "networkId": "network_id"}
        filters = {api: inputs[key] for key, api in names.items() if inputs.get(key)}
        filters |= self.in_project(cloud, inputs)
        for found in cloud.items("network", f"/{self.collection}", self.collection, params=filters):
            yield self._live(cloud, found, self.given(inputs))

    @staticmethod
    def in_project(cloud: Cloud, inputs: Properties) -> dict[str, Any]:
        """A list's filter: the project that a create with these inputs makes it in."""
        project = inputs.get("tenantId") or inputs.get("projectId") or cloud.project_id
        return {"project_id": project} if project else {}

    # ----------------------------------------------------------------------------------------------------------- inside

    def _tag(self, cloud: Cloud, found: Mapping[str, Any], desired: Any) -> list[str]:
        present = list(found.get("tags") or [])
        if not self.tagged or desired is None or set(desired) == set(present):
            return present
        path = f"/{self.collection}/{found['id']}/tags"
        done = cloud.request("network", "PUT", path, json={"tags": list(desired)}, doing=f"tag {found.get('name')}")
        return list(done["tags"])

    def _live(self, cloud: Cloud, found: Mapping[str, Any], known: Known) -> Live:
        reported = {"id": found["id"], "region": cloud.region, **self.outputs(cloud, found, known)}
        if self.tagged:
            tags = sorted(found.get("tags") or [])
            # `tags` are those that the program set; what others add shows in `allTags`.
            reported |= {"tags": tags, "allTags": tags}
        return known.live(found["id"], reported, self.unordered, text(found.get("created_at")))


def _in_order(bodies: Sequence[Mapping[str, Any]], made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was made, each at the place of the body that it was made from, however the answer is sorted."""
    left = list(made)

    def fits(body: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
        plain = {key: value for key, value in body.items() if isinstance(value, (str, int))}
        return all(str(found.get(key, value)) == str(value) for key, value in plain.items())

    ordered = []
    for body in bodies[: len(made)]:
        ordered.append(next((found for found in left if fits(body, found)), left[0]))
        left.remove(ordered[-1])
    return [*ordered, *left]


def delete_when_free(cloud: Cloud, service: str, path: str, doing: str) -> None:
    """DELETE, repeated for a while as long as the answer is 409.

    Raises:
        CloudError: Something still uses it in the end; with the cloud's answer.
    """
    refusal: list[CloudError] = []

    def gone() -> bool:
        try:
            cloud.request(service, "DELETE", path, doing=doing, absent_ok=True)
        except CloudError as error:
            if error.status != 409:
                raise
            refusal[:] = [error]
            return False
        return True

    try:
        cloud.wait(doing, gone, DELETE_TIMEOUT_S)
    except CloudError as error:
        if error.status == 504 and refusal:
            raise refusal[0] from None
        raise


def text(value: Any) -> Any:
    """An absent text is an empty one."""
    return "" if value is None else value
