"""Snapshots as Pulumi deployments, versions 3 and 4 (sdk/go/common/apitype/core.go), and back.

Version 4 names the features that a reader must know (pkg/resource/stack/deployment.go). The one that the embedded engine
has is `taint`; what else a resource's record states is kept as it is, and a deployment with another feature is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from ace.engine.contract import UNKNOWN, JsonValue, OperationKind, PendingOperation, Resource, Secret, Snapshot
from ace.engine.passphrase import PassphraseSecrets
from ace.engine.values import SECRET_SIGNATURE, SIGNATURE_KEY, UNKNOWN_TEXT
from ace.errors import UserError

_VERSION: Final = "ace-embedded"

_TEXTS: Final = {"id": "id", "parent": "parent", "provider": "provider", "created": "created", "modified": "modified"}
_FLAGS: Final = {
    "delete": "delete",
    "protect": "protect",
    "external": "external",
    "pendingReplacement": "pending_replacement",
    "retainOnDelete": "retain_on_delete",
    "taint": "taint",
}
_LISTS: Final = {
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "ignoreChanges": "ignore_changes",
    "replaceOnChanges": "replace_on_changes",
}
_STRUCTURES: Final = {"urn", "custom", "type", "inputs", "outputs", "propertyDependencies", "customTimeouts"}
_READ: Final = {*_TEXTS, *_FLAGS, *_LISTS, *_STRUCTURES}
"""All that a `Resource` has a field for."""

TAINT: Final = "taint"
_OF_RESOURCES: Final = {
    "taint": TAINT,
    "refreshBeforeUpdate": "refreshBeforeUpdate",
    "viewOf": "views",
    "resourceHooks": "hooks",
    "replaceWith": "replaceWith",
    "extensionRef": "extensionParameterization",
    "snippetID": "snippets-prototype",
}
"""Which key of a resource's record needs which feature."""
_OF_DEPLOYMENTS: Final = {"snippets": "snippets-prototype", "extensions": "extensionParameterization"}


def to_deployment(snapshot: Snapshot, secrets: PassphraseSecrets) -> dict[str, JsonValue]:
    """The deployment that `pulumi stack import` takes, secrets encrypted: version 3, or 4 where something is tainted."""
    deployment: dict[str, JsonValue] = {
        "manifest": {
            "time": datetime.now(UTC).isoformat(),
            "magic": hashlib.sha256(_VERSION.encode()).hexdigest(),
            "version": _VERSION,
        },
        "secrets_providers": {"type": "passphrase", "state": {"salt": secrets.state}},
        "resources": [resource_to_json(resource, secrets) for resource in snapshot.resources],
    }
    if snapshot.pending:
        deployment["pending_operations"] = [
            {"resource": resource_to_json(operation.resource, secrets), "type": str(operation.kind)}
            for operation in snapshot.pending
        ]
    if any(resource.taint for resource in snapshot.resources):
        return {"version": 4, "features": [TAINT], "deployment": deployment}
    return {"version": 3, "deployment": deployment}


def from_deployment(
    deployment: Mapping[str, JsonValue], secrets: PassphraseSecrets, *, of_any_feature: bool = False
) -> Snapshot:
    """The snapshot of a deployment; identities are no part of one.

    Args:
        deployment: As an engine exports it.
        secrets: What opens its secrets.
        of_any_feature: Whether it is only looked at, for an engine that knows whatever is in it.

    Raises:
        UserError: It is no deployment of version 3 or 4, it uses a feature that is not known here, it breaks Pulumi's own
            rules, or the passphrase is wrong.
    """
    if not is_deployment(deployment):
        raise UserError(
            "this is no Pulumi deployment of version 3 or 4",
            hint="give what `pulumi stack export` or `ace state export` writes",
            code="not-a-deployment",
        )
    body = deployment["deployment"]
    try:
        if not of_any_feature and (unknown := sorted(features(deployment) - {TAINT})):
            raise UserError(
                f"this deployment uses what the embedded engine does not have: {', '.join(unknown)}",
                hint="leave the country with the Pulumi CLI (--engine pulumi), or take these out with it and export again",
                code="unsupported-feature",
            )
        resources = tuple(resource_from_json(item, secrets) for item in body.get("resources") or ())
        pending = tuple(
            PendingOperation(OperationKind(item["type"]), resource_from_json(item["resource"], secrets))
            for item in body.get("pending_operations") or ()
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"the deployment is damaged: {type(error).__name__}: {error}",
            hint="export it again, or take an older copy",
            code="damaged-deployment",
        ) from None
    check_integrity(resources)
    return Snapshot(resources, pending)


def is_deployment(content: object) -> bool:
    """Whether it looks like a Pulumi deployment of a version that is read here."""
    if not isinstance(content, Mapping):
        return False
    return content.get("version") in (3, 4) and isinstance(content.get("deployment"), Mapping)


def features(deployment: Mapping[str, Any]) -> set[str]:
    """What a reader of this deployment must know: the features that it names, and those that its records show."""
    body = deployment["deployment"]
    found = {str(name) for name in deployment.get("features") or ()}
    found |= {feature for key, feature in _OF_DEPLOYMENTS.items() if body.get(key)}
    for resource in body.get("resources") or ():
        found |= {feature for key, feature in _OF_RESOURCES.items() if resource.get(key)}
    return found


def secrets_of(deployment: Mapping[str, JsonValue], passphrase: str) -> PassphraseSecrets:
    """The secrets manager that a deployment names.

    Raises:
        UserError: It was encrypted by a provider other than `passphrase`.
    """
    provider = (deployment.get("deployment") or {}).get("secrets_providers") or {}
    if provider.get("type") not in (None, "", "passphrase"):
        raise UserError(
            f"the deployment's secrets are kept by `{provider['type']}`, and ACE reads `passphrase` only",
            hint="`pulumi stack change-secrets-provider passphrase`, then export again",
            code="secrets-provider",
        )
    return PassphraseSecrets(passphrase, (provider.get("state") or {}).get("salt"))


def check_integrity(resources: Sequence[Resource]) -> None:
    """Pulumi's rules for a snapshot: parents, providers and dependencies come first, and live URNs are unique.

    Raises:
        UserError: Names the resource and the rule.
    """
    seen: set[str] = set()
    live: set[str] = set()
    for resource in resources:
        provider = resource.provider.rpartition("::")[0]
        needed = [("parent", resource.parent), ("provider", provider)]
        needed += [("dependency", urn) for urn in resource.dependencies]
        for what, urn in needed:
            if urn and urn not in seen:
                raise _broken(f"{resource.urn} comes before its {what} {urn}")
        if not resource.delete:
            if resource.urn in live:
                raise _broken(f"{resource.urn} is there twice")
            live.add(resource.urn)
        seen.add(resource.urn)


def resource_to_json(resource: Resource, secrets: PassphraseSecrets) -> dict[str, JsonValue]:
    """One resource as `apitype.ResourceV3`; what is empty is left out."""
    body: dict[str, JsonValue] = {"urn": resource.urn, "custom": resource.custom, "type": resource.type}
    for key, name in _TEXTS.items():
        if value := getattr(resource, name):
            body[key] = value
    for key, name in _FLAGS.items():
        if getattr(resource, name):
            body[key] = True
    for key, name in _LISTS.items():
        if value := getattr(resource, name):
            body[key] = list(value)
    for key, values in (("inputs", resource.inputs), ("outputs", resource.outputs)):
        if values:
            body[key] = value_to_json(dict(values), secrets)
    if resource.property_dependencies:
        body["propertyDependencies"] = {key: list(urns) for key, urns in resource.property_dependencies.items()}
    if resource.custom_timeouts:
        body["customTimeouts"] = dict(resource.custom_timeouts)
    return {**body, **resource.other}


def resource_from_json(body: Mapping[str, Any], secrets: PassphraseSecrets) -> Resource:
    """One resource of a deployment."""
    fields: dict[str, Any] = {name: body.get(key) or "" for key, name in _TEXTS.items()}
    fields |= {name: bool(body.get(key)) for key, name in _FLAGS.items()}
    fields |= {name: tuple(body.get(key) or ()) for key, name in _LISTS.items()}
    return Resource(
        urn=body["urn"],
        type=body["type"],
        custom=bool(body["custom"]),
        inputs=value_from_json(body.get("inputs") or {}, secrets),
        outputs=value_from_json(body.get("outputs") or {}, secrets),
        property_dependencies={key: tuple(urns) for key, urns in (body.get("propertyDependencies") or {}).items()},
        custom_timeouts=dict(body.get("customTimeouts") or {}),
        other={key: value for key, value in body.items() if key not in _READ},
        **fields,
    )


def value_to_json(value: JsonValue, secrets: PassphraseSecrets) -> JsonValue:
    """A value as state keeps it: secrets encrypted, the unknown by Pulumi's sentinel."""
    if isinstance(value, Secret):
        text = json.dumps(value_to_json(value.value, secrets), separators=(",", ":"), ensure_ascii=False)
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": secrets.encrypt(text)}
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Mapping):
        return {key: value_to_json(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [value_to_json(item, secrets) for item in value]
    return value


def value_from_json(value: JsonValue, secrets: PassphraseSecrets) -> JsonValue:
    """A value as the engine holds it."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            text = value["plaintext"] if "plaintext" in value else secrets.decrypt(value["ciphertext"])
            return Secret(value_from_json(json.loads(text), secrets))
        return {key: value_from_json(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [value_from_json(item, secrets) for item in value]
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _broken(what: str) -> UserError:
    return UserError(
        f"the deployment breaks Pulumi's rules: {what}",
        hint="`pulumi state repair` repairs such states; or take an older copy",
        code="damaged-deployment",
    )
