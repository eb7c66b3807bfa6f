"""Compare the live clouds with the state; nothing is changed."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ace.engine.contract import Op, Step
from ace.fleet.report import Action, RunReport
from ace.fleet.stacks import StackOutcome
from ace.operations import deploy
from ace.operations.deploy import Deployment, Sink
from ace.workspace.engines import EngineName
from ace.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class StackDrift:
    """What differs in one country's clouds from its state."""

    outcome: StackOutcome
    changed: tuple[Step, ...]
    missing: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class DriftResult:
    """What differs, by country."""

    report: RunReport
    countries: Mapping[str, StackDrift]
    abandoned: bool = False
    """Whether threads are still at work in this process, which somebody wants to end at once."""

    @property
    def outcomes(self) -> Mapping[str, StackOutcome]:
        """How each country's comparison ended."""
        return {name: country.outcome for name, country in self.countries.items()}


def prepare(workspace: Workspace, named: Sequence[str] = (), *, engine: EngineName = EngineName.AUTO) -> Deployment:
    """Select the countries: those named, else every active one.

    Raises:
        UserError: A name is no member's, or no country can be compared at all.
    """
    return deploy.prepare(workspace, Action.DRIFT, named, engine=engine)


def drift(
    deployment: Deployment,
    sink: Sink = lambda _event: None,
    cancel: threading.Event | None = None,
    *,
    parallel: int | None = None,
) -> DriftResult:
    """Compare each country's clouds with its state.

    Args:
        deployment: What `prepare` gave.
        sink: Takes the events, from many threads.
        cancel: Set by whoever needs it to stop.
        parallel: Countries at once; None: by cores and free memory.

    Raises:
        UserError: ROOT/.ace cannot be written.
    """
    done = deploy.run_deployment(deployment, sink, cancel, parallel=parallel)
    countries = {name: drift_of(outcome) for name, outcome in done.countries.items()}
    return DriftResult(done.report, countries, done.abandoned)


def drift_of(outcome: StackOutcome) -> StackDrift:
    """The steps of a comparison: what the cloud no longer has is missing, the rest has changed."""
    missing = tuple(step for step in outcome.steps if step.op is Op.DELETE)
    changed = tuple(step for step in outcome.steps if step.op is not Op.DELETE)
    return StackDrift(outcome, changed, missing)
