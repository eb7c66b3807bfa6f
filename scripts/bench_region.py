"""How the running region takes a loss: hosts that boot, a tenant's server in two countries, 50 packets a second each way.

    scripts/bench region                   Tunisia and Kenya with their hubs
    scripts/bench region tn ke eg rw       these countries; traffic goes between the first two
    scripts/bench region --kills 6         fewer silent deaths (default 20)
    scripts/bench region --out FILE        the JSON too

From nothing: lab, up, configure, publish, apply. Then, one after the other, a link, a gateway and a hub on the way between
the two die silently (packets dropped on the underlay, power cut) and come back; each time `interconnect check` must name
what is down and be green again. At the end every gateway of the first country is drained and put back. As root, on Linux.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench import tell
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ace.lab import hosts as lab_hosts  # noqa: E402
from tests.lab.hosts_site import eventually  # noqa: E402
from tests.lab.joined import Joined, dead, down, joined_region, severed, until_green  # noqa: E402

DEFAULT = ("tn", "ke")
KINDS = ("link", "gateway", "hub")
SEED = 20261125
"""Which of what is on the way dies is drawn, and drawn alike in every run."""


@dataclass(frozen=True)
class Loss:
    """One thing that died or was drained, and what the traffic between the two countries noticed."""

    what: str
    """`link`, `gateway`, `hub` or `drain`."""
    who: str
    longest_silence_s: float
    """Of both families."""
    lost: int
    """Packets, of both families."""


@dataclass(frozen=True)
class Applied:
    """The region's first and second apply, wall s."""

    what: str
    first_s: float
    sessions_after_s: float
    second_s: float
    changed: int
    """Hosts that the second one changed."""


def victims(kind: str, joined: Joined) -> list[tuple[str, ...]]:
    """What of a kind is on the ways that traffic between the two countries may take now."""
    found = joined.check()
    ways = [
        name
        for pair in found["reachability"]
        if {pair["a"].rsplit(".", 1)[1], pair["b"].rsplit(".", 1)[1]} == set(joined.ends)
        for path in pair["paths"]
        for name in path
    ]
    links = [
        (session["a"], session["b"])
        for session in found["sessions"]
        if any(end.startswith(f"hub-{name}.") for end in (session["a"], session["b"]) for name in ways)
        and any(end.startswith("gw") and end.endswith(joined.ends) for end in (session["a"], session["b"]))
    ]
    if kind == "link":
        return sorted(links)
    is_hub = kind == "hub"
    return sorted({(host,) for link in links for host in link if host.startswith("hub-") is is_hub})


def die(joined: Joined, who: tuple[str, ...]) -> AbstractContextManager[None]:
    """A host without power, or two hosts without a way."""
    return dead(joined, who[0]) if len(who) == 1 else severed(joined, who[0], who[1])


def kill(joined: Joined, kind: str, draw: random.Random) -> Loss:
    """Let one thing die, wait until `check` names it and until all is well again."""
    who = draw.choice(victims(kind, joined))
    with joined.traffic() as measured, die(joined, who):
        eventually(lambda: set(who) <= set().union(*down(joined.check())))
    until_green(joined)
    return Loss(kind, " - ".join(who), round(max(measured.gaps.values()), 2), sum(map(len, measured.lost.values())))


def drain(joined: Joined, host: str) -> Loss:
    """Take a gateway out before its maintenance, and put it back."""
    with joined.traffic() as measured:
        joined.ace("interconnect", "drain", host)
        time.sleep(2)
        joined.ace("interconnect", "undrain", host)
    until_green(joined)
    return Loss("drain", host, round(max(measured.gaps.values()), 2), sum(map(len, measured.lost.values())))


def gateways(joined: Joined) -> list[str]:
    """Of the first country."""
    hosts = joined.ace("outputs", joined.ends[0])["outputs"]["inventory"]["hosts"]
    return [host["name"] for host in hosts if host["role"] == "gateway"]


def again(joined: Joined) -> tuple[float, int]:
    """A second apply: wall s, and how many hosts it changed."""
    began = time.monotonic()
    told = joined.ace("interconnect", "apply")
    hosts = [host for part in ("hubs", "countries") for cc in told[part].values() for host in cc["hosts"].values()]
    return round(time.monotonic() - began, 1), sum(1 for host in hosts if host["changed"])


def show(applied: Applied, losses: Sequence[Loss]) -> None:
    """Tables on standard error."""
    console = Console(stderr=True)
    console.print(
        f"apply {applied.first_s} s, all sessions up {applied.sessions_after_s} s later; "
        f"second apply {applied.second_s} s, {applied.changed} hosts changed"
    )
    table = Table("what", "times", "median s", "95th percentile s", "most s", "packets lost, most")
    for kind in (*KINDS, "drain", "all three"):
        of_kind = [loss for loss in losses if loss.what == kind or (kind == "all three" and loss.what in KINDS)]
        if not of_kind:
            continue
        silences = sorted(loss.longest_silence_s for loss in of_kind)
        high = silences[max(0, -(-len(silences) * 95 // 100) - 1)]
        median = statistics.median(silences)
        most = max(loss.lost for loss in of_kind)
        table.add_row(kind, str(len(of_kind)), f"{median:.2f}", f"{high:.2f}", f"{silences[-1]:.2f}", str(most))
    console.print(table)


def main() -> None:
    """Measure; the table goes to standard error, the JSON to standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("countries", nargs="*", default=list(DEFAULT), metavar="CC", type=str.lower)
    parser.add_argument("--kills", type=int, default=20, metavar="N")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if why := lab_hosts.why_not():
        raise SystemExit(f"bench: {why}")
    if len(arguments.countries) < 2:
        parser.error("name two countries at least, or none for Tunisia and Kenya")
    first, second = arguments.countries[:2]
    draw = random.Random(SEED)  # noqa: S311 - nothing secret
    losses: list[Loss] = []
    with (
        tempfile.TemporaryDirectory(prefix="ace-bench-region-") as folder,
        joined_region(Path(folder), arguments.countries, (first, second)) as joined,
    ):
        until_green(joined)
        second_s, changed = again(joined)
        applied = Applied("apply", round(joined.apply_s, 1), round(joined.sessions_after_s, 1), second_s, changed)
        print(applied, file=sys.stderr)
        for number in range(arguments.kills):
            losses.append(kill(joined, KINDS[number % len(KINDS)], draw))
            print(losses[-1], file=sys.stderr)
        for host in gateways(joined):
            losses.append(drain(joined, host))
            print(losses[-1], file=sys.stderr)
    show(applied, losses)
    tell("ace/bench-region/v1", [applied, *losses], arguments.out)


if __name__ == "__main__":
    main()
