"""Which engine runs a country: as asked, else the one that holds its state, else the Pulumi CLI if it is there."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ace.errors import RefusedError, UserError

if TYPE_CHECKING:
    from ace.engine.contract import Engine


class EngineName(StrEnum):
    """What may be asked for."""

    AUTO = "auto"
    PULUMI = "pulumi"
    EMBEDDED = "embedded"


_HOLDINGS = {
    EngineName.EMBEDDED: ("state.json", "journal.jsonl"),
    EngineName.PULUMI: ("pulumi/made",),
}
"""Files of a state folder by which an engine's state is known."""


def holder(state_dir: Path) -> EngineName | None:
    """The engine whose state lies in that folder; None when none does."""
    for name, files in _HOLDINGS.items():
        if any((state_dir / file).exists() for file in files):
            return name
    return None


def default() -> EngineName:
    """The engine of a country without state when none is asked for."""
    return EngineName.PULUMI if shutil.which("pulumi") else EngineName.EMBEDDED


def for_new(*, has_backend: bool) -> EngineName:
    """The engine of a country without state below ROOT when none is asked for.

    A backend that its file or the environment names may hold it already: an engine that does not reach that would make all
    of it again.
    """
    return EngineName.PULUMI if has_backend or os.environ.get("PULUMI_BACKEND_URL") else default()


def choose(asked: EngineName, country: str, state_dir: Path, *, has_backend: bool) -> EngineName:
    """The engine for a country.

    Args:
        asked: What the option says.
        country: The stack's name, for messages.
        state_dir: Its state folder.
        has_backend: Whether its file says that its state is kept in a Pulumi backend, which only the Pulumi CLI reaches.

    Raises:
        UserError: The state is another engine's; says how to hand it over.
        RefusedError: The state is the embedded engine's, and its file says that it is in a backend.
    """
    held = holder(state_dir)
    if asked is EngineName.AUTO:
        if held is EngineName.EMBEDDED and has_backend:
            raise RefusedError(
                f"{country}: its state is in {state_dir}, and its member file has a Pulumi backend",
                hint=f"to continue with the state that is there: `state: {{backend: local}}` in the member file\n"
                f"to move it: `ace state export {country} {country}.json`, "
                f"then `ace state import {country} {country}.json --engine pulumi`",
                code="another-store",
            )
        if held is not None:
            return held
        return for_new(has_backend=has_backend)
    if has_backend and asked is EngineName.EMBEDDED:
        raise UserError(
            f"{country}: its state is in a Pulumi backend, which the embedded engine does not reach",
            hint="leave --engine out, or use --engine pulumi",
            code="other-engine",
        )
    if held is not None and held is not asked:
        raise UserError(
            f"{country}: its state in {state_dir} is the engine {held}'s, not {asked}'s",
            hint=f"continue with --engine {held}, or move it: `ace state export {country} {country}.json`, "
            f"then `ace state import {country} {country}.json --engine {asked}`",
            code="other-engine",
        )
    return asked


def build(name: EngineName) -> Engine:
    """The engine of that name, with all that it knows of OpenStack."""
    from ace.openstack import provider

    openstack = provider()
    if name is EngineName.PULUMI:
        from ace.engine.pulumi_cli import PulumiCliEngine
        from ace.openstack.sweep import sweep_destroyed

        return PulumiCliEngine({"openstack": openstack}, partial(sweep_destroyed, openstack))
    from ace.engine.embedded.engine import EmbeddedEngine

    return EmbeddedEngine({"openstack": openstack})


def offline() -> Engine:
    """An engine that plans what is not there yet without asking a cloud."""
    from ace.engine.embedded.engine import EmbeddedEngine
    from ace.engine.offline_provider import OfflineProvider
    from ace.openstack import provider

    return EmbeddedEngine({"openstack": OfflineProvider(provider())})


def set_aside(state_dir: Path, name: EngineName) -> Path | None:
    """Move an engine's state into a folder of its own beside it; returns that, None if there was nothing."""
    present = [path for file in _HOLDINGS[name] if (path := state_dir / file.split("/")[0]).exists()]
    if not present:
        return None
    from ace.files import timestamp_in_name

    kept = state_dir / f"{name}-before-{timestamp_in_name(datetime.now(UTC))}"
    kept.mkdir(mode=0o700)
    for path in present:
        path.rename(kept / path.name)
    return kept


def put_back(state_dir: Path, kept: Path) -> None:
    """Undo `set_aside`."""
    for path in kept.iterdir():
        path.rename(state_dir / path.name)
    kept.rmdir()
