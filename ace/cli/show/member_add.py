"""A new member, or a newer template for one, for people and as JSON: diffs, numbers, what comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import TYPE_CHECKING

from ace.cli.show.output import stderr, stdout
from ace.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.membership.writing import Change
    from ace.operations.member_add import Joined, Updated
    from ace.spec.values import Member


@dataclass(frozen=True, slots=True)
class FileDocument:
    """A file that was written, or would be."""

    path: str
    action: str
    """`created`, `changed` or `removed`."""
    diff: str


@dataclass(frozen=True, slots=True)
class SiteAllocation:
    """The numbers of a data centre."""

    site: int
    asn: int
    loopback4: IPv4Network
    transit4: IPv4Network
    management4: IPv4Network
    services4: IPv4Network


@dataclass(frozen=True, slots=True)
class Allocations:
    """The numbers of a member, which it keeps for ever."""

    slot: int
    ipv4: IPv4Network
    ipv6: IPv6Network
    data_centres: Mapping[str, SiteAllocation]
    tenants: Mapping[str, Mapping[str, tuple[IPv4Network | IPv6Network | None, ...]]]
    """By tenant and network: IPv4, IPv6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAddDocument:
    """A new member; or, with `--update`, a newer template for one."""

    country: str
    template: int
    from_template: int | None = None
    """With `--update`: the template that its files were made from."""
    written: bool
    files: tuple[FileDocument, ...]
    allocations: Allocations | None = None
    """Of a new member; so too the next four."""
    defaulted: tuple[str, ...] | None = None
    """Questions of the template that were answered by its defaults."""
    still_needed: tuple[str, ...] | None = None
    next: tuple[str, ...] | None = None
    findings: tuple[Finding, ...] | None = None
    conflicts: tuple[int, ...] | None = None
    """With `--update`: lines of the member's file that both the template and the country changed."""


def joined_document(done: Joined) -> MemberAddDocument:
    """A new member as JSON."""
    return MemberAddDocument(
        country=done.member.stack,
        template=done.files.version,
        written=done.written,
        files=tuple(_file(change) for change in done.files.changes),
        allocations=_allocations(done.member),
        defaulted=tuple(done.files.defaulted),
        still_needed=tuple(done.still_needed),
        next=tuple(done.next),
        findings=tuple(done.findings),
    )


def updated_document(done: Updated) -> MemberAddDocument:
    """A newer template as JSON."""
    return MemberAddDocument(
        country=done.country.alpha2.lower(),
        template=done.files.version,
        from_template=done.files.from_version,
        written=done.written,
        files=tuple(_file(change) for change in done.files.changes),
        conflicts=tuple(done.files.conflicts),
    )


def print_joined(done: Joined, *, was_asked: bool) -> None:
    """Diffs, its numbers, what is still needed, and what comes next; warnings on standard error."""
    member = done.member
    _print_diffs(done.files.changes)
    joins = "joins" if done.written else "would join"
    stdout.print(f"\n[bold]{member.name.en}[/] {joins} as a candidate. Its numbers, for ever:")
    for label, value in _numbers(member):
        stdout.print(f"  {label:<22} {value}", markup=False)
    _print_list("What the country must still supply:", done.still_needed)
    for finding in done.findings:
        stderr.print(str(finding), markup=False)
    if done.files.defaulted and not was_asked:
        count = len(done.files.defaulted)
        stderr.print(f"{count} answers are the template's defaults: look at {member.file}", markup=False)
    _print_list("Next:", done.next)


def print_updated(done: Updated) -> None:
    """Diffs, or that there is nothing to do."""
    _print_diffs(done.files.changes)
    if not done.files.changes:
        name, version = done.country.en, done.files.version
        stdout.print(f"{name} has the newest template ({version}); nothing to do.", markup=False)


def _file(change: Change) -> FileDocument:
    action = "created" if change.before is None else "removed" if change.after is None else "changed"
    return FileDocument(change.path, action, change.diff)


def _allocations(member: Member) -> Allocations:
    return Allocations(
        member.allocation.slot,
        member.allocation.ipv4,
        member.allocation.ipv6,
        {
            centre.id: SiteAllocation(
                centre.site,
                centre.allocation.asn,
                centre.allocation.loopback4,
                centre.allocation.transit4,
                centre.allocation.management4,
                centre.allocation.services4,
            )
            for centre in member.data_centres
        },
        {
            tenant.name: {network.name: (network.ipv4, network.ipv6) for network in tenant.networks}
            for tenant in member.tenants
        },
    )


def _numbers(member: Member) -> list[tuple[str, str]]:
    lines = [
        ("ISO 3166 number", str(member.allocation.slot)),
        ("IPv4", str(member.allocation.ipv4)),
        ("IPv6", str(member.allocation.ipv6)),
    ]
    lines += [(f"ASN of {centre.id}", str(centre.allocation.asn)) for centre in member.data_centres]
    for tenant in member.tenants:
        networks = ", ".join(f"{network.name} {network.ipv4}" for network in tenant.networks)
        lines.append((f"tenant {tenant.name}", networks))
    return lines


def _print_diffs(changes: Sequence[Change]) -> None:
    for change in changes:
        for line in change.diff.splitlines():
            style = (
                "bold" if line.startswith(("---", "+++")) else {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            )
            stdout.print(line, style=style or None, markup=False)


def _print_list(title: str, lines: Sequence[str]) -> None:
    if lines:
        stdout.print(f"\n{title}", style="bold", markup=False)
    for line in lines:
        stdout.print(f"  {line}", markup=False)
