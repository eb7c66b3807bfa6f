"""`ace publication verify`: what the region may believe."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from ace.cli.options import AsOfOption, CountriesArgument, CountryArgument, Format, FormatOption, SpecOption, date_of
from ace.errors import ExitCode
from ace.workspace.root import find_spec_dir

app = typer.Typer(
    no_args_is_help=True, help="Publications: the signed public facts of each country, and which of them are valid."
)


@app.callback()
def _group() -> None:
    pass


@app.command("verify")
def verify(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="None: all in ROOT/publications.")
    ] = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; freshness is judged by the clock
    format_: FormatOption = Format.TEXT,
) -> None:
    """Verify publications: signature, age, and whether they contradict the spec.

    Needs only the spec and the publications, no access to a country. Valid ones are recorded in `ROOT/.ace/seen.json`, so
    that an older one is refused later; refused ones change nothing. Exit code 0: all present ones are valid (absent ones
    are listed). 1: at least one is refused.
    """
    from ace.cli.show.output import answering, stderr
    from ace.cli.show.publications import PublicationsDocument, show, verified
    from ace.operations.verify_publications import verify_publications

    with answering("publication-verify", format_) as answer:
        found = verify_publications(find_spec_dir(spec), files or ())
        publications = tuple(verified(name, verdict) for name, verdict in sorted(found.verdicts.items()))
        answer.document = PublicationsDocument(publications)
        if not found.remembers:
            why = "ROOT/.ace is not readable for this user"
            stderr.print(f"a publication older than the last one cannot be recognised: {why}", markup=False)
        if format_ is Format.TEXT:
            show(publications)
        if found.refused:
            answer.exit_code = ExitCode.FAILED


@app.command("introduce")
def introduce(
    country: CountryArgument,
    new: Annotated[Path, typer.Option("--new", metavar="FILE.pub", dir_okay=False, help="The new public key.")],
    since: Annotated[
        date, typer.Option("--from", metavar="DATE", parser=date_of, help="The first day on which it is valid.")
    ],
    until: Annotated[
        date,
        typer.Option("--until", metavar="DATE", parser=date_of, help="The first day on which it is no longer valid."),
    ],
    key: Annotated[
        Path,
        typer.Option(
            "--key", metavar="FILE", dir_okay=False, help="An earlier signer's private key, or an approver's."
        ),
    ],
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; the new key's first day decides
    format_: FormatOption = Format.TEXT,
) -> None:
    """Sign a country's next signing key, as a key that counts before it or, in a recovery, as an approver of the region.

    Prints the entry for `signers:` in the member's file. Nothing is written. A recovery needs two approvers: the second
    one's item goes under the same `recovery:`.
    """
    from ace.cli.show.output import answering, stdout
    from ace.operations.introduce_key import IntroductionDocument, introduce_key
    from ace.spec import load

    with answering("publication-introduce", format_) as answer:
        made = introduce_key(load(find_spec_dir(spec)), country, new, since, until, key)
        entry = made.entry
        answer.document = IntroductionDocument(entry)
        if format_ is Format.TEXT:
            stdout.print(f"  - key: {entry.key}\n    from: {entry.from_}\n    until: {entry.until}", markup=False)
            if entry.introduced is not None:
                stdout.print(f"    introduced: {entry.introduced}", markup=False)
            for item in entry.recovery or ():
                text = f"    recovery:\n      - approver: {item.approver}\n        signature: {item.signature}"
                stdout.print(text, markup=False)


@app.command("fetch")
def fetch(
    countries: CountriesArgument = None,
    spec: SpecOption = None,
    as_of: AsOfOption = None,  # noqa: ARG001 - every command takes it; freshness is judged by the clock
    format_: FormatOption = Format.TEXT,
) -> None:
    """Fetch publications from where the countries publish them (`published_at:`) into `ROOT/publications`.

    Without names: of all countries that have a `published_at:`. Each one is verified first, and stored and recorded only if
    it is valid; what is refused, absent or unreachable changes nothing. Exit code 1: one was refused or unreachable.
    """
    from ace.cli.show.output import answering, stdout
    from ace.operations.fetch import fetch as run

    with answering("publication-fetch", format_) as answer:
        done = run(find_spec_dir(spec), countries or ())
        answer.document = done
        if not done.went_well:
            answer.exit_code = ExitCode.FAILED
        if format_ is Format.TEXT:
            for one in done.publications:
                stdout.print(f"{one.name:<16} {one.result:<14} {one.message}".rstrip(), markup=False)
            if not done.publications:
                stdout.print("no member file has a `published_at:`", markup=False)
