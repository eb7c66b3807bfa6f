"""`ace doctor`: is this machine, and this folder, fit for work?"""

from __future__ import annotations

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption


def doctor(
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; the machine is judged as it is now
    format_: FormatOption = Format.TEXT,
) -> None:
    """Check Python, engine, spec, clouds, passphrases, disk, lab and clock, and show a fix for each problem.

    Exit code 1: something FAILs. WARN and SKIP do not count.
    """
    from ace.cli.show.output import answering, stdout
    from ace.errors import ExitCode
    from ace.operations.doctor import MachineVerdict, examine

    styles = {
        MachineVerdict.PASS: "green",
        MachineVerdict.FAIL: "bold red",
        MachineVerdict.WARN: "yellow",
        MachineVerdict.SKIP: "dim",
    }
    with answering("doctor", format_) as answer:
        found = examine(spec)
        answer.document = found
        answer.exit_code = ExitCode.FAILED if found.failed else ExitCode.OK
        if format_ is Format.TEXT:
            for check in found.checks:
                stdout.print(f"[{styles[check.verdict]}]{check.verdict}[/]  {check.id:<11} ", end="")
                stdout.print(check.detail, markup=False)
                if check.fix:
                    stdout.print(f"                  fix: {check.fix}", markup=False)
