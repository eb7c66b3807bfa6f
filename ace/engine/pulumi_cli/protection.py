"""Protection taken away for one run, and given back to whatever is still there afterwards.

Pulumi deletes nothing that its state calls protected, so for `--unprotect` the state has to be changed before the run. What
was changed is noted in a file first: if ACE is killed meanwhile, the next run gives the protection back.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ace.engine.contract import EventSink, JsonValue, Message, Stack
from ace.engine.pulumi_cli.cli_state import explained, export, resources_of
from ace.engine.pulumi_cli.process import run
from ace.engine.pulumi_cli.workspace import Workspace
from ace.errors import UserError
from ace.files import put

FILE = "unprotected.json"
Marked = tuple[str, str]
"""A resource's URN and id."""


@dataclass
class Lifted:
    """What has no protection for the time of a run."""

    marked: Sequence[Marked]
    settled: set[str] = field(default_factory=set)
    """URNs whose protection the program has decided in this run."""


def to_lift(resources: Sequence[Mapping[str, Any]], unprotect: Collection[str]) -> list[Marked]:
    """The protected resources that these options let go."""
    return [_mark(one) for one in resources if _is_protected(one) and ("*" in unprotect or one["urn"] in unprotect)]


def still_protected(resources: Sequence[Mapping[str, Any]], unprotect: Collection[str]) -> list[str]:
    """URNs of the protected resources that these options do not let go."""
    return [one["urn"] for one in resources if _is_protected(one) and not {"*", one["urn"]} & set(unprotect)]


@contextmanager
def lifted(workspace: Workspace, stack: Stack, marked: Sequence[Marked], sink: EventSink) -> Iterator[Lifted]:
    """Take the protection away while something is done; what is still there afterwards is protected again."""
    lift = Lifted(marked)
    if not marked:
        yield lift
        return
    body = json.dumps([{"urn": urn, "id": id_} for urn, id_ in marked], indent=2)
    put(workspace.folder / FILE, body.encode(), mode=0o600)
    try:
        urns = sorted({urn for urn, _ in marked})
        finished = run(workspace, "state", "unprotect", *urns, "--yes", "--stack", stack.name)
        if finished.code != 0:
            raise explained(finished.text, workspace, stack)
        yield lift
    finally:
        _restore(workspace, stack, lift, sink)


def restore_left(workspace: Workspace, stack: Stack, sink: EventSink) -> bool:
    """Give back what an earlier run, cut off, had taken away; returns whether there was any.

    Raises:
        UserError: It could not be done: another run holds the stack, perhaps the very one that was cut off.
    """
    marked = left(workspace)
    if not marked:
        return False
    count = _protect(workspace, stack, Lifted(marked))
    if count:
        sink(Message(stack.name, "warning", f"an earlier run was cut off: {_resources(count)} protected again"))
    return True


def left(workspace: Workspace) -> list[Marked]:
    """What an earlier run has left without its protection."""
    try:
        content = json.loads((workspace.folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [(one["urn"], one["id"]) for one in content]


def as_protected(deployment: dict[str, JsonValue], marked: Collection[Marked]) -> dict[str, JsonValue]:
    """The deployment with these resources protected."""
    return _with(deployment, marked, protect=True)


def as_unprotected(deployment: dict[str, JsonValue], marked: Collection[Marked]) -> dict[str, JsonValue]:
    """The deployment with these resources not protected."""
    return _with(deployment, marked, protect=False)


def _with(deployment: dict[str, JsonValue], marked: Collection[Marked], *, protect: bool) -> dict[str, JsonValue]:
    if not marked:
        return deployment
    resources = [
        one | {"protect": protect} if _mark(one) in marked and not one.get("delete") else one
        for one in resources_of(deployment)
    ]
    return {**deployment, "deployment": {**deployment["deployment"], "resources": resources}}


def _restore(workspace: Workspace, stack: Stack, lift: Lifted, sink: EventSink) -> None:
    """Protect what is still there; what cannot be done now is reported, and is done by the next run."""
    try:
        _protect(workspace, stack, lift)
    except UserError as error:
        text = (
            f"the resources that were to be unprotected for this run could not be protected again: {error.message}; "
            "the next up, refresh or down does it"
        )
        sink(Message(stack.name, "warning", text))


def _protect(workspace: Workspace, stack: Stack, lift: Lifted) -> int:
    """Protect what of it is there and has no protection; returns how many."""
    bare = [
        one["urn"]
        for one in resources_of(export(workspace, stack))
        if _mark(one) in lift.marked and one["urn"] not in lift.settled and not one.get("delete")
        if not one.get("protect")
    ]
    if bare:
        finished = run(workspace, "state", "protect", *bare, "--yes", "--stack", stack.name)
        if finished.code != 0:
            raise explained(finished.text, workspace, stack)
    (workspace.folder / FILE).unlink(missing_ok=True)
    return len(bare)


def _is_protected(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("protect")) and not resource.get("delete")


def _mark(resource: Mapping[str, Any]) -> Marked:
    return (resource["urn"], str(resource.get("id", "")))


def _resources(count: int) -> str:
    return "1 resource is" if count == 1 else f"{count} resources are"
