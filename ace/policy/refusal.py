"""The refusal of an action that the rules forbid."""

from __future__ import annotations

from ace.errors import RefusedError
from ace.policy.values import Judgement


def refusal(judgement: Judgement, stack: str, verb: str) -> RefusedError | None:
    """Why a country is not deployed or published; None when nothing is in the way.

    Args:
        judgement: The findings of the rules.
        stack: The country.
        verb: What is not done, as a participle: `deployed`.
    """
    errors = judgement.errors_of(stack)
    if not errors:
        return None
    lines = "\n".join(f"  {finding.rule}: {finding.fact}" for finding in errors)
    return RefusedError(
        f"{stack} is not {verb}: {len(errors)} finding{'' if len(errors) == 1 else 's'} of severity error "
        f"as of {judgement.as_of}\n{lines}",
        hint="\n  ".join(dict.fromkeys((f"{errors[0].remedy}", *(finding.remedy for finding in errors[1:])))),
        code="refused-by-policy",
    )
