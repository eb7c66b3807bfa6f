"""Laws of the texts that `ace member` makes and changes."""

from __future__ import annotations

from datetime import date

import yaml
from hypothesis import given
from hypothesis import strategies as st

from ace.membership import edits
from ace.membership.merge import merge
from ace.membership.template import as_yaml
from ace.spec.values import MemberStatus

LINE = (
    st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=40)
    .map(str.strip)
    .filter(bool)
)
LINES = st.lists(st.sampled_from("abcdefgh"), max_size=14).map(lambda lines: "".join(f"{line}\n" for line in lines))
COUNTRIES = st.lists(st.sampled_from(["TN", "EG", "ZM", "KE", "MU"]), unique=True, min_size=1)


@given(LINE)
def test_any_line_of_text_comes_back_from_yaml_as_it_was(text: str) -> None:
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        assert yaml.load(f"{{a: {as_yaml(text)}, b: [{as_yaml(text)}]}}", loader) == {"a": text, "b": [text]}
        assert yaml.load(f"a: {as_yaml(text)}\n", loader) == {"a": text}


@given(LINES, LINES)
def test_a_side_that_changed_nothing_takes_the_others_text(base: str, other: str) -> None:
    assert merge(base, base, other, "a", "b").text == other
    assert merge(base, other, base, "a", "b").text == other


@given(LINES, LINES)
def test_the_same_change_on_both_sides_is_no_conflict(base: str, other: str) -> None:
    merged = merge(base, other, other, "a", "b")
    assert (merged.text, merged.conflicts) == (other, ())


@given(LINES, LINES, LINES)
def test_a_merge_loses_no_line_that_only_we_added(base: str, ours: str, theirs: str) -> None:
    text = merge(base, ours, theirs, "ours", "theirs").text
    for line in set(ours.splitlines()) - set(base.splitlines()):
        assert text.splitlines().count(line) >= ours.splitlines().count(line)


@given(COUNTRIES, st.data())
def test_leaving_changes_one_entry_of_the_register_and_joining_adds_one(
    countries: list[str], data: st.DataObject
) -> None:
    flow = data.draw(st.booleans())
    entry = (
        "  - {{country: {}, numeric: 1, since: 2026-01-01}} # note\n"
        if flow
        else ("  - country: {}\n    since: 2026-01-01 # note\n    numeric: 1\n")
    )
    text = "# register\nversion: 1\nmembers:\n" + "".join(entry.format(country) for country in countries)
    who = data.draw(st.sampled_from(countries))
    left = edits.with_left(text, who, date(2026, 5, 6))
    before, after = yaml.safe_load(text)["members"], yaml.safe_load(left)["members"]
    assert after == [{**old, "left": date(2026, 5, 6)} if old["country"] == who else old for old in before]
    assert left.count("# note") == len(countries)
    assert edits.with_entry(text, "SC", 690, date(2026, 5, 6)).startswith(text)


@given(
    st.sampled_from(list(MemberStatus)),
    st.sampled_from(list(MemberStatus)),
    st.sampled_from(["{}", '"{}"', "{}  # why"]),
)
def test_a_change_of_status_changes_that_word_alone_and_back_is_byte_identical(
    old: MemberStatus, new: MemberStatus, written: str
) -> None:
    text = f"# status: x\nversion: 1\nstatus: {written.format(old)}\nother: {{status: candidate}}\n"
    there = edits.with_status(text, new)
    assert yaml.safe_load(there)["status"] == str(new)
    assert [a for a, b in zip(text.splitlines(), there.splitlines(), strict=True) if a != b][1:] == []
    if '"' not in written:
        assert edits.with_status(there, old) == text


@given(COUNTRIES)
def test_owners_stay_in_order_of_their_codes(countries: list[str]) -> None:
    text = "* @all\n"
    for country in countries:
        text = edits.with_owner(text, country, (f"/ecosystem/members/{country.lower()}.yaml",), "@team/x")
    owned = [line.split()[0] for line in text.splitlines()[1:]]
    assert owned == sorted(owned)


@given(LINE, st.booleans(), st.sampled_from(["candidate: 1\n", "# end\n", ""]))
def test_a_suspension_goes_without_a_trace(reason: str, signed: bool, tail: str) -> None:
    text = f"version: 1\nstatus: active # since long\nexample: true\n{tail}"
    approvals = [("board-a", "AAAA"), ("board-b", "BBBB=")] if signed else []
    suspended = edits.with_suspension(
        edits.with_status(text, MemberStatus.SUSPENDED), date(2026, 5, 6), reason, approvals
    )
    said = yaml.safe_load(suspended)
    assert (said["status"], said["suspension"]["reason"], said["suspension"]["since"]) == (
        "suspended",
        reason,
        date(2026, 5, 6),
    )
    signatures = [tuple(one.values()) for one in said["suspension"].get("approvals", [])]
    assert signatures == approvals
    assert edits.with_status(edits.without_suspension(suspended), MemberStatus.ACTIVE) == text
