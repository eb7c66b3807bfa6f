"""`ace catalogue`: what the ecosystem offers, as a site for people and as files for machines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.cli.show.output import Answer, answering, stderr, stdout
from ace.errors import ExitCode
from ace.layout import Layout
from ace.operations import region
from ace.workspace.as_of import today
from ace.workspace.root import checkout, find_spec_dir

if TYPE_CHECKING:
    from ace.catalogue.build import Built
    from ace.catalogue.values import Catalogue, Decision
    from ace.spec.values import Spec

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="What the ecosystem offers: a site in every language and exports for machines, from the spec and the verified "
    "publications alone.",
)
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Where the site goes. Default: `.ace/catalogue` beside the spec folder."),
]


@app.command("build")
def build(
    out: OutOption = None, spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT
) -> None:
    """Build the site and all exports; a folder that holds an older build is replaced in one step.

    What may not be listed as of the date (expired labels, suspended members, refused publications, breaches of policy)
    is in no page and no export; it is listed at the end of the output, and `ace catalogue explain ID` shows why.
    """
    with answering("catalogue", format_) as answer:
        catalogue, built, folder = _built(spec, as_of, out, answer)
        _write(built, folder)
        _tell(catalogue, built, folder, format_)


def rebuild(spec_dir: Path) -> Path | None:
    """Build anew what `ace catalogue build` has built below ROOT; None where it has built nothing."""
    folder = Layout(spec_dir.parent).catalogue
    if not folder.is_dir():
        return None
    catalogue, loaded = _catalogue(spec_dir, None)
    _write(_site(catalogue, loaded), folder)
    return folder


@app.command("check")
def check(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Check the site and the exports, built in memory: links, exports, translations, structure for accessibility.

    Exit code 0: no errors (what is not translated is a warning). 1: errors.
    """
    from ace.catalogue.check import check as examine
    from ace.errors import Severity

    with answering("catalogue", format_) as answer:
        _, built, _ = _built(spec, as_of, None, answer)
        findings = examine(built)
        answer.body["findings"] = [
            {"file": f.file, "rule": f.rule, "severity": str(f.severity), "message": f.message} for f in findings
        ]
        errors = sum(finding.severity is Severity.ERROR for finding in findings)
        if format_ is Format.TEXT:
            for finding in findings:
                stdout.print(f"{finding.file}: {finding.rule}: {finding.message}", markup=False)
            stdout.print(f"{len(built.files)} files checked: {errors} errors, {len(findings) - errors} warnings.")
        answer.exit_code = ExitCode.FAILED if errors else ExitCode.OK


@app.command("explain")
def explain(
    record: Annotated[str, typer.Argument(metavar="ID", help="A record: `tn-e-learning`, `services/tn-e-learning`.")],
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain whether a record is listed, by which rule, the source of the rule and what to do."""
    from ace.catalogue.explain import explain as find
    from ace.catalogue.plain import WORDS, plain

    with answering("catalogue", format_) as answer:
        catalogue, _ = _catalogue(spec, as_of)
        decisions = find(catalogue, record)
        answer.body["as_of"] = catalogue.as_of.isoformat()
        answer.body["decisions"] = [
            {"id": d.slug, "kind": WORDS[d.kind], "listed": d.listed, "reasons": plain(d.reasons)} for d in decisions
        ]
        if format_ is Format.TEXT:
            for decision in decisions:
                _explain(decision, catalogue.as_of)


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free port.")] = 8099,
    out: OutOption = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Build the site and serve it on this machine (loopback only) until Ctrl-C."""
    from ace.catalogue.serve import listen

    with answering("catalogue", format_) as answer:
        catalogue, built, folder = _built(spec, as_of, out, answer)
        _write(built, folder)
        _tell(catalogue, built, folder, format_)
        server = listen(folder, port)
        answer.body["address"] = f"http://127.0.0.1:{server.server_port}/"
        stderr.print(f"serving {answer.body['address']} on this machine only; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _catalogue(spec: Path | None, as_of: date | None) -> tuple[Catalogue, Spec]:
    from ace.catalogue.evidence import facts_of
    from ace.catalogue.records import catalogue
    from ace.policy import judge_spec
    from ace.spec import load

    directory = find_spec_dir(spec)
    loaded = load(directory)
    believed = region.verdicts(directory.parent, loaded)
    return catalogue(facts_of(loaded, judge_spec(loaded, as_of or today()), believed)), loaded


def _built(spec: Path | None, as_of: date | None, out: Path | None, answer: Answer) -> tuple[Catalogue, Built, Path]:
    from ace.catalogue.plain import WORDS, record, withheld

    catalogue, loaded = _catalogue(spec, as_of)
    folder = (out or Layout(find_spec_dir(spec).parent).catalogue).absolute()
    answer.body["as_of"] = catalogue.as_of.isoformat()
    answer.body["records"] = [
        {
            "kind": WORDS[kind],
            **record(catalogue, kind, each),
            "address": catalogue.address(kind, each.slug),
            "id": each.slug,
        }
        for kind, records in catalogue.by_kind().items()
        for each in records
    ]
    answer.body["withheld"] = [withheld(decision) for decision in catalogue.withheld]
    built = _site(catalogue, loaded)
    answer.body["untranslated"] = {code: list(messages) for code, messages in built.untranslated.items()}
    answer.body["out"] = str(folder)
    return catalogue, built, folder


def _site(catalogue: Catalogue, loaded: Spec) -> Built:
    from ace.catalogue.build import build as make

    return make(catalogue, loaded, checkout() / "templates" / "catalogue")


def _write(built: Built, folder: Path) -> None:
    from ace.catalogue.build import write

    if folder.parent.name == Layout(folder).private.name:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
    write(built, folder)


def _tell(catalogue: Catalogue, built: Built, folder: Path, format_: Format) -> None:
    for code, messages in built.untranslated.items():
        stderr.print(f"warning: {len(messages)} messages have no {code} translation and show in English", markup=False)
    if format_ is not Format.TEXT:
        return
    pages = sum(path.endswith(".html") for path in built.files)
    counts: dict[str, Any] = {
        "services": len(catalogue.services),
        "countries": len(catalogue.countries),
        "providers": len(catalogue.providers),
        "data centres": len(catalogue.data_centres),
    }
    stdout.print(
        f"The catalogue as of {catalogue.as_of}: {', '.join(f'{n} {what}' for what, n in counts.items())}; "
        f"{pages} pages in {len(catalogue.languages)} languages, {len(built.files) - pages} other files.",
        markup=False,
    )
    if catalogue.withheld:
        stdout.print(f"Withheld ({len(catalogue.withheld)}), see `ace catalogue explain ID`:", markup=False)
        for decision in catalogue.withheld:
            first = decision.reasons[0]
            stdout.print(f"  {decision.kind}/{decision.slug}: {first.rule}: {first.fact}", markup=False)
    stdout.print((folder / "index.html").as_uri(), markup=False)


def _explain(decision: Decision, as_of: date) -> None:
    verdict = "listed" if decision.listed else "withheld"
    stdout.print(f"{decision.kind}/{decision.slug}: {verdict} as of {as_of}", markup=False)
    for reason in decision.reasons:
        stdout.print(f"  {reason.rule}: {reason.fact}", markup=False)
        if reason.place and reason.place not in reason.fact:
            stdout.print(f"    see: {reason.place}", markup=False)
        if reason.remedy:
            stdout.print(f"    what to do: {reason.remedy}", markup=False)
