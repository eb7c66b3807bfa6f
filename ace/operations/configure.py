"""Make the services on countries' hosts what the spec says. `prepare` changes nothing; `playbook.run_plan` acts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from ace.operations.playbook import PlaybookPlan, group_vars, known_service, require_real_hosts
from ace.services.country_run import Work
from ace.services.inputs import digester
from ace.workspace.as_of import refuse_past
from ace.workspace.engines import EngineName
from ace.workspace.hosts import select_hosts
from ace.workspace.root import checkout
from ace.workspace.workspace import Workspace


def prepare(
    workspace: Workspace,
    named: Sequence[str] = (),
    *,
    service: str | None = None,
    check: bool = False,
    full: bool = False,
    remote: bool = False,
    engine: EngineName = EngineName.AUTO,
    as_of: date | None = None,
) -> PlaybookPlan:
    """Select the countries and what runs on their hosts.

    Args:
        workspace: The ROOT.
        named: Codes in any case; none: every active member whose stack has hosts.
        service: Only this shared service, `base` or `gateway`.
        check: Change nothing, only report what would change.
        full: Run every task, also on hosts already converged by an identical run.
        remote: Run on each country's own worker.
        engine: The engine that holds the stacks' outputs.
        as_of: A date before today is refused unless nothing is changed.

    Raises:
        UserError: A name is no member's, no service is so named, or no country's hosts can be reached.
        RefusedError: The date is before today.
    """
    if not check:
        refuse_past(as_of)
    only = {"ace_only": known_service(workspace, service)} if service is not None else {}
    selection = select_hosts(workspace, named, engine, remote=remote)
    require_real_hosts(workspace)
    shared, site = group_vars(workspace), checkout() / "playbooks" / "site.yml"
    inputs = None if only or full or remote else digester(workspace.root, site, shared)
    names = Work(site, extra_vars={"ace_only": "dns"}, group_vars=shared, service="dns", inputs=inputs)
    return PlaybookPlan(
        workspace,
        "configure",
        selection,
        Work(site, check=check, extra_vars=only, group_vars=shared, inputs=inputs),
        once_more=None if check else names,
    )
