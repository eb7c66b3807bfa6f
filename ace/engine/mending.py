"""Put right what earlier releases of ACE wrote wrongly into a state.

Until December 2026 each refresh hashed again what outputs keep as a hash: a server's user data. Nothing of it was wrong in
the cloud, but the Pulumi CLI would have replaced the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ace.engine.contract import JsonValue, Properties, Provider, Resource, Secret
from ace.errors import UserError

Hashed = Mapping[str, Callable[[str], str]]
_REFRESHES_AT_MOST = 20_000


def mend(resources: Sequence[Resource], providers: Mapping[str, Provider]) -> list[Resource]:
    """Those of the resources whose outputs were wrong, with the right ones."""
    return [
        replace(resource, outputs={**resource.outputs, **wrong})
        for resource in resources
        if (wrong := _wrong(_hashed(resource.type, providers), resource.inputs, resource.outputs))
    ]


def mend_deployment(
    deployment: Mapping[str, JsonValue], passphrase: str, providers: Mapping[str, Provider]
) -> tuple[Mapping[str, JsonValue], list[str]]:
    """The deployment with right outputs, and the names of the resources whose outputs were wrong.

    All else stays as it is, and so does what this passphrase cannot open.
    """
    body = deployment.get("deployment") or {}
    resources = list(body.get("resources") or ())
    suspects = {
        index: hashed
        for index, item in enumerate(resources)
        if (hashed := _hashed(item.get("type", ""), providers)) and hashed.keys() & (item.get("outputs") or {}).keys()
    }
    if not suspects:
        return deployment, []
    # Loads `cryptography`, and derives a key: a stack that keeps nothing hashed need not spend that.
    from ace.engine.deployment import secrets_of, value_from_json, value_to_json  # noqa: PLC0415

    names = []
    with suppress(UserError):
        secrets = secrets_of(deployment, passphrase)
        for index, hashed in suspects.items():
            item = resources[index]
            given, found = (
                {key: value_from_json((item.get(part) or {}).get(key), secrets) for key in hashed}
                for part in ("inputs", "outputs")
            )
            if wrong := _wrong(hashed, given, found):
                right = {key: value_to_json(value, secrets) for key, value in wrong.items()}
                resources[index] = {**item, "outputs": {**item["outputs"], **right}}
                names.append(str(item["urn"]).rsplit("::", 1)[-1])
    if not names:
        return deployment, []
    return {**deployment, "deployment": {**body, "resources": resources}}, names


def put_right(names: Sequence[str]) -> str:
    """One line for a person."""
    noun = "resource" if len(names) == 1 else "resources"
    return (
        f"the state of {len(names)} {noun} was corrected ({', '.join(names)}): refreshes of an earlier release had hashed "
        "again what is kept as a hash; nothing changes in the cloud"
    )


def _hashed(token: str, providers: Mapping[str, Provider]) -> Hashed:
    provider = providers.get(token.partition(":")[0])
    hashed: Hashed = getattr(provider.types.get(token), "hashed", {}) if provider is not None else {}
    return hashed


def _wrong(hashed: Hashed, inputs: Properties, outputs: Properties) -> dict[str, Any]:
    """The outputs that are the hash of a hash (of a hash ...) of their inputs, as they ought to be; secrets stay secret."""
    wrong: dict[str, Any] = {}
    for key, hash_ in hashed.items():
        given, found = _clear(inputs.get(key)), _clear(outputs.get(key))
        if isinstance(given, str) and isinstance(found, str) and given and _hashed_over(hash_, given, found):
            wrong[key] = Secret(hash_(given)) if isinstance(outputs[key], Secret) else hash_(given)
    return wrong


def _hashed_over(hash_: Callable[[str], str], given: str, found: str) -> bool:
    once = now = hash_(given)
    if found == once or len(found) != len(once):
        return False
    for _ in range(_REFRESHES_AT_MOST):
        now = hash_(now)
        if now == found:
            return True
    return False


def _clear(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value
