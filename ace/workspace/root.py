"""Where ROOT is, and where the program's own checkout is."""

from __future__ import annotations

import os
from pathlib import Path

from ace.errors import UserError


def find_spec_dir(given: Path | None) -> Path:
    """The spec folder: as given, else `ACE_SPEC`, else `ecosystem/` found upwards from the working directory.

    Raises:
        UserError: It is nowhere.
    """
    named = given or (Path(os.environ["ACE_SPEC"]) if os.environ.get("ACE_SPEC") else None)
    if named is not None:
        if not named.is_dir():
            raise UserError(f"{named}: no such spec folder", hint="check --spec and ACE_SPEC", code="no-spec")
        return named.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ecosystem").is_dir():
            return (folder / "ecosystem").resolve()
    raise UserError(
        f"no `ecosystem/` folder in {here} or above it",
        hint="go into a checkout of ACE, or name the folder with --spec or ACE_SPEC",
        code="no-spec",
    )


def checkout() -> Path:
    """The program's own checkout: where Pulumi.yaml, stacks/, playbooks/ and templates/ are."""
    return Path(__file__).resolve().parents[2]
