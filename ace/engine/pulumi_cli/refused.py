"""A create that a cloud refused and may have carried out all the same: what is there, and what to type to take it in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ace.engine.contract import CloudError, Failure, Live, Provider
from ace.engine.pulumi_cli.workspace import Workspace

_MAY_BE_THERE = re.compile(r"\b(?:400|409)\b")


def named(
    failure: Failure,
    refused: Mapping[str, Any],
    resources: Sequence[Mapping[str, Any]],
    workspace: Workspace,
    providers: Mapping[str, Provider],
    stack: str,
) -> Failure:
    """The failure with the id of what is there, and the command that takes it in; the very same one if nothing is.

    Args:
        failure: Of a create.
        refused: That create's step, as the engine's events have it.
        resources: Of the state, as exported: the create's provider is among them.
        workspace: Where the command is to be typed.
        providers: What clouds can be asked, by package.
        stack: Its name.
    """
    desired = refused.get("new") or {}
    urn, type_ = refused["urn"], refused["type"]
    if not _MAY_BE_THERE.search(failure.message):
        return failure
    there = _there(desired, type_, resources, workspace, providers)
    if there is None:
        return failure
    name = urn.rsplit("::", 1)[-1]
    command = ["pulumi", "import", type_, name, there.id, "--stack", stack]
    for flag, value in (("--parent", desired.get("parent")), ("--provider", desired.get("provider"))):
        if value:
            command += [flag, f"{flag[2:]}={value.rpartition('::')[0] if flag == '--provider' else value}"]
    command += ["--protect=false", "--generate-code=false", "--yes", "--skip-preview"]
    made = f" (made {there.made_at})" if there.made_at else ""
    return replace(
        failure,
        message=f"{failure.message}; {there.id} is there{made} and not in the state: it may be what this very create made",
        hint=f"look at {there.id} in the cloud; if it is this stack's, type: cd {shlex.quote(str(workspace.folder))} && "
        f"PULUMI_BACKEND_URL={shlex.quote(workspace.backend_url)} {shlex.join(command)}; if not, delete it. Then run again",
    )


def _there(
    desired: Mapping[str, Any],
    type_: str,
    resources: Sequence[Mapping[str, Any]],
    workspace: Workspace,
    providers: Mapping[str, Provider],
) -> Live | None:
    """The object that has all desired inputs, else one that resembles it; None if a cloud gives no answer."""
    provider_urn = str(desired.get("provider") or "").rpartition("::")[0]
    known = {str(resource.get("id")) for resource in resources if resource["type"] == type_}
    provider = next((resource for resource in resources if resource["urn"] == provider_urn), None)
    package = providers.get(type_.split(":", maxsplit=1)[0])
    if provider is None or package is None or type_ not in package.types:
        return None
    kind = package.types[type_]
    inputs = {key: value for key, value in (desired.get("inputs") or {}).items() if key != "__defaults"}
    try:
        cloud = package.configure(provider.get("inputs") or {}, workspace.environment)
        found = kind.find(cloud, inputs, None, known)
        return found or next((live for live in kind.alike(cloud, inputs) if live.id not in known), None)
    except CloudError:
        return None
