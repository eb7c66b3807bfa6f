"""What a person can be shown.

A `UserError` is printed as its message alone (and its hint) and ends the command with its exit code; every other
exception is a bug and keeps its traceback. Exit codes are those of docs/commands.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class ExitCode(IntEnum):
    """How a command ends. Where several apply: 130, then 1, 3, 2, 0."""

    OK = 0
    FAILED = 1
    DIFFERENCES = 2
    REFUSED = 3
    INTERRUPTED = 130


def worst(codes: list[ExitCode]) -> ExitCode:
    """The exit code that wins where several apply."""
    order = [ExitCode.INTERRUPTED, ExitCode.FAILED, ExitCode.REFUSED, ExitCode.DIFFERENCES, ExitCode.OK]
    return next((code for code in order if code in codes), ExitCode.OK)


class UserError(Exception):
    """Something that the reader can correct.

    Args:
        message: What is wrong and where, in one or a few sentences.
        hint: What to do about it; a command to type where there is one.
        code: A stable kebab-case word for machines.
    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, hint: str = "", code: str = "failed") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


class RefusedError(UserError):
    """Refused by a rule, a stale change set, another cloud's identity or a date in the past."""

    exit_code = ExitCode.REFUSED

    def __init__(self, message: str, *, hint: str = "", code: str = "refused") -> None:
        super().__init__(message, hint=hint, code=code)


class InterruptedByUser(UserError):  # noqa: N818 - it is no error, it is what the user asked for
    """Ctrl-C or SIGTERM; what was in flight has been finished and saved."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, message: str = "interrupted", *, hint: str = "", code: str = "interrupted") -> None:
        super().__init__(message, hint=hint, code=code)


class Severity(StrEnum):
    """How bad a finding is: an error stops, a warning is reported."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found in the spec, with the place to look at.

    `file` is relative to ROOT (the folder that holds the spec folder); `line` and `column` are 1-based (0: the whole
    file); `path` is like `data_centres[0].labels[0].scheme`; `code` is a stable kebab-case word.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    severity: Severity
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        path = f" {self.path}:" if self.path else ""
        return f"{place}:{path} {self.message}"


class SpecError(UserError):
    """The spec has findings of severity error; all of them are reported at once."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        lines = "\n".join(str(finding) for finding in findings)
        count = sum(1 for finding in findings if finding.severity is Severity.ERROR)
        noun = "error" if count == 1 else "errors"
        super().__init__(
            f"{lines}\n{count} {noun} in the spec",
            hint="correct them and run `ace validate`",
            code="invalid-spec",
        )
        self.findings = findings
