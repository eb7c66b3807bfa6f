"""`ace member check`: a country's clouds asked whether they are fit, with the country's own credentials."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.markup import escape

from ace.cli.output import stderr, stdout
from ace.errors import UserError
from ace.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

    from ace.membership.fitness.checking import Report
    from ace.membership.fitness.contract import Outcome
    from ace.spec.values import Member, Spec
    from ace.workspace.clouds_file import CloudsFile

_STYLES = {"PASS": "green", "FAIL": "bold red", "ABORT": "bold yellow", "SKIP": "dim"}


def check(root: Path, spec: Spec, member: Member, clouds: CloudsFile, only: tuple[str, ...], *, quiet: bool) -> Report:
    """Run the tests on every data centre's cloud; a whole check is kept for `ace member activate`.

    Raises:
        UserError: A cloud is not in clouds.yaml, or a test is not known.
        InterruptedByUser: The person wanted to stop; nothing is left behind.
    """
    from ace.cli.interrupt import interruptible
    from ace.membership.fitness import TESTS
    from ace.membership.fitness.asked import asked_of
    from ace.membership.fitness.checking import Report, digest_of
    from ace.membership.fitness.checking import check as run
    from ace.membership.fitness.collector import Collector
    from ace.workspace.clouds_file import VARIABLE, no_entry

    if unknown := [name for name in only if name not in TESTS]:
        raise UserError(f"no test {', '.join(unknown)}; tests: {', '.join(TESTS)}", code="no-such-test")
    if missing := clouds.missing(member):
        raise no_entry(member, missing, clouds)
    tests = {name: test for name, test in TESTS.items() if not only or name in only}
    environment = {VARIABLE: str(clouds.path)}
    stderr.print(f"clouds: {clouds}", markup=False)
    outcomes: list[Outcome] = []
    with interruptible(lambda line: stderr.print(line, markup=False), lambda: "the canary to be gone") as cancel:
        for centre in member.data_centres:
            asked = asked_of(spec.region, member, centre)
            stderr.print(f"  {centre.id}  {asked.cloud}  {clouds.auth_url(asked.cloud)}", markup=False)
            tell = (lambda _outcome: None) if quiet else _tell
            outcomes += run(tests, Collector(asked, environment, cancel), tell)
    report = Report(member.stack, datetime.now(UTC), digest_of(member), tuple(outcomes))
    if not only:
        keep(root, report)
    return report


def keep(root: Path, report: Report) -> None:
    """Keep a report, for `ace member activate`."""
    from ace.files import put
    from ace.membership.fitness.checking import SCHEMA
    from ace.membership.writing import folder_of

    folder_of(root)
    file = Layout(root).fitness(report.country)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    put(file, json.dumps({"schema": SCHEMA, **report.as_json()}, indent=2, ensure_ascii=False) + "\n", durable=True)


def last(root: Path, stack: str) -> Report | None:
    """The last whole check of a country; None when there is none (or it is damaged)."""
    from ace.membership.fitness.checking import read_report

    try:
        return read_report(Layout(root).fitness(stack).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def signed(file: Path, member: Member, now: datetime) -> Report:
    """A report that the country hands in, signed with one of the keys that its member file names.

    Raises:
        RefusedError: It is not signed so, or is about another country.
        UserError: It cannot be read, or is no report.
    """
    from ace.errors import RefusedError
    from ace.membership.fitness.checking import NAMESPACE, read_report
    from ace.signatures.ssh import AllowedKey, NoSignatureError, is_signed, read_all

    signature_file = file.with_name(f"{file.name}.sig")
    try:
        raw, armored = file.read_bytes(), signature_file.read_bytes()
        report = read_report(raw.decode())
        signatures = read_all(armored)
    except OSError as error:
        hint = "the country makes both: `ace member check CC --report FILE --key KEY`"
        raise UserError(f"{error.filename}: {error.strerror}", hint=hint, code="no-report") from None
    except (ValueError, NoSignatureError) as error:
        raise UserError(f"{file} (or its .sig) is no signed report: {error}", code="bad-report") from None
    keys = [AllowedKey(signer.key, signer.since, signer.until) for signer in member.signers]
    if not any(is_signed(raw, one, member.stack, keys, NAMESPACE, now) for one in signatures):
        raise RefusedError(
            f"{file} is not signed by {member.name.en}: altered, or by a key that {member.file} does not name today",
            hint="ask the country for its report and signature again",
            code="not-signed",
        )
    if report.country != member.stack:
        raise RefusedError(f"{file} is about {report.country}, not {member.stack}", code="other-country")
    return report


def summarise(report: Report) -> None:
    """The last line: how many tests ended how."""
    from ace.membership.fitness.contract import Verdict

    counts = ", ".join(f"{report.count(verdict)} {verdict}" for verdict in Verdict if report.count(verdict))
    word = "[green]fit[/]" if report.fit else "[bold red]not fit[/]"
    stdout.print(f"{report.country}: {word} ({counts})")


def _tell(outcome: Outcome) -> None:
    judged = outcome.judged
    verdict = f"[{_STYLES[str(judged.verdict)]}]{judged.verdict:<5}[/]"
    stdout.print(f"{verdict}  {outcome.id:<19} {escape(judged.evidence)}")
    if judged.advice:
        stdout.print(f"       {'':<19} what to do: {escape(judged.advice)}", style="dim")
