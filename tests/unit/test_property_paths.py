"""Property paths: how they are spelt, what they contain, what stays as it was at them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ace.engine import paths
from ace.engine.contract import PropertyChange, Secret


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("root", ("root",)),
        ("root.nested", ("root", "nested")),
        ('root["nested"].more', ("root", "nested", "more")),
        ("root.list[0][12].x", ("root", "list", 0, 12, "x")),
        (r'root["key with \"quotes\" and ."]', ("root", 'key with "quotes" and .')),
        ('["a root."][100]', ("a root.", 100)),
        ("list[*].field", ("list", "*", "field")),
        ('list["*"].field', ("list", "*", "field")),
        ("root.[0]", ("root", 0)),
        ("*", ("*",)),
    ],
)
def test_a_path_is_read_as_pulumi_reads_it(text: str, path: paths.Path) -> None:
    assert paths.parse(text) == path


@pytest.mark.parametrize("text", [".root", "root.", "root[", "root[x]", 'root["x', 'root["x"', "root[]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=" "):
        paths.parse(text)


@given(st.lists(st.text(st.characters(exclude_characters='".[]\\', codec="ascii"), min_size=1), min_size=1))
def test_names_in_quotes_are_taken_as_they_are(names: list[str]) -> None:
    assert paths.parse("".join(f'["{name}"]' for name in names)) == tuple(names)


@pytest.mark.parametrize(
    ("path", "other", "expected"),
    [
        ("root", "root.nested", True),
        ("root.nested", "root", False),
        ("root[1]", "root[1].x", True),
        ("root[1]", "root[2]", False),
        ("root[*].x", "root[7].x.y", True),
        ("root.*", "root.any", True),
        ("*", "whatever[0]", True),
    ],
)
def test_a_path_contains_what_lies_at_it_and_within(path: str, other: str, *, expected: bool) -> None:
    assert paths.contains(paths.parse(path), paths.parse(other)) is expected


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("a", {"a": 1}, {"a": 2}, {"a": 1}),
        ("a", {}, {"a": 2}, {}),
        ("a", {"a": 1}, {}, {"a": 1}),
        ("gone", {"a": 1}, {"a": 2}, {"a": 2}),
        ("a.gone", {"a": 1}, {"a": 2}, {"a": 2}),
        ("a.b", {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 2}}),
        ("a.b", {"a": {}}, {"a": {"b": 2}}, {"a": {}}),
        ("a.b", {"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ("a.b", {}, {"a": {"b": 2}}, {"a": {}}),
        ("a.b", {"a": 1}, {"a": {"b": 2}}, {"a": {}}),
        ("a.b.c", {}, {}, {}),
        ("a[0]", {"a": [1, 1]}, {"a": [2, 2]}, {"a": [1, 2]}),
        ("a[7]", {"a": [1]}, {"a": [2]}, {"a": [2]}),
        ("a[0].b", {"a": [{"b": 1}]}, {"a": [{"b": 2, "c": 2}]}, {"a": [{"b": 1, "c": 2}]}),
        ("a[0].b", {"a": {}}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ("a[*].b", {"a": [{"b": 1}, {"b": 2}]}, {"a": [{"b": 3}, {"b": 4}]}, {"a": [{"b": 1}, {"b": 2}]}),
        ("a[*]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [1, 2]}),
        ("a.*", {"a": {"x": 1, "y": 1}}, {"a": {"y": 2, "z": 2}}, {"a": {"x": 1, "y": 1}}),
        ("a.*", {"a": [1]}, {"a": {"x": 2}}, {"a": {"x": 2}}),
        ("*", {"a": 1, "b": 1}, {"b": 2, "c": 2}, {"a": 1, "b": 1}),
        ("*.n", {"a": {"n": 1}}, {"a": {"n": 2}}, {"a": {"n": 1}}),
    ],
)
def test_what_is_at_a_path_stays_as_it_was(path: str, old: Any, new: Any, expected: Any) -> None:
    given_before = repr(new)
    assert paths.kept([path], old, new) == (expected, [])
    assert repr(new) == given_before, "nothing is changed in place"


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("a.b", {"a": {"b": 1}}, {"a": 2}),
        ("a.b", {"a": {"b": 1}}, {}),
        ("a[0]", {"a": [1]}, {"a": 2}),
        ("a[0]", {"a": 1}, {"a": [2]}),
        ("a[-1]", {"a": [1]}, {"a": [2]}),
        ("a[1]", {"a": [1]}, {"a": [2, 2]}),
        ("a[1]", {"a": [1, 1]}, {"a": [2]}),
        ("a[1].b", {"a": [{"b": 1}]}, {"a": [{"b": 2}, {"b": 2}]}),
        ("a.*", {"a": 1}, {"a": 2}),
    ],
)
def test_paths_through_what_was_added_or_removed_are_told(path: str, old: Any, new: Any) -> None:
    assert paths.kept([path], old, new)[1] == [path]


def test_lists_of_another_length_keep_what_they_share_and_tell() -> None:
    assert paths.kept(["a[*]"], {"a": [1, 1]}, {"a": [2, 2, 2]}) == ({"a": [1, 1, 2]}, ["a[*]"])


def test_what_was_secret_stays_secret_where_it_is_kept() -> None:
    kept, _ = paths.kept(["a.b"], {"a": Secret({"b": "hush"})}, {"a": {"b": "other", "c": 1}})
    assert isinstance(kept["a"]["b"], Secret)
    kept, _ = paths.kept(["a.b"], {"a": Secret({"b": "hush"})}, {"a": Secret({"b": "other"})})
    assert kept["a"].value == {"b": "hush"}


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        ("tags", PropertyChange("tags", ["a"], ["b"]), True),
        ("tags", PropertyChange("tags[0]", "a", "b"), True),
        ("tags[0]", PropertyChange("tags", ["a", "x"], ["b", "x"]), True),
        ("tags[1]", PropertyChange("tags", ["a", "x"], ["b", "x"]), False),
        ("tags[1]", PropertyChange("tags", ["a"], ["a", "x"]), True),
        ("rules[*].port", PropertyChange("rules", [{"port": 1, "to": 1}], [{"port": 1, "to": 2}]), False),
        ("rules[*].port", PropertyChange("rules", [{"port": 1}], [{"port": 2}]), True),
        ("*", PropertyChange("name", "a", "b"), True),
        ("meta.key", PropertyChange("meta", Secret({"key": 1}), Secret({"key": 2})), True),
        ("other", PropertyChange("name", "a", "b"), False),
    ],
)
def test_a_change_is_looked_into_for_the_path(path: str, change: PropertyChange, *, expected: bool) -> None:
    assert paths.touched([path], change) is expected
