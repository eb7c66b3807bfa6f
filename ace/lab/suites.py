"""Debian's releases that lab hosts can be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ace.errors import UserError

SUITES = ("bookworm", "trixie")
"""Debian 12 and 13, oldest first."""
OS_RELEASE = Path("/etc/os-release")
VARIABLE = "ACE_LAB_HOST_SUITE"


def default_suite(environment: Mapping[str, str] | None = None, os_release: Path = OS_RELEASE) -> str:
    """The suite of a new lab's hosts: what `ACE_LAB_HOST_SUITE` states, else this machine's own, else Debian 12's.

    Raises:
        UserError: The variable names no suite of `SUITES`.
    """
    if named := (os.environ if environment is None else environment).get(VARIABLE):
        return checked(named, VARIABLE)
    try:
        lines = os_release.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return SUITES[0]
    settings = dict(line.split("=", 1) for line in lines if "=" in line)
    suite = settings.get("VERSION_CODENAME", "").strip("\"'")
    return suite if suite in SUITES else SUITES[0]


def checked(suite: str, where: str = "--host-suite") -> str:
    """That suite.

    Raises:
        UserError: Hosts cannot be that.
    """
    if suite not in SUITES:
        raise UserError(
            f"{where}: hosts of a lab cannot be Debian {suite!r}; they can be {' or '.join(SUITES)}",
            hint=f"name one of them: `ace lab up --host-suite {SUITES[-1]}`",
            code="host-suite",
        )
    return suite


def sources_for(suite: str, text: str) -> str:
    """This machine's package sources (`sources.list` or deb822), as they are for `suite`; empty if they name no known one."""
    for known in SUITES:
        if known in text:
            return text.replace(known, suite)
    return ""
