"""`ace interconnect plan | render | prove | map`: what they print and write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ace.cli.main import main

from .spec_cases import base_spec


def ace(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as stopped:
        main(["interconnect", *arguments])
    return int(stopped.value.code or 0), capsys.readouterr().out


def test_the_plan_is_one_object_with_links_and_gateways(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = ace(capsys, "plan", "--spec", str(base_spec(tmp_path)), "--format", "json")
    told = json.loads(out)
    assert code == 0
    assert told["schema"] == "ace/interconnect-plan/v1"
    assert {link["kind"] for link in told["links"]} == {"home", "backbone"}
    assert {"a", "b", "kind", "asn_a", "asn_b", "net6"} <= set(told["links"][0])
    assert {gateway["kind"] for gateway in told["gateways"]} == {"gateway", "hub"}


def test_what_is_rendered_can_be_proven_and_is_the_same_the_second_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out_dir = str(base_spec(tmp_path)), tmp_path / "out"
    code, out = ace(capsys, "render", "--spec", spec, "--out", str(out_dir), "--format", "json")
    first = json.loads(out)
    assert code == 0
    assert sorted(first["files"]) == first["changed"]
    assert all((out_dir / path).is_file() for path in first["files"])
    _, out = ace(capsys, "render", "--spec", spec, "--out", str(out_dir), "--format", "json")
    assert json.loads(out)["changed"] == []
    code, out = ace(capsys, "prove", "--spec", spec, "--dir", str(out_dir), "--format", "json")
    verdicts = {proof["name"]: proof["verdict"] for proof in json.loads(out)["proofs"]}
    assert code == 0
    assert set(verdicts.values()) <= {"PASS", "SKIP"}
    assert verdicts["residency"] == "PASS"


def test_files_of_hosts_that_are_no_more_go_and_nothing_else_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec, out_dir = str(base_spec(tmp_path)), tmp_path / "out"
    ace(capsys, "render", "--spec", spec, "--out", str(out_dir))
    model = next(out_dir.glob("*/gw1*/frr.conf"))
    for place in ("xx/gw1.gone-1.xx/frr.conf", "xx/mine/notes.conf"):
        (out_dir / place).parent.mkdir(parents=True, exist_ok=True)
    (out_dir / "xx/gw1.gone-1.xx/frr.conf").write_text(model.read_text())
    (out_dir / "xx/mine/notes.conf").write_text("mine\n")
    _, out = ace(capsys, "render", "--spec", spec, "--out", str(out_dir), "--format", "json")
    assert json.loads(out)["removed"] == ["xx/gw1.gone-1.xx/frr.conf"]
    assert (out_dir / "xx/mine/notes.conf").is_file()


def test_a_broken_file_fails_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec, out_dir = str(base_spec(tmp_path)), tmp_path / "out"
    ace(capsys, "render", "--spec", spec, "--out", str(out_dir))
    file = next(out_dir.glob("*/gw1*/frr.conf"))
    file.write_text(file.read_text().replace(" strict-mode", "", 1))
    code, out = ace(capsys, "prove", "--spec", spec, "--dir", str(out_dir))
    assert code == 1
    assert "FAIL   valley-free" in out
    assert f"{file.relative_to(out_dir)}:" in out


def test_the_map_goes_to_standard_output_or_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(base_spec(tmp_path))
    _, out = ace(capsys, "map", "--spec", spec)
    assert out.startswith("<svg ")
    ace(capsys, "map", "--spec", spec, "--out", str(tmp_path / "map.svg"))
    assert (tmp_path / "map.svg").read_text() == out
