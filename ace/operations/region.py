"""What the region may believe, and what its rules stop: of publications as of now, of rules as of a date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ace.workspace.as_of import today

if TYPE_CHECKING:
    from ace.interconnect.values import LeftOut, Plan
    from ace.publication.values import AnyVerification
    from ace.spec.values import Spec


def verdicts(root: Path, spec: Spec) -> Mapping[str, AnyVerification]:
    """By name (`tn`, `hub-tunis`). Freshness is judged by the clock, never by `--as-of`."""
    from ace.publication.verify import read_all

    return read_all(root, spec, datetime.now(UTC))


def refused_routes(spec: Spec, as_of: date | None) -> tuple[LeftOut, ...]:
    """The prefixes that a rule keeps from being announced, each with the first rule and fact."""
    from ace.interconnect.values import LeftOut
    from ace.policy import Kind, judge_spec

    judgement = judge_spec(spec, as_of or today())
    found = ((prefix, judgement.errors_for(Kind.ROUTE, prefix)[0]) for prefix in sorted(judgement.refused(Kind.ROUTE)))
    return tuple(LeftOut(prefix, f"{finding.rule}: {finding.fact}", finding.rule) for prefix, finding in found)


def plan_of(root: Path, spec: Spec, as_of: date | None, *, verified_only: bool = False) -> Plan:
    """The interconnect's plan from a ROOT's spec and publications; rules are judged as of that date."""
    from ace.interconnect.plan import plan

    refused = refused_routes(spec, as_of)
    return plan(spec, verdicts(root, spec), refused=refused, verified_only=verified_only)
