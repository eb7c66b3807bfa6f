"""`ace publication verify`: what the region may believe."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, CountriesArgument, Format, FormatOption, SpecOption, date_of
from ace.cli.outputs import CountryArgument
from ace.errors import ExitCode, UserError
from ace.layout import Layout
from ace.workspace.root import find_spec_dir

if TYPE_CHECKING:
    from ace.publication.verify import AnyVerdict

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
    from ace.cli.output import answering, stderr
    from ace.publication import folder
    from ace.publication.verify import read_all, remembering, remembering_signers
    from ace.spec import load

    with answering("publication-verify", format_) as answer:
        directory = find_spec_dir(spec)
        root, loaded, now = directory.parent, load(directory), datetime.now(UTC)
        seen = folder.read_seen(root)
        if files:
            verdicts: dict[str, AnyVerdict] = {}
            for file in files:
                name = file.name.removesuffix(".json")
                verdicts[name] = _one(file, name, root, loaded, now)
        else:
            verdicts = dict(read_all(root, loaded, now))
        told = [_entry(name, verdict) for name, verdict in sorted(verdicts.items())]
        answer.body["publications"] = told
        if seen is None:
            stderr.print("roll-back is not told: ROOT/.ace may not be read by this user", markup=False)
        elif not files:
            kept = remembering(seen, verdicts)
            if kept != seen:
                folder.write_seen(root, kept)
            known = folder.read_signers(root) or {}
            if (signers := remembering_signers(known, loaded, verdicts, now.date())) != known:
                folder.write_signers(root, signers)
        if format_ is Format.TEXT:
            _print(told, verdicts)
        if any(entry["reason"] not in {"", "absent"} for entry in told):
            answer.exit_code = ExitCode.FAILED


def _one(file: Path, name: str, root: Path, loaded: Any, now: datetime) -> AnyVerdict:
    from ace.publication import folder
    from ace.publication.values import Reason, Refused
    from ace.publication.verify import judge, signers_of

    hub = next((hub for hub in loaded.region.hubs if name == f"hub-{hub.id}"), None)
    code = hub.hosted_by if hub else name.upper()
    member = next((member for member in loaded.members if member.code == code), None)
    if member is None:
        return Refused(Reason.NOT_A_MEMBER, "its file is named after no member and no hub of the region")
    if not file.is_file():
        raise UserError(f"{file}: there is no such file", hint="name a publication such as tn.json", code="no-file")
    seen = (folder.read_seen(root) or {}).get(name)
    keys = signers_of(root, loaded, member, (folder.read_signers(root) or {}).get(member.stack), now.date())
    return judge(folder.read(file.parent, name), loaded, member, hub, keys, now, seen)


def _entry(name: str, verdict: AnyVerdict) -> dict[str, Any]:
    from ace.files import timestamp
    from ace.publication.values import Refused, Verified

    base: dict[str, Any] = {"country": name, "valid": False, "reason": "absent", "signer": None, "issued": None}
    if isinstance(verdict, Verified):
        return {**base, "valid": True, "reason": "", "signer": verdict.signer, "issued": timestamp(verdict.issued)}
    if isinstance(verdict, Refused):
        return {**base, "reason": str(verdict.reason), "message": verdict.message}
    return base


def _print(told: list[dict[str, Any]], verdicts: dict[str, AnyVerdict]) -> None:
    from ace.cli.output import stdout

    width = max((len(name) for name in verdicts), default=0)
    for entry in told:
        name = f"{entry['country']:<{width}}"
        if entry["valid"]:
            stdout.print(f"{name}  valid    issued {entry['issued']} by {entry['signer']}", markup=False)
        elif entry["reason"] == "absent":
            stdout.print(f"{name}  absent   nothing has been published yet", markup=False)
        else:
            stdout.print(f"{name}  refused  {entry['reason']}: {entry['message']}", markup=False)


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
    from ace.cli.output import answering, stdout
    from ace.policy import approval, succession
    from ace.signatures import ssh
    from ace.spec import load
    from ace.spec.values import Signer

    with answering("publication-introduce", format_) as answer:
        if until <= since:
            raise UserError(f"--until {until} is not after --from {since}", code="usage")
        loaded = load(find_spec_dir(spec))
        member = loaded.member(country)
        signer = Signer(ssh.public_key_of(new), since, until)
        statement, own = succession.statement(member.stack, signer), ssh.public_key_of(key)
        earlier = succession.succession(member, loaded.region).counted
        approver = next((one for one in loaded.region.approvers if ssh.bare(one.key) == own), None)
        entry: dict[str, Any] = {"key": signer.key, "from": since.isoformat(), "until": until.isoformat()}
        if any(ssh.bare(one.key) == own and one.since <= since < one.until for one in earlier):
            entry["introduced"] = ssh.on_one_line(ssh.sign(statement, key, succession.NAMESPACE))
        elif approver is not None and approver.since <= since < approver.until:
            line = ssh.on_one_line(ssh.sign(statement, key, approval.NAMESPACE))
            entry["recovery"] = [{"approver": approver.id, "signature": line}]
        else:
            raise UserError(
                f"{key} ({ssh.fingerprint(own)}) is neither a signer of {member.code} that counts on {since}, nor an "
                "approver of the region",
                hint=f"signers are named in {member.file}, approvers in ecosystem.yaml",
                code="no-signer",
            )
        answer.body["signer"] = entry
        if format_ is Format.TEXT:
            stdout.print(f"  - key: {entry['key']}\n    from: {since}\n    until: {until}", markup=False)
            if "introduced" in entry:
                stdout.print(f"    introduced: {entry['introduced']}", markup=False)
            for item in entry.get("recovery", ()):
                text = f"    recovery:\n      - approver: {item['approver']}\n        signature: {item['signature']}"
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
    from ace.cli.output import answering, stdout
    from ace.publication import folder, transport
    from ace.publication.values import Absent, Refused
    from ace.publication.verify import judge, remembering, signers_of
    from ace.spec import load

    with answering("publication-fetch", format_) as answer:
        directory = find_spec_dir(spec)
        root, loaded, now = directory.parent, load(directory), datetime.now(UTC)
        chosen = [loaded.member(one) for one in countries] if countries else list(loaded.members)
        if lost := [member.code for member in chosen if countries and member.published_at is None]:
            raise UserError(
                f"{', '.join(lost)} does not say where its publications are",
                hint="`published_at:` in its member file, or bring the files into publications/ by hand",
                code="no-place",
            )
        seen, remembered = folder.read_seen(root) or {}, folder.read_signers(root) or {}
        told: list[dict[str, str]] = []
        verdicts: dict[str, AnyVerdict] = {}
        for member in (one for one in chosen if one.published_at is not None):
            hubs = {f"hub-{hub.id}": hub for hub in loaded.region.hubs if hub.hosted_by == member.code}
            keys = signers_of(root, loaded, member, remembered.get(member.stack), now.date())
            try:
                brought = transport.bring(str(member.published_at), [member.stack, *hubs])
            except transport.TransportError as error:
                told.append({"name": member.stack, "result": "out-of-reach", "message": str(error)})
                continue
            for name, signed in brought.items():
                verdict = verdicts[name] = judge(signed, loaded, member, hubs.get(name), keys, now, seen.get(name))
                if isinstance(verdict, Absent):
                    told.append({"name": name, "result": "absent", "message": ""})
                elif isinstance(verdict, Refused):
                    told.append({"name": name, "result": str(verdict.reason), "message": verdict.message})
                else:
                    there = folder.read(Layout(root).publications, name)
                    if there != signed:
                        folder.put_signed(Layout(root).publications, name, signed)
                    told.append({"name": name, "result": "unchanged" if there == signed else "fetched", "message": ""})
        if (kept := remembering(seen, verdicts)) != seen:
            folder.write_seen(root, kept)
        answer.body["publications"] = told
        if any(one["result"] not in ("fetched", "unchanged", "absent") for one in told):
            answer.exit_code = ExitCode.FAILED
        if format_ is Format.TEXT:
            for one in told:
                stdout.print(f"{one['name']:<16} {one['result']:<14} {one['message']}".rstrip(), markup=False)
            if not told:
                stdout.print("no country says where its publications are (`published_at:`)", markup=False)
