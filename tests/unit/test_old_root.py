"""A ROOT that release 4807924 made is read by today's code: states, records, publications; reading rewrites nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ace.cli.main import main
from ace.engine import journal
from ace.engine.contract import OperationKind, Snapshot
from ace.engine.deployment import from_deployment, secrets_of
from ace.engine.state_store import JournaledState
from ace.engine.wire import clear
from ace.fleet.report import SCHEMA, SCHEMA_FILE
from ace.publication import folder
from ace.publication.values import Reason
from ace.publication.verify import read_all, remembering, remembering_signers
from ace.services import public_facts
from ace.services.host_keys import read_pins, write_pins
from ace.signatures import ssh
from ace.spec import load
from tests.kept_root import ROOT_4807924, contents, unpack
from tests.unit.member_root import CHECKOUT, Root

THEN = datetime(2026, 12, 1, 8, tzinfo=UTC)
"""A day on which what the fixture's countries published counts."""
GONE_FROM_UG = "quoteSetV3:QuoteSetV3::kampala-1.agriculture.quota"
"""The only resource whose deletion had ended when the run was cut off."""
Golden = Callable[[str, str], None]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Root:
    """The fixture as a ROOT, with an environment that points nowhere else."""
    for name in list(os.environ):
        if name.startswith(("OS_", "ACE_", "PULUMI_", "SSH_")):
            monkeypatch.delenv(name)
    return Root(unpack(ROOT_4807924, tmp_path / "root"), capsys)


def state(root: Root, country: str) -> Snapshot:
    return JournaledState(root.file(f".ace/state/{country}"), f"made-for-a-test-{country}").load()


def written(root: Root, country: str) -> dict[str, Any]:
    """The deployment in `state.json`, as it lies there."""
    deployment: dict[str, Any] = json.loads(root.file(f".ace/state/{country}/state.json").read_text())["deployment"]
    return deployment


def test_the_fixture_keeps_no_private_key_and_no_path_of_a_machine(root: Root) -> None:
    shutil.rmtree(root.file(".ace/lab"))  # made by the unpacking
    found = re.compile(rb"PRIVATE KEY|PrivateKey *=|/root/|/home/|/tmp/|" + re.escape(str(CHECKOUT).encode()))
    assert {name for name, content in contents(root.path).items() if found.search(content)} == set()


def test_its_spec_is_valid(root: Root) -> None:
    assert root.json("validate")["summary"]["active"] == 4


def test_its_states_load_with_every_resource_their_secrets_and_their_clouds(root: Root) -> None:
    for country, resources in (("tn", 189), ("rw", 125)):
        loaded = state(root, country)
        assert (len(loaded.resources), len(loaded.pending)) == (resources, 0)
        assert [identity.region for identity in loaded.identities.values()] == [
            load(root.spec).member(country).data_centres[0].cloud.region
        ]
        servers = [one for one in loaded.resources if one.type == "openstack:compute/instance:Instance"]
        assert all("fqdn" in str(one.inputs["userData"].value) for one in servers)


def test_the_journal_of_a_run_that_was_cut_off_replays(root: Root) -> None:
    records = journal.read(root.file(".ace/state/ug/journal.jsonl")).records
    begun = {record["operation"] for record in records if record["what"] == "begin"}
    ended = {record["operation"] for record in records if record["what"] == "end"}
    loaded = state(root, "ug")
    assert len(begun - ended) == 15
    assert [pending.kind for pending in loaded.pending] == [OperationKind.DELETING] * 15
    before = {one["urn"] for one in written(root, "ug")["deployment"]["resources"]}
    (gone,) = before - {one.urn for one in loaded.resources}
    assert gone.endswith(GONE_FROM_UG)


def test_an_export_holds_all_that_the_state_holds(root: Root) -> None:
    exported, kept = json.loads(root.run("state", "export", "tn")), written(root, "tn")
    for deployment in (exported, kept):
        del deployment["deployment"]["manifest"]["time"]
    assert exported == kept


def test_an_export_after_a_cut_off_run_names_what_is_pending_and_leaves_out_what_is_gone(root: Root) -> None:
    exported, kept = json.loads(root.run("state", "export", "ug"))["deployment"], written(root, "ug")["deployment"]
    assert [one["type"] for one in exported["pending_operations"]] == ["deleting"] * 15
    left = [one for one in kept["resources"] if not one["urn"].endswith(GONE_FROM_UG)]
    assert exported["resources"] == left


def hashed_once(deployment: Mapping[str, Any], country: str) -> list[bool]:
    """Of each server of a deployment: whether its outputs keep the SHA-1 of its user data."""
    found = from_deployment(deployment, secrets_of(deployment, f"made-for-a-test-{country}"))
    servers = [one for one in found.resources if one.type == "openstack:compute/instance:Instance"]
    return [
        clear(one.outputs["userData"]) == hashlib.sha1(clear(one.inputs["userData"]).encode()).hexdigest()
        for one in servers
    ]


def test_what_its_refresh_had_hashed_over_is_exported_right_with_one_line_that_says_so(
    root: Root, capsys: pytest.CaptureFixture[str]
) -> None:
    assert hashed_once(written(root, "rw"), "rw") == [False] * 3
    with pytest.raises(SystemExit):
        main(["state", "export", "rw", str(root.file("rw.json")), "--spec", str(root.spec)])
    assert capsys.readouterr().err.count("the state of 3 resources was corrected") == 1
    exported, kept = json.loads(root.file("rw.json").read_text()), written(root, "rw")
    assert hashed_once(exported, "rw") == [True] * 3
    for deployment in (exported, kept):
        for one in deployment["deployment"]["resources"]:
            if one["type"] == "openstack:compute/instance:Instance":
                del one["outputs"]["userData"]
    assert exported["deployment"]["resources"] == kept["deployment"]["resources"]


@pytest.mark.parametrize("country", ["tn", "rw"])
def test_outputs_are_those_that_the_release_itself_printed(root: Root, country: str, golden: Golden) -> None:
    golden(f"root-4807924/outputs-{country}.json", root.run("outputs", country, "--format", "json"))


@pytest.mark.pulumi
def test_a_state_of_the_pulumi_cli_is_read_though_its_folder_has_moved(root: Root, golden: Golden) -> None:
    golden("root-4807924/outputs-mu.json", root.run("outputs", "mu", "--format", "json"))
    backend = root.file(".ace/state/mu/pulumi/backend/.pulumi/stacks/ace/mu.json")
    resources = json.loads(backend.read_text())["checkpoint"]["latest"]["resources"]
    exported = json.loads(root.run("state", "export", "mu"))["deployment"]["resources"]
    assert [one["urn"] for one in exported] == [one["urn"] for one in resources]


def test_its_inventory_names_its_hosts_and_their_keys_where_it_lies_now(root: Root) -> None:
    inventory = json.loads(root.run("inventory", "tn", "--list"))
    assert inventory["country_tn"]["hosts"] == [
        *("gw1.tunis-1.tn", "gw2.tunis-1.tn", "svc1.tunis-1.tn", "hub-tunis.tunis-1.tn")
    ]
    assert str(root.file(".ace/known_hosts/tn")) in root.file(".ace/ssh/tn.conf").read_text()


def test_its_publications_are_believed_and_nothing_is_new_in_them(root: Root) -> None:
    spec = load(root.spec)
    verdicts = read_all(root.path, spec, THEN)
    signers = {name: getattr(verdict, "signer", None) for name, verdict in verdicts.items()}
    lab = {country: folder.lab_key(root.path, country) for country in ("tn", "rw")}
    keys = {country: ssh.fingerprint(key) for country, key in lab.items() if key}
    assert signers == {
        **{"tn": keys["tn"], "hub-tunis": keys["tn"], "rw": keys["rw"]},
        **dict.fromkeys(("ug", "mu", "hub-kampala")),
    }
    seen, known = folder.read_seen(root.path), folder.read_signers(root.path)
    assert seen is not None
    assert known is not None
    assert set(seen) == {"tn", "rw", "hub-tunis"}
    assert remembering(seen, verdicts) == seen
    assert remembering_signers(known, spec, verdicts, THEN.date()) == known


def test_a_publication_older_than_one_that_it_has_seen_stays_refused(root: Root) -> None:
    file = root.file(".ace/seen.json")
    seen = json.loads(file.read_text())
    seen["tn"]["issued"] = "2026-11-30T23:00:00Z"
    file.write_text(json.dumps(seen))
    assert getattr(read_all(root.path, load(root.spec), THEN)["tn"], "reason", None) is Reason.ROLLED_BACK


def test_its_log_of_transitions_holds_and_agrees_with_its_members(root: Root) -> None:
    assert root.json("audit", "verify") | {"schema": ""} == {"schema": "", "transitions": 2, "problems": []}
    assert {one["country"]: one["status"] for one in root.json("member", "list")["members"]}["rw"] == "active"


def test_its_run_reports_are_those_of_todays_schema(root: Root) -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    reports = [json.loads(file.read_text()) for file in sorted(root.file(".ace/runs").glob("*.json"))]
    runs = [report for report in reports if report["schema"] == SCHEMA]
    for report in runs:
        jsonschema.validate(report, schema)
    assert {report["action"] for report in runs} == {"up", "refresh"}
    assert {report["schema"] for report in reports} == {SCHEMA, "ace/configure/v1", "ace/interconnect-apply/v1"}


def test_its_pinned_host_keys_and_host_facts_are_read_and_written_as_they_are(root: Root) -> None:
    text = root.file(".ace/known_hosts/tn").read_text()
    pins = read_pins(text)
    facts = public_facts.read(root.path, "tn")
    assert set(pins) == set(facts)
    assert write_pins(pins.values()) == text
    before = contents(root.path)
    public_facts.keep(root.path, "tn", {}, facts)
    assert contents(root.path) == before


def test_reading_rewrites_nothing(root: Root) -> None:
    before = contents(root.path)
    for command in (
        ("validate",),
        ("policy", "list"),
        ("outputs", "tn"),
        ("outputs", "ug"),
        ("state", "export", "rw"),
        ("state", "export", "ug"),
        ("member", "list"),
        ("audit", "verify"),
        ("interconnect", "plan"),
    ):
        root.run(*command)
    for country in ("tn", "rw", "ug"):
        state(root, country)
    after = contents(root.path)
    assert {name for name, content in before.items() if after.get(name) != content} == set()


def test_a_cloud_that_does_not_answer_leaves_the_state_as_it_is(root: Root) -> None:
    before = contents(root.path)
    assert "tn-tunis-1" in root.run("preview", "tn", expect=1)
    assert "ug-kampala-1" in root.run("up", "ug", expect=1)
    after = contents(root.path)
    kept = {name for name in before if "/state/" in name and not name.endswith("/lock")}
    assert {name for name in kept if after.get(name) != before[name]} == set()
