"""Whatever is asked of a member in whatever order: it only ever goes ways that the table has, and the log tells all of them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from ace.errors import RefusedError
from ace.membership import log
from ace.membership.lifecycle import TABLE, Verb, after
from ace.spec.values import MemberStatus


@given(st.lists(st.sampled_from(list(Verb)), max_size=30))
def test_no_sequence_of_commands_leaves_the_table(verbs: list[Verb]) -> None:
    status, text, went = MemberStatus.CANDIDATE, "", []
    for verb in verbs:
        try:
            to = after(verb, status, "ke")
        except RefusedError:
            assert (verb, status) not in TABLE
            continue
        assert TABLE[verb, status] is to
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        text = log.appended(text, log.Transition(moment, "ke", status, to, "ada", "why", {}))
        went.append((status, to))
        status = to
    transitions, problems = log.read(text)
    assert problems == ()
    assert [(one.origin, one.to) for one in transitions] == went
    assert not any(origin is MemberStatus.LEFT for origin, _ in went)
    assert [to for _, to in went].count(MemberStatus.LEAVING) <= 1, "who leaves does not come back"
