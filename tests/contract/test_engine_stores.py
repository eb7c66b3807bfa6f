"""Which store holds a stack, who may change that, who holds its lock, and what is left behind; on either engine."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from ace.errors import RefusedError, UserError
from ace.workspace.engines import EngineName, holder
from tests.contract.conftest import ENGINES
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_plugin import CHECKOUT

PROGRAM = 'a = file("a", "one")\nfile("b", "two", near=a.id)'
LOCKS = ".pulumi/locks/organization/ace/tn"
DEADLINE_S = 120


@pytest.fixture(autouse=True)
def nobody_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CREDENTIALS_PATH", str(tmp_path / "login"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)


@pytest.fixture(params=ENGINES[1:])
def cli(request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    """A stack that the Pulumi CLI runs."""
    return Bench(tmp_path, driver=request.param)


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of all that is started from here."""
    import tempfile

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def until(condition: Callable[[], object], what: str) -> None:
    ends = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < ends, f"not within {DEADLINE_S} s: {what}"
        time.sleep(0.05)


def store(bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name a folder as the store, in the environment."""
    (bench.root / name).mkdir(exist_ok=True)
    url = f"file://{bench.root / name}"
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    return url


def refused(bench: Bench) -> RefusedError:
    """That everything is refused; the last refusal."""
    before = bench.files
    for act in (bench.preview, bench.up, bench.refresh, bench.down):
        with pytest.raises(RefusedError) as error:
            act()
        assert error.value.code == "another-store"
    for look in (bench.engine.outputs, bench.engine.export):
        with pytest.raises(RefusedError) as error:
            look(bench.stack)
        assert error.value.code == "another-store"
    assert bench.files == before
    return error.value


# ------------------------------------------------------------------------------------------------- who holds the stack


def test_what_only_looks_claims_a_stack_for_no_engine_and_leaves_nothing(either: Bench) -> None:
    assert ops(either.preview(PROGRAM)) == {"a": "create", "b": "create"}
    assert either.engine.drift(either.stack, either.events.append, threading.Event()) == ()
    assert either.engine.outputs(either.stack) == {}
    assert not either.engine.export(either.stack)["deployment"].get("resources")
    assert holder(either.stack.state_dir) is None
    assert not either.stack.state_dir.exists()


def test_a_refresh_or_a_teardown_of_what_is_not_there_claims_nothing(cli: Bench) -> None:
    cli.program(PROGRAM)
    assert cli.refresh().failures == ()
    assert cli.down().failures == ()
    assert holder(cli.stack.state_dir) is None


def test_what_is_run_by_the_cli_is_on_record(cli: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    store(cli, "a", monkeypatch)
    cli.preview(PROGRAM)
    assert not list((cli.root / "a").rglob("tn.json"))
    cli.up()
    assert list((cli.root / "a").rglob("tn.json"))
    assert holder(cli.stack.state_dir) is EngineName.PULUMI


# -------------------------------------------------------------------------------------------------------- another store


def test_a_shell_without_the_variable_is_refused_and_told_what_to_type(
    cli: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = store(cli, "a", monkeypatch)
    cli.up(PROGRAM)
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    error = refused(cli)
    assert f"export PULUMI_BACKEND_URL={url}" in error.hint
    other = store(cli, "b", monkeypatch)
    assert f"would use {other}" in refused(cli).message
    assert not list((cli.root / "b").iterdir())
    store(cli, "a/", monkeypatch)
    assert ops(cli.up()) == {}, "a slash at the end is no other store"


def test_a_stack_in_its_own_folder_is_not_taken_elsewhere(cli: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.up(PROGRAM)
    store(cli, "b", monkeypatch)
    assert "unset PULUMI_BACKEND_URL" in refused(cli).hint
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    assert ops(cli.up()) == {}


def test_the_state_is_moved_by_export_and_import_as_the_refusal_says(
    cli: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli.up(PROGRAM)
    deployment = cli.engine.export(cli.stack)
    store(cli, "b", monkeypatch)
    refused(cli)
    cli.engine.import_(cli.stack, deployment)
    assert ops(cli.preview()) == {}
    assert ops(cli.up(PROGRAM + '\nfile("c", "three")')) == {"c": "create"}
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    refused(cli)


def test_an_import_does_not_move_a_state_that_nobody_named_a_store_for(
    cli: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(cli, "a", monkeypatch)
    cli.up(PROGRAM)
    deployment = cli.engine.export(cli.stack)
    monkeypatch.delenv("PULUMI_BACKEND_URL")
    with pytest.raises(RefusedError, match="its state is in"):
        cli.engine.import_(cli.stack, deployment)


def test_what_was_made_by_hand_after_a_login_is_gone_on_with(cli: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (cli.root / "a").mkdir()
    url = f"file://{cli.root / 'a'}"
    by_hand = {**os.environ, **cli.stack.environment, "PULUMI_CONFIG_PASSPHRASE": cli.stack.passphrase}
    by_hand["PATH"] = f"{Path(sys.prefix) / 'bin'}:{by_hand['PATH']}"
    cli.program(PROGRAM)
    for command in (f"login {url}", "stack init tn", "up -s tn --yes --skip-preview"):
        done = subprocess.run(
            ["pulumi", *command.split(), "--non-interactive"],
            cwd=cli.root,
            env=by_hand,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert set(cli.files) == {"one", "two"}
    assert ops(cli.preview()) == {}
    assert holder(cli.stack.state_dir) is None
    assert ops(cli.up()) == {}
    assert holder(cli.stack.state_dir) is EngineName.PULUMI
    shutil.rmtree(cli.root / "login")  # as `pulumi logout` does
    assert f"PULUMI_BACKEND_URL={url}" in refused(cli).hint


def test_a_login_for_something_else_does_not_touch_a_stack_in_its_own_folder(cli: Bench) -> None:
    cli.up(PROGRAM)
    (cli.root / "login").mkdir(exist_ok=True)
    (cli.root / "login" / "credentials.json").write_text(json.dumps({"current": f"file://{cli.root / 'elsewhere'}"}))
    assert ops(cli.up()) == {}
    assert not (cli.root / "elsewhere").exists()


def test_a_stack_of_an_earlier_release_goes_on_also_where_its_root_was_moved(tmp_path: Path, cli: Bench) -> None:
    cli.up(PROGRAM)
    marker = cli.stack.state_dir / "pulumi" / "made"
    assert marker.read_text() == f"file://{cli.stack.state_dir / 'pulumi' / 'backend'}", "as 4807924 writes it"
    marker.write_text("file:///elsewhere/.ace/state/state/pulumi/backend")
    assert ops(cli.up()) == {}


# ---------------------------------------------------------------------------------------------------------------- locks


@pytest.fixture
def cut_off(cli: Bench) -> Iterator[tuple[Bench, psutil.Process]]:
    """A stack whose `ace` was killed while `pulumi up` worked, and that `pulumi`."""
    cli.up(PROGRAM)
    (cli.root / "cloud" / "latency").write_text("600")
    cli.program(PROGRAM + '\nfile("c", "three")')
    script = (
        "import pathlib\n"
        "from tests.contract.engine_bench import Bench\n"
        f"Bench(pathlib.Path({str(cli.root)!r}), driver='pulumi').up()\n"
    )
    ace = subprocess.Popen([sys.executable, "-c", script], cwd=CHECKOUT)
    folder = cli.stack.state_dir / "pulumi" / "backend" / LOCKS
    until(lambda: list(folder.glob("*.json")), "`pulumi up` takes its lock")
    pulumi = psutil.Process(json.loads(next(folder.glob("*.json")).read_text())["pid"])
    ace.kill()
    ace.wait()
    yield cli, pulumi
    kill(pulumi)


def kill(process: psutil.Process) -> None:
    """Kill it and all that it started."""
    found: list[psutil.Process] = []
    waiting = [process]
    while waiting:  # each is stopped before it is asked, so that none starts another meanwhile
        with suppress(psutil.NoSuchProcess):
            one = waiting.pop()
            one.suspend()
            found.append(one)
            waiting += one.children()
    for one in found:
        with suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(found, timeout=DEADLINE_S)


def test_while_the_cli_of_a_killed_run_works_on_the_next_is_told_who_holds_the_stack(
    cut_off: tuple[Bench, psutil.Process],
) -> None:
    cli, pulumi = cut_off
    for act in (cli.up, cli.refresh, cli.down):
        with pytest.raises(UserError) as error:
            act()
        assert error.value.code == "locked"
        assert f"on {socket.gethostname()} (process {pulumi.pid})" in error.value.message
        assert "`pulumi up`, which an `ace` has started, still runs" in error.value.message
        assert "pulumi cancel tn --yes" in error.value.hint
    assert set(cli.files) == {"one", "two"}


def test_the_lock_of_a_killed_cli_is_removed_and_said(cut_off: tuple[Bench, psutil.Process]) -> None:
    cli, pulumi = cut_off
    kill(pulumi)
    (cli.root / "cloud" / "latency").unlink()
    cli.events.clear()
    cli.refresh()
    assert any(f"(process {pulumi.pid})" in text and "is removed" in text for text in cli.said("warning"))
    assert not list((cli.stack.state_dir / "pulumi" / "backend" / LOCKS).glob("*.json"))
    assert len(list((cli.stack.state_dir / "pulumi" / "runs").iterdir())) == 0, "what the killed run left is gone"


@pytest.mark.parametrize(
    ("host", "what", "then"),
    [
        (socket.gethostname(), "it no longer runs", "it was killed and left its lock"),
        ("control.example", "on another host", "if it is dead for certain"),
    ],
)
def test_a_lock_that_is_not_ours_for_certain_is_told_and_kept(cli: Bench, host: str, what: str, then: str) -> None:
    cli.up(PROGRAM)
    folder = cli.stack.state_dir / "pulumi" / "backend" / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    gone = subprocess.Popen(["true"])
    gone.wait()
    body = {"pid": gone.pid, "username": "amina", "hostname": host, "timestamp": "2026-11-29T03:00:00.123456789+02:00"}
    (folder / "of-another.json").write_text(json.dumps(body))
    with pytest.raises(UserError, match="held by amina") as error:
        cli.up()
    assert what in error.value.message
    assert then in error.value.hint
    assert cli.preview().changes == (), "who only looks need not wait"
    command = error.value.hint.partition("lock")[2].partition(": ")[2]
    subprocess.run(
        command, shell=True, check=True, env={**os.environ, "PULUMI_CONFIG_PASSPHRASE": cli.stack.passphrase}
    )
    assert ops(cli.up()) == {}


# ------------------------------------------------------------------------------------------------------------- left over


def test_nothing_is_left_in_the_temporary_folder(either: Bench, temporary: Path) -> None:
    either.up(PROGRAM)
    either.preview()
    either.refresh()
    either.engine.import_(either.stack, either.engine.export(either.stack))
    either.down()
    assert list(temporary.iterdir()) == []


def test_nothing_is_left_in_the_temporary_folder_by_a_killed_run(
    temporary: Path, cut_off: tuple[Bench, psutil.Process]
) -> None:
    kill(cut_off[1])
    assert list(temporary.iterdir()) == []
