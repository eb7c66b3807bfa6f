"""A stack's state, as Pulumi's deployments have it, and the store that keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ace.engine.provider import CloudIdentity
from ace.engine.values import JsonValue, Properties


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
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    protect: bool = False
    retain_on_delete: bool = False
    external: bool = False
    delete: bool = False
    """Replaced already; waits to be deleted."""
    pending_replacement: bool = False
    """Deleted in its cloud already; waits to be made anew."""
    taint: bool = False
    """To be replaced at the next up, whatever the program declares (`pulumi state taint`)."""
    init_errors: tuple[str, ...] = ()
    """Why it never became usable; waits to be replaced."""
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    created: str = ""
    modified: str = ""
    other: Mapping[str, JsonValue] = field(default_factory=dict)
    """What else a deployment records of it (`sourcePosition`, `deletedWith`, ...): kept as it is, and written back."""

    @property
    def name(self) -> str:
        """The last part of the URN."""
        return self.urn.rsplit("::", 1)[-1]


class OperationKind(StrEnum):
    """What was under way, in Pulumi's terms."""

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

    def begin(self, kind: OperationKind, *resources: Resource) -> Sequence[int]:
        """Record that operations begin, before the cloud is asked; returns their numbers. Fsynced once."""
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
