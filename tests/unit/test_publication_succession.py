"""Who may follow whom among a country's signing keys: an earlier key says so, or two approvers of the region."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ace.cli.main import app
from ace.policy import judge_spec
from ace.policy.approval import NAMESPACE as APPROVAL
from ace.policy.succession import NAMESPACE, Remembered, believed, statement, succession
from ace.publication import folder
from ace.publication.canonical import encode
from ace.publication.values import NAMESPACE as PUBLICATION
from ace.publication.values import Reason, Refused, Verified
from ace.publication.verify import read_all, remembering_signers
from ace.signatures.ssh import fingerprint, make_key, on_one_line, sign
from ace.spec import load
from ace.spec.region import Approver
from ace.spec.values import Approval, Signer, Spec
from tests.unit.policy_cases import having
from tests.unit.publications import a_publication, shipped

START, CHANGE, END = date(2026, 11, 1), date(2027, 5, 1), date(2027, 6, 1)
LATER = datetime(2027, 5, 20, tzinfo=UTC)


@dataclass(frozen=True)
class Keys:
    """Tunisia's key, those that might follow it, and two approvers."""

    at: Path
    public: dict[str, str]

    @property
    def old(self) -> Signer:
        return Signer(self.public["old"], START, END)

    @property
    def new(self) -> Signer:
        return Signer(self.public["new"], CHANGE, date(2028, 5, 1))

    def by(self, who: str, signer: Signer, namespace: str = NAMESPACE) -> str:
        return on_one_line(sign(statement("tn", signer), self.at / who, namespace))

    def introduced(self, who: str = "old", signer: Signer | None = None) -> Signer:
        desired = signer or self.new
        return replace(desired, introduced=self.by(who, desired))

    def recovered(self, *who: str) -> Signer:
        return replace(self.new, recovery=tuple(Approval(one, self.by(one, self.new, APPROVAL)) for one in who))

    def spec(self, *signers: Signer) -> Spec:
        approvers = tuple(Approver(one, one, self.public[one], START, date(2030, 1, 1)) for one in ("amina", "baraka"))
        return having("tn", replace(shipped(), region=replace(shipped().region, approvers=approvers)), signers=signers)

    def counted(
        self, *signers: Signer, remembered: Remembered | None = None, today: date = CHANGE, spec: Spec | None = None
    ) -> set[str]:
        spec = spec or self.spec(*signers)
        found = succession(spec.member("tn"), spec.region, remembered, today).counted
        return {name for name, key in self.public.items() for one in found if one.key == key}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    at = tmp_path_factory.mktemp("keys")
    names = ("old", "new", "thief", "amina", "baraka")
    return Keys(at, {name: make_key(at / name, name) for name in names})


def test_a_later_key_counts_when_an_earlier_one_has_signed_it_with_its_dates(keys: Keys) -> None:
    assert keys.counted(keys.old) == {"old"}
    assert keys.counted(keys.old, keys.introduced()) == {"old", "new"}
    assert keys.counted(keys.old, keys.new) == {"old"}
    longer = replace(keys.introduced(), until=date(2035, 1, 1))
    earlier = replace(keys.introduced(), since=date(2026, 12, 1))
    assert keys.counted(keys.old, longer) == keys.counted(keys.old, earlier) == {"old"}


def test_who_is_no_signer_or_counts_no_more_or_is_the_key_itself_introduces_nobody(keys: Keys) -> None:
    assert keys.counted(keys.old, keys.introduced("thief")) == {"old"}
    assert keys.counted(keys.old, keys.introduced("new")) == {"old"}
    after_the_end = replace(keys.new, since=date(2027, 7, 1))
    assert keys.counted(keys.old, keys.introduced("old", after_the_end)) == {"old"}
    assert keys.counted(keys.old, replace(keys.new, introduced="AAAA")) == {"old"}


def test_a_chain_of_keys_is_followed(keys: Keys) -> None:
    third = keys.introduced("new", Signer(keys.public["thief"], date(2028, 1, 1), date(2029, 1, 1)))
    assert keys.counted(keys.old, keys.introduced(), third) == {"old", "new", "thief"}
    assert keys.counted(keys.old, keys.new, third) == {"old"}


def test_a_recovery_needs_two_different_approvers(keys: Keys) -> None:
    assert keys.counted(keys.old, keys.recovered("amina", "baraka")) == {"old", "new"}
    assert keys.counted(keys.old, keys.recovered("amina")) == {"old"}
    twice = keys.recovered("amina")
    assert keys.counted(keys.old, replace(twice, recovery=twice.recovery * 2)) == {"old"}


def test_what_was_believed_before_decides_who_the_first_keys_are(keys: Keys) -> None:
    """A member file that was changed past review: the thief's key with a date before all others."""
    remembered = {fingerprint(keys.public["old"]): END}
    thief = Signer(keys.public["thief"], date(2026, 1, 1), date(2030, 1, 1))
    assert keys.counted(thief, keys.old) == {"thief"}
    assert keys.counted(thief, keys.old, remembered=remembered) == {"old"}
    assert keys.counted(thief, remembered=remembered) == set()
    assert keys.counted(keys.introduced(), remembered=remembered) == set(), "without the key that introduced it"


def test_a_key_s_end_may_be_brought_forward_by_anybody_and_put_off_by_none(keys: Keys) -> None:
    remembered = {fingerprint(keys.public["old"]): END}
    assert keys.counted(replace(keys.old, until=date(2027, 1, 1)), remembered=remembered) == {"old"}
    assert keys.counted(replace(keys.old, until=date(2029, 1, 1)), remembered=remembered) == set()
    spec = keys.spec(replace(keys.old, until=date(2027, 1, 1)))
    kept = believed(succession(spec.member("tn"), spec.region, remembered), remembered, CHANGE)
    assert keys.counted(keys.old, remembered=kept) == set(), "nor put back"


def test_a_key_that_was_taken_out_does_not_come_back(keys: Keys) -> None:
    remembered = {fingerprint(keys.public["old"]): END, fingerprint(keys.public["new"]): keys.new.until}
    spec = keys.spec(keys.new)
    kept = believed(succession(spec.member("tn"), spec.region, remembered, CHANGE), remembered, CHANGE)
    assert kept == {fingerprint(keys.public["old"]): CHANGE, fingerprint(keys.public["new"]): keys.new.until}
    assert keys.counted(keys.old, keys.new, remembered=kept) == {"new"}


def test_a_stolen_key_that_was_ended_introduces_none_that_begins_before_its_end(keys: Keys) -> None:
    remembered = {fingerprint(keys.public["old"]): END}
    ended, thief = replace(keys.old, until=CHANGE), Signer(keys.public["thief"], START, date(2030, 1, 1))
    planted = replace(thief, since=date(2027, 4, 1))
    planted = replace(planted, introduced=keys.by("old", planted))
    assert keys.counted(ended, planted, remembered=remembered, today=CHANGE) == {"old"}
    assert keys.counted(keys.old, planted, remembered=remembered, today=CHANGE) == {"old", "thief"}, "not ended yet"


def test_an_approver_whose_time_is_over_recovers_no_key_though_it_is_backdated(keys: Keys) -> None:
    remembered = {fingerprint(keys.public["old"]): END}
    spec = keys.spec(keys.recovered("amina", "baraka"))
    gone = replace(spec.region.approvers[0], until=date(2027, 5, 10))
    spec = replace(spec, region=replace(spec.region, approvers=(gone, spec.region.approvers[1])))
    assert keys.counted(spec=spec, remembered=remembered, today=date(2027, 5, 9)) == {"new"}
    assert keys.counted(spec=spec, remembered=remembered, today=date(2027, 5, 10)) == set()


def test_what_a_key_signs_that_nobody_introduced_is_refused_and_nothing_is_remembered(
    keys: Keys, tmp_path: Path
) -> None:
    raw = encode(a_publication(issued=LATER))
    folder.write(tmp_path / "publications", "tn", raw, sign(raw, keys.at / "new", PUBLICATION))
    unknown, known = keys.spec(keys.old, keys.new), keys.spec(keys.old, keys.introduced())
    verdicts = read_all(tmp_path, unknown, LATER)
    verdict = verdicts["tn"]
    assert isinstance(verdict, Refused)
    assert verdict.reason is Reason.SIGNER_NOT_INTRODUCED
    assert "no earlier key has signed that, nor have two approvers" in verdict.message
    assert remembering_signers({}, unknown, verdicts, LATER.date()) == {}
    good = read_all(tmp_path, known, LATER)
    assert isinstance(good["tn"], Verified)
    folder.write_signers(tmp_path, remembering_signers({}, known, good, LATER.date()))
    assert folder.read_signers(tmp_path) == {
        "tn": {fingerprint(keys.public["old"]): END, fingerprint(keys.public["new"]): date(2028, 5, 1)}
    }
    thief = Signer(keys.public["thief"], date(2026, 1, 1), date(2030, 1, 1))
    folder.write(tmp_path / "publications", "tn", raw, sign(raw, keys.at / "thief", PUBLICATION))
    stolen = read_all(tmp_path, keys.spec(thief, keys.old), LATER)["tn"]
    assert isinstance(stolen, Refused)
    assert stolen.reason is Reason.SIGNER_NOT_INTRODUCED


def test_the_rules_say_which_key_nobody_introduced(keys: Keys) -> None:
    told = [
        one for one in judge_spec(keys.spec(keys.old, keys.new), CHANGE).findings if one.rule == "signer-introduced"
    ]
    assert [(one.member, fingerprint(keys.public["new"]) in one.fact) for one in told] == [("tn", True)]
    for spec in (keys.spec(keys.old, keys.introduced()), shipped()):
        assert [one for one in judge_spec(spec, CHANGE).findings if one.rule == "signer-introduced"] == []


def test_the_command_prints_the_entry_that_counts(keys: Keys, tmp_path: Path) -> None:
    spec = tmp_path / "ecosystem"
    shutil.copytree(Path(__file__).parents[2] / "ecosystem", spec)
    file = spec / "members" / "tn.yaml"
    text = file.read_text()
    block = text[text.index("signers:") : text.index("\nstate:")]
    first = f"signers:\n  - key: {keys.public['old']}\n    from: {START}\n    until: {END}\n"
    file.write_text(text.replace(block, first))
    asked = [
        "publication",
        "introduce",
        "tn",
        "--new",
        str(keys.at / "new.pub"),
        "--from",
        str(CHANGE),
        "--until",
        "2028-05-01",
    ]
    said = CliRunner().invoke(app, [*asked, "--key", str(keys.at / "old"), "--spec", str(spec)])
    assert said.exit_code == 0, said.output
    file.write_text(text.replace(block, first + said.stdout))
    member = load(spec).member("tn")
    assert len(succession(member, load(spec).region).counted) == 2
    refused = CliRunner().invoke(
        app, [*asked, "--key", str(keys.at / "thief"), "--spec", str(spec), "--format", "json"]
    )
    assert refused.exit_code == 1
    assert json.loads(refused.stdout)["error"]["code"] == "no-signer"
