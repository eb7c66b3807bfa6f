"""What a stack's fingerprint depends on, and on what it must not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ace.workspace.fingerprint import fingerprint

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copy(CHECKOUT / "Pulumi.yaml", tmp_path)
    for part in ("ace/spec", "stacks", "ecosystem"):
        shutil.copytree(CHECKOUT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def of(checkout: Path, **environment: str) -> str:
    return fingerprint(checkout, checkout / "ecosystem", environment)


def test_the_same_twice(checkout: Path) -> None:
    (checkout / "stacks" / "__pycache__").mkdir()
    before = of(checkout)
    (checkout / "stacks" / "__pycache__" / "tenant.py").write_text("compiled")
    assert of(checkout) == before


@pytest.mark.parametrize(
    "file",
    ["ecosystem/members/tn.yaml", "stacks/Pulumi.tn.yaml", "stacks/tenant.py", "ace/spec/values.py", "Pulumi.yaml"],
)
def test_another_when_a_file_of_the_spec_or_the_program_changes(checkout: Path, file: str) -> None:
    before = of(checkout)
    path = checkout / file
    path.write_text(path.read_text() + "\n# edited\n")
    assert of(checkout) != before
    path.write_text(path.read_text().removesuffix("\n# edited\n"))
    assert of(checkout) == before


def test_another_when_a_file_comes_or_goes(checkout: Path) -> None:
    before = of(checkout)
    (checkout / "ecosystem" / "members" / "zw.yaml").rename(checkout / "ecosystem" / "members" / "xx.yaml")
    assert of(checkout) != before


def test_settings_count_and_passwords_do_not(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = of(checkout)
    assert of(checkout, OS_CLIENT_CONFIG_FILE="elsewhere.yaml") != before
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "hush")
    monkeypatch.setenv("OS_PASSWORD", "hush")
    assert of(checkout) == before
