"""A create of each type that the cloud carries out and then refuses: it is taken in, or named; never lost, never made twice.

Neutron was seen to make a subnet, to repeat its own transaction, and to answer "overlaps with another subnet". A proxy gives
such an answer for every type of the registry, on the embedded engine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ace.engine.contract import Event, Op, Outcome, Properties, RunOptions, Stack
from ace.engine.embedded.engine import EmbeddedEngine
from ace.openstack.cloud import Cloud
from tests.lab.hostile_proxy import QUIET, Fault, HostileProxy, hostile
from tests.lab.region import LabCloud
from tests.lab.test_resource_types import CASES, TYPES, Case, Workshop

pytestmark = pytest.mark.lab
IN_SUITE = pytest.mark.suite("refused-creates")

PROGRAM = """
import json
import pulumi
import pulumi_openstack as os

cloud = os.Provider("cloud", cloud="it")
pulumi.CustomResource({token!r}, "it", json.loads({given!r}), pulumi.ResourceOptions(provider=cloud))
"""


@dataclass
class Site:
    """A stack of one resource, and what is between it and its cloud."""

    root: Path
    proxy: HostileProxy
    work: Workshop
    events: list[Event] = field(default_factory=list)

    def write(self, token: str, given: Properties) -> None:
        text = PROGRAM.format(token=token, given=json.dumps(given))
        (self.root / "program" / "__main__.py").write_text(text)

    def run(self, what: str) -> Outcome:
        environment = {"OS_CLIENT_CONFIG_FILE": str(self.root / "clouds.yaml")}
        stack = Stack("it", self.root, self.root / "state", "word", environment)
        engine = EmbeddedEngine({"openstack": QUIET})
        done: Outcome = getattr(engine, what)(stack, RunOptions(force=True), self.events.append, threading.Event())
        return done


@pytest.fixture
def site(lab_cloud: LabCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "program").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: ace\nruntime: python\nmain: program\n")
    entry = yaml.safe_load(lab_cloud.clouds_file.read_text())["clouds"][lab_cloud.name]
    base = entry["auth"]["auth_url"].split("/identity")[0]
    work = Workshop(Cloud({"cloud": lab_cloud.name}, {"OS_CLIENT_CONFIG_FILE": str(lab_cloud.clouds_file)}))
    with hostile(base) as proxy:
        entry["auth"]["auth_url"] = entry["auth"]["auth_url"].replace(base, proxy.url)
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"it": entry}}))
        made = Site(tmp_path, proxy, work)
        try:
            yield made
        finally:
            proxy.faults = []
            made.run("destroy")
            work.close()


EVERY_RUN = (
    "identity/project:Project",
    "networking/network:Network",
    "networking/routerInterface:RouterInterface",
    "blockstorage/volume:Volume",
    "compute/instance:Instance",
)
"""One type of each kind: of Keystone, with tags, within another resource, of Cinder, of Nova."""
REFUSALS = [
    pytest.param(
        case,
        status,
        id=f"{case.token.partition(':')[0]}-{status}",
        marks=[] if case.token in EVERY_RUN and (index + status) % 2 == 0 else [IN_SUITE],
    )
    for index, case in enumerate(CASES)
    for status in (400, 409)
]
"""A few types in every run, each with one of the two answers; all types with both in the suite."""


def the_same(kind: Any, cloud: Cloud, inputs: Properties) -> list[str]:
    return [live.id for live in kind.alike(cloud, inputs)]


@pytest.mark.parametrize(("case", "status"), REFUSALS)
def test_a_create_that_was_carried_out_and_refused_is_taken_in(case: Case, status: int, site: Site) -> None:
    kind: Any = TYPES[f"openstack:{case.token}"]
    given = dict(case.given(site.work))
    site.write(kind.token, given)
    refusing = Fault("POST|PUT", "(?<!tokens)$", f"refuse after {status}", times=1)
    site.proxy.faults = [refusing]
    outcome = site.run("up")
    assert refusing.seen, "nothing was refused"
    assert [failure.message for failure in outcome.failures] == []
    assert len(the_same(kind, site.work.cloud, kind.check(given))) == 1
    again = site.run("up")
    assert again.failures == ()
    assert again.count(Op.SAME) == 3, "the resource, the stack and the provider"


UNIQUE = "compute/keypair:Keypair"
OLDER = [
    pytest.param(case, id=case.token.partition(":")[0], marks=[] if case.token == UNIQUE else [IN_SUITE])
    for case in CASES
    if not TYPES[f"openstack:{case.token}"].is_within
]
"""Types of which another one may stand where ours was to be made; one whose names clouds keep unique in every run."""


@pytest.mark.parametrize("case", OLDER)
def test_one_that_was_there_before_is_named_and_not_taken_in(case: Case, site: Site) -> None:
    kind: Any = TYPES[f"openstack:{case.token}"]
    given = dict(case.given(site.work))
    older = site.work.make(case.token, **given)
    site.work.cloud.wait("let the clocks' tolerance pass", lambda: is_older(kind, site.work.cloud, older.id, given), 60)
    site.write(kind.token, given)
    site.proxy.faults = [Fault("POST|PUT", "(?<!tokens)$", 409, times=1)]
    outcome = site.run("up")
    (failure,) = outcome.failures
    assert older.id in failure.message
    assert f'import_="{older.id}"' in failure.hint
    assert the_same(kind, site.work.cloud, kind.check(given)) == [older.id]


def is_older(kind: Any, cloud: Cloud, id_: str, given: Properties) -> bool:
    """Whether a create that begins now cannot have made it, where the cloud tells when it did."""
    live = next(one for one in kind.alike(cloud, kind.check(given)) if one.id == id_)
    return not live.made_at or not kind.may_be_new(cloud, live, cloud.now)
