"""The journal and the state that it carries: whatever cuts a run off, what was promised is there."""

from __future__ import annotations

import json
import resource as limits
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.engine import journal
from ace.engine.contract import CloudIdentity, OperationKind, Resource, Secret
from ace.engine.deployment import from_deployment, secrets_of, to_deployment
from ace.engine.embedded.lock import StackLock
from ace.engine.passphrase import PassphraseSecrets
from ace.engine.state_store import JournaledState
from ace.errors import UserError

CHECKOUT = Path(__file__).resolve().parents[2]


def a_file(name: str, **given: object) -> Resource:
    return Resource(f"urn:pulumi:tn::ace::files:index:File::{name}", "files:index:File", custom=True, id=name, **given)  # type: ignore[arg-type]


def opened(folder: Path) -> JournaledState:
    store = JournaledState(folder, "pass")
    store.load()
    return store


def names(folder: Path) -> list[str]:
    return [resource.name for resource in JournaledState(folder, "pass").load().resources]


def test_what_was_written_is_there_without_a_compaction(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.end(store.begin(OperationKind.CREATING, a_file("one"))[0], put=[a_file("one")])
    store.end(None, put=[a_file("two")])
    store.end(None, drop=[a_file("one")])
    assert names(tmp_path) == ["two"]
    assert not (tmp_path / "state.json").exists()


def test_an_operation_without_an_end_is_pending_after_a_crash_and_after_a_compaction(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.begin(OperationKind.CREATING, a_file("one"))
    again = JournaledState(tmp_path, "pass")
    assert [(p.kind, p.resource.name) for p in again.load().pending] == [(OperationKind.CREATING, "one")]
    again.end(None, put=[a_file("two")])
    again.compact([])
    assert [p.resource.name for p in JournaledState(tmp_path, "pass").load().pending] == ["one"]


def test_compaction_keeps_the_order_it_is_given_and_the_state_before_as_a_backup(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.end(None, put=[a_file("one"), a_file("two")])
    store.compact([a_file("two"), a_file("one")])
    assert names(tmp_path) == ["two", "one"]
    store = opened(tmp_path)
    store.end(None, put=[a_file("three")])
    store.compact([])
    assert names(tmp_path) == ["two", "one", "three"]
    backup = json.loads((tmp_path / "state.json.bak").read_text())
    assert len(backup["deployment"]["deployment"]["resources"]) == 2
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_a_journal_cut_at_every_byte_of_its_last_record_loses_that_record_alone(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.end(None, put=[a_file("one")])
    path = tmp_path / "journal.jsonl"
    before = path.stat().st_size
    store.end(None, put=[a_file("two")])
    whole = path.read_bytes()
    for cut in range(before, len(whole)):
        path.write_bytes(whole[:cut])
        again = JournaledState(tmp_path, "pass")
        assert [r.name for r in again.load().resources] == ["one"]
        assert again.torn == (cut > before)
    path.write_bytes(whole[:-1])
    resumed = opened(tmp_path)
    resumed.end(None, put=[a_file("three")])
    assert names(tmp_path) == ["one", "three"]


def test_a_flipped_byte_in_the_middle_is_found_and_its_line_named(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(3):
        store.end(None, put=[a_file(f"file{number}")])
    path = tmp_path / "journal.jsonl"
    whole = path.read_bytes()
    line_ends = [index for index, byte in enumerate(whole) if byte == 0x0A]
    third = range(line_ends[1] + 1, line_ends[2])
    for position in (third.start, third.start + 8, third.start + 9, third.stop - 1):
        damaged = bytearray(whole)
        damaged[position] ^= 0x01
        path.write_bytes(bytes(damaged))
        with pytest.raises(UserError, match=r"journal\.jsonl:3: .*damaged") as found:
            JournaledState(tmp_path, "pass").load()
        assert "2 records before it are whole" in found.value.hint
    path.write_bytes(whole[: line_ends[1] + 1])
    assert names(tmp_path) == [], "the records before the damage are usable, as the message says"


def test_a_journal_older_than_its_state_is_not_replayed(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.end(None, put=[a_file("one")])
    old = (tmp_path / "journal.jsonl").read_bytes()
    store.end(None, drop=[a_file("one")], put=[a_file("two")])
    store.compact([])
    (tmp_path / "journal.jsonl").write_bytes(old)  # a crash between the two writes of a compaction
    assert names(tmp_path) == ["two"]
    store = opened(tmp_path)
    store.end(None, put=[a_file("three")])
    assert names(tmp_path) == ["two", "three"]


def test_many_threads_share_the_disk_and_lose_nothing(tmp_path: Path) -> None:
    store = opened(tmp_path)

    def work(worker: int) -> None:
        for number in range(20):
            resource = a_file(f"{worker}-{number}")
            store.end(store.begin(OperationKind.CREATING, resource)[0], put=[resource])

    workers = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    snapshot = JournaledState(tmp_path, "pass").load()
    assert len(snapshot.resources) == 160
    assert snapshot.pending == ()


def test_secrets_are_encrypted_in_the_journal_too_and_a_wrong_passphrase_is_told(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.end(None, put=[a_file("one", inputs={"content": Secret({"deep": ["hush"]})})])
    assert b"hush" not in (tmp_path / "journal.jsonl").read_bytes()
    assert JournaledState(tmp_path, "pass").load().resources[0].inputs == {"content": Secret({"deep": ["hush"]})}
    with pytest.raises(UserError, match="passphrase"):
        JournaledState(tmp_path, "other").load()
    store.compact([])
    assert b"hush" not in (tmp_path / "state.json").read_bytes()
    first = (tmp_path / "state.json").read_text()
    again = opened(tmp_path)
    again.end(None, put=[a_file("two")])
    again.compact([])
    ciphertext = json.loads(first)["deployment"]["deployment"]["resources"][0]["inputs"]["content"]["ciphertext"]
    assert ciphertext in (tmp_path / "state.json").read_text(), "what did not change is written as it was"


def test_identities_survive_and_go_with_their_provider(tmp_path: Path) -> None:
    identity = CloudIdentity("http://127.0.0.1/v3", "here", "default", "marker")
    store = opened(tmp_path)
    store.end(None, put=[a_file("one")])
    store.record_identity(a_file("one").urn, identity)
    assert JournaledState(tmp_path, "pass").load().identities == {a_file("one").urn: identity}
    store.end(None, drop=[a_file("one")])
    store.compact([])
    assert JournaledState(tmp_path, "pass").load().identities == {}


def test_a_full_disk_is_told_and_what_was_promised_stays(tmp_path: Path) -> None:
    script = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from tests.unit.test_state_journal import a_file, opened
from ace.errors import UserError
from pathlib import Path
store = opened(Path({str(tmp_path)!r}))
store.end(None, put=[a_file("one")])
resource.setrlimit(resource.RLIMIT_FSIZE, (Path({str(tmp_path)!r}, "journal.jsonl").stat().st_size + 100,) * 2)
try:
    store.end(None, put=[a_file("two")])
except UserError as error:
    print(error.message, "|", error.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert "journal.jsonl cannot be written" in done.stdout
    assert "free some space" in done.stdout
    assert names(tmp_path) == ["one"]
    assert limits.getrlimit(limits.RLIMIT_FSIZE)[0] == limits.RLIM_INFINITY


@pytest.mark.plain_user
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        opened(tmp_path / "state").end(None, put=[a_file("one")])


def test_a_lock_says_who_holds_it_and_dies_with_its_owner(tmp_path: Path) -> None:
    script = f"""
import os, signal
from pathlib import Path
from ace.engine.embedded.lock import StackLock
StackLock(Path({str(tmp_path)!r}), "up").__enter__()
print("held", flush=True)
signal.pause()
"""
    owner = subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=rf"process {owner.pid}\) since .*, for `up`"), StackLock(tmp_path, "down"):
            pass
    finally:
        owner.kill()
        owner.wait()
    with StackLock(tmp_path, "down"):
        pass


def test_another_hosts_lock_is_not_taken_over_by_itself(tmp_path: Path) -> None:
    lock = {"user": "amina", "host": "elsewhere", "pid": 1, "since": "2026-11-24", "purpose": "up"}
    (tmp_path / "lock").write_text(json.dumps(lock))
    with pytest.raises(UserError, match="amina on elsewhere") as held, StackLock(tmp_path, "up"):
        pass
    assert "remove" in held.value.hint


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
SECRETS = PassphraseSecrets("pass")


@given(st.dictionaries(st.text(min_size=1, max_size=8), VALUES | VALUES.map(Secret), max_size=4))
def test_any_properties_survive_a_deployment(properties: dict[str, object]) -> None:
    from ace.engine.contract import Snapshot

    resource = a_file("one", inputs=properties, outputs=properties, protect=True, dependencies=())
    deployment = json.loads(json.dumps(to_deployment(Snapshot((resource,)), SECRETS)))
    assert from_deployment(deployment, SECRETS).resources == (resource,)


def test_a_deployment_that_breaks_pulumis_rules_is_refused_with_the_rule() -> None:
    from ace.engine.contract import Snapshot

    orphan = a_file("one", dependencies=("urn:pulumi:tn::ace::files:index:File::nowhere",))
    deployment = to_deployment(Snapshot((orphan,)), SECRETS)
    with pytest.raises(UserError, match="comes before its dependency"):
        from_deployment(deployment, SECRETS)
    with pytest.raises(UserError, match="version 3"):
        from_deployment({"version": 2}, SECRETS)


def test_a_passphrase_state_of_pulumis_own_is_opened() -> None:
    deployment = {
        "version": 3,
        "deployment": {"secrets_providers": {"type": "passphrase", "state": {"salt": SECRETS.state}}},
    }
    opened_again = secrets_of(deployment, "pass")
    assert opened_again.decrypt(SECRETS.encrypt("hush")) == "hush"
    with pytest.raises(UserError, match="does not open"):
        secrets_of(deployment, "wrong").decrypt(SECRETS.encrypt("hush"))
    with pytest.raises(UserError, match="awskms"):
        secrets_of({"version": 3, "deployment": {"secrets_providers": {"type": "awskms"}}}, "pass")


def test_an_absent_journal_holds_nothing(tmp_path: Path) -> None:
    assert journal.read(tmp_path / "nothing").records == ()
