"""How commands speak: text for people, one JSON object for machines, errors on standard error, an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console

from ace.cli.options import Format
from ace.errors import ExitCode, SpecError, UserError

if TYPE_CHECKING:
    from ace.documents import Failure

stdout = Console(soft_wrap=True, highlight=False, emoji=False)
stderr = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)


def print_json(command: str, body: Mapping[str, Any]) -> None:
    """Write the command's one JSON object: `{"schema": "ace/<command>/v1", ...body}`."""
    json.dump({"schema": f"ace/{command}/v1", **body}, sys.stdout, indent=2, ensure_ascii=False, default=str)
    sys.stdout.write("\n")
    sys.stdout.flush()


def print_error(error: UserError) -> None:
    """Say on standard error what is wrong and what to do."""
    word = "refused" if error.exit_code == ExitCode.REFUSED else "error"
    if isinstance(error, SpecError):
        stderr.print(error.message, markup=False)
    else:
        stderr.print(f"[bold red]{word}:[/] ", end="")
        stderr.print(error.message, markup=False)
    if error.hint:
        stderr.print("[bold]what to do:[/] ", end="")
        stderr.print(error.hint, markup=False)


class Answer:
    """What a command is going to say as JSON, filled in as it goes, so that a failure still prints what is known."""

    def __init__(self) -> None:
        self.document: Any = None
        """A frozen dataclass, the one that `documents.py` beside this names for the command; None: nothing is known yet."""
        self.failure: Failure | None = None
        """What went wrong, where the command comes to its end all the same."""
        self.exit_code = ExitCode.OK
        self.abandons = False
        """Whether the process is to end at once, though threads are at work in it."""


@contextmanager
def answering(command: str, format_: Format) -> Iterator[Answer]:
    """Run a command's work: prints its JSON at the end if asked, turns a `UserError` into message and exit code.

    Usage: `with answering("validate", format_) as answer: ...; answer.document = Validated(...); answer.exit_code = ...`.
    """
    answer = Answer()
    try:
        yield answer
    except UserError as error:
        print_error(error)
        if format_ is Format.JSON:
            from ace.documents import Failure, plain

            known = _known(answer)
            if isinstance(error, SpecError):
                known.setdefault("findings", plain(error.findings))
            known["error"] = plain(Failure(error.code, error.message, error.hint))
            print_json(command, known)
        raise typer.Exit(error.exit_code) from None
    if format_ is Format.JSON:
        print_json(command, _known(answer))
    if answer.abandons:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(answer.exit_code)
    if answer.exit_code != ExitCode.OK:
        raise typer.Exit(answer.exit_code)


def _known(answer: Answer) -> dict[str, Any]:
    from ace.documents import plain

    known: dict[str, Any] = plain(answer.document) if answer.document is not None else {}
    return known if answer.failure is None else {**known, "error": plain(answer.failure)}
