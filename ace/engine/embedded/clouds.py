"""The clouds of one run: opened once per provider resource, and each asked who it is before anything is done to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ace.engine.contract import CloudError, CloudIdentity, Invoke, Properties, Provider, Resource, ResourceType
from ace.engine.embedded.monitor import InvokeError, UnsupportedError
from ace.engine.embedded.urns import PROVIDER_PREFIX, name_of, package_of, split_reference
from ace.engine.embedded.wire import clear
from ace.errors import RefusedError, UserError


@dataclass(frozen=True, slots=True)
class Cloud:
    """One opened provider resource."""

    provider: Provider
    handle: Any
    inputs: Properties


@dataclass
class Clouds:
    """Thread-safe. `recorded` are the identities that the state was written for; `record` notes new ones."""

    providers: Mapping[str, Provider]
    environment: Mapping[str, str]
    state_dir: Path
    recorded: Mapping[str, CloudIdentity]
    _opened: dict[str, Cloud] = field(default_factory=dict)
    _asked: dict[str, CloudIdentity] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def open(self, urn: str, type_: str, inputs: Properties) -> Cloud:
        """Open the provider resource `urn`; the same handle while its inputs stay the same.

        Raises:
            UnsupportedError: The engine has not got that package.
        """
        package = package_of(type_)
        if package not in self.providers:
            known = ", ".join(sorted(self.providers))
            raise UnsupportedError(
                f"the embedded engine has no package `{package}` (it has: {known}); use the Pulumi CLI: --engine pulumi"
            )
        plain = clear(inputs)
        with self._lock:
            present = self._opened.get(urn)
            if present is None or present.inputs != plain:
                provider = self.providers[package]
                self._opened[urn] = Cloud(provider, provider.configure(plain, self.environment), plain)
                self._asked.pop(urn, None)
            return self._opened[urn]

    def identify(self, urn: str) -> CloudIdentity:
        """Ask the cloud who it is (once a run).

        Raises:
            CloudError: No answer, or the credentials are refused.
            RefusedError: It is another cloud than the state was written for.
        """
        with self._lock:
            known = self._asked.get(urn)
        if known is None:
            cloud = self._opened[urn]
            known = cloud.provider.identity(cloud.handle)
            with self._lock:
                self._asked[urn] = known
        if urn in self.recorded:
            try:
                known.require_same(self.recorded[urn], name_of(urn))
            except RefusedError as error:
                raise RefusedError(
                    error.message,
                    hint=f"if the old cloud and all in it are gone for good: mv {self.state_dir} {self.state_dir}.old, "
                    "and run again; else give back the right clouds.yaml",
                    code=error.code,
                ) from None
        return known

    def open_all(self, resources: tuple[Resource, ...]) -> None:
        """Open the providers of a state and make sure that each leads to its cloud.

        Raises:
            UserError: One gives no answer; names all that do not.
            RefusedError: One is another cloud.
        """
        silent = []
        for resource in resources:
            if not resource.type.startswith(PROVIDER_PREFIX) or resource.delete:
                continue
            self.open(resource.urn, resource.type, resource.inputs)
            try:
                self.identify(resource.urn)
            except CloudError as error:
                silent.append(error)
        if silent:
            hints = [error.hint for error in silent if error.hint]
            raise UserError(
                "; ".join(error.message for error in silent),
                hint=hints[0] if hints else "is the cloud up, and clouds.yaml right?",
                code="cloud-unreachable",
            )

    def of(self, reference: str) -> Cloud:
        """The cloud of a provider reference `<urn>::<id>`.

        Raises:
            UnsupportedError: There is no explicit provider.
        """
        urn = split_reference(reference)[0]
        with self._lock:
            cloud = self._opened.get(urn)
        if cloud is None:
            raise UnsupportedError("the embedded engine needs an explicit provider on every resource and look-up")
        return cloud

    def resource_type(self, reference: str, token: str) -> tuple[ResourceType, Any]:
        """How resources of a type are handled, and the cloud they are in.

        Raises:
            UnsupportedError: The engine has not got that type.
        """
        cloud = self.of(reference)
        if token not in cloud.provider.types:
            raise UnsupportedError(
                f"the embedded engine has no resource type {token}; use the Pulumi CLI (--engine pulumi), "
                "or add it: one file in the provider's room"
            )
        return cloud.provider.types[token], cloud.handle

    def invoke(self, token: str, arguments: Properties, reference: str) -> Properties:
        """Run a look-up.

        Raises:
            InvokeError: The cloud refused it, or there is no such thing.
            UnsupportedError: The engine has not got that look-up.
        """
        cloud = self.of(reference)
        if token not in cloud.provider.invokes:
            raise UnsupportedError(f"the embedded engine has no look-up {token}; use the Pulumi CLI: --engine pulumi")
        look_up: Callable[[Any, Properties], Properties] | Invoke = cloud.provider.invokes[token]
        try:
            return look_up(cloud.handle, clear(arguments))
        except CloudError as error:
            raise InvokeError(f"{error.message}. {error.hint}" if error.hint else error.message) from None
