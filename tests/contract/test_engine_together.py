"""What is made in one request, and what goes by itself with another: fewer requests, and nothing else is different."""

from __future__ import annotations

import pytest

from ace.engine.contract import Op
from tests.contract.engine_bench import Bench, ops

BOX = 'box = file("box", "box")\n'
SIX = BOX + 'for n in range(6):\n    file(f"f{n}", f"content-{n}", within=box.id)\n'
ALL = {"box", *(f"content-{n}" for n in range(6))}


def log(bench: Bench, name: str) -> list[str]:
    path = bench.root / "cloud" / name
    return path.read_text().split() if path.exists() else []


def test_what_comes_together_is_made_in_one_request_and_is_seven_steps_all_the_same(either: Bench) -> None:
    outcome = either.up(SIX)
    assert outcome.failures == ()
    assert ops(outcome) == {"box": "create", **{f"f{n}": "create" for n in range(6)}}
    assert set(either.files) == ALL
    assert ops(either.up()) == {}
    if either.driver == "embedded":
        assert sum(map(int, log(either, "bulks"))) > 1


@pytest.mark.parametrize("answer", [400, 409, 500, 501, 0])
def test_when_many_cannot_be_made_at_once_each_is_made_alone_and_none_twice(bench: Bench, answer: int) -> None:
    (bench.root / "cloud" / "bulk-answer").write_text(str(answer))
    outcome = bench.up(SIX)
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "and no two of one content"
    assert log(bench, "bulks")
    assert ops(bench.up()) == {}


def test_one_that_is_refused_fails_alone(either: Bench) -> None:
    outcome = either.up(SIX + 'file("x", "no", within=box.id)\n')
    assert [failure.urn.rpartition("::")[2] for failure in outcome.failures if failure.urn] == ["x"]
    assert set(either.files) == ALL


def test_one_of_many_that_never_becomes_usable_is_kept_with_its_error(either: Bench) -> None:
    outcome = either.up(SIX + 'file("x", "half", within=box.id)\n')
    assert [failure.urn.rpartition("::")[2] for failure in outcome.failures if failure.urn] == ["x"]
    assert set(either.files) == {*ALL, "half"}
    either.up(SIX + 'file("x", "whole", within=box.id)\n')
    assert set(either.files) == {*ALL, "whole"}


@pytest.mark.parametrize("content", ["content-0", "content-3", "content-5"])
def test_killed_in_the_middle_of_many_the_next_up_finds_those_that_were_made(bench: Bench, content: str) -> None:
    (bench.root / "cloud" / "after-create").write_text(content)
    assert bench.up_killed(SIX) == 9
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "and no two of one content"


@pytest.mark.parametrize("at", range(4, 16, 2))
def test_killed_before_a_record_of_many_the_next_up_is_whole(bench: Bench, at: int) -> None:
    assert bench.up_killed(SIX, at=at) == 9 or at > 11, "the count of records is out of date"
    outcome = bench.up()
    assert outcome.failures == ()
    assert set(bench.files) == ALL, "and no two of one content"
    assert ops(bench.up()) == {}


@pytest.mark.parametrize("at", range(1, 4))
def test_killed_before_a_record_of_a_down_the_next_down_leaves_nothing(bench: Bench, at: int) -> None:
    bench.up(SIX)
    process = bench.alone("down", at=at)
    _, errors = process.communicate(timeout=300)
    assert process.returncode in (0, 9), errors
    assert bench.down().failures == ()
    assert bench.files == {}
    assert bench_state(bench) == []


def test_what_goes_with_another_is_not_asked_to_go(either: Bench) -> None:
    either.up(SIX)
    outcome = either.down()
    assert outcome.failures == ()
    assert outcome.count(Op.DELETE) == 9, "seven files, a provider, a stack"
    assert either.files == {}
    assert "box" in either.deletes
    if either.driver == "embedded":
        assert either.deletes == ["box"]
        assert bench_state(either) == []


def bench_state(bench: Bench) -> list[object]:
    return list(bench.engine.export(bench.stack)["deployment"].get("resources", []))


def test_what_goes_alone_is_asked_to(either: Bench) -> None:
    either.up(SIX)
    assert ops(either.up(BOX, force=True)) == {f"f{n}": "delete" for n in range(6)}
    assert set(either.files) == {"box"}
    assert len(either.deletes) == 6


def test_what_would_have_gone_with_what_stays_stays_in_the_state(bench: Bench) -> None:
    bench.up('box = file("box", "stuck")\nfile("a", "one", within=box.id)\nfile("b", "two")')
    outcome = bench.down()
    assert [failure.urn.rpartition("::")[2] for failure in outcome.failures] == ["box"]
    assert set(bench.files) == {"stuck", "one"}
    known = [r["urn"].rpartition("::")[2] for r in bench.engine.export(bench.stack)["deployment"]["resources"]]
    assert known[-2:] == ["box", "a"]
    assert ops(bench.up(force=True)) == {"b": "create"}


def test_killed_after_the_box_went_the_next_down_and_up_know_what_went_with_it(bench: Bench) -> None:
    for following in ("down", "up"):
        bench.up(SIX)
        (bench.root / "cloud" / "after-delete").write_text("box")
        process = bench.alone("down")
        process.communicate(timeout=300)
        assert process.returncode == 9
        outcome = getattr(bench, following)(force=True)
        assert outcome.failures == ()
        assert set(bench.files) == (ALL if following == "up" else set())


def test_what_is_kept_when_it_is_forgotten_does_not_go_along_unasked(bench: Bench) -> None:
    bench.up(BOX + 'file("a", "one", within="elsewhere", retain_on_delete=True)\nfile("b", "two", within=box.id)')
    assert bench.down().failures == ()
    assert set(bench.files) == {"one"}
