"""Ask the running services of countries' hosts. `prepare` selects; `playbook.run_plan` asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ace.operations.playbook import PlaybookPlan, group_vars, known_service, require_real_hosts
from ace.services.country_run import HostsOutcome, Work
from ace.workspace.engines import EngineName
from ace.workspace.hosts import select_hosts
from ace.workspace.root import checkout
from ace.workspace.workspace import Workspace

VERDICTS = {"PASS": "passed", "FAIL": "failed", "ABORT": "aborted", "SKIP": "skipped"}
"""What checks end with, each as a participle."""


def prepare(
    workspace: Workspace,
    named: Sequence[str] = (),
    *,
    service: str | None = None,
    engine: EngineName = EngineName.AUTO,
) -> PlaybookPlan:
    """Select the countries whose services are asked.

    Args:
        workspace: The ROOT.
        named: Codes in any case; none: every active member whose stack has hosts.
        service: Only this shared service, `base` or `gateway`.
        engine: The engine that holds the stacks' outputs.

    Raises:
        UserError: A name is no member's, no service is so named, or no country's hosts can be reached.
    """
    only = {"ace_only": known_service(workspace, service)} if service is not None else {}
    selection = select_hosts(workspace, named, engine)
    require_real_hosts(workspace)
    work = Work(checkout() / "playbooks" / "verify.yml", extra_vars=only, group_vars=group_vars(workspace))
    return PlaybookPlan(workspace, "verify", selection, work, spares_cores=False)


def verdict_counts(countries: Mapping[str, HostsOutcome]) -> Mapping[str, int]:
    """How many checks ended with each verdict, in all countries; verdicts that there are none of are left out."""
    checks = [check for outcome in countries.values() for check in (outcome.run.checks if outcome.run else ())]
    counts = {verdict: sum(check.verdict == verdict for check in checks) for verdict in VERDICTS}
    return {verdict: count for verdict, count in counts.items() if count}
