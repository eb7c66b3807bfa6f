"""The running interconnect for people and as JSON: sessions, routes, leaks, reachability, delays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ace.cli.show.output import stdout

if TYPE_CHECKING:
    from ace.interconnect.check import RegionCheck


def check_json(found: RegionCheck) -> dict[str, Any]:
    """What was found, in the command's JSON."""
    return {
        "ok": found.ok,
        "sessions": [
            {"a": link.a, "b": link.b, "kind": link.kind, "state": link.state.value, "detail": link.detail}
            for link in found.links
        ],
        "routes": [
            {
                "host": host.host,
                "answers": host.answers,
                "drained": host.drained,
                "learnt": host.routes,
                "missing": [str(prefix) for prefix in host.missing],
                "unexpected": [str(prefix) for prefix in host.unexpected],
                "detail": host.detail,
            }
            for host in found.hosts
        ],
        "reachability": [
            {
                "a": pair.a,
                "b": pair.b,
                "ok": pair.ok,
                "flows": pair.flows,
                "through": pair.through,
                "ms": pair.ms,
                "large_packets": pair.large,
                "paths": [list(path) for path in pair.paths],
            }
            for pair in found.pairs
        ],
        "leaks": [{"host": leak.host, "neighbour": leak.neighbour, "what": leak.what} for leak in found.leaks],
    }


def print_check(found: RegionCheck) -> None:
    """What is not as planned, line by line; then the matrix of delays."""
    up = sum(link.state.value == "up" for link in found.links)
    stdout.print(f"sessions  {up} of {len(found.links)} up", markup=False)
    for link in found.links:
        if link.state.value != "up":
            stdout.print(f"  {link.state.value:8}{link.a} - {link.b} ({link.kind}) {link.detail}", markup=False)
    well = sum(host.answers and not host.missing and not host.unexpected for host in found.hosts)
    stdout.print(f"routes    {well} of {len(found.hosts)} hosts have what they should", markup=False)
    for host in found.hosts:
        if host.detail or host.drained:
            stdout.print(f"  {host.host}: {host.detail or 'drained'}", markup=False)
            for word, prefixes in (("missing", host.missing), ("unexpected", host.unexpected)):
                if prefixes:
                    more = f" and {len(prefixes) - 4} more" if len(prefixes) > 4 else ""
                    stdout.print(f"    {word}: {', '.join(map(str, prefixes[:4]))}{more}", markup=False)
    for leak in found.leaks:
        stdout.print(f"leak      {leak.neighbour} to {leak.host}: {leak.what}", markup=False)
    known = [pair for pair in found.pairs if pair.is_known]
    good = sum(pair.ok for pair in known)
    stdout.print(f"reach     {good} of {len(known)} pairs of data centres, by all flows", markup=False)
    for pair in known:
        if not pair.ok:
            large = "" if pair.large or not pair.through else ", large packets do not"
            stdout.print(f"  {pair.a} - {pair.b}: {pair.through} of {pair.flows} flows{large}", markup=False)
    _print_matrix(found)
    stdout.print("[green]as planned[/]" if found.ok else "[bold red]not as planned[/]")


def _print_matrix(found: RegionCheck) -> None:
    """Delays between data centres in milliseconds."""
    names = sorted({name for pair in found.pairs for name in (pair.a, pair.b)})
    if not names:
        return
    delays = {(pair.a, pair.b): "-" if pair.ms is None else f"{pair.ms:.1f}" for pair in found.pairs}
    width = max(len(name) for name in names)
    columns = [name.rsplit(".", 1)[1] for name in names]
    stdout.print(f"{'ms':{width}}" + "".join(f"{column:>7}" for column in columns), markup=False)
    for a in names:
        cells = ["." if a == b else delays.get((a, b)) or delays.get((b, a)) or "" for b in names]
        stdout.print(f"{a:{width}}" + "".join(f"{cell:>7}" for cell in cells), markup=False)
