"""Sick clouds and bad networks: what passes is ridden out, what stays is told once, and the state is always true.

Between ACE and a real lab cloud stands a proxy that injects the faults; what exists is counted past it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml

from ace.engine.contract import Event, Op, Outcome, RunOptions, Stack
from ace.engine.embedded.engine import EmbeddedEngine
from ace.errors import UserError
from ace.openstack import cloud as cloud_module
from ace.openstack import servers
from tests.lab.hostile_proxy import QUIET, Fault, HostileProxy, hostile
from tests.lab.region import LabCloud

pytestmark = pytest.mark.lab

PROGRAM = """
import pulumi
import pulumi_openstack as os

cloud = os.Provider("cloud", cloud="it")
on = pulumi.ResourceOptions(provider=cloud)
project = os.identity.Project("project", name="hostile", opts=on)
net = os.networking.Network("net", name="hostile-net", opts=on)
subnet = os.networking.Subnet("subnet", name="hostile-subnet", network_id=net.id, cidr="192.0.2.0/24", opts=on)
group = os.networking.SecGroup("group", name="hostile-group", delete_default_rules=True, opts=on)
rule = os.networking.SecGroupRule("rule", security_group_id=group.id, direction="ingress", ethertype="IPv4",
    protocol="tcp", port_range_min=22, port_range_max=22, remote_ip_prefix="192.0.2.0/24", opts=on)
port = os.networking.Port("port", name="hostile-port", network_id=net.id, security_group_ids=[group.id],
    fixed_ips=[{"subnet_id": subnet.id, "ip_address": "192.0.2.10"}], opts=on)
router = os.networking.Router("router", name="hostile-router", opts=on)
interface = os.networking.RouterInterface("interface", router_id=router.id, subnet_id=subnet.id, opts=on)
volume = os.blockstorage.Volume("volume", name="hostile-volume", size=1, opts=on)
"""
SERVER = """
flavor = os.compute.Flavor("flavor", name="hostile-flavor", ram=512, vcpus=1, disk=10, opts=on)
server = os.compute.Instance("server", name="hostile-server", image_name="Debian 12", flavor_id=flavor.id,
    networks=[{"port": port.id}], opts=on)
"""
ALL = 9
"""Resources of PROGRAM."""


@dataclass
class Site:
    """One stack, the cloud that it is in, and the proxy between them."""

    root: Path
    proxy: HostileProxy
    cloud: openstack.connection.Connection
    events: list[Event] = field(default_factory=list)

    @property
    def stack(self) -> Stack:
        return Stack(
            "it", self.root, self.root / "state", "word", {"OS_CLIENT_CONFIG_FILE": str(self.root / "clouds.yaml")}
        )

    def up(self, program: str | None = None) -> Outcome:
        if program is not None:
            (self.root / "program" / "__main__.py").write_text(program)
        return self._run("up")

    def down(self) -> Outcome:
        return self._run("destroy")

    def refresh(self) -> Outcome:
        return self._run("refresh")

    def _run(self, what: str) -> Outcome:
        engine = EmbeddedEngine({"openstack": QUIET})
        done: Outcome = getattr(engine, what)(self.stack, RunOptions(force=True), self.events.append, threading.Event())
        return done

    def present(self) -> list[str]:
        """What is in the cloud of ours, asked directly."""
        ask = self.cloud
        kinds: dict[str, Callable[[], Any]] = {
            "project": ask.identity.projects,
            "network": ask.network.networks,
            "subnet": ask.network.subnets,
            "group": ask.network.security_groups,
            "port": ask.network.ports,
            "router": ask.network.routers,
            "volume": ask.block_storage.volumes,
            "server": ask.compute.servers,
            "flavor": ask.compute.flavors,
        }
        named = [
            f"{kind} {one.name}" for kind, found in kinds.items() for one in found() if one.name.startswith("hostile")
        ]
        router = ask.network.find_router("hostile-router")
        inside = list(ask.network.ports(device_id=router.id)) if router else []
        group = ask.network.find_security_group("hostile-group")
        rules = list(ask.network.security_group_rules(security_group_id=group.id)) if group else []
        return sorted([*named, *("interface" for _ in inside), *("rule" for _ in rules)])


WHOLE = sorted(
    [
        *(f"{kind} hostile-{name}" for kind, name in (("network", "net"), ("subnet", "subnet"), ("group", "group"))),
        *("port hostile-port", "router hostile-router", "volume hostile-volume", "project hostile"),
        *("interface", "rule"),
    ]
)


@pytest.fixture
def site(lab_cloud: LabCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").write_text(PROGRAM)
    (tmp_path / "Pulumi.yaml").write_text("name: ace\nruntime: python\nmain: program\n")
    entry = yaml.safe_load(lab_cloud.clouds_file.read_text())["clouds"][lab_cloud.name]
    base = entry["auth"]["auth_url"].split("/identity")[0]
    config = openstack.config.OpenStackConfig(config_files=[str(lab_cloud.clouds_file)])
    direct = openstack.connection.Connection(config=config.get_one(cloud=lab_cloud.name))
    with hostile(base) as proxy:
        entry["auth"]["auth_url"] = entry["auth"]["auth_url"].replace(base, proxy.url)
        (tmp_path / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"it": entry}}))
        made = Site(tmp_path, proxy, direct)
        yield made
        proxy.faults = []
        made.down()
        assert made.present() == [], "the next up or down takes all away that was ever made"


def require_whole(site: Site) -> None:
    site.proxy.faults = []
    assert site.present() == WHOLE
    again = site.up()
    assert again.failures == ()
    assert again.count(Op.SAME) == ALL + 2, "resources, stack and provider"
    assert site.present() == WHOLE


def test_an_up_without_anything_to_do_asks_a_cloud_for_a_token_and_nothing_else(site: Site) -> None:
    stack = replace(site.stack, fingerprint="as it was")
    for _ in range(2):
        site.proxy.requests.clear()
        engine = EmbeddedEngine({"openstack": QUIET})
        assert engine.up(stack, RunOptions(), site.events.append, threading.Event()).failures == ()
    assert site.proxy.requests == [("POST", "/identity/v3/auth/tokens")]


def test_every_creates_lost_reply_is_found_again_and_nothing_is_made_twice(site: Site) -> None:
    lost = Fault("POST", "/(network|identity|block-storage|volume)/.*(?<!tokens)$", "reset after", times=1, each=True)
    site.proxy.faults = [lost, Fault("PUT", "add_router_interface", "reset after", times=1)]
    outcome = site.up()
    assert outcome.failures == ()
    assert len(lost.seen) >= 6
    require_whole(site)


def test_creates_that_never_arrived_are_sent_again(site: Site) -> None:
    site.proxy.faults = [Fault("POST|PUT", "(?<!tokens)$", "reset before", times=1, each=True)]
    assert site.up().failures == ()
    require_whole(site)


@pytest.mark.parametrize(
    ("what", "retry_after"),
    [(503, ""), (503, "1"), (429, ""), (429, "1"), (500, ""), (502, ""), ("html", ""), ("truncate", "")],
)
def test_what_passes_is_ridden_out_in_an_up_a_refresh_and_a_down(site: Site, what: int | str, retry_after: str) -> None:
    service = "/(network|block-storage|volume)/"
    site.proxy.faults = [Fault("GET|POST|PUT|DELETE", service, what, times=1, each=True, retry_after=retry_after)]
    assert site.up().failures == ()
    assert site.present() == WHOLE
    assert site.refresh().failures == ()
    assert site.down().failures == ()
    assert site.present() == []


def test_a_token_that_expires_in_the_middle_is_renewed(site: Site) -> None:
    site.proxy.faults = [Fault("POST", "/network/.*ports$", 401, times=1), Fault("GET|PUT", "/network/", 401, times=1)]
    assert site.up().failures == ()
    require_whole(site)
    assert sum(path.endswith("/auth/tokens") for _, path in site.proxy.requests) >= 3


def test_reads_that_time_out_are_asked_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.up().failures == ()
    hanging = Fault("GET", "/network/.*(ports|routers)", "hang", times=1, each=True)
    site.proxy.faults = [hanging]
    with monkeypatch.context() as impatient:
        impatient.setattr(cloud_module, "_TIMEOUT_S", 4)
        assert site.refresh().failures == ()
    assert hanging.seen
    require_whole(site)


def test_what_stays_broken_is_told_once_a_resource_and_the_rest_goes_on(site: Site) -> None:
    site.proxy.faults = [Fault("POST", "/network/.*/networks$", 500), Fault("POST", "/network/.*security-groups$", 409)]
    outcome = site.up()
    told = {failure.urn.rsplit("::")[-1]: failure.message for failure in outcome.failures}
    assert sorted(told) == ["group", "net"], "what hangs on them is left out, and no failure of its own"
    assert "neutron refused to create network 'hostile-net' (500): the proxy says so" in told["net"]
    assert "(409)" in told["group"]
    assert site.present() == ["project hostile", "router hostile-router", "volume hostile-volume"]
    site.proxy.faults = []
    assert site.up().failures == ()
    require_whole(site)


def test_a_web_page_in_place_of_json_is_told_as_such(site: Site) -> None:
    site.proxy.faults = [Fault("POST|GET", "/network/.*/networks", "html")]
    outcome = site.up()
    message = next(failure.message for failure in outcome.failures if failure.urn.endswith("::net"))
    assert "no JSON (text/html)" in message
    assert "hotel" in message
    assert "network hostile-net" in site.present(), "it was made all the same"
    site.proxy.faults = []
    assert site.up().failures == ()
    require_whole(site)


def test_a_catalogue_without_a_service_is_named(site: Site) -> None:
    def without_network(content: bytes) -> bytes:
        body = json.loads(content)
        body["token"]["catalog"] = [one for one in body["token"]["catalog"] if one["type"] != "network"]
        return json.dumps(body).encode()

    site.proxy.faults = [Fault("POST", "/auth/tokens$", change=without_network)]
    outcome = site.up()
    told = {failure.urn.rsplit("::")[-1]: failure.message for failure in outcome.failures}
    assert sorted(told) == ["group", "net", "router"]
    assert [message for message in told.values() if "catalogue" not in message or "network" not in message] == []
    assert "project hostile" in site.present()


def test_a_cloud_that_goes_away_in_the_middle_is_finished_later(site: Site) -> None:
    site.proxy.faults = [Fault("POST|GET|PUT", "/network/", "reset before", skip=5)]
    assert site.up().failures
    site.proxy.faults = []
    assert site.up().failures == ()
    require_whole(site)


def test_a_server_that_never_leaves_build_or_goes_to_error_is_kept_in_mind_and_replaced(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for status, words, patience_s in ((b"BUILD", "took longer", 2), (b"ERROR", "went to ERROR", 600)):
        monkeypatch.setattr(servers, "CREATE_TIMEOUT_S", patience_s)
        site.proxy.faults = [
            Fault("GET", "/compute/.*/servers/[^/?]+$", change=lambda body, s=status: body.replace(b"ACTIVE", s))
        ]
        outcome = site.up(PROGRAM + SERVER)
        assert [failure.urn.rsplit("::")[-1] for failure in outcome.failures] == ["server"]
        assert words in outcome.failures[0].message
        assert [one for one in site.present() if "server" in one] == ["server hostile-server"]
    site.proxy.faults = []
    healed = site.up()
    assert healed.failures == ()
    assert [step.name for step in healed.steps if step.op is Op.REPLACE] == ["server"]
    assert [one for one in site.present() if "server" in one] == ["server hostile-server"]


def test_a_lost_passphrase_of_the_cloud_is_told_before_anything_runs(site: Site) -> None:
    site.up()
    site.proxy.faults = [Fault("POST", "/auth/tokens$", 401)]
    with pytest.raises(UserError, match="refuses the credentials"):
        site.up()
