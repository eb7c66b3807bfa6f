"""The program of every stack: the country that the stack is named after, from the spec.

The spec is the folder named by ACE_SPEC, else `ecosystem/` in the working directory or above it (Pulumi runs this in
`stacks/`).
"""

from __future__ import annotations

import os
from pathlib import Path

import pulumi

from ace.errors import UserError
from ace.spec import load
from country import Country
from outputs import plain


def spec_dir() -> Path:
    """The spec folder.

    Raises:
        UserError: It is nowhere.
    """
    if named := os.environ.get("ACE_SPEC"):
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "ecosystem").is_dir():
            return folder / "ecosystem"
    raise UserError(f"no `ecosystem/` folder in {here} or above it", hint="set ACE_SPEC to it", code="no-spec")


try:
    spec = load(spec_dir())
    country = Country(spec.region, spec.member(pulumi.get_stack()))
except UserError as error:
    raise pulumi.RunError("\n".join(filter(None, (error.message, error.hint)))) from None
pulumi.export("publication", plain(country.publication))
pulumi.export("inventory", plain(country.inventory))
