"""`ace member add`: a country joins by one command, all or nothing, and nothing of anybody else's changes."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ace.errors import SpecError, UserError
from ace.membership import joining, writing
from ace.spec import load
from tests.unit.member_root import CHECKOUT, SC, TEMPLATES, Root, a_root

OWN = {"ecosystem/members/sc.yaml", "ecosystem/answers/sc.yaml", "stacks/Pulumi.sc.yaml"}


@pytest.fixture
def root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Root:
    return a_root(tmp_path, capsys)


def joined(root: Root) -> None:
    root.json("member", "add", "SC", "--answers", str(SC))


def test_seychelles_joins_in_one_command_and_only_its_own_files_the_register_and_codeowners_change(root: Root) -> None:
    before = root.texts()
    said = root.json("member", "add", "sc", "--answers", str(SC))
    after = root.texts()
    assert {name for name in after if after[name] != before.get(name)} == OWN | {
        "ecosystem/register.yaml",
        "CODEOWNERS",
    }
    assert {entry["path"] for entry in said["files"]} == OWN | {"ecosystem/register.yaml", "CODEOWNERS"}
    for name in ("ecosystem/register.yaml", "CODEOWNERS"):
        lines = set(after[name].splitlines())
        assert set(before[name].splitlines()) <= lines, "nothing is taken away"
    assert said["allocations"]["ipv4"] == "10.107.32.0/20"
    assert said["allocations"]["data_centres"]["victoria-1"]["asn"] == 4_200_069_000
    assert root.json("validate")["findings"] == []


def test_nobody_elses_numbers_or_facts_change(root: Root) -> None:
    before = {member.code: member for member in load(root.spec).members}
    joined(root)
    after = {member.code: member for member in load(root.spec).members}
    assert after.keys() - before.keys() == {"SC"}
    assert all(after[code] == before[code] for code in before)


def test_a_candidate_is_not_active_and_says_what_it_still_owes(root: Root) -> None:
    said = root.json("member", "add", "SC", "--defaults")
    assert load(root.spec).member("SC").status == "candidate"
    owed = "\n".join(said["still_needed"])
    assert "signers" in owed
    assert "admin_key" in owed
    assert "clouds.yaml with sc-seychelles-1" in owed
    assert "every legal basis confirmed by counsel" in owed


def test_what_the_regions_rules_refuse_is_not_taken_in(root: Root, tmp_path: Path) -> None:
    answers = tmp_path / "x" / "answers.yaml"
    answers.parent.mkdir()
    answers.write_text("residency:\n  health: {mode: unknown}\n")
    before = root.texts()
    said = root.run("member", "add", "SC", "--answers", str(answers), expect=3)
    assert "residency-unknown: tenant health of SC holds health data" in said
    assert root.texts() == before


def test_for_people_it_prints_the_diff_the_numbers_and_the_next_commands(root: Root) -> None:
    said = root.run("member", "add", "SC", "--answers", str(SC))
    assert "+  - {country: SC, numeric: 690, since:" in said
    assert "+country: SC" in said
    assert re.search(r"ASN of victoria-1 +4200069000", said)
    assert "ace member check sc" in said


def test_a_dry_run_writes_nothing(root: Root) -> None:
    before = root.texts()
    said = root.run("member", "add", "SC", "--answers", str(SC), "--dry-run")
    assert "would join" in said
    assert root.texts() == before


@pytest.mark.parametrize("there", sorted(OWN))
def test_nothing_that_is_there_is_overwritten(root: Root, there: str) -> None:
    root.file(there).parent.mkdir(exist_ok=True)
    root.file(there).write_text("mine\n")
    if "members" in there:  # a member's file without an entry is an error of its own
        (root.spec / "members" / "sc.yaml").unlink()
        root.file("stacks/Pulumi.sc.yaml").write_text("mine\n")
        there = "stacks/Pulumi.sc.yaml"
    before = root.texts()
    said = root.run("member", "add", "SC", "--answers", str(SC), expect=1)
    assert f"{there} is there already" in said
    assert root.texts() == before


def test_a_member_cannot_join_again(root: Root) -> None:
    before = root.texts()
    assert "Kenya is a member since 2026-11-09" in root.run("member", "add", "ke", "--defaults", expect=1)
    assert root.texts() == before


def test_who_has_left_cannot_join_again_by_itself(root: Root) -> None:
    register = root.spec / "register.yaml"
    register.write_text(register.read_text() + "  - {country: SC, numeric: 690, since: 2026-01-01, left: 2026-02-01}\n")
    assert "left on 2026-02-01" in root.run("member", "add", "sc", "--defaults", expect=1)


@pytest.mark.parametrize("code", ["XX", "FR", "seychelles", ""])
def test_a_code_that_is_no_african_countrys_is_refused(root: Root, code: str) -> None:
    assert "African country" in root.run("member", "add", code, "--defaults", expect=1)


def test_every_mistake_in_the_answers_is_told_at_once_with_its_place(root: Root, tmp_path: Path) -> None:
    answers = tmp_path / "answers.yaml"
    answers.write_text(
        "operator_kind: army\n"
        "technical_email: nobody\n"
        "colour: green\n"
        "data_centres:\n"
        "  - {city: Victoria, gateways: 9}\n"
        "residency:\n"
        "  gossip: {mode: unknown}\n"
        "tenants: [education, education]\n"
        "signer_key: ssh-rsa AAAA\n"
    )
    before = root.texts()
    said = root.run("member", "add", "SC", "--answers", str(answers), expect=1)
    for line in (
        f"{answers}:1:16: operator_kind: 'army' is not one of ministry",
        f"{answers}:2:18: technical_email: 'nobody' is no e-mail address",
        f"{answers}:3:9: colour: unknown question 'colour'",
        f"{answers}:5:32: data_centres[0].gateways: 9 is no number from 1 to 4",
        f"{answers}:7:11: residency.gossip: no class of data",
        f"{answers}:8:10: tenants: something is listed twice",
        f"{answers}:9:13: signer_key: ssh-rsa keys are not accepted",
    ):
        assert line in said
    assert root.texts() == {**before, **({"answers.yaml": answers.read_text()} if answers.parent == root.path else {})}


def test_what_the_region_does_not_know_is_found_before_anything_is_written(root: Root, tmp_path: Path) -> None:
    answers = tmp_path / "x" / "answers.yaml"
    answers.parent.mkdir()
    answers.write_text("services:\n  - {id: ke-e-learning, sector: education}\n")
    before = root.texts()
    said = root.run("member", "add", "SC", "--answers", str(answers), expect=1)
    assert "ecosystem/members/sc.yaml" in said
    assert "'ke-e-learning' is taken" in said
    assert root.texts() == before


HOSTILE = [
    '"{{ 7 * 7 }} {% raw %}"',
    '"}, kind: ministry} # x"',
    '"a: b, c: [d"',
    '"no"',
    '"1e3"',
    '"&anchor *alias !tag"',
    "\"it's 'quoted' \\\" and \\\\ back\"",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_others_is_data_in_the_files_that_are_made(root: Root, tmp_path: Path, text: str) -> None:
    answers = tmp_path / "x" / "answers.yaml"
    answers.parent.mkdir()
    answers.write_text(f"operator: {text}\ndata_centres:\n  - {{city: {text}, id: here-1}}\n")
    root.json("member", "add", "SC", "--answers", str(answers))
    centre = load(root.spec).member("SC").data_centres[0]
    assert (centre.operator.name, centre.city) == (yaml.safe_load(text),) * 2


def test_text_with_control_characters_is_refused(root: Root, tmp_path: Path) -> None:
    answers = tmp_path / "x" / "answers.yaml"
    answers.parent.mkdir()
    answers.write_text('operator: "a\\nb"\n')
    assert "answers.yaml:1:11" in root.run("member", "add", "SC", "--answers", str(answers), expect=1)


def test_without_a_terminal_nobody_is_asked(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        assert "--answers FILE" in root.run("member", "add", "SC", expect=1)


def test_on_a_terminal_it_asks_checks_each_answer_and_asks_again(root: Root) -> None:
    master, slave = pty.openpty()
    told = root.path / ".ace-told"
    with told.open("w") as heard:
        process = subprocess.Popen(
            [sys.executable, "-m", "ace", "member", "add", "SC", "--spec", str(root.spec), "--format", "json"],
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=heard,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT), "NO_COLOR": "1"},
            cwd=root.path,
        )
    os.close(slave)
    typed = ["no", "Port Authority", "army", "telecom", "not an address", "noc@port.sc.example", *[""] * 3, "", "2"]
    typed += ["Anse Royale", *[""] * 10, "Victoria"]
    os.write(master, ("\n".join(typed) + "\n" * 90).encode())
    out, _ = process.communicate(timeout=120)
    os.close(master)
    said = told.read_text()
    assert process.returncode == 0, said
    assert json.loads(out)["written"]
    assert "'army' is not one of ministry, public_body, telecom, it_company" in said
    assert "'not an address' is no e-mail address" in said
    assert "Separated by commas" in said, "each question is explained"
    member = load(root.spec).member("SC")
    assert not member.example
    assert [centre.id for centre in member.data_centres] == ["anse-royale-1", "victoria-2"]
    assert member.data_centres[0].operator.name == "Port Authority"
    assert member.technical_contact.email == "noc@port.sc.example"


# ------------------------------------------------------------------------------------------------------ all or nothing


def changes_of(root: Root) -> tuple[writing.Change, ...]:
    from ace.membership.answers import read_answers

    spec = load(root.spec)
    country = joining.country_of("SC")
    return joining.join(root.spec, spec, country, TEMPLATES, date(2026, 11, 25), read_answers(SC)).changes


@pytest.mark.parametrize("files_written", range(6))
def test_a_process_that_dies_while_writing_is_finished_by_the_next(
    root: Root, files_written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, count = changes_of(root), 0
    whole = writing.put

    class Killed(BaseException):
        pass

    def dying(file: Path, text: str, **how: Any) -> None:
        nonlocal count
        if count > files_written:  # the note is the first
            raise Killed
        count += 1
        whole(file, text, **how)

    monkeypatch.setattr(writing, "put", dying)
    if files_written < 5:
        with pytest.raises(Killed):
            writing.write(root.path, changes)
    else:
        writing.write(root.path, changes)
    monkeypatch.setattr(writing, "put", whole)
    with writing.alone(root.path):
        pass
    assert all(root.file(change.path).read_text() == change.after for change in changes)
    assert not (root.path / ".ace" / "members" / writing.NOTE).exists()
    assert root.json("validate")["findings"] == []


@pytest.mark.parametrize("files_written", range(1, 6))
def test_a_full_disk_leaves_everything_as_it_was(
    root: Root, files_written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes, before, count = changes_of(root), root.texts(), 0
    whole = writing.put

    def full(file: Path, text: str, **how: Any) -> None:
        nonlocal count
        count += 1
        if count == files_written + 1:
            raise OSError(28, "No space left on device", str(file))
        whole(file, text, **how)

    monkeypatch.setattr(writing, "put", full)
    with pytest.raises(UserError, match=r"No space left.*nothing was changed"):
        writing.write(root.path, changes)
    assert root.texts() == before


def test_a_file_changed_since_a_crash_is_not_overwritten(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = changes_of(root)
    whole = writing.put

    def only_the_note(file: Path, text: str, **how: Any) -> None:
        if file.name != writing.NOTE:
            raise KeyboardInterrupt
        whole(file, text, **how)

    monkeypatch.setattr(writing, "put", only_the_note)
    with pytest.raises(KeyboardInterrupt):
        writing.write(root.path, changes)
    monkeypatch.setattr(writing, "put", whole)
    root.file("CODEOWNERS").write_text("mine\n")
    with pytest.raises(UserError, match="CODEOWNERS was changed since"):
        writing.finish(root.path)
    assert root.file("CODEOWNERS").read_text() == "mine\n"


def test_two_at_once_do_not_meet(root: Root) -> None:
    with writing.alone(root.path):
        assert "another `ace member` is at work" in root.run("member", "add", "SC", "--defaults", expect=1)


# ------------------------------------------------------------------------------------------------- a newer template


@pytest.fixture
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template with a version 2: another comment, one question more and one less."""
    folder = tmp_path_factory.mktemp("templates")
    shutil.copytree(TEMPLATES, folder, dirs_exist_ok=True)
    shutil.copytree(folder / "1", folder / "2")
    questions = folder / "2" / "questions.yaml"
    text = questions.read_text()
    cut = re.sub(r"(?s)  - name: operator_kind\n.*?(?=  - name: technical_email)", "", text)
    questions.write_text(cut + "  - name: motto\n    kind: line\n    ask: A motto?\n    default: Together\n")
    member = folder / "2" / "member.yaml.j2"
    changed = member.read_text().replace("version: 1\n", "# Motto: {{ motto }}\nversion: 1\n", 1)
    changed = changed.replace("kind: {{ operator_kind }}", "kind: public_body")
    member.write_text(changed.replace("volume_gib: 20", "volume_gib: 40"))
    return folder


def updated(root: Root, templates: Path) -> joining.Updating:
    country = joining.country_of("SC")
    planned = joining.update(root.spec, load(root.spec).region, country, templates)
    writing.write(root.path, planned.changes)
    return planned


def test_an_update_takes_the_newer_template_and_keeps_what_the_country_wrote(root: Root, newer: Path) -> None:
    joined(root)
    file = root.spec / "members" / "sc.yaml"
    file.write_text(
        file.read_text()
        .replace("status: candidate", "status: active")
        .replace("size: small", "size: large")
        .replace("contacts:", "# Whom to write to\ncontacts:")
    )
    planned = updated(root, newer)
    assert (planned.from_version, planned.version, planned.conflicts) == (1, 2, ())
    text = file.read_text()
    for line in ("# Motto: Together", "status: active", "size: large", "# Whom to write to", "data_volume_gib: 40"):
        assert line in text
    assert root.json("validate")["findings"] == []
    assert joining.update(root.spec, load(root.spec).region, joining.country_of("SC"), newer).changes == ()


def test_where_both_changed_the_same_line_the_update_marks_it(root: Root, newer: Path) -> None:
    joined(root)
    file = root.spec / "members" / "sc.yaml"
    file.write_text(file.read_text().replace("data_volume_gib: 20", "data_volume_gib: 30"))
    planned = updated(root, newer)
    lines = file.read_text().splitlines()
    assert [lines[number - 1][:7] for number in planned.conflicts] == ["<<<<<<<"]
    at = planned.conflicts[0]
    assert [line.strip() for line in lines[at : at + 3]] == ["data_volume_gib: 30", "=======", "data_volume_gib: 40"]


def test_with_the_newest_template_an_update_does_nothing(root: Root) -> None:
    joined(root)
    before = root.texts()
    assert "nothing to do" in root.run("member", "add", "SC", "--update", "--defaults")
    assert root.texts() == before


def test_a_member_made_by_hand_is_not_updated(root: Root) -> None:
    assert "was written by hand" in root.run("member", "add", "KE", "--update", "--defaults", expect=1)


def test_a_template_that_is_gone_is_told(root: Root, newer: Path) -> None:
    joined(root)
    shutil.rmtree(newer / "1")
    with pytest.raises(UserError, match="no version 1"):
        updated(root, newer)


def test_a_spec_with_errors_takes_nobody_in(root: Root) -> None:
    (root.spec / "members" / "ke.yaml").write_text("version: 2\n")
    with pytest.raises(SpecError):
        load(root.spec)
    assert "ecosystem/members/ke.yaml" in root.run("member", "add", "SC", "--defaults", expect=1)
