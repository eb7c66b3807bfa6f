"""Policies: rules that are written down, dated and explained, over plain values.

`judge_spec(spec, as_of)` is all that most callers need; a rule is one small file in `ace.policy.rules`.
"""

from ace.policy.judge import judge_spec
from ace.policy.values import Judgement, Kind, PolicyFinding

__all__ = ["Judgement", "Kind", "PolicyFinding", "judge_spec"]
