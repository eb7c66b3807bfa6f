"""Nothing is lost when the disk is full, the state's folder cannot be written, or the clock goes back."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, tzinfo

import pytest

from ace.engine import deployment, ledger
from ace.engine.contract import Op
from ace.engine.embedded import lock
from tests.contract.engine_bench import Bench, ops
from tests.contract.files_plugin import CHECKOUT
from tests.needs import WITHOUT_ROOTS_RIGHTS

FOUR = 'a = file("a", "one")\nfile("b", "two", near=a.id)\nfile("c", "three")\nfile("d", "four", near=a.id)'
ALL = {"one", "two", "three", "four"}


def alone(bench: Bench, before: str = "", prefix: tuple[str, ...] = (), action: str = "up") -> str:
    """What a run in a process of its own says: `done`, or the message and hint of its `UserError`."""
    script = (
        "import pathlib\n"
        "from ace.errors import UserError\n"
        "from tests.contract.engine_bench import Bench\n"
        f"bench = Bench(pathlib.Path({str(bench.root)!r}))\n"
        f"{before}\n"
        "try:\n"
        f"    bench.{action}()\n"
        "    print('done')\n"
        "except UserError as error:\n"
        "    print(error.message, '|', error.hint)\n"
    )
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("size", [200, 1500, 3000, 4500])
def test_a_disk_that_fills_up_in_the_middle_ends_the_run_and_costs_nothing(bench: Bench, size: int) -> None:
    bench.program(FOUR)
    full = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"
    )
    said = alone(bench, full)
    assert "cannot be written" in said
    assert "free some space" in said
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "and no two of one content"
    assert bench.up().count(Op.SAME) == 6


@pytest.fixture
def read_only(bench: Bench) -> tuple[str, ...]:
    """What to put before a command so that it finds the state's folder read-only; root may write there no more than others."""
    state = str(bench.root / "state")
    locked = ("sh", "-c", 'chmod -R a-w "$1"; shift; "$@"; code=$?; chmod -R u+w "$0"; exit $code', state, state)
    return locked if os.getuid() else (*WITHOUT_ROOTS_RIGHTS, *locked)


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_touched(
    bench: Bench, read_only: tuple[str, ...]
) -> None:
    bench.up(FOUR)
    bench.program(FOUR.replace("one", "uno") + '\nfile("e", "five")')
    for action in ("up", "down", "refresh"):
        said = alone(bench, prefix=read_only, action=action)
        assert "cannot be written" in said
        assert str(bench.root / "state") in said
    assert set(bench.files) == ALL
    assert alone(bench, prefix=read_only, action="preview") == "done\n", "a preview writes nothing"
    assert ops(bench.up()) == {"a": "update", "e": "create"}


class Past(datetime):
    """A clock that a dead battery, or a careless hand, has put back."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Past:
        return cls(1999, 1, 1, tzinfo=tz)


def test_a_clock_that_goes_back_between_runs_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.up(FOUR)
    ids = {content: body["id"] for content, body in bench.files.items()}
    (bench.root / "cloud" / "after-create").write_text("five")
    assert bench.up_killed(FOUR + '\nfile("e", "five")\nfile("f", "six")') == 9
    state = bench.root / "state"
    for name, year in (("state.json", 2040), ("journal.jsonl", 1990)):
        stamp = datetime(year, 1, 1, tzinfo=UTC).timestamp()
        os.utime(state / name, (stamp, stamp))
    dead = {
        "user": "amina",
        "host": socket.gethostname(),
        "pid": 1,
        "since": "2099-01-01T00:00:00+00:00",
        "purpose": "up",
    }
    (state / "lock").write_text(json.dumps(dead))
    for module in (ledger, deployment, lock):
        monkeypatch.setattr(module, "datetime", Past)
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == {*ALL, "five", "six"}, "and no two of one content"
    assert {content: bench.files[content]["id"] for content in ids} == ids
    assert ops(bench.up()) == {}
    assert ops(bench.up(FOUR.replace('"one"', '"uno"'), force=True)) == {"a": "update", "e": "delete", "f": "delete"}
    known = {r["urn"].rpartition("::")[2]: r for r in bench.engine.export(bench.stack)["deployment"]["resources"]}
    assert known["a"]["modified"].startswith("1999")
    assert not known["a"]["created"].startswith("1999"), "it was made before the clock went back"


def test_a_clock_that_goes_back_during_a_run_changes_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = iter(range(10_000, 0, -1))

    class Falling(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Falling:
            return cls.fromtimestamp(3600 * next(hours), tz)

    for module in (ledger, deployment, lock):
        monkeypatch.setattr(module, "datetime", Falling)
    bench.up(FOUR)
    assert ops(bench.up()) == {}
    assert ops(bench.up(FOUR.replace('"one"', '"uno"'))) == {"a": "update"}
    assert bench.refresh().failures == ()
    assert bench.down().failures == ()
    assert bench.files == {}
