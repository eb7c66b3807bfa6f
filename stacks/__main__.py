"""The program of every stack: the country that the stack is named after, from the spec.

The spec is the folder named by ACE_SPEC, else `ecosystem/` in the working directory or above it (Pulumi runs this in
`stacks/`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from ace.errors import UserError
from ace.policy import judge_spec
from ace.spec import Spec, load
from ace.spec.outputs import plain
from ace.spec.values import Member
from country import Country


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


def refuse(spec: Spec, member: Member) -> None:
    """Hold to the rules that `ace up` holds to, for who runs `pulumi up` by hand.

    Raises:
        UserError: A rule of severity error refuses.
    """
    errors = judge_spec(spec, datetime.now(UTC).date()).errors_of(member.stack)
    if errors:
        lines = "\n".join(f"  {finding.rule}: {finding.message}" for finding in errors)
        raise UserError(f"{member.stack} is refused by policy:\n{lines}", code="refused-by-policy")


try:
    spec = load(spec_dir())
    member = spec.member(pulumi.get_stack())
    refuse(spec, member)
    country = Country(spec.region, member)
except UserError as error:
    raise pulumi.RunError("\n".join(filter(None, (error.message, error.hint)))) from None
pulumi.export("publication", plain(country.publication))
pulumi.export("inventory", plain(country.inventory))
