"""`--target` on either engine: what is named, and what that needs and is not there yet; nothing else."""

from __future__ import annotations

import threading

import pytest

from ace.engine.contract import RunOptions
from ace.errors import UserError
from tests.contract.engine_bench import Bench, ops

FILE = "urn:pulumi:tn::ace::files:index:File::"
IN_GROUP = "urn:pulumi:tn::ace::test:index:Group$files:index:File::"


def names(bench: Bench) -> set[str]:
    """What the state holds, without the stack itself and its provider."""
    resources = bench.engine.export(bench.stack)["deployment"].get("resources", [])
    return {r["urn"].rpartition("::")[2] for r in resources} - {"folder", "ace-tn"}


def test_a_target_that_is_not_there_yet_is_made_and_nothing_else(either: Bench) -> None:
    either.up('file("a", "one")')
    program = 'file("a", "uno")\nfile("b", "two")\nfile("c", "three")'
    assert ops(either.preview(program, targets=(FILE + "b",))) == {"b": "create"}
    outcome = either.up(targets=(FILE + "b",))
    assert (outcome.failures, ops(outcome)) == ((), {"b": "create"})
    assert set(either.files) == {"one", "two"}
    assert names(either) == {"a", "b"}


def test_what_a_new_target_needs_is_made_with_it(either: Bench) -> None:
    either.up('file("a", "one")')
    program = (
        'a = file("a", "uno")\n'
        'x = file("x", "four", near=a.id)\n'
        'g = Group("g")\nh = Group("h", on(parent=g))\n'
        'b = file("b", "two", parent=g, depends_on=[x])\n'
        'file("c", "three", parent=h, near=b.id)\n'
        'file("d", "five", parent=h)\nGroup("i", on(parent=h))'
    )
    target = "urn:pulumi:tn::ace::test:index:Group$test:index:Group$files:index:File::c"
    assert ops(either.preview(program, targets=(target,))) == {"x": "create", "b": "create", "c": "create"}
    outcome = either.up(targets=(target,))
    assert (outcome.failures, ops(outcome)) == ((), {"x": "create", "b": "create", "c": "create"})
    assert set(either.files) == {"one", "two", "three", "four"}
    assert either.files["three"]["near"] == either.files["two"]["id"]
    assert names(either) == {"a", "b", "c", "x", "g", "h"}
    assert ops(either.up(force=True)) == {"a": "update", "d": "create"}


def test_a_target_that_comes_to_need_something_new_gets_it(either: Bench) -> None:
    either.up('file("b", "two")\nfile("c", "three")')
    outcome = either.up(
        'a = file("a", "one")\nfile("b", "two", near=a.id)\nfile("c", "drei", near=a.id)', targets=(FILE + "b",)
    )
    assert (outcome.failures, ops(outcome)) == ((), {"a": "create", "b": "update"})
    assert set(either.files) == {"one", "two", "three"}


def test_a_target_may_need_what_is_there_and_is_left_as_it_is(either: Bench) -> None:
    either.up('file("a", "one")')
    outcome = either.up(
        'z = file("z", "zero")\na = file("a", "uno", near=z.id)\nfile("b", "two", near=a.id)', targets=(FILE + "b",)
    )
    assert (outcome.failures, ops(outcome)) == ((), {"b": "create"})
    assert set(either.files) == {"one", "two"}
    assert either.files["two"]["near"] == either.files["one"]["id"]


def test_a_first_up_can_have_a_target(either: Bench) -> None:
    outcome = either.up('g = Group("g")\nfile("a", "one", parent=g)\nfile("b", "two")', targets=(IN_GROUP + "a",))
    assert (outcome.failures, ops(outcome)) == ((), {"a": "create"})
    assert set(either.files) == {"one"}


@pytest.mark.parametrize("action", ["preview", "up"])
def test_a_target_that_is_nowhere_is_an_error_and_nothing_is_done(either: Bench, action: str) -> None:
    either.up('file("a", "one")')
    with pytest.raises(UserError, match="File::nowhere"):
        getattr(either, action)('file("a", "uno")', targets=(FILE + "nowhere", FILE + "a"))
    assert set(either.files) == {"one"}


def test_what_is_new_has_nothing_to_be_refreshed_first(either: Bench) -> None:
    either.up('file("a", "one")')
    outcome = either.up('file("a", "one")\nfile("b", "two")', targets=(FILE + "b",), refresh=True)
    assert (outcome.failures, ops(outcome)) == ((), {"b": "create"})


def test_a_refresh_of_what_is_nowhere_is_an_error(bench: Bench) -> None:
    bench.up('file("a", "one")')
    with pytest.raises(UserError, match="File::nowhere"):
        bench.engine.refresh(bench.stack, RunOptions(targets=(FILE + "nowhere",)), print, threading.Event())
