"""A country's clouds asked whether they are fit, with the country's own credentials; the reports of that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ace import documents
from ace.errors import RefusedError, UserError
from ace.files import put
from ace.layout import Layout
from ace.membership.fitness.checking import NAMESPACE, SCHEMA, Report, digest_of, read_report
from ace.membership.fitness.checking import check as run_tests
from ace.membership.fitness.collector import Collector
from ace.membership.fitness.contract import FitnessResult
from ace.membership.fitness.registry import TESTS
from ace.membership.fitness.requirements import requirements_of
from ace.membership.writing import folder_of
from ace.signatures.ssh import AllowedKey, NoSignatureError, is_signed, read_all, sign
from ace.spec.values import Member
from ace.workspace.clouds_file import VARIABLE, CloudsFile, no_entry
from ace.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CheckBegun:
    """The check begins, with the clouds of that file."""

    clouds: CloudsFile


@dataclass(frozen=True, slots=True)
class CloudAsked:
    """The cloud of a data centre is about to be asked."""

    data_centre: str
    cloud: str
    auth_url: str


FitnessEvent = CheckBegun | CloudAsked | FitnessResult


def check_fitness(
    workspace: Workspace,
    country: str,
    *,
    only: Sequence[str] = (),
    cancel: threading.Event | None = None,
    sink: Callable[[FitnessEvent], None] = lambda _event: None,
) -> Report:
    """Run the tests on every data centre's cloud; a whole check is kept for `ace member activate`.

    Nothing is changed, but for a canary tenant that is made and taken away again.

    Args:
        workspace: The ROOT.
        country: The member's code, in any case.
        only: Ids of tests; none: all.
        cancel: Ends the check early; the canary is taken away all the same.
        sink: Told of each cloud that is asked, and of each test's result.

    Raises:
        UserError: It is no member, a cloud is not in clouds.yaml, or a test is not known.
        InterruptedByUser: It was cancelled; nothing is left behind.
    """
    member, clouds = workspace.spec.member(country), workspace.clouds
    if unknown := [name for name in only if name not in TESTS]:
        raise UserError(f"no test {', '.join(unknown)}; tests: {', '.join(TESTS)}", code="no-such-test")
    if missing := clouds.missing(member):
        raise no_entry(member, missing, clouds)
    tests = {name: test for name, test in TESTS.items() if not only or name in only}
    environment = {VARIABLE: str(clouds.path)}
    sink(CheckBegun(clouds))
    results: list[FitnessResult] = []
    for centre in member.data_centres:
        required = requirements_of(workspace.spec.region, member, centre)
        sink(CloudAsked(centre.id, required.cloud.cloud, clouds.auth_url(required.cloud.cloud)))
        results += run_tests(tests, Collector(required, environment, cancel or threading.Event()), sink)
    report = Report(member.stack, datetime.now(UTC), digest_of(member), tuple(results))
    if not only:
        keep_report(workspace.root, report)
    return report


def keep_report(root: Path, report: Report) -> None:
    """Keep a report, for `ace member activate`."""
    folder_of(root)
    file = Layout(root).fitness(report.country)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    put(file, _text(report), durable=True)


def last_report(root: Path, country: str) -> Report | None:
    """The last whole check of a country; None when there is none (or it is damaged)."""
    try:
        return read_report(Layout(root).fitness(country).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_report(report: Report, file: Path, key: Path | None) -> None:
    """Write a report to a file and, with a key, its signature beside it, in FILE.sig.

    Raises:
        UserError: It cannot be signed or written.
    """
    text = _text(report)
    signature = sign(text.encode(), key, NAMESPACE) if key is not None else ""
    try:
        put(file.absolute(), text)
        if signature:
            put(file.absolute().with_name(f"{file.name}.sig"), signature)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}", code="no-file") from None


def signed_report(file: Path, member: Member, now: datetime) -> Report:
    """A report that the country hands in, signed with one of the keys that its member file names.

    Raises:
        RefusedError: It is not signed so, or is about another country.
        UserError: It cannot be read, or is no report.
    """
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


def _text(report: Report) -> str:
    return documents.text(SCHEMA, report.document)
