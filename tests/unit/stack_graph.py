"""Runs the stack program against Pulumi's mocks and records what it registers, as the engine would see it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pulumi
import pytest
from google.protobuf.json_format import MessageToDict
from pulumi.runtime import mocks, settings
from pulumi.runtime.sync_await import _sync_await

from ace.spec import Spec, load
from ace.spec.region import Region
from ace.spec.values import Member

CHECKOUT = Path(__file__).resolve().parents[2]
QUIET = pytest.mark.filterwarnings("ignore:openstack.index:DeprecationWarning")
"""Whoever imports pulumi_openstack hears of every alias that it has deprecated."""
SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""Marks special values on Pulumi's wire (sdk/go/common/resource/sig)."""


@dataclass(frozen=True)
class Registered:
    """One resource: short names instead of URNs, secrets as `***`."""

    type: str
    name: str
    urn: str
    custom: bool
    parent: str
    provider: str
    depends_on: tuple[str, ...]
    protect: bool
    old_first: bool
    """delete_before_replace"""
    inputs: dict[str, Any]

    @property
    def title(self) -> str:
        return f"{self.type} {self.name}"


@dataclass
class Graph:
    """All of a stack, in the order of registration, and its outputs."""

    resources: list[Registered] = field(default_factory=list)
    invokes: list[tuple[str, str]] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    secret_outputs: list[str] = field(default_factory=list)

    def of_type(self, tail: str) -> list[Registered]:
        """Resources whose type ends so."""
        return [resource for resource in self.resources if resource.type.endswith(tail)]

    def one(self, tail: str, name: str) -> Registered:
        [found] = [resource for resource in self.of_type(tail) if resource.name == name]
        return found

    @property
    def openstack(self) -> list[Registered]:
        """What lives in a cloud."""
        return [resource for resource in self.resources if resource.type.startswith("openstack:")]

    def text(self) -> str:
        """The whole graph as a reviewer reads it, sorted by type and name."""
        return "\n".join(_block(resource) for resource in sorted(self.resources, key=lambda item: item.title))


def _block(resource: Registered) -> str:
    """Three lines: what and where, what it waits for beyond what its inputs name, and its inputs."""
    marks = [f"in {resource.parent}"]
    if resource.provider:
        marks.append(f"by {resource.provider}")
    if resource.protect:
        marks.append("protected")
    if resource.old_first:
        marks.append("old goes first")
    lines = [f"{resource.title}  ({', '.join(marks)})"]
    inputs = json.dumps(resource.inputs, ensure_ascii=False, sort_keys=True)
    unseen = [title for title in resource.depends_on if f"<{title}>" not in inputs]
    if unseen:
        lines.append(f"  after {', '.join(unseen)}")
    if resource.inputs:
        lines.append(f"  {inputs}")
    return "\n".join(lines) + "\n"


class _Cloud(mocks.Mocks):
    """Gives every resource an id that tells whose it is."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        tail = args.typ.rsplit(":", 1)[-1]
        outputs = dict(args.inputs)
        if tail == "FloatingIp":
            outputs["address"] = f"<address of {args.name}>"
        if tail == "Port":
            outputs["allFixedIps"] = ["192.0.2.1", "2001:db8::1"]
        return f"<{tail} {args.name}>", outputs

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        self._graph.invokes.append((args.token, _short(args.provider)))
        scope = {"domainId": "<domain>"} if args.token.endswith("getAuthScope") else {}
        return {**args.args, **scope, "id": f"<{args.token.rsplit(':', 1)[-1]} {args.args['name']}>"}


class _Recorder(mocks.MockMonitor):
    def __init__(self, graph: Graph) -> None:
        super().__init__(_Cloud(graph))
        self._graph = graph

    def RegisterResource(self, request: Any) -> Any:
        answer = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self._graph.resources.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    urn=answer.urn,
                    custom=request.custom,
                    parent=_short(request.parent),
                    provider=_short(request.provider),
                    depends_on=tuple(sorted({_title(urn) for urn in request.dependencies})),
                    protect=request.protect,
                    old_first=request.deleteBeforeReplace,
                    inputs=_masked(MessageToDict(request.object)),
                )
            )
        return answer


def _short(urn: str) -> str:
    """The name in a URN, or in a provider's reference (`<urn>::<id>`)."""
    parts = urn.split("::")
    return parts[3] if len(parts) > 3 else ""


def _title(urn: str) -> str:
    parts = urn.split("::")
    return f"{parts[2].rsplit(':', 1)[-1]} {parts[3]}"


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        if SECRET_SIGNATURE in value:
            return "***"
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def run_program(stack: str, program: Callable[[], dict[str, Any]]) -> Graph:
    """Run a program that returns its outputs; nothing of it is left behind in the SDK's globals."""
    graph = Graph()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    settings.reset_options()
    try:
        mocks.set_mocks(_Cloud(graph), project="ace", stack=stack, preview=False, monitor=_Recorder(graph))

        def run() -> pulumi.Output[None]:
            outputs = pulumi.Output.from_input(program())

            def keep(resolved: dict[str, Any]) -> None:
                graph.outputs = resolved

            async def whether_secret() -> None:
                if await outputs.is_secret():
                    graph.secret_outputs.append("outputs")

            _sync_await(whether_secret())
            return outputs.apply(keep, run_with_unknowns=True)

        mocks.test(run)()
    finally:
        settings.reset_options()
        asyncio.set_event_loop(None)
        loop.close()
    return graph


def country_graph(region: Region, member: Member) -> Graph:
    """The graph of a member's stack."""
    from ace.spec.outputs import plain
    from country import Country

    def program() -> dict[str, Any]:
        country = Country(region, member)
        return {"publication": plain(country.publication), "inventory": plain(country.inventory)}

    return run_program(member.stack, program)


def prefixes_in(value: Any) -> list[str]:
    """Every string in there that is an address or prefix."""
    if isinstance(value, dict):
        return [prefix for item in value.values() for prefix in prefixes_in(item)]
    if isinstance(value, list):
        return [prefix for item in value for prefix in prefixes_in(item)]
    try:
        return [str(ip_network(value))] if isinstance(value, str) and value else []
    except ValueError:
        return []


@cache
def shipped_spec() -> Spec:
    """The spec that comes with ACE."""
    return load(CHECKOUT / "ecosystem")
