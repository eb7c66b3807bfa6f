"""`ace publish`: what a country says in public, written and signed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ace.cli.options import AsOfOption, EngineOption, Format, FormatOption, SpecOption
from ace.cli.outputs import CountryArgument
from ace.errors import RefusedError, UserError
from ace.files import timestamp
from ace.layout import Layout
from ace.workspace.as_of import refuse_past, today
from ace.workspace.engines import EngineName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ace.publication.values import Fitness
    from ace.spec.values import Member
    from ace.workspace.workspace import Workspace


def publish(
    country: CountryArgument,
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", dir_okay=False, help="A private key, or the `.pub` of one that ssh-agent holds."
        ),
    ] = None,
    engine: EngineOption = EngineName.AUTO,
    spec: SpecOption = None,
    as_of: AsOfOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write the country's public facts, and those of its hubs, into `ROOT/publications`, and sign them.

    The key: `--key FILE`; else one of the member file's signers that ssh-agent holds (a token's too, after `ssh-add
    -s`); else, for members marked `example: true`, the lab's. Refused (exit 3) where the policies refuse the country.
    """
    from ace.cli import judged
    from ace.cli.output import answering, stdout
    from ace.cli.steps import plain
    from ace.policy import judge
    from ace.publication import building, folder
    from ace.publication.canonical import encode
    from ace.publication.values import NAMESPACE
    from ace.workspace.selection import one
    from ace.workspace.workspace import make_private, open_workspace

    with answering("publish", format_) as answer:
        refuse_past(as_of)
        place = open_workspace(spec)
        member = place.spec.member(country)
        if refused := judged.refusal(judge(place.spec, as_of or today()), member.stack, "published"):
            raise refused
        make_private(place.root)
        job = one(place, country, engine)
        outputs = {name: plain(value) for name, value in job.engine.outputs(job.stack).items() if name == "publication"}
        made = building.made(outputs, _facts(place.root, member.stack))
        now = datetime.now(UTC).replace(microsecond=0)
        said: list[Any] = [building.build(place.spec, member, made, now, _fitness(place.root, member))]
        said += [
            building.build_hub(place.spec, h, made, now) for h in place.spec.region.hubs if h.hosted_by == member.code
        ]
        sign = _signing(place, member, key)
        written = []
        for publication in said:
            raw = encode(publication)
            armored, signer = sign(raw, NAMESPACE)
            try:
                file = folder.write(place.layout.publications, publication.name, raw, armored)
            except OSError as error:
                raise UserError(f"publications can not be written: {error.strerror}", code="no-file") from None
            issued = timestamp(publication.issued)
            entry = {"country": publication.name, "valid": True, "reason": "", "signer": signer, "issued": issued}
            written.append(entry)
            if format_ is Format.TEXT:
                stdout.print(f"{publication.name}  {file}  signed by {signer}", markup=False)
        answer.body["publications"] = written
        lacking = [f"{g.name}.{g.data_centre}" for g in said[0].gateways if g.wireguard_key is None]
        if lacking and format_ is Format.TEXT:
            note = f"{', '.join(lacking)} have no key yet: `ace configure {member.stack}`, then publish again"
            stdout.print(note, markup=False)


def _facts(root: Path, stack: str) -> Mapping[str, Mapping[str, Any]]:
    """What the country's hosts told (`ace configure`); nothing when there are none.

    Raises:
        UserError: The file is damaged.
    """
    file = Layout(root).facts(stack)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: {error}", hint=f"`ace configure {stack}` writes it anew", code="bad-facts") from None
    if not isinstance(content, dict):
        raise UserError(f"{file} is no JSON object", hint=f"`ace configure {stack}` writes it anew", code="bad-facts")
    return {host: facts for host, facts in content.items() if isinstance(facts, dict)}


def _fitness(root: Path, member: Member) -> Fitness | None:
    """The summary of the last `ace member check`; None without one, or when it was for other data centres or tenants."""
    from ace.cli.fitness import last
    from ace.membership.fitness.checking import digest_of
    from ace.membership.fitness.contract import Verdict
    from ace.publication.values import Fitness

    report = last(root, member.stack)
    if report is None or report.asked != digest_of(member):
        return None
    passed, failed, aborted, skipped = map(report.count, (Verdict.PASS, Verdict.FAIL, Verdict.ABORT, Verdict.SKIP))
    return Fitness(report.at.astimezone(UTC).replace(microsecond=0), passed, failed, aborted, skipped)


def _signing(place: Workspace, member: Member, key: Path | None) -> Any:
    """How this country signs here: a function from bytes and namespace to a signature and its key's fingerprint.

    Raises:
        UserError: No key is at hand that may sign.
        RefusedError: The key that is given may not sign for the country today.
    """
    from ace.publication import folder
    from ace.signatures import ssh

    day = today()
    may = {ssh.bare(signer.key) for signer in member.signers if signer.since <= day < signer.until}
    if key is not None:
        public = ssh.public_key_of(key)
        if public not in may:
            raise RefusedError(
                f"{key} ({ssh.fingerprint(public)}) may not sign for {member.code} on {day}",
                hint=f"use a key that {member.file} names under `signers:`",
                code="wrong-signer",
            )
        return lambda raw, space: (ssh.sign(raw, key, space), ssh.fingerprint(public))
    held = next((one for one in ssh.agent_keys() if one in may), None)
    if held is not None:
        return lambda raw, space: (ssh.sign_with_agent(raw, held, space), ssh.fingerprint(held))
    if member.example and place.clouds.is_lab:
        file = place.layout.lab_signing_key(member.stack)
        if not file.is_file():
            file.parent.mkdir(mode=0o700, exist_ok=True)
            ssh.make_key(file, f"lab-{member.stack}")
        public = ssh.public_key_of(file)
        try:
            folder.show_lab_key(place.root, member.stack, public)
        except OSError as error:
            raise UserError(f"lab-signers/ can not be written: {error.strerror}", code="no-file") from None
        return lambda raw, space: (ssh.sign(raw, file, space), ssh.fingerprint(public))
    raise UserError(
        f"no key is at hand that may sign for {member.code}",
        hint=f"name one with --key FILE, or load one of {member.file}'s signers into ssh-agent (`ssh-add`)",
        code="no-key",
    )
