"""What a country says in public, written and signed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ace.engine.values import masked
from ace.errors import RefusedError, UserError
from ace.layout import Layout
from ace.membership.fitness.checking import digest_of
from ace.operations.fitness import last_report
from ace.policy import judge_spec
from ace.policy.refusal import refusal
from ace.publication import building, folder
from ace.publication.canonical import encode
from ace.publication.values import NAMESPACE, Fitness
from ace.signatures import ssh
from ace.spec.values import Member
from ace.verdict import Verdict
from ace.workspace.as_of import refuse_past, today
from ace.workspace.engines import EngineName
from ace.workspace.selection import one
from ace.workspace.workspace import Workspace, make_private

Sign = Callable[[bytes, str], tuple[str, str]]
"""From bytes and a namespace to an armoured signature and the fingerprint of its key."""


@dataclass(frozen=True, slots=True)
class SignedPublication:
    """One publication that was written. `name` is `tn`, or `hub-tunis`; `signer` is the key's fingerprint."""

    name: str
    file: Path
    signer: str
    issued: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """What was published of a country."""

    country: str
    publications: tuple[SignedPublication, ...]
    """The country's own first, then those of the hubs that it hosts."""
    without_key: tuple[str, ...]
    """The country's gateways that have told no WireGuard key yet."""


def publish(
    workspace: Workspace,
    country: str,
    *,
    key: Path | None = None,
    engine: EngineName = EngineName.AUTO,
    as_of: date | None = None,
    sink: Callable[[SignedPublication], None] = lambda _publication: None,
) -> Published:
    """Write a country's public facts, and those of its hubs, into ROOT/publications, and sign them.

    Args:
        workspace: The ROOT.
        country: The member's code, in any case.
        key: A private key, or the `.pub` of one that ssh-agent has; None: one of the member file's signers that the agent
            holds, else, for illustrations, the lab's.
        engine: The engine that holds the country's state.
        as_of: The day by which the policies judge; today or later.
        sink: Told of each publication as it is written.

    Raises:
        RefusedError: The policies refuse the country, or the key may not sign for it.
        UserError: It is no member, no key is at hand, or something cannot be read or written.
    """
    refuse_past(as_of)
    member = workspace.spec.member(country)
    if refused := refusal(judge_spec(workspace.spec, as_of or today()), member.stack, "published"):
        raise refused
    make_private(workspace.root)
    job = one(workspace, country, engine)
    outputs = {name: masked(value) for name, value in job.engine.outputs(job.stack).items() if name == "publication"}
    made = building.made(outputs, _facts(workspace.layout, member.stack))
    now = datetime.now(UTC).replace(microsecond=0)
    own = building.build(workspace.spec, member, made, now, _fitness(workspace.root, member))
    hubs = [hub for hub in workspace.spec.region.hubs if hub.hosted_by == member.code]
    publications: list[Any] = [own, *(building.build_hub(workspace.spec, hub, made, now) for hub in hubs)]
    sign = _signing(workspace, member, key)
    written = []
    for publication in publications:
        written.append(_write(workspace.layout, publication, sign))
        sink(written[-1])
    lacking = tuple(f"{g.name}.{g.data_centre}" for g in own.gateways if g.wireguard_key is None)
    return Published(member.stack, tuple(written), lacking)


def _write(layout: Layout, publication: Any, sign: Sign) -> SignedPublication:
    raw = encode(publication)
    armored, signer = sign(raw, NAMESPACE)
    try:
        file = folder.write(layout.publications, publication.name, raw, armored)
    except OSError as error:
        raise UserError(f"publications can not be written: {error.strerror}", code="no-file") from None
    return SignedPublication(publication.name, file, signer, publication.issued)


def _facts(layout: Layout, stack: str) -> Mapping[str, Mapping[str, Any]]:
    """What the country's hosts told (`ace configure`); nothing when there are none.

    Raises:
        UserError: The file is damaged.
    """
    file = layout.facts(stack)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: {error}", hint=f"`ace configure {stack}` writes it again", code="bad-facts") from None
    if not isinstance(content, dict):
        raise UserError(f"{file} is no JSON object", hint=f"`ace configure {stack}` writes it again", code="bad-facts")
    return {host: facts for host, facts in content.items() if isinstance(facts, dict)}


def _fitness(root: Path, member: Member) -> Fitness | None:
    """The summary of the last `ace member check`; None without one, or when it was for other data centres or tenants."""
    report = last_report(root, member.stack)
    if report is None or report.asked != digest_of(member):
        return None
    passed, failed, aborted, skipped = map(report.count, (Verdict.PASS, Verdict.FAIL, Verdict.ABORT, Verdict.SKIP))
    return Fitness(report.at.astimezone(UTC).replace(microsecond=0), passed, failed, aborted, skipped)


def _signing(workspace: Workspace, member: Member, key: Path | None) -> Sign:
    """How this country signs here.

    Raises:
        UserError: No key is at hand that may sign.
        RefusedError: The key that is given may not sign for the country today.
    """
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
    if member.example and workspace.clouds.is_lab:
        return _signing_with_the_lab(workspace.layout, member)
    raise UserError(
        f"no key is at hand that may sign for {member.code}",
        hint=f"name one with --key FILE, or load one of {member.file}'s signers into ssh-agent (`ssh-add`)",
        code="no-key",
    )


def _signing_with_the_lab(layout: Layout, member: Member) -> Sign:
    """With the country's key of this ROOT's lab, which is made at its first use."""
    file = layout.lab_signing_key(member.stack)
    if not file.is_file():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        ssh.make_key(file, f"lab-{member.stack}")
    public = ssh.public_key_of(file)
    try:
        folder.show_lab_key(layout.root, member.stack, public)
    except OSError as error:
        raise UserError(f"{layout.lab_signers.name}/ can not be written: {error.strerror}", code="no-file") from None
    return lambda raw, space: (ssh.sign(raw, file, space), ssh.fingerprint(public))
