"""Which clouds a Pulumi-kept state belongs to: noted beside the workspace, asked before every run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ace.engine.contract import CloudError, CloudIdentity, Provider, Stack
from ace.errors import RefusedError
from ace.files import put

_PREFIX = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """`identities.json` of one workspace: provider URN -> identity."""

    folder: Path
    providers: Mapping[str, Provider]

    def require_same(
        self, resources: Sequence[Mapping[str, Any]], environment: Mapping[str, str], stack: Stack
    ) -> None:
        """Ask every cloud of the state who it is.

        A cloud that gives no answer is left to the run itself, whose failing steps report it.

        Raises:
            RefusedError: One is another cloud than the state was written for.
        """
        known = self._load()
        for urn, provider, inputs in self._of(resources):
            if urn not in known:
                continue
            try:
                now = provider.identity(provider.configure(inputs, environment))
            except CloudError:
                continue
            try:
                now.require_same(known[urn], urn.rsplit("::", 1)[-1])
            except RefusedError as error:
                raise RefusedError(
                    error.message,
                    hint=f"if the old cloud is gone for good, move {stack.state_dir} away and run again",
                    code=error.code,
                ) from None

    def record(self, resources: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> None:
        """Note the identity of each cloud that the state has resources in."""
        known = self._load()
        fresh: dict[str, CloudIdentity] = {}
        for urn, provider, inputs in self._of(resources):
            if urn in known:
                fresh[urn] = known[urn]
                continue
            try:
                fresh[urn] = provider.identity(provider.configure(inputs, environment))
            except CloudError:
                continue
        text = json.dumps({urn: asdict(value) for urn, value in fresh.items()}, indent=2)
        put(self.folder / "identities.json", text)

    def _load(self) -> dict[str, CloudIdentity]:
        file = self.folder / "identities.json"
        if not file.exists():
            return {}
        return {urn: CloudIdentity(**value) for urn, value in json.loads(file.read_text(encoding="utf-8")).items()}

    def _of(self, resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Provider, Mapping[str, Any]]]:
        for resource in resources:
            package = resource["type"].removeprefix(_PREFIX)
            if package != resource["type"] and package in self.providers:
                yield resource["urn"], self.providers[package], resource.get("inputs") or {}
