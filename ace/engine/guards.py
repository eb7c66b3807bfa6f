"""When a plan is too much to be meant: pure rules that every engine applies before it acts."""

from __future__ import annotations

from collections.abc import Sequence

from ace.engine.contract import Op, Plan
from ace.errors import RefusedError

_FEW = 6
"""Below this many resources a share means nothing."""


def refuse_too_many(plan: Plan, *, force: bool) -> None:
    """Refuse a plan that deletes or replaces more than a third of what exists (octodns's idea).

    Components and provider entries do not count.

    Raises:
        RefusedError: Unless `force`.
    """
    existing = [step for step in plan.steps if step.custom and step.op is not Op.CREATE]
    gone = [step for step in existing if step.op in (Op.DELETE, Op.REPLACE)]
    if force or len(existing) < _FEW or 3 * len(gone) <= len(existing):
        return
    raise RefusedError(
        f"{plan.stack}: this would delete or replace {len(gone)} of {len(existing)} resources, more than a third",
        hint="look at `ace preview`; if it is meant, add --force",
        code="too-many-deletes",
    )


def refuse_protected(stack: str, urns: Sequence[str]) -> None:
    """Refuse to delete what is protected, naming all of it.

    Raises:
        RefusedError: `urns` is not empty.
    """
    if not urns:
        return
    noun = "resource is" if len(urns) == 1 else "resources are"
    names = "\n".join(f"  {urn}" for urn in urns)
    raise RefusedError(
        f"{stack}: {len(urns)} {noun} protected, and nothing was deleted:\n{names}",
        hint="if they are to go, with all they hold: --unprotect URN for each, or --unprotect '*'",
        code="protected",
    )
