"""A package's types without a cloud to ask: for the plan of a stack of which nothing is there yet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ace.engine.provider import CloudIdentity, Invoke, Provider, ResourceType
from ace.engine.values import Properties


@dataclass(frozen=True, slots=True)
class Unseen:
    """Checks inputs as the package does and talks to nobody; what a look-up would find is not known."""

    seen: Provider
    """The package as it is where its clouds are."""

    @property
    def package(self) -> str:
        """Such as `openstack`."""
        return self.seen.package

    @property
    def version(self) -> str:
        """Version of the Pulumi package."""
        return self.seen.version

    @property
    def types(self) -> Mapping[str, ResourceType]:
        """By type token."""
        return self.seen.types

    @property
    def invokes(self) -> Mapping[str, Invoke]:
        """By token; none of them finds anything out."""
        return dict.fromkeys(self.seen.invokes, _not_known)

    @property
    def settling_s(self) -> float:
        """Nothing is under way."""
        return 0

    def clock(self, _cloud: Any) -> float:
        """This machine's."""
        return time.time()

    def configure(self, _inputs: Properties, _environment: Mapping[str, str]) -> None:
        """There is no cloud."""

    def within(self, cloud: Any, _seconds: float) -> Any:
        """The same."""
        return cloud

    def identity(self, _cloud: Any) -> CloudIdentity:
        """Nobody's."""
        return CloudIdentity("", "", "", "")


def _not_known(_cloud: Any, _arguments: Properties) -> None:
    return None
