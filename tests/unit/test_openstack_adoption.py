"""Which resource of a cloud is what a lost or refused create has made: the like of it, in its project, made since."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ace.openstack import provider
from ace.openstack.cloud import Cloud

TYPES = provider().types
BEGUN = datetime(2026, 11, 30, 12, 5, 3, tzinfo=UTC).timestamp()
ROUTER = {"name": "tunis-1", "tags": ["ace", "ace:country=tn"]}
RULE = {"securityGroupId": "g1", "direction": "egress", "ethertype": "IPv4", "description": "egress all"}
PROJECT = {"name": "ministry", "description": "of health", "enabled": True}


class Shelf:
    """What a cloud has: lists are filtered as services filter them, by plain equality."""

    name = region = "tn-tunis-1"
    project_id = "p1"
    now = BEGUN

    def __init__(self, *items: dict[str, Any]) -> None:
        self.found = list(items)
        self._kept: dict[str, Any] = {}

    def items(self, _service: str, _path: str, _key: str, params: dict[str, Any] | None = None, **_: Any) -> Any:
        asked = (params or {}).items()
        return [item for item in self.found if all(item.get(key, value) == value for key, value in asked)]

    def request(self, _service: str, method: str, path: str, json: Any = None, **_options: Any) -> Any:
        if method == "PUT":
            return json
        item = next(item for item in self.found if path.endswith(item["id"]))
        return {"router": item, "security_group_rule": item}

    def has_kept(self, key: str, default: Any) -> Any:
        return self._kept.get(key, default)

    def kept(self, key: str, make: Any) -> Any:
        return self._kept.setdefault(key, make())


def a_router(**changes: Any) -> dict[str, Any]:
    told = {"id": "r1", "name": "tunis-1", "project_id": "p1", "admin_state_up": True, "tags": []}
    return {**told, "created_at": "2026-11-30T12:05:04Z", **changes}


def a_rule(**changes: Any) -> dict[str, Any]:
    rule = {"id": "r1", "security_group_id": "g1", "direction": "egress", "ethertype": "IPv4", "project_id": "p1"}
    return {**rule, "description": "egress all", "created_at": "2024-01-01T00:00:00Z", **changes}


def a_project(**changes: Any) -> dict[str, Any]:
    return {"id": "t1", "name": "ministry", "description": "of health", "enabled": True, "domain_id": "d1", **changes}


def found(token: str, inputs: Any, *items: dict[str, Any], begun: float | None = BEGUN, known: Any = ()) -> str | None:
    kind: Any = TYPES[f"openstack:{token}"]
    live = kind.find(Shelf(*items), inputs, begun, known)
    return None if live is None else str(live.id)


def test_what_was_made_since_in_our_project_is_taken_in() -> None:
    assert found("networking/router:Router", ROUTER, a_router()) == "r1"


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"created_at": "2026-11-30T12:04:50Z"}, id="older"),
        pytest.param({"project_id": "p2"}, id="another project's"),
        pytest.param({"tags": ["theirs"]}, id="with others' marks"),
        pytest.param({"admin_state_up": False}, id="not as desired"),
    ],
)
def test_what_is_somebody_elses_is_not(changes: dict[str, Any]) -> None:
    desired = {**ROUTER, "adminStateUp": True}
    assert found("networking/router:Router", desired, a_router(**changes)) is None
    assert found("networking/router:Router", desired, a_router(**changes), a_router(id="r2")) == "r2"


def test_what_the_state_has_already_is_never_it() -> None:
    assert found("networking/router:Router", ROUTER, a_router(), known={"r1"}) is None


def test_clocks_within_a_cloud_may_differ_by_some_seconds() -> None:
    assert found("networking/router:Router", ROUTER, a_router(created_at="2026-11-30T12:05:01Z")) == "r1"


def test_without_a_time_of_the_pending_record_the_like_of_it_is_taken_in() -> None:
    assert found("networking/router:Router", ROUTER, a_router(created_at="2024-01-01T00:00:00Z"), begun=None) == "r1"


def test_what_lies_in_a_group_of_ours_is_ours_whatever_its_age() -> None:
    assert found("networking/secGroupRule:SecGroupRule", RULE, a_rule()) == "r1"
    for changes in ({"description": "somebody else's"}, {"direction": "ingress"}):
        assert found("networking/secGroupRule:SecGroupRule", RULE, a_rule(**changes)) is None


def test_where_the_cloud_tells_no_time_what_was_there_before_the_first_create_is_older() -> None:
    kind: Any = TYPES["openstack:identity/project:Project"]
    cloud = Shelf(a_project())
    assert kind.find(cloud, PROJECT, BEGUN).id == "t1", "after a crash nobody knows better"
    kind.note_what_is_there(cloud, lambda: ["t1"])
    assert kind.find(cloud, PROJECT, BEGUN) is None
    cloud.found.append(a_project(id="t2"))
    assert kind.find(cloud, PROJECT, BEGUN).id == "t2"


@pytest.mark.parametrize("hours", [-10, 0, 10])
def test_times_are_told_by_the_clouds_clock(hours: int) -> None:
    cloud = Cloud({"cloud": "it"}, {})
    there = datetime.fromtimestamp(datetime.now(UTC).timestamp() + hours * 3600, UTC)
    cloud._clock.read(SimpleNamespace(headers={"Date": format_datetime(there, usegmt=True)}))
    assert abs(cloud.now - there.timestamp()) < 60
    cloud._clock.read(SimpleNamespace(headers={}))
    assert abs(cloud.now - there.timestamp()) < 60, "an answer without a date changes nothing"
