"""What Pulumi says of a failure becomes one line that a person understands."""

from __future__ import annotations

import pytest

from ace.engine.pulumi_cli.messages import readable

QUOTA = (
    "Error creating openstack_networking_network_v2: Expected HTTP response code [201 202] when accessing "
    "[POST http://127.0.0.1/network/v2.0/networks], but got 409 instead: "
    '{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: [\'network\'].", "detail": ""}}'
)
QUOTA_WORDS = (
    "Error creating openstack_networking_network_v2: the cloud answered POST http://127.0.0.1/network/v2.0/networks "
    "with 409: Quota exceeded for resources: ['network']."
)


def test_an_error_that_the_provider_logs_and_returns_is_told_once() -> None:
    said = f"sdk-v2/provider2.go:571: sdk.helper_schema: {QUOTA}: provider=openstack@5.5.3\n1 error occurred:\n\t* {QUOTA}\n\n"
    assert readable(said) == QUOTA_WORDS


def test_a_look_up_that_fails_is_told_without_the_programs_frames() -> None:
    said = (
        "Program failed with an unhandled exception:\n"
        "Traceback (most recent call last):\n"
        '  File "/usr/bin/pulumi-language-python-exec", line 232, in <module>\n'
        "    loop.run_until_complete(coro)\n"
        "    ^^^^^^^^\n"
        "Exception: invoke of openstack:identity/getRole:getRole failed: invocation of openstack:identity/getRole:getRole "
        "returned an error: invoking openstack:identity/getRole:getRole: 1 error occurred:\n"
        "\t* Error creating OpenStack identity client: dial tcp 127.0.0.1:80: connect: connection refused\n"
    )
    assert readable(said) == (
        "look-up getRole: Error creating OpenStack identity client: dial tcp 127.0.0.1:80: connect: connection refused"
    )


@pytest.mark.parametrize("said", ["plain words", "a bad body: {not json"])
def test_what_is_plain_stays_as_it_is(said: str) -> None:
    assert readable(said) == said


def test_a_bug_in_the_program_keeps_its_exception() -> None:
    said = (
        'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n    1 / 0\nZeroDivisionError: oops\n'
    )
    assert readable(said) == "ZeroDivisionError: oops"


def test_an_answer_that_is_no_openstack_error_is_given_whole() -> None:
    said = "Expected HTTP response code [200] when accessing [GET http://x/], but got 502 instead: <html>Bad gateway"
    assert readable(said) == "the cloud answered GET http://x/ with 502: <html>Bad gateway"
