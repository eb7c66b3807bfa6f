"""`ace catalogue`: what the ecosystem offers, as a site for people and as files for machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ace.cli.options import AsOfOption, Format, FormatOption, SpecOption
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from datetime import date

    from ace.cli.show.output import Answer
    from ace.operations.catalogue import CatalogueSite

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
    from ace.cli.show.output import answering

    with answering("catalogue", format_) as answer:
        _build_and_show(answer, spec, as_of, out, format_)


@app.command("check")
def check(spec: SpecOption = None, as_of: AsOfOption = None, format_: FormatOption = Format.TEXT) -> None:
    """Check the site and the exports, built in memory: links, exports, translations, structure for accessibility.

    Exit code 0: no errors (what is not translated is a warning). 1: errors.
    """
    from ace.cli.show import catalogue as show
    from ace.cli.show.output import answering
    from ace.errors import ExitCode
    from ace.operations import catalogue

    with answering("catalogue", format_) as answer:
        built = catalogue.build(find_spec_dir(spec), as_of=as_of)
        answer.document = show.site_document(built)
        found = catalogue.check(built)
        answer.document = show.check_document(built, found)
        answer.exit_code = ExitCode.FAILED if found.errors else ExitCode.OK
        if format_ is Format.TEXT:
            show.print_findings(built, found)


@app.command("explain")
def explain(
    record: Annotated[str, typer.Argument(metavar="ID", help="A record: `tn-e-learning`, `services/tn-e-learning`.")],
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Explain whether a record is listed, by which rule, the source of the rule and what to do."""
    from ace.cli.show import catalogue as show
    from ace.cli.show.output import answering
    from ace.operations import catalogue

    with answering("catalogue", format_) as answer:
        explained = catalogue.explain(find_spec_dir(spec), record, as_of)
        answer.document = show.explain_document(explained)
        if format_ is Format.TEXT:
            show.print_explained(explained)


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0: any free port.")] = 8099,
    out: OutOption = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Build the site and serve it on this machine (loopback only) until Ctrl-C."""
    from dataclasses import replace

    from ace.catalogue.serve import listen
    from ace.cli.show.output import answering, stderr

    with answering("catalogue", format_) as answer:
        server = listen(_build_and_show(answer, spec, as_of, out, format_).folder, port)
        address = f"http://127.0.0.1:{server.server_port}/"
        answer.document = replace(answer.document, address=address)
        stderr.print(f"serving {address} on this machine only; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            server.server_close()


def _build_and_show(
    answer: Answer, spec: Path | None, as_of: date | None, out: Path | None, format_: Format
) -> CatalogueSite:
    from ace.cli.show import catalogue as show
    from ace.operations import catalogue

    built = catalogue.build(find_spec_dir(spec), out=out, as_of=as_of)
    answer.document = show.site_document(built)
    catalogue.write_site(built)
    show.print_warnings(built)
    if format_ is Format.TEXT:
        show.print_site(built)
    return built
