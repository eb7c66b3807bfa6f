"""Where a country's worker is said: the program that holds the keys of its hosts (`ace configure --remote`).

A command that is run here is the word of whoever runs `ace` here. So it stands in the environment or below ROOT/.ace,
never in the spec, where a member could write it.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from ace.errors import UserError
from ace.layout import Layout

VARIABLE = "ACE_WORKER_{}"
"""With the country's code in capitals."""
EXAMPLE = "ssh worker.{0}.example /srv/ace/worker.py --private-data-dir /srv/ace/{0}"


def worker_of(root: Path, country: str) -> tuple[str, ...]:
    """The command that starts a country's worker; the environment's word goes before the file's.

    Raises:
        UserError: There is none, or it cannot be read.
    """
    variable, file = VARIABLE.format(country.upper()), Layout(root).worker(country)
    said, where = os.environ.get(variable, ""), variable
    if not said.strip() and file.exists():
        where = str(file)
        try:
            said = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{file} cannot be read: {error}", code="bad-worker") from None
    try:
        command = tuple(shlex.split(said, comments=True))
    except ValueError as error:
        raise UserError(f"{where}: no command: {error}", hint=_hint(country), code="bad-worker") from None
    if not command:
        raise UserError(f"{country} has no worker that could do a run in it", hint=_hint(country), code="no-worker")
    return command


def _hint(country: str) -> str:
    example = EXAMPLE.format(country)
    return (
        f"set how it is started: {VARIABLE.format(country.upper())}='{example}'; or leave --remote out if the keys of "
        "its hosts are here (docs/configure.md)"
    )
