"""README's and docs/stacks.md's commands for the Pulumi CLI, run as they stand, on a cloud of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.lab.region import CHECKOUT, Region, new_root

pytestmark = [
    pytest.mark.lab,
    pytest.mark.pulumi,
    pytest.mark.timeout(1800),
]
SETTINGS = "stacks/Pulumi.tn.yaml"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    """Tunisia's cloud, and nobody else in it."""
    made = new_root(tmp_path_factory.mktemp("by-hand"))
    try:
        up = made.run("lab", "up", "tn", timeout_s=900)
        assert up.returncode == 0, f"the lab did not start:\n{up.stdout}\n{up.stderr}"
        yield made
    finally:
        made.run("lab", "down", "--wipe", timeout_s=120)


@dataclass(frozen=True)
class Hand:
    """A clean checkout, and a person with a home and a clouds.yaml in it."""

    checkout: Path
    home: Path
    region: Region

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "ACE_", "PULUMI_"))}
        return {
            **kept,
            "HOME": str(self.home),
            "PULUMI_HOME": str(self.home / ".pulumi"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_SKIP_CONFIRMATIONS": "true",  # the person who types "yes"
        }

    def run(self, commands: str) -> str:
        """Run commands in the checkout, in one shell that stops at the first failure."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands],
            cwd=self.checkout,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
        return done.stdout

    @property
    def changes(self) -> str:
        """What git sees of this checkout that is not committed."""
        return self.run("git status --porcelain")

    @property
    def settings(self) -> dict[str, object]:
        text = (self.checkout / SETTINGS).read_text()
        return dict(yaml.safe_load(text))

    @property
    def projects(self) -> set[str]:
        """ACE's projects in the cloud."""
        return {p.name for p in self.region.cloud("tn-tunis-1").identity.projects() if p.name.startswith("ace-")}


@pytest.fixture
def hand(alone: Region, tmp_path: Path) -> Hand:
    checkout, home = tmp_path / "checkout", tmp_path / "home"
    checkout.mkdir()
    home.mkdir()
    files = subprocess.run(["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    for name in files.split("\0"):
        if (CHECKOUT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, checkout / name)
    (checkout / ".venv").symlink_to(CHECKOUT / ".venv")
    shutil.copy(alone.root / ".ace" / "lab" / "clouds.yaml", home / "clouds.yaml")
    made = Hand(checkout, home, alone)
    made.run("git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm all")
    return made


def readme() -> str:
    """The commands of README's "With the Pulumi CLI"."""
    part = (CHECKOUT / "README.md").read_text().split("\n## With the Pulumi CLI\n")[1].split("\n## ")[0]
    lines = [line.removeprefix("    ") for line in part.splitlines() if line.startswith("    ")]
    assert any(line.startswith("pulumi up") for line in lines)
    return "\n".join(lines)


def by_hand() -> tuple[str, str]:
    """The blocks of docs/stacks.md's "By hand": to make it, and to take it down."""
    part = (CHECKOUT / "docs" / "stacks.md").read_text().split("\n## By hand\n")[1]
    make, remove = re.findall(r"^```sh\n(.*?)^```$", part, re.M | re.S)
    return make, remove


def variables(block: str) -> str:
    """The lines of a block by which another shell gets the same variables."""
    return "".join(line + "\n" for line in block.splitlines() if line.startswith("export "))


def test_the_commands_of_readme_make_a_country_and_ace_goes_on_with_it(hand: Hand) -> None:
    (hand.home / "passphrase-tn").write_text("by hand\n")
    block = readme()
    hand.run(block)
    assert "ace-tn-education" in hand.projects
    assert f" M {SETTINGS}\n" == hand.changes, "what docs/stacks.md hides from git"
    ace = f"{sys.executable} -m ace preview tn --engine pulumi --format json"
    preview = json.loads(hand.run(f"{variables(block)}{ace}"))
    assert preview["countries"]["tn"]["steps"] == []
    assert not (hand.checkout / ".ace" / "state" / "tn").exists(), "a preview claims nothing"
    _, remove = by_hand()
    hand.run(variables(block) + remove)
    assert hand.projects == set()
    assert hand.changes == ""


def test_the_commands_of_the_stacks_page_leave_the_checkout_as_it_was(hand: Hand) -> None:
    make, remove = by_hand()
    shipped = (hand.checkout / SETTINGS).read_text()
    hand.run(make)
    assert "ace-tn-education" in hand.projects
    assert str(hand.settings["encryptionsalt"]).startswith("v1:"), "what the CLI writes"
    assert hand.changes == "", "and git does not show"
    assert (hand.home / "ace-state" / "passphrase-tn").stat().st_mode & 0o077 == 0
    hand.run(variables(make) + "pulumi preview -s tn --expect-no-changes")
    hand.run(variables(make) + remove)
    assert hand.projects == set()
    assert (hand.checkout / SETTINGS).read_text() == shipped
    assert hand.changes == ""
    assert hand.run("git ls-files -v | grep -v ^H || true") == "", "git looks at all files again"


def test_what_stack_rm_deletes_is_what_the_stacks_page_says(hand: Hand) -> None:
    make, _ = by_hand()
    hand.run(make.partition("pulumi up")[0])
    hand.run(variables(make) + "pulumi stack rm tn --yes")
    assert not (hand.checkout / SETTINGS).exists()
    assert (hand.home / "ace-state" / "passphrase-tn").exists()
    assert not list((hand.home / "ace-state").rglob("tn.json"))
