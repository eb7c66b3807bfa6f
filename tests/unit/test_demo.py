"""`scripts/demo`: a step that fails does not keep the others from being tried, and the end says what failed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
ACE = """#!/bin/sh
echo "$*" >> asked
case "$*" in
    'lab up'*) mkdir -p .ace/lab/ssh && touch .ace/lab/ssh/config;;
esac
for one in $FAILING; do case "$*" in "$(echo "$one" | tr _ ' ')"*) exit ${FAILING_WITH:-1};; esac; done
"""
"""In the place of `ace`: notes what it is asked, and fails where the test says so."""


@dataclass(frozen=True)
class Shown:
    code: int
    out: str
    asked: list[str]


def demo(folder: Path, *failing: str, code: int = 1) -> Shown:
    """Run the demo of two countries with an `ace` that fails at commands that begin so."""
    scripts = folder / "scripts"
    (folder / ".venv" / "bin").mkdir(parents=True)
    scripts.mkdir()
    shutil.copy(CHECKOUT / "scripts" / "demo", scripts / "demo")
    for path, text in (
        (scripts / "ace", ACE),
        (scripts / "setup", "#!/bin/sh\n"),
        (folder / ".venv" / "bin" / "python", '#!/bin/sh\n[ "$1" != -c ] || echo et tn\n'),
    ):
        path.write_text(text)
        path.chmod(0o755)
    failures = " ".join(one.replace(" ", "_") for one in failing)
    done = subprocess.run(
        [scripts / "demo", "ET", "TN"],
        env={"PATH": "/usr/bin:/bin", "FAILING": failures, "FAILING_WITH": str(code)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Shown(done.returncode, done.stdout + done.stderr, (folder / "asked").read_text().splitlines())


ALL = [
    "lab up ET TN",
    "lab status --format json",
    "up ET TN",
    "configure ET TN",
    "publish et",
    "publish tn",
    "publication verify",
    "interconnect prove",
    "interconnect apply --hubs",
    "interconnect apply et tn",
    "interconnect check --within 120 --map .ace/region.svg",
    "verify ET TN",
    "catalogue build",
]


def test_all_steps_are_taken_and_the_end_says_what_to_try_next(tmp_path: Path) -> None:
    shown = demo(tmp_path)
    assert (shown.code, shown.asked) == (0, ALL)
    assert "Try next:" in shown.out


@pytest.mark.parametrize(
    ("failing", "left_out"),
    [
        (["up"], []),
        (["configure", "publish et", "verify"], []),
        (["interconnect prove"], ["interconnect apply", "interconnect check"]),
        (["interconnect apply --hubs"], []),
    ],
)
def test_what_does_not_need_a_failed_step_is_still_done_and_the_end_names_what_to_type(
    tmp_path: Path, failing: Sequence[str], left_out: Sequence[str]
) -> None:
    shown = demo(tmp_path, *failing)
    assert shown.asked == [one for one in ALL if not one.startswith(tuple(left_out) or "-")]
    assert shown.code == 1
    listed = shown.out.split("commands failed")[1]
    for one in failing:
        assert f"  scripts/ace {one}" in listed
    assert "Try next:" not in shown.out


def test_without_a_lab_nothing_else_is_tried(tmp_path: Path) -> None:
    shown = demo(tmp_path, "lab up")
    assert (shown.code, shown.asked) == (1, ALL[:1])


def test_ctrl_c_ends_the_demo(tmp_path: Path) -> None:
    shown = demo(tmp_path, "configure", code=130)
    assert (shown.code, shown.asked[-1]) == (130, "configure ET TN")
