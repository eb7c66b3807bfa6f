"""What ansible-runner's events mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ace.services.events import Tally, clean, diff, message, read
from ace.services.results import AnsibleMessage, Ending, HostCounts, TaskBegan, TaskEnded, TaskOutcome

HOST = "gw1.tunis-1.tn"


def an_event(kind: str, **data: Any) -> dict[str, Any]:
    return {"event": kind, "event_data": {"host": HOST, "task": "base : Converge", **data}}


def ended(kind: str, **data: Any) -> TaskEnded:
    told = read(an_event(kind, **data))
    assert isinstance(told, TaskEnded)
    return told


def test_a_host_that_begins_a_task_is_heard_of() -> None:
    assert read(an_event("runner_on_start")) == TaskBegan(HOST, "base : Converge")


def test_ok_and_changed_are_told_apart() -> None:
    assert ended("runner_on_ok", res={"changed": False}).outcome is TaskOutcome.OK
    assert ended("runner_on_ok", res={"changed": True}).outcome is TaskOutcome.CHANGED


def test_a_failure_that_the_playbook_expects_is_not_one() -> None:
    assert ended("runner_on_failed", res={"msg": "no"}, ignore_errors=True).outcome is TaskOutcome.IGNORED


def test_a_host_with_another_key_is_told_from_one_that_is_away() -> None:
    away = ended("runner_on_unreachable", res={"msg": "Connection timed out"})
    other = ended("runner_on_unreachable", res={"msg": "Failed to connect: Host key verification failed."})
    assert not away.key_refused
    assert other.key_refused


def test_events_that_say_nothing_new_are_left_out() -> None:
    assert read({"event": "verbose", "stdout": "hello"}) is None
    assert read({"event": "playbook_on_task_start", "event_data": {"task": "x"}}) is None


def test_warnings_belong_to_no_host() -> None:
    assert read({"event": "warning", "stdout": "\x1b[1;35m[WARNING]: look\x1b[0m"}) == AnsibleMessage(
        "warning", "[WARNING]: look"
    )


def test_a_message_has_what_the_program_said_once() -> None:
    assert message({"msg": "non-zero return code", "rc": 1, "stdout": "knotc: no zone"}) == (
        "non-zero return code\nknotc: no zone"
    )
    assert message({"msg": "no zone", "stderr": "no zone"}) == "no zone"


def test_a_message_is_never_empty_and_keeps_secrets() -> None:
    assert message({}) == "it failed without a message"
    assert message({"censored": "the output has been hidden", "msg": "hunter2"}) == (
        "its output is kept secret (no_log)"
    )


def test_the_items_of_a_loop_say_which_of_them_failed() -> None:
    result = {
        "msg": "One or more items failed",
        "results": [{"item": "a", "failed": True, "msg": "no a"}, {"item": "b"}],
    }
    assert message(result) == "One or more items failed\na: no a"


def test_a_diff_is_unified_with_its_headers() -> None:
    told = diff({"before": "a\nb\n", "after": "a\nc\n", "before_header": "/etc/x", "after_header": "/etc/x"})
    assert told == "--- /etc/x\n+++ /etc/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"


def test_a_diff_of_values_is_of_their_json() -> None:
    assert '-  "state": "inactive"' in diff([{"before": {"state": "inactive"}, "after": {"state": "active"}}])


def test_a_private_key_that_something_printed_is_not_shown() -> None:
    leaked = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----"
    assert clean(f"x {leaked} y") == "x (a private key, not shown) y"
    assert "b3Bl" not in diff({"before": "", "after": leaked})
    assert clean("-----BEGIN PRIVATE KEY-----\ncut of") == "(a private key, not shown)"


def test_text_cannot_move_the_cursor() -> None:
    assert clean("a\x1b[2Jb\x07c\rd") == "abcd"


def summed(*events: dict[str, Any]) -> Tally:
    tally = Tally()
    for event in events:
        if (told := read(event)) is not None:
            tally.take(told)
    return tally


def test_ansible_s_own_counts_win_and_ok_leaves_out_what_changed() -> None:
    tally = summed(
        an_event("runner_on_ok", res={"changed": True}),
        {
            "event": "playbook_on_stats",
            "event_data": {"processed": {HOST: 1}, "ok": {HOST: 5}, "changed": {HOST: 2}, "failures": {}, "dark": {}},
        },
    )
    result = tally.result(Ending.COMPLETE, [HOST], Path("/x"), 1.0)
    assert result.hosts == {HOST: HostCounts(ok=3, changed=2)}


def test_an_interrupted_run_counts_what_it_saw_and_names_every_host() -> None:
    tally = summed(an_event("runner_on_ok", res={}), an_event("runner_on_failed", res={"msg": "no"}))
    result = tally.result(Ending.INTERRUPTED, [HOST, "gw2.tunis-1.tn"], Path("/x"), 1.0)
    assert result.hosts == {HOST: HostCounts(ok=1, failed=1), "gw2.tunis-1.tn": HostCounts()}
    assert [(trouble.task, trouble.message) for trouble in result.troubles] == [("base : Converge", "no")]


def test_public_facts_grow_and_checks_are_the_last_told() -> None:
    tally = summed(
        an_event("runner_on_ok", res={"ansible_facts": {"ace_public_facts": {"wireguard_public_key": "k"}}}),
        an_event(
            "runner_on_ok",
            res={
                "ansible_facts": {
                    "ace_public_facts": {"time_ca": "c"},
                    "ace_checks": [{"id": "dns.signed", "verdict": "PASS", "evidence": "ad flag"}],
                }
            },
        ),
    )
    result = tally.result(Ending.COMPLETE, [HOST], Path("/x"), 1.0)
    assert result.public_facts == {HOST: {"wireguard_public_key": "k", "time_ca": "c"}}
    assert [(check.host, check.id, check.verdict) for check in result.checks] == [(HOST, "dns.signed", "PASS")]
