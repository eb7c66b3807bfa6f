"""For each country a selection says whether it takes part; what is not reachable from here is a value, not a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from ace.errors import UserError
from ace.fleet.run import Excluded
from ace.workspace import engines
from ace.workspace.engines import EngineName
from ace.workspace.hosts import select_hosts
from ace.workspace.selection import Chosen, select
from ace.workspace.workspace import Workspace, open_workspace
from tests.unit.fleet_engines import FolderEngine
from tests.unit.publications import lab_root


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A ROOT like a lab's that has Tunisia's cloud and no other; no stack was deployed."""
    monkeypatch.setattr(engines, "build", lambda _name: FolderEngine(desired={"tn": ("a",)}))
    return open_workspace(lab_root(tmp_path / "root", ("tn-tunis-1",), monkeypatch) / "ecosystem")


def test_a_country_without_a_cloud_here_is_excluded_unless_it_was_named(workspace: Workspace) -> None:
    found = select(workspace, (), EngineName.EMBEDDED, active_only=True)
    assert [name for name, one in found.countries.items() if isinstance(one, Chosen)] == ["tn"]
    assert {type(why) for why in found.not_run.values()} == {Excluded}
    named = select(workspace, ("tn", "ug"), EngineName.EMBEDDED, active_only=True)
    why = named.countries["ug"]
    assert isinstance(why, UserError)
    assert why.code == "no-cloud"


def test_hosts_that_are_not_known_here_exclude_their_country(workspace: Workspace) -> None:
    found = select_hosts(workspace, (), EngineName.EMBEDDED, may_be_none=True)
    assert {type(why) for why in found.countries.values()} == {Excluded}
    assert {why.reason for why in found.countries.values() if isinstance(why, Excluded)} == {"no-cloud", "no-inventory"}


def test_only_these_countries_are_looked_at_where_none_is_named(workspace: Workspace) -> None:
    assert set(select_hosts(workspace, (), EngineName.EMBEDDED, among=("eg",), may_be_none=True).countries) == {"eg"}


def test_when_nobody_is_left_the_error_says_why_of_each(workspace: Workspace) -> None:
    with pytest.raises(UserError, match=r"no country whose hosts can be reached.*\n +tn: .*\n +ug: ") as told:
        select_hosts(workspace, ("tn", "ug"), EngineName.EMBEDDED)
    assert told.value.code == "no-hosts"
    with pytest.raises(UserError, match="has no entry") as told:
        select_hosts(workspace, ("ug",), EngineName.EMBEDDED)
    assert told.value.code == "no-cloud"
