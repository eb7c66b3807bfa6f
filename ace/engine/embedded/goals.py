"""What a program asks of the engine, as plain values: no protocol, so that a run that needs no program loads none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ace.engine.contract import Properties
from ace.engine.embedded.aliases import Alias
from ace.engine.provider import UnsupportedError


@dataclass(frozen=True, slots=True)
class Goal:
    """What a program wants of one resource. Dependencies are URNs; `provider` is a reference `<urn>::<id>`."""

    type: str
    name: str
    custom: bool
    parent: str = ""
    inputs: Properties = field(default_factory=dict)
    provider: str = ""
    protect: bool = False
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    delete_before_replace: bool | None = None
    additional_secret_outputs: tuple[str, ...] = ()
    retain_on_delete: bool = False
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    version: str = ""
    import_id: str = ""
    """Of a resource that is in the cloud already and is to come under the stack."""


@dataclass(frozen=True, slots=True)
class Registered:
    """The answer to a registration. Not `done`: it failed or was left out, and its outputs are not known."""

    urn: str
    id: str = ""
    outputs: Properties = field(default_factory=dict)
    done: bool = True


class Handler(Protocol):
    """What a run does with a program's requests. Called from many threads."""

    def register(self, goal: Goal) -> Registered: ...

    def register_outputs(self, urn: str, outputs: Properties) -> None: ...

    def invoke(self, token: str, arguments: Properties, provider: str) -> Properties | None:
        """A look-up's result; None when it cannot be known now, and the program goes on without.

        Raises:
            InvokeError: It has none; the program gets the message as an exception.
        """
        ...

    def log(self, level: str, text: str, urn: str) -> None: ...

    def refuse(self, error: UnsupportedError) -> None:
        """The program uses what this engine has not: the run must end."""
        ...
