"""What an engine is. The whole vocabulary of this room can be imported from here.

An engine runs one stack, blocking, in the caller's thread; the caller runs many in threads of its own. Countries,
OpenStack and terminals are unknown here: resource types come in as `Provider`s, progress goes out as events.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from ace.engine.events import Event, EventSink, Message, Phase, StepFinished, StepStarted, ignore_events
from ace.engine.provider import BulkReader, CloudError, CloudIdentity, Diff, Invoke, Live, Provider, ResourceType
from ace.engine.runs import Failure, Op, Outcome, Plan, PropertyChange, RunOptions, Stack, Step
from ace.engine.state import OperationKind, PendingOperation, Resource, Snapshot, StateStore
from ace.engine.values import UNKNOWN, JsonValue, Properties, Secret

__all__ = [
    "UNKNOWN",
    "BulkReader",
    "CloudError",
    "CloudIdentity",
    "Diff",
    "Drift",
    "Engine",
    "Event",
    "EventSink",
    "Failure",
    "Invoke",
    "JsonValue",
    "Live",
    "Message",
    "Op",
    "OperationKind",
    "Outcome",
    "PendingOperation",
    "Phase",
    "Plan",
    "Properties",
    "PropertyChange",
    "Provider",
    "Resource",
    "ResourceType",
    "RunOptions",
    "Secret",
    "Snapshot",
    "Stack",
    "StateStore",
    "Step",
    "StepFinished",
    "StepStarted",
    "ignore_events",
]


class Engine(Protocol):
    """Runs one stack.

    Obligations: nothing changes in the cloud in `preview` and `outputs`; setting `cancel` lets what is in flight finish,
    starts nothing new, saves, and returns with `interrupted` unless all was done (`preview` and `drift`: with what they
    have), and an `Interrupt` may ask for more; what `unprotect` names keeps its protection wherever it is not gone; a failed
    step leaves independent steps going, and state names what exists; what an earlier release wrote wrongly is corrected by
    whatever reads it, and reported in one line (`mending.py`); every method that writes (`up`, `refresh`, `destroy`, `import_`)
    holds the stack's lock.

    Raises (all): `UserError` for what a person can corrected before anything ran (lock held, wrong passphrase, no cloud);
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

    def export(self, stack: Stack, sink: EventSink = ignore_events) -> dict[str, JsonValue]:
        """The state as a Pulumi deployment: `{"version": 3, "deployment": {...}}`, secrets encrypted.

        Version 4, with `features`, where the state holds something that readers of version 3 would lose (a taint).
        """
        ...

    def import_(self, stack: Stack, deployment: Mapping[str, JsonValue], sink: EventSink = ignore_events) -> None:
        """Take over a Pulumi deployment, version 3 or 4, instead of the present state (which is kept as a backup).

        Raises:
            UserError: It uses a feature that this engine does not have; names it.
        """
        ...


class Drift(Protocol):
    """An engine that can compare its state with the live cloud and change nothing."""

    def drift(self, stack: Stack, sink: EventSink, cancel: threading.Event) -> tuple[Step, ...]:
        """Steps for what differs: UPDATE with its changes for changed resources, DELETE for those that are gone."""
        ...
