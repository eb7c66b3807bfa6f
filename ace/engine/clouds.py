"""The clouds of one run: opened once per provider resource, and each asked who it is before anything is done to it.

A cloud that gives no answer is silent for the whole run: whatever would need it fails with that one cause, at once, and the
other clouds' work goes on.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ace.engine.contract import CloudError, CloudIdentity, Properties, Provider, Resource, ResourceType
from ace.engine.provider import InvokeError, UnsupportedError
from ace.engine.urns import PROVIDER_PREFIX, name_of, package_of, split_reference
from ace.engine.wire import clear, holds_unknown
from ace.errors import RefusedError, UserError

_ASKED_AT_ONCE = 8


class SilentCloudError(CloudError):
    """A cloud gave no answer, or refused the credentials, when it was asked who it is; `provider` is its URN."""

    def __init__(self, provider: str, cause: CloudError) -> None:
        super().__init__(cause.message, status=cause.status, hint=cause.hint)
        self.provider = provider


@dataclass(frozen=True, slots=True)
class OpenedProvider:
    """One opened provider resource."""

    provider: Provider
    handle: Any
    inputs: Properties


@dataclass
class Clouds:
    """Thread-safe. `recorded` are the identities that the state was written for."""

    providers: Mapping[str, Provider]
    environment: Mapping[str, str]
    state_dir: Path
    recorded: Mapping[str, CloudIdentity]
    _opened: dict[str, OpenedProvider] = field(default_factory=dict)
    _asked: dict[str, CloudIdentity] = field(default_factory=dict)
    _silent: dict[str, SilentCloudError] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # ------------------------------------------------------------------------------------------------------------ open

    def open(self, urn: str, type_: str, inputs: Properties) -> OpenedProvider:
        """Open the provider resource `urn`; the same handle while its inputs stay the same.

        Raises:
            UnsupportedError: The engine has not got that package, or the cloud is one that this very run makes.
        """
        package = package_of(type_)
        if package not in self.providers:
            known = ", ".join(sorted(self.providers))
            raise UnsupportedError(
                f"the embedded engine has no package `{package}` (it has: {known}); use the Pulumi CLI: --engine pulumi"
            )
        if holds_unknown(inputs):
            raise UnsupportedError(
                f"the provider {name_of(urn)} is configured with what is known only after an up; "
                "give it plain values, or what a look-up finds"
            )
        plain = clear(inputs)
        with self._lock:
            present = self._opened.get(urn)
            if present is None or present.inputs != plain:
                provider = self.providers[package]
                self._opened[urn] = OpenedProvider(provider, provider.configure(plain, self.environment), plain)
                self._asked.pop(urn, None)
                self._silent.pop(urn, None)
            return self._opened[urn]

    def open_all(self, resources: Sequence[Resource]) -> None:
        """Open the providers of a state, and ask all at once who they are.

        Raises:
            RefusedError: One is another cloud than the state was written for.
        """
        found = [r for r in resources if r.type.startswith(PROVIDER_PREFIX) and not r.delete]
        for resource in found:
            self.open(resource.urn, resource.type, resource.inputs)
        with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
            list(pool.map(self._hear, found))

    def _hear(self, resource: Resource) -> None:
        try:
            self.identify(resource.urn)
        except SilentCloudError:
            return  # remembered

    # --------------------------------------------------------------------------------------------------------- identity

    def identify(self, urn: str) -> CloudIdentity:
        """Ask the cloud who it is (once a run).

        Raises:
            SilentCloudError: No answer, or the credentials are refused.
            RefusedError: It is another cloud than the state was written for.
        """
        with self._lock:
            cloud, known, silence = self._opened[urn], self._asked.get(urn), self._silent.get(urn)
        if silence is not None:
            raise silence
        if known is None:
            try:
                known = cloud.provider.identity(cloud.handle)
            except CloudError as error:
                with self._lock:
                    silence = self._silent.setdefault(urn, SilentCloudError(urn, error))
                raise silence from None
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

    @property
    def silent(self) -> frozenset[str]:
        """URNs of the providers whose clouds gave no answer."""
        with self._lock:
            return frozenset(self._silent)

    def require_answers(self, *, from_all: bool) -> None:
        """Make sure that somebody is there before anything runs.

        Args:
            from_all: One silent cloud is too many; else only when all are silent.

        Raises:
            UserError: Names the clouds that give no answer.
        """
        with self._lock:
            silent = list(self._silent.values())
            enough = bool(self._asked) and not from_all
        if silent and not enough:
            raise UserError(
                "; ".join(dict.fromkeys(error.message for error in silent)),
                hint=next((error.hint for error in silent if error.hint), "is the cloud up, and clouds.yaml right?"),
                code="cloud-unreachable",
            )

    def same(self, urn: str, other: str) -> bool:
        """Whether two provider resources lead to one cloud, so that what is in it need not move."""
        if urn == other:
            return True
        with self._lock:
            if urn not in self._opened or other not in self._opened:
                return False
        one, two = self.identify(urn), self.identify(other)
        return (one.auth_url, one.region) == (two.auth_url, two.region)

    # -------------------------------------------------------------------------------------------------------------- use

    def of(self, reference: str) -> OpenedProvider:
        """The cloud of a provider reference `<urn>::<id>`.

        Raises:
            SilentCloudError: It gave no answer.
            UnsupportedError: There is no explicit provider.
        """
        urn = split_reference(reference)[0]
        with self._lock:
            cloud, silence = self._opened.get(urn), self._silent.get(urn)
        if silence is not None:
            raise silence
        if cloud is None:
            raise UnsupportedError("the embedded engine needs an explicit provider on every resource and look-up")
        return cloud

    def resource_type(self, reference: str, token: str) -> tuple[ResourceType, Any]:
        """How resources of a type are handled, and the cloud they are in.

        Raises:
            SilentCloudError: The cloud gave no answer.
            UnsupportedError: The engine has not got that type.
        """
        cloud = self.of(reference)
        if token not in cloud.provider.types:
            raise UnsupportedError(
                f"the embedded engine has no resource type {token}; use the Pulumi CLI (--engine pulumi), "
                "or add it: one file in the provider's room"
            )
        return cloud.provider.types[token], cloud.handle

    def settling_s(self, reference: str) -> float:
        """How long the cloud of a provider reference may still be busy with a request whose answer was lost."""
        return self.of(reference).provider.settling_s

    def clock(self, reference: str) -> float:
        """What time it is in the cloud of a provider reference, in seconds since the epoch."""
        cloud = self.of(reference)
        return cloud.provider.clock(cloud.handle)

    def within(self, resource: Resource, operation: str, handle: Any) -> Any:
        """The handle for an operation on a resource, which takes no longer than its `custom_timeouts` allow."""
        seconds = resource.custom_timeouts.get(operation)
        return handle if not seconds else self.of(resource.provider).provider.within(handle, seconds)

    def invoke(self, token: str, arguments: Properties, reference: str) -> Properties | None:
        """Run a look-up; None when nobody can know: its cloud is silent, or not there yet.

        Raises:
            InvokeError: The cloud refused it, or there is no such thing.
            UnsupportedError: The engine has not got that look-up.
        """
        try:
            cloud = self.of(reference)
        except SilentCloudError:
            return None
        if token not in cloud.provider.invokes:
            raise UnsupportedError(f"the embedded engine has no look-up {token}; use the Pulumi CLI: --engine pulumi")
        try:
            return cloud.provider.invokes[token](cloud.handle, clear(arguments))
        except CloudError as error:
            raise InvokeError(f"{error.message}. {error.hint}" if error.hint else error.message) from None
