"""A new member, or a newer template for one, for people and as JSON: diffs, numbers, what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.show.output import finding_json, stderr, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ace.membership.writing import Change
    from ace.operations.member_add import Joined, Updated
    from ace.spec.values import Member


def joined_json(done: Joined) -> dict[str, Any]:
    """A new member for machines."""
    return {
        "country": done.member.stack,
        "template": done.files.version,
        "written": done.written,
        "files": [_change_json(change) for change in done.files.changes],
        "allocations": _allocations_json(done.member),
        "defaulted": list(done.files.defaulted),
        "still_needed": list(done.still_needed),
        "next": list(done.next),
        "findings": [finding_json(finding) for finding in done.findings],
    }


def updated_json(done: Updated) -> dict[str, Any]:
    """A newer template for machines."""
    return {
        "country": done.country.alpha2.lower(),
        "template": done.files.version,
        "from_template": done.files.from_version,
        "written": done.written,
        "files": [_change_json(change) for change in done.files.changes],
        "conflicts": list(done.files.conflicts),
    }


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


def _change_json(change: Change) -> dict[str, str]:
    action = "created" if change.before is None else "removed" if change.after is None else "changed"
    return {"path": change.path, "action": action, "diff": change.diff}


def _allocations_json(member: Member) -> dict[str, Any]:
    return {
        "slot": member.allocation.slot,
        "ipv4": str(member.allocation.ipv4),
        "ipv6": str(member.allocation.ipv6),
        "data_centres": {
            centre.id: {
                "site": centre.site,
                "asn": centre.allocation.asn,
                "loopback4": str(centre.allocation.loopback4),
                "transit4": str(centre.allocation.transit4),
                "management4": str(centre.allocation.management4),
                "services4": str(centre.allocation.services4),
            }
            for centre in member.data_centres
        },
        "tenants": {
            tenant.name: {network.name: [str(network.ipv4), str(network.ipv6)] for network in tenant.networks}
            for tenant in member.tenants
        },
    }


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
