"""Open a stack in the store that holds it. What only looks makes no stack in any store, and no record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

from ace.engine.contract import EventSink, Message, Stack
from ace.engine.pulumi_cli import locks, store
from ace.engine.pulumi_cli.process import run
from ace.engine.pulumi_cli.run_folder import run_folder
from ace.engine.pulumi_cli.store import NamedBy, Store
from ace.engine.pulumi_cli.workspace import Workspace, home, prepare
from ace.errors import UserError

_making = threading.Lock()
"""Stacks are made one at a time: `pulumi stack init` shares files under PULUMI_HOME."""


class Purpose(Enum):
    """What a stack is opened for."""

    LOOK = auto()
    """Nothing is changed, not even a record."""
    CHANGE = auto()
    """What there is may change; if there is nothing, none is made."""
    MAKE = auto()
    """The stack is made if it is not there."""
    REPLACE = auto()
    """All of its state is about to be put there: another store may be named than before."""


@contextmanager
def opened(stack: Stack, purpose: Purpose, sink: EventSink | None = None) -> Iterator[Workspace]:
    """A workspace over the stack's store; over an empty one for the moment, if there is no such stack and none is made.

    Args:
        stack: Which.
        purpose: What for. What changes it also makes sure that nobody else holds it.
        sink: Called with of locks that were removed.

    Raises:
        RefusedError: Another store is named than the one that holds it.
        UserError: Another run holds it.
    """
    where = store.resolve(stack, may_move=purpose is Purpose.REPLACE)
    known = store.recorded(stack)
    if known is None and purpose in (Purpose.LOOK, Purpose.CHANGE):
        with _unrecorded(stack, where, purpose) as workspace:
            yield workspace
        return
    workspace = prepare(stack, where)
    if known != where.url and purpose is not Purpose.LOOK:
        if known is None or purpose is Purpose.REPLACE:
            _make(workspace, stack)
        store.record(stack, where)
    if purpose is not Purpose.LOOK:
        _require_free(workspace, stack, sink)
    yield workspace


@contextmanager
def _unrecorded(stack: Stack, where: Store, purpose: Purpose) -> Iterator[Workspace]:
    """Over a stack that was made by hand in a store that is named; else over an empty one that goes at the end."""
    folder = home(stack)
    try:
        with run_folder(folder) as place:
            beside = place.path / "workspace"
            workspace = prepare(stack, where, beside)
            if where.named_by is not NamedBy.NOBODY and _is_there(workspace, stack):
                if purpose is Purpose.CHANGE:
                    store.record(stack, where)
                    workspace = prepare(stack, where)
                    _require_free(workspace, stack, None)
            else:
                workspace = prepare(stack, Store(f"file://{beside.absolute() / 'backend'}", NamedBy.NOBODY), beside)
                _make(workspace, stack)
            yield workspace
    finally:
        for path in (folder / "runs", folder, stack.state_dir):  # as it was, if there was nothing
            with suppress(OSError):
                path.rmdir()


def _is_there(workspace: Workspace, stack: Stack) -> bool:
    """Whether the store has a stack of that name.

    Raises:
        UserError: The store cannot be asked.
    """
    finished = run(workspace, "stack", "export", "--stack", stack.name)
    if finished.code != 0 and "no stack named" not in finished.text:
        raise _failed(workspace, "stack export", finished.text)
    return finished.code == 0


def _make(workspace: Workspace, stack: Stack) -> None:
    with _making:
        finished = run(workspace, "stack", "init", stack.name, "--no-select", "--secrets-provider", "passphrase")
    if finished.code != 0 and "already exists" not in finished.text:
        raise _failed(workspace, "stack init", finished.text)


def _failed(workspace: Workspace, command: str, text: str) -> UserError:
    return UserError(f"`pulumi {command}` failed, store {workspace.store.shown}: {text}", code="pulumi-failed")


def _require_free(workspace: Workspace, stack: Stack, sink: EventSink | None) -> None:
    for holder in locks.release_ours(workspace, stack):
        if sink is not None:
            text = f"an earlier run was killed, and its `pulumi` with it; the lock that it left is removed: {holder}"
            sink(Message(stack.name, "warning", text))
    locks.require_free(workspace, stack)
