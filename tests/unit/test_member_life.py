"""A member's life cycle: the table, the log, and how a transition continues after a crash."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ace.errors import RefusedError, UserError
from ace.membership import log, transition
from ace.membership.lifecycle import TABLE, Verb, after, is_way
from ace.policy.approval import NAMESPACE as APPROVAL
from ace.policy.approval import suspension_statement
from ace.signatures.ssh import make_key, on_one_line, public_key_of, sign
from ace.spec import load
from ace.spec.values import MemberStatus
from ace.workspace.as_of import today
from tests.unit.member_root import SC, Root, a_root, checked

S = MemberStatus
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Root:
    made = a_root(tmp_path, capsys)
    made.json("member", "add", "SC", "--answers", str(SC))
    return made


# ----------------------------------------------------------------------------------------------------------- the table


def test_the_table_is_the_one_that_was_agreed() -> None:
    assert {(str(verb), str(origin), str(to)) for (verb, origin), to in TABLE.items()} == {
        ("activate", "candidate", "active"),
        ("suspend", "active", "suspended"),
        ("reinstate", "suspended", "active"),
        ("remove", "candidate", "leaving"),
        ("remove", "active", "leaving"),
        ("remove", "suspended", "leaving"),
        ("dissolve", "leaving", "left"),
    }


@pytest.mark.parametrize("status", list(MemberStatus))
@pytest.mark.parametrize("verb", list(Verb))
def test_every_other_way_is_refused_with_what_is_possible(verb: Verb, status: MemberStatus) -> None:
    if (verb, status) in TABLE:
        assert after(verb, status, "ke") is TABLE[verb, status]
        return
    with pytest.raises(RefusedError, match=rf"ke is {status}") as refused:
        after(verb, status, "ke")
    assert refused.value.hint.startswith("possible now: ")


def test_nothing_leads_away_from_left() -> None:
    assert not any(is_way(S.LEFT, to) for to in S)


# ------------------------------------------------------------------------------------------------------------- the log


def a_transition(origin: MemberStatus, to: MemberStatus, country: str = "ke") -> log.Transition:
    return log.Transition(NOW, country, origin, to, "ada@desk", 'a "reason"', {"n": 1})


def a_log() -> str:
    text = ""
    for one in (
        a_transition(S.CANDIDATE, S.ACTIVE),
        a_transition(S.CANDIDATE, S.ACTIVE, "sc"),
        a_transition(S.ACTIVE, S.SUSPENDED),
        a_transition(S.SUSPENDED, S.ACTIVE),
    ):
        text = log.appended(text, one)
    return text


def test_what_is_appended_comes_back_and_what_was_there_stays() -> None:
    transitions, problems = log.read(a_log())
    assert problems == ()
    assert transitions[2] == a_transition(S.ACTIVE, S.SUSPENDED)
    longer = log.appended(a_log(), a_transition(S.ACTIVE, S.LEAVING))
    assert longer.startswith(a_log())


@pytest.mark.parametrize(
    ("damage", "line", "message"),
    [
        (lambda lines: [lines[0].replace("ada", "eve"), *lines[1:]], 2, "was altered"),
        (lambda lines: lines[1:], 1, "was altered"),
        (lambda lines: [lines[0], *lines[2:]], 2, "was altered"),
        (lambda lines: [lines[0], lines[0], *lines[1:]], 2, "was altered"),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1, "was altered"),
        (lambda lines: ["gibberish", *lines[1:]], 1, "no transition"),
        (lambda lines: [*lines[:3], lines[3].replace('"to": "active"', '"to": "candidate"')], 4, "no way leads"),
    ],
)
def test_an_altered_log_is_found_out_at_its_line(damage: object, line: int, message: str) -> None:
    lines = damage(a_log().splitlines())  # type: ignore[operator]
    _, problems = log.read("".join(f"{one}\n" for one in lines))
    assert problems[0].line == line
    assert message in problems[0].message


def test_a_torn_log_is_not_built_on() -> None:
    with pytest.raises(UserError, match=r"transitions\.jsonl:4:"):
        log.appended(a_log()[:-5], a_transition(S.ACTIVE, S.LEAVING))


def test_a_log_that_contradicts_itself_is_found_out() -> None:
    text = log.appended(a_log(), a_transition(S.CANDIDATE, S.ACTIVE))
    assert log.read(text)[1] == (log.Problem(5, "ke was active, not candidate"),)


def test_audit_verify_finds_an_altered_line_and_a_status_edited_by_hand(root: Root) -> None:
    checked(root)
    root.json("member", "activate", "sc")
    assert root.json("audit", "verify") == {"schema": "ace/audit-verify/v1", "transitions": 1, "problems": []}
    member = root.spec / "members" / "sc.yaml"
    member.write_text(member.read_text().replace("status: active", "status: candidate"))
    assert "sc is candidate by its file and active by the log" in root.run("audit", "verify", expect=1)
    file = root.spec / log.FILE
    file.write_text(file.read_text().replace("candidate", "suspended"))
    member.write_text(member.read_text().replace("status: candidate", "status: active"))
    root.json("audit", "verify")  # a whole log with another first line hangs together; its file agrees
    file.write_text(file.read_text() + file.read_text())
    assert "transitions.jsonl:2:" in root.run("audit", "verify", expect=1)


# ------------------------------------------------------------------------------------------------- killed and gone on


class Killed(BaseException):
    """The process is gone: nothing after this point runs."""


def intent(verb: Verb = Verb.SUSPEND) -> transition.Intent:
    return transition.Intent(verb, "ke", "why", "ada@desk", "2026-11-25T12:00:00Z")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", range(3))
def test_a_transition_killed_at_any_step_goes_on_there(tmp_path: Path, at: int, when: str) -> None:
    world: list[str] = []
    alive = False

    def step(number: int) -> transition.Step:
        def act(found: transition.Intent) -> transition.Done:
            if number == at and when == "before" and not alive:
                raise Killed
            assert number == 0 or found.facts[f"fact{number - 1}"] == number - 1, "facts outlive the process"
            if f"did {number}" not in world:  # each step may be repeated
                world.append(f"did {number}")
            if number == at and when == "after" and not alive:
                raise Killed
            return transition.Done(f"did {number}", {f"fact{number}": number})

        return transition.Step(f"step{number}", "", act)

    steps = [step(number) for number in range(3)]
    with pytest.raises(Killed):
        transition.carry_out(tmp_path, intent(), steps, lambda *_: None)
    alive = True
    unfinished = transition.under_way(tmp_path)
    assert unfinished is not None
    resumed = transition.begin(unfinished, intent(), "ke")
    assert resumed is unfinished
    told: list[str] = []
    transition.carry_out(tmp_path, resumed, steps, lambda name, did: told.append(did))
    assert world == ["did 0", "did 1", "did 2"]
    assert [line.endswith("(done before)") for line in told] == [number < at for number in range(3)]
    assert transition.under_way(tmp_path) is None


def test_what_was_begun_is_finished_before_anything_else(tmp_path: Path) -> None:
    transition.note(tmp_path, intent())
    with pytest.raises(UserError, match="`suspend` of ke was begun by ada@desk"):
        transition.begin(transition.under_way(tmp_path), intent(Verb.REMOVE), "ke")


def test_a_damaged_note_is_told_and_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / transition.NOTE).write_text("{")
    with pytest.raises(UserError, match="is damaged"):
        transition.under_way(tmp_path)


# -------------------------------------------------------------------------------- pausing and leaving, as the region sees it


@pytest.fixture
def region(root: Root, monkeypatch: pytest.MonkeyPatch) -> Root:
    """Where nobody's credentials are."""
    monkeypatch.delenv("OS_CLIENT_CONFIG_FILE", raising=False)
    monkeypatch.setattr("ace.workspace.clouds_file.OPENSTACK_PLACES", ())
    return root


def test_the_region_suspends_without_any_credential_and_reinstates_byte_for_byte(region: Root) -> None:
    before = region.texts()
    said = region.json("member", "suspend", "rw", "--reason", "its security contact is silent")
    assert load(region.spec).member("RW").status is S.SUSPENDED
    did = {step["step"]: step["did"] for step in said["steps"]}
    assert "the country does this where its credentials are" in did["quotas"]
    assert "`ace interconnect apply --hubs` where it was" in did["routes"]
    assert "no catalogue was built here" in did["listings"]
    assert said["next"] == ["git commit the spec folder, and let the others pull"]
    changed = {name for name, text in region.texts().items() if text != before.get(name)}
    assert changed == {"ecosystem/members/rw.yaml", "ecosystem/transitions.jsonl"}
    region.json("member", "suspend", "rw")  # again: nothing but its effects, where the credentials are
    region.json("member", "reinstate", "rw", "--reason", "it answers again")
    after_ = region.texts()
    assert {name for name, text in after_.items() if text != before.get(name)} == {"ecosystem/transitions.jsonl"}
    ways = [json.loads(line) for line in after_["ecosystem/transitions.jsonl"].splitlines()]
    assert [(way["from"], way["to"]) for way in ways] == [("active", "suspended"), ("suspended", "active")]
    assert ways[0]["reason"] == "its security contact is silent"


@pytest.mark.parametrize("verb", ["suspend", "remove"])
def test_nothing_is_done_without_a_reason(region: Root, verb: str) -> None:
    before = region.texts()
    assert "needs a reason" in region.run("member", verb, "rw", expect=1)
    assert region.texts() == before


def approved(region: Root, names: tuple[str, ...], reason: str) -> Path:
    """Two approvers of the region's with keys of the test's, and what those named sign."""
    ecosystem = region.spec / "ecosystem.yaml"
    text, folder = ecosystem.read_text(), region.path / ".ace"
    for approver in ("board-a", "board-b"):
        made = folder / approver
        public = public_key_of(made) if made.exists() else make_key(made, approver)
        text = re.sub(rf"(- id: {approver}\n    name: .*\n    key: ).*", rf"\g<1>{public}", text)
    ecosystem.write_text(text)
    statement = suspension_statement("rw", today(), reason)
    file = folder / "approvals.yaml"
    file.write_text(
        "".join(
            f"- approver: {name}\n  signature: {on_one_line(sign(statement, folder / name, APPROVAL))}\n"
            for name in names
        )
    )
    return file


def test_a_real_member_is_suspended_by_two_approvers_and_by_no_fewer(region: Root) -> None:
    file = region.spec / "members" / "rw.yaml"
    file.write_text(file.read_text().replace("example: true\n", ""))
    before = file.read_text()
    why = ("--reason", "its keys are lost")
    assert "suspension-two-persons" in region.run("member", "suspend", "rw", *why, expect=3)
    one = approved(region, ("board-a",), why[1])
    assert "1 of 2 approvers" in region.run("member", "suspend", "rw", *why, "--approvals", str(one), expect=3)
    assert file.read_text() == before
    two = approved(region, ("board-a", "board-b"), why[1])
    said = region.run("member", "suspend", "rw", "--reason", "another", "--approvals", str(two), expect=3)
    assert "over another text" in said
    region.json("member", "suspend", "rw", *why, "--approvals", str(two))
    suspension = load(region.spec).member("RW").suspension
    assert suspension is not None
    assert [one.approver for one in suspension.approvals] == ["board-a", "board-b"]
    region.json("member", "reinstate", "rw", "--reason", "it has new ones")
    assert file.read_text() == before


def test_a_file_that_holds_no_approvals_is_refused(region: Root) -> None:
    file = region.path / "x.yaml"
    file.write_text("- approver: board-a\n")
    before = region.texts()
    said = region.run("member", "suspend", "rw", "--reason", "x", "--approvals", str(file), expect=1)
    assert "holds no list of approvals" in said
    assert region.texts() == before


def test_who_hosts_a_hub_stays_until_another_does(region: Root) -> None:
    said = region.run("member", "remove", "ke", "--reason", "x", "--yes", expect=3)
    assert "Kenya hosts hub nairobi" in said
    assert "hosted_by" in said


def test_nobody_is_removed_unasked(region: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    before = region.texts()
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        said = region.run("member", "remove", "sc", "--reason", "x", expect=1)
    assert "ace member remove sc --yes" in said
    assert region.texts() == before


def test_a_candidate_that_was_never_deployed_leaves_its_numbers_behind(region: Root) -> None:
    said = region.json("member", "remove", "sc", "--reason", "it will not join", "--yes")
    assert [step["step"] for step in said["steps"]] == [
        "status",
        "routes",
        "listings",
        "export",
        "tear-down",
        "verify",
        "left",
    ]
    assert said["transition"]["to"] == "left"
    spec = load(region.spec)
    assert spec.member("SC").status is S.LEFT
    entry = next(line for line in region.file("ecosystem/register.yaml").read_text().splitlines() if "SC" in line)
    assert "left: " in entry
    (archive,) = (region.path / ".ace" / "exports").glob("sc-*.tar.gz")
    assert archive.stat().st_mode & 0o777 == 0o600
    for verb in ("activate", "suspend", "reinstate", "remove"):
        assert "sc is left" in region.run("member", verb, "sc", "--reason", "x", expect=3)
    assert "was a member and left on" in region.run("member", "add", "sc", "--defaults", expect=1)
    assert region.json("audit", "verify")["transitions"] == 2


@pytest.mark.parametrize("verb", ["suspend", "remove"])
def test_a_dry_run_of_pausing_or_leaving_changes_nothing(region: Root, verb: str) -> None:
    before = region.texts()
    said = region.json("member", verb, "rw", "--reason", "x", "--dry-run")
    assert all(step["would"] for step in said["steps"])
    assert region.texts() == before
    assert not (region.path / ".ace" / "members" / "rw" / transition.NOTE).exists()
