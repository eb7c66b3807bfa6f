"""Every use case can be called without a terminal: values and a sink in, a frozen value out."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.operation_calls import CALLS, REFUSES, modules
from tests.unit.publications import lab_root

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        root = lab_root(tmp_path_factory.mktemp("operations") / "root", ("tn-tunis-1",), patch)
        auth = {"auth_url": "http://127.0.0.1:9/v3", "username": "ace", "password": "x", "project_name": "ace"}
        clouds = {"clouds": {"tn-tunis-1": {"auth": auth, "region_name": "tn-tunis-1"}}}
        (root / ".ace" / "lab" / "clouds.yaml").write_text(yaml.safe_dump(clouds), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "tests.unit.operation_calls", str(root)],
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # no controlling terminal
            timeout=300,
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_every_module_is_called_here() -> None:
    assert set(CALLS) == modules()


def test_nothing_of_a_terminal_is_imported(told: Any) -> None:
    assert told["terminal"] == []


@pytest.mark.parametrize("name", sorted(CALLS))
def test_it_gives_a_value_and_prints_nothing(told: Any, name: str) -> None:
    if name in REFUSES:
        assert told["called"][name] == {"error": REFUSES[name]}
    else:
        assert told["called"][name].get("is_value"), told["called"][name]


def test_what_takes_time_tells_of_it_as_it_goes(told: Any) -> None:
    assert {name for name, told_of in told["called"].items() if told_of.get("events")} >= {
        "doctor",
        "publish",
        "fitness",
        "deploy",
        "drift",
        "playbook",
    }
