"""What the embedded engine needs of one Pulumi package: clouds, resource types, look-ups."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ace.engine.runs import PropertyChange
from ace.engine.values import Properties
from ace.errors import RefusedError


@dataclass(frozen=True, slots=True)
class CloudIdentity:
    """Which cloud this is: a wiped or different one has another marker."""

    auth_url: str
    region: str
    domain_id: str
    marker: str

    def require_same(self, recorded: CloudIdentity, provider: str) -> None:
        """Refuse to act when this is not the cloud that the state was written for.

        Raises:
            RefusedError: With both identities and what to type.
        """
        if self != recorded:
            raise RefusedError(
                f"{provider}: this is not the cloud that the state was written for "
                f"(state: {recorded.auth_url} region {recorded.region} project {recorded.marker}; "
                f"now: {self.auth_url} region {self.region} project {self.marker})",
                code="another-cloud",
            )


@dataclass(frozen=True, slots=True)
class Live:
    """A resource as the cloud has it. `outputs` are the full state as Pulumi's provider would keep it, id included.

    `made_at` is when the cloud made it, by the cloud's clock (ISO 8601); empty where the cloud does not report.
    """

    id: str
    outputs: Properties
    made_at: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    """How new inputs differ from a resource's state; empty `changes` means the same."""

    changes: tuple[PropertyChange, ...] = ()
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether any change can only be had by a new resource."""
        return any(change.forces_replacement for change in self.changes)


class InvokeError(Exception):
    """A look-up failed; the program gets the message as an exception."""


class UnsupportedError(Exception):
    """The program uses something that the embedded engine does not support."""


class CloudError(Exception):
    """A cloud refused or failed a request: `message` for a person, `status` the HTTP status (0: no answer).

    `made` is what a failed create left in the cloud, such as a server that went to ERROR: the engine keeps it in the state
    and replaces it at the next up.
    """

    def __init__(self, message: str, *, status: int = 0, hint: str = "", made: Live | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint
        self.made = made

    @property
    def is_unsure(self) -> bool:
        """Whether the request may have been carried out all the same, or is being carried out still."""
        return self.status in (0, 500, 502, 504)

    @property
    def may_be_there(self) -> bool:
        """Whether it refuses a create in a way that may mean that the cloud has it already.

        Services repeat their own transactions: one that was carried out is refused the second time as a duplicate.
        """
        return self.status in (400, 409)

    def leaving(self, made: Live | None) -> CloudError:
        """The same error of a create that had made this much when it failed."""
        return CloudError(self.message, status=self.status, hint=self.hint, made=made)


class ResourceType(Protocol):
    """How the engine handles resources of one type token. Stateless and thread-safe; `cloud` is what `configure` gave.

    Inputs and outputs hold no `Secret` here, and no `UNKNOWN` except in `check` and `diff`, where one counts as a change.
    Every method raises `CloudError` when the cloud refuses.
    """

    @property
    def token(self) -> str:
        """Its type token, such as `openstack:networking/network:Network`."""
        ...

    def check(self, inputs: Properties) -> Properties:
        """The inputs with the provider's defaults filled in; must not talk to the cloud."""
        ...

    def diff(self, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Diff:
        """Compare desired inputs with what is there; must not talk to the cloud."""
        ...

    def create(self, cloud: Any, inputs: Properties) -> Live:
        """Make it and wait until it is usable."""
        ...

    def read(self, cloud: Any, id: str, outputs: Properties) -> Live | None:
        """Ask the cloud; None when it is gone. `outputs` are the last known ones: what the cloud does not report stays so.

        Read again, the same resource gives the same outputs, and so it does right after its create.
        """
        ...

    def kept(self, inputs: Properties) -> Properties:
        """The inputs in the form of outputs (a hash of what is kept hashed): for `read` where nothing was put out yet."""
        ...

    def inputs_of(self, live: Live, old_inputs: Properties) -> Properties:
        """What the old inputs have become, given the live resource: used by refresh, so that drift shows in a diff."""
        ...

    def update(self, cloud: Any, id: str, inputs: Properties, old_inputs: Properties, old_outputs: Properties) -> Live:
        """Change it in place. Called only for changes that do not force a replacement."""
        ...

    def delete(self, cloud: Any, id: str, outputs: Properties) -> None:
        """Remove it and wait until it is gone; that it is gone already is success."""
        ...

    def find(
        self, cloud: Any, inputs: Properties, begun: float | None = None, known: Collection[str] = ()
    ) -> Live | None:
        """A resource that a create with just these inputs made though its answer was lost or refused it; None if none is.

        Must be sure: a same-named resource of somebody else's is never returned. It has all these inputs, lies in the
        project that it was to be made in, and was made after `begun`, where its type's clouds report when.

        Args:
            cloud: Where to look.
            inputs: What that create was given.
            begun: When it was begun, by the cloud's clock, in seconds since the epoch; None: nobody knows.
            known: Ids of what is known already, which is never it.
        """
        ...

    def alike(self, cloud: Any, inputs: Properties) -> Sequence[Live]:
        """What may be in the way of a create with these inputs, so that a refusal can name it; nothing is sure of these."""
        ...


class BulkReader(Protocol):
    """A `ResourceType` that can also read many resources in a handful of requests."""

    def read_many(self, cloud: Any, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """Live resources by id, out of `known` (id, last outputs); those that are gone are missing."""
        ...


class Hasher(Protocol):
    """A `ResourceType` whose outputs keep no more than a hash of some inputs, which its cloud does not give back."""

    @property
    def hashed(self) -> Mapping[str, Callable[[str], str]]:
        """Those inputs, and what hashes each."""
        ...


class Rider(Protocol):
    """A `ResourceType` whose resources go by themselves when what they are a part of is deleted."""

    @property
    def goes_with(self) -> tuple[str, str]:
        """Type token of what takes it along, and the input that holds that one's id."""
        ...


class BulkMaker(Protocol):
    """A `ResourceType` that can make several resources in one request."""

    def together(self, inputs: Properties) -> Hashable:
        """Creates that give the same (not None) may be made in one request."""
        ...

    def create_many(self, cloud: Any, many: Sequence[Properties]) -> Sequence[Live | CloudError]:
        """Make them all; a `CloudError` in place of one means that it was `made` and did not become usable.

        Raises:
            CloudError: None was made; or (status 0 and 500 to 504) it is unknown.
        """
        ...


Invoke = Callable[[Any, Properties], Properties | None]
"""A look-up function of a provider, such as `openstack:images/getImage:getImage`: (cloud, args) -> result.

None: it is not known yet (only in a preview).
"""


class Provider(Protocol):
    """All that the engine needs of one Pulumi package."""

    @property
    def package(self) -> str:
        """Such as `openstack`."""
        ...

    @property
    def version(self) -> str:
        """Version of the Pulumi package that types and outputs follow."""
        ...

    @property
    def settling_s(self) -> float:
        """How long a cloud may still be busy with a request whose answer was lost: it is asked twice, that far apart."""
        ...

    @property
    def types(self) -> Mapping[str, ResourceType]:
        """By type token."""
        ...

    @property
    def invokes(self) -> Mapping[str, Invoke]:
        """By token."""
        ...

    def configure(self, inputs: Properties, environment: Mapping[str, str]) -> Any:
        """A cloud handle for one provider resource; lazy, thread-safe, talks to nobody yet."""
        ...

    def clock(self, cloud: Any) -> float:
        """What time it is in the cloud, in seconds since the epoch; this machine's where the cloud has not answered yet."""
        ...

    def within(self, cloud: Any, seconds: float) -> Any:
        """The same handle for one operation that may take that long from now, in place of its type's own limit.

        What takes longer fails with a `CloudError` of status 504.
        """
        ...

    def identity(self, cloud: Any) -> CloudIdentity:
        """Which cloud it is; one request.

        Raises:
            CloudError: It cannot be reached or refuses the credentials.
        """
        ...
