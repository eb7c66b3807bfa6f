"""What an engine is: the values it takes and gives, and the small protocols between its parts.

An engine runs one stack, blocking, in the caller's thread; the caller runs many in threads of its own. Countries,
OpenStack and terminals are unknown here: resource types come in as `Provider`s, progress goes out as events.

Inside an engine, resource properties are plain JSON values (camelCase keys as on Pulumi's wire) in which `Secret` wraps
what must never be seen in clear and `UNKNOWN` stands for what only the cloud can tell (in a preview, or before an up).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol

from ace.errors import RefusedError

# ---------------------------------------------------------------------------------------------------------------- values

JsonValue = Any
"""None, bool, int, float, str, list or dict of these; may hold `Secret` and `UNKNOWN` anywhere."""

Properties = Mapping[str, JsonValue]


class _Unknown:
    """A value that only the cloud can tell. There is one, `UNKNOWN`."""

    _only: _Unknown | None = None

    def __new__(cls) -> _Unknown:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "<known after up>"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is encrypted in state and never printed."""

    value: JsonValue = field(repr=False)

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


# ---------------------------------------------------------------------------------------------------------------- stacks


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack: which program, under which name, where its state is kept.

    `state_dir` belongs to this stack alone and is made when needed (mode 0700). `environment` is added to the program's
    own (`OS_CLIENT_CONFIG_FILE`, `ACE_SPEC`). `passphrase` encrypts its secrets and never appears in a message.
    """

    name: str
    program_dir: Path
    """The folder of Pulumi.yaml."""
    state_dir: Path
    passphrase: str = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)
    project: str = "ace"
    organization: str = "organization"


class Op(StrEnum):
    """What a step does."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that differs; `before` or `after` is None where it is added or removed. Secrets are `Secret`."""

    path: str
    before: JsonValue
    after: JsonValue
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done, or done, to one resource."""

    op: Op
    urn: str
    type: str
    name: str
    changes: tuple[PropertyChange, ...] = ()
    custom: bool = True
    """False for components, providers and the stack itself: they exist only in the state."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `up` (or `destroy`) would do. SAME steps are included; component resources and providers too."""

    stack: str
    steps: tuple[Step, ...]

    def count(self, op: Op) -> int:
        """How many steps do that."""
        return sum(1 for step in self.steps if step.op is op)

    @property
    def changes(self) -> tuple[Step, ...]:
        """The steps that change something."""
        return tuple(step for step in self.steps if step.op is not Op.SAME)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a step (or the program, urn empty) failed, in words for a person: what the cloud said, what to do."""

    urn: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an up, refresh or destroy did. It is returned, not raised, when steps failed."""

    stack: str
    steps: tuple[Step, ...]
    """Those that were carried out, SAME included."""
    failures: tuple[Failure, ...] = ()
    interrupted: bool = False
    outputs: Properties = field(default_factory=dict)

    def count(self, op: Op) -> int:
        """How many steps did that."""
        return sum(1 for step in self.steps if step.op is op)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to run. `unprotect` names URNs, or is ("*",) for all; `targets` are URNs, empty for everything."""

    parallel: int = 16
    refresh: bool = False
    targets: tuple[str, ...] = ()
    unprotect: tuple[str, ...] = ()
    force: bool = False
    """Go on though more than a third of the stack's resources would be deleted or replaced."""


# ---------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Phase:
    """The run enters a phase: `planning`, `applying`, `refreshing`, `deleting`; `total` steps are ahead if known."""

    stack: str
    name: str
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step that changes something begins."""

    stack: str
    step: Step


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended; `error` is None when it did so well. SAME steps are reported too."""

    stack: str
    step: Step
    error: str | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Message:
    """The program or the engine says something; `level` is debug, info, warning or error."""

    stack: str
    level: str
    text: str
    urn: str = ""


Event = Phase | StepStarted | StepFinished | Message
EventSink = Callable[[Event], None]
"""Called from any thread; must be quick and must not raise."""


# ---------------------------------------------------------------------------------------------------------------- engine


class Engine(Protocol):
    """Runs one stack.

    Obligations: nothing changes in the cloud in `preview` and `outputs`; setting `cancel` lets what is in flight finish,
    starts nothing new, saves, and returns with `interrupted`; a failed step leaves independent steps going, and state says
    what exists; every method but `outputs` and `export` holds the stack's lock.

    Raises (all): `UserError` for what a person can put right before anything ran (lock held, wrong passphrase, no cloud);
    `RefusedError` where a rule stopped it (another cloud's identity, protected resources, too many deletes).
    """

    name: str

    def preview(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Plan: ...

    def up(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome: ...

    def refresh(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome: ...

    def destroy(self, stack: Stack, options: RunOptions, sink: EventSink, cancel: threading.Event) -> Outcome: ...

    def outputs(self, stack: Stack) -> Properties:
        """The stack's outputs as of the last run; secrets as `Secret`."""
        ...

    def export(self, stack: Stack) -> dict[str, JsonValue]:
        """The state as a Pulumi deployment, version 3: `{"version": 3, "deployment": {...}}`, secrets encrypted."""
        ...

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue]) -> None:
        """Take over a Pulumi deployment, version 3, instead of the present state (which is kept as a backup)."""
        ...


class Drift(Protocol):
    """An engine that can compare its state with the live cloud and change nothing."""

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        """Steps for what differs: UPDATE with its changes for changed resources, DELETE for those that are gone."""
        ...


# ------------------------------------------------------------------------------------------------------------- providers


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
    """A resource as the cloud has it. `outputs` are the full state as Pulumi's provider would keep it, id included."""

    id: str
    outputs: Properties


@dataclass(frozen=True, slots=True)
class Diff:
    """How new inputs differ from a resource's state; empty `changes` means the same."""

    changes: tuple[PropertyChange, ...] = ()
    delete_before_replace: bool = False

    @property
    def replaces(self) -> bool:
        """Whether any change can only be had by a new resource."""
        return any(change.forces_replacement for change in self.changes)


class CloudError(Exception):
    """A cloud refused or failed a request: `message` for a person, `status` the HTTP status (0: no answer)."""

    def __init__(self, message: str, *, status: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint


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
        """Compare wanted inputs with what is there; must not talk to the cloud."""
        ...

    def create(self, cloud: Any, inputs: Properties) -> Live:
        """Make it and wait until it is usable."""
        ...

    def read(self, cloud: Any, id: str, outputs: Properties) -> Live | None:
        """Ask the cloud; None when it is gone. `outputs` are the last known ones (write-only values are kept)."""
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

    def find(self, cloud: Any, inputs: Properties) -> Live | None:
        """A resource that an earlier create with just these inputs made though its answer was lost; None if none is.

        Must be sure: a same-named resource of somebody else's is never returned (compare everything identifying).
        """
        ...


class BulkReader(Protocol):
    """A `ResourceType` that can also read many resources in a handful of requests."""

    def read_many(self, cloud: Any, known: Sequence[tuple[str, Properties]]) -> Mapping[str, Live]:
        """Live resources by id, out of `known` (id, last outputs); those that are gone are missing."""
        ...


Invoke = Callable[[Any, Properties], Properties]
"""A look-up function of a provider, such as `openstack:images/getImage:getImage`: (cloud, args) -> result."""


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

    def identity(self, cloud: Any) -> CloudIdentity:
        """Which cloud it is; one request.

        Raises:
            CloudError: It cannot be reached or refuses the credentials.
        """
        ...


# ----------------------------------------------------------------------------------------------------------------- state


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a deployment, as Pulumi's `apitype.ResourceV3` has it. `inputs` and `outputs` may hold `Secret`."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    parent: str = ""
    provider: str = ""
    """`<urn>::<id>` of the provider resource, for custom resources other than providers."""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False
    external: bool = False
    delete: bool = False
    """Replaced already; waits to be deleted."""
    pending_replacement: bool = False
    init_errors: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    created: str = ""
    modified: str = ""

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.rsplit("::", 1)[-1]


class OperationKind(StrEnum):
    """What was under way, in Pulumi's words."""

    CREATING = "creating"
    UPDATING = "updating"
    DELETING = "deleting"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class PendingOperation:
    """An operation that was begun and whose end was never written."""

    kind: OperationKind
    resource: Resource


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stack's state: resources in Pulumi's order (parents and dependencies first), and what was left under way.

    `identities` is by provider URN. It is no part of an exported deployment.
    """

    resources: tuple[Resource, ...] = ()
    pending: tuple[PendingOperation, ...] = ()
    identities: Mapping[str, CloudIdentity] = field(default_factory=dict)


class StateStore(Protocol):
    """One stack's journalled state on disk. All methods are thread-safe; what returned survives a power cut."""

    def load(self) -> Snapshot:
        """The state as last written, journal replayed.

        Raises:
            UserError: Damaged, of another format, or the passphrase is wrong; names the file and what to do.
        """
        ...

    def begin(self, kind: OperationKind, resource: Resource) -> int:
        """Record that an operation begins, before the cloud is asked; returns its number. Fsynced."""
        ...

    def end(self, operation: int | None, *, put: Sequence[Resource] = (), drop: Sequence[Resource] = ()) -> None:
        """Record how it ended: resources to put (by urn, id and delete flag) and to drop.

        `operation` is None for a change that no cloud operation made.
        """
        ...

    def record_identity(self, provider_urn: str, identity: CloudIdentity) -> None:
        """Remember which cloud a provider spoke to. Fsynced."""
        ...

    def compact(self, order: Sequence[Resource]) -> None:
        """Write the whole state anew in that order, atomically, and empty the journal."""
        ...
