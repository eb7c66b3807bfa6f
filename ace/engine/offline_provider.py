"""A package's resource types without a cloud: for the plan of a stack that has never been deployed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ace.engine.provider import CloudIdentity, Invoke, Provider, ResourceType
from ace.engine.values import Properties


@dataclass(frozen=True, slots=True)
class OfflineProvider:
    """Checks inputs as the package does, without any network access; the result of every look-up is unknown."""

    online: Provider
    """The same package with its clouds."""

    @property
    def package(self) -> str:
        """Such as `openstack`."""
        return self.online.package

    @property
    def version(self) -> str:
        """Version of the Pulumi package."""
        return self.online.version

    @property
    def types(self) -> Mapping[str, ResourceType]:
        """By type token."""
        return self.online.types

    @property
    def invokes(self) -> Mapping[str, Invoke]:
        """By token; the result of each is unknown."""
        return dict.fromkeys(self.online.invokes, _not_known)

    @property
    def settling_s(self) -> float:
        """Nothing is being created or deleted."""
        return 0

    def clock(self, _cloud: Any) -> float:
        """This machine's."""
        return time.time()

    def configure(self, _inputs: Properties, _environment: Mapping[str, str]) -> None:
        """There is no cloud."""

    def within(self, cloud: Any, _seconds: float) -> Any:
        """The same handle: nothing takes time."""
        return cloud

    def identity(self, _cloud: Any) -> CloudIdentity:
        """Of no cloud."""
        return CloudIdentity("", "", "", "")


def _not_known(_cloud: Any, _arguments: Properties) -> None:
    return None
