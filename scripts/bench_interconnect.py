"""How long the region's files take: plan, render and prove, beside netlab on as many FRR nodes, in one run.

    scripts/bench interconnect                      10, 54, 200 and 800 members with hubs, and a full mesh of 54 gateways
    scripts/bench interconnect --members 100        other numbers of them, with hubs
    scripts/bench interconnect --no-netlab          without installing netlab (PyPI: networklab) into a throw-away environment
    scripts/bench interconnect --out FILE           the JSON too

Each member has two gateways. Ours is timed in one process, the best of three: the plan, all files as text, and all proofs
but those of `vtysh` and `nft`. netlab gets one FRR node for each of our hosts and one link for each of our tunnels, with BGP
as module, and does `netlab create`, which writes inventories and a containerlab topology, and no device's configuration;
a whole process. Sizes above `--netlab-hosts` are left out: it needs minutes for them.

How the running region converges and takes losses: `scripts/bench region`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from string import ascii_uppercase
from typing import TypeVar

import yaml
from bench import tell
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ace.interconnect.plan import plan  # noqa: E402
from ace.interconnect.prove import PROOFS, read_region  # noqa: E402
from ace.interconnect.render import render  # noqa: E402
from ace.interconnect.values import Plan  # noqa: E402
from ace.spec.values import Spec, Topology  # noqa: E402
from tests.regions import a_member, a_region  # noqa: E402

MEMBERS = (10, 54, 200, 800)
MESH = 27
HUBS = 4
TIMES = 3
TOOLS = ("frr-accepts", "nftables-accepts")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Figure:
    """One region, the best of three."""

    members: int
    layout: str
    hosts: int
    tunnels: int
    files: int
    plan_render_s: float
    prove_s: float
    netlab_s: float | None
    """None: not asked."""
    load: float


def region(members: int, topology: Topology) -> Spec:
    """Members of two gateways each."""
    codes = ["".join(letters) for letters in product(ascii_uppercase, repeat=2)]
    codes += ["".join(letters) for letters in product(ascii_uppercase, repeat=3)]
    made = [a_member(code, slot=number) for number, code in enumerate(codes[:members], start=1)]
    hubs = [member.code for member in made[:: max(1, members // HUBS)]][:HUBS]
    return a_region(made, hubs=hubs if topology is Topology.HUBS else (), topology=topology)


def best(work: Callable[[], Result], times: int) -> tuple[float, Result]:
    """The shortest wall time in s, and what came of it."""
    taken: list[float] = []
    for _ in range(times):
        began = time.perf_counter()
        result = work()
        taken.append(time.perf_counter() - began)
    return min(taken), result


def measure(members: int, topology: Topology, netlab: Path | None, netlab_hosts: int) -> Figure:
    """One region, by ours and by netlab."""
    load = os.getloadavg()[0]
    spec = region(members, topology)
    times = TIMES if members < MEMBERS[-1] else 1
    rendered_s, (planned, files) = best(lambda: planned_and_rendered(spec), times)
    proven_s, bad = best(lambda: unproven(files), times)
    if bad:
        raise SystemExit(f"bench: {members} members, {topology.value}: not proven: {', '.join(bad)}")
    theirs = run_netlab(netlab, planned) if netlab is not None and len(planned.nodes) <= netlab_hosts else None
    return Figure(
        members,
        topology.value,
        len(planned.nodes),
        len(planned.links),
        len(files),
        round(rendered_s, 2),
        round(proven_s, 2),
        None if theirs is None else round(theirs, 1),
        round(load, 1),
    )


def planned_and_rendered(spec: Spec) -> tuple[Plan, dict[str, str]]:
    planned = plan(spec)
    return planned, dict(render(planned))


def unproven(files: dict[str, str]) -> list[str]:
    """Names of the proofs that do not hold; those by FRR's and nftables' own programs are not tried."""
    found = read_region(files)
    outcomes = {name: proof(found) for name, proof in PROOFS.items() if name not in TOOLS}
    return [str(flaw) for flaw in found.flaws] + [name for name, told in outcomes.items() if told.flaws or told.aborted]


def install_netlab(folder: Path) -> Path:
    """netlab in an environment of its own; its program."""
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "pip", "install", "--quiet", "networklab"], check=True, stdout=sys.stderr)
    return folder / "bin" / "netlab"


def run_netlab(program: Path, planned: Plan) -> float:
    """`netlab create` for as many nodes and links; wall seconds."""
    names = {node.host: f"n{number}" for number, node in enumerate(planned.nodes)}
    topology = {
        "provider": "clab",
        "defaults": {"device": "frr"},
        "module": ["bgp"],
        "addressing": {"p2p": {"ipv4": "10.0.0.0/8", "prefix": 30}, "mgmt": {"ipv4": "172.16.0.0/16"}},
        "nodes": {
            names[node.host]: {"id": number, "bgp": {"as": 4_200_000_000 + number}}
            for number, node in enumerate(planned.nodes, 1)
        },
        "links": [f"{names[link.a.host]}-{names[link.b.host]}" for link in planned.links],
    }
    with tempfile.TemporaryDirectory(prefix="ace-netlab-") as work:
        (Path(work) / "topology.yml").write_text(yaml.safe_dump(topology), encoding="utf-8")
        environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
        began = time.perf_counter()
        done = subprocess.run(
            [program, "create", "topology.yml"], cwd=work, env=environment, capture_output=True, text=True, check=False
        )
        took = time.perf_counter() - began
        if done.returncode:
            raise SystemExit(
                f"bench: netlab create ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}"
            )
        return took


def show(figures: list[Figure]) -> None:
    """A table on standard error."""
    table = Table(
        "members", "hosts", "tunnels", "files", "plan + render s", "prove s", "netlab create s", "netlab / ours", "load"
    )
    for figure in figures:
        theirs = figure.netlab_s
        table.add_row(
            f"{figure.members} {figure.layout}",
            str(figure.hosts),
            str(figure.tunnels),
            str(figure.files),
            f"{figure.plan_render_s:.2f}",
            f"{figure.prove_s:.2f}",
            "" if theirs is None else f"{theirs:.1f}",
            "" if theirs is None else f"{theirs / figure.plan_render_s:.0f}",
            f"{figure.load:.1f}",
        )
    Console(stderr=True).print(table)


def main() -> None:
    """Measure, print the table on standard error and the JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, nargs="+", default=list(MEMBERS), metavar="N")
    parser.add_argument("--no-netlab", action="store_true")
    parser.add_argument("--netlab-hosts", type=int, default=120, metavar="N")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="ace-netlab-venv-") as folder:
        netlab = None if arguments.no_netlab else install_netlab(Path(folder))
        sizes = [(count, Topology.HUBS) for count in arguments.members]
        for count, topology in [*sizes, (MESH, Topology.MESH)]:
            figures.append(measure(count, topology, netlab, arguments.netlab_hosts))
            print(figures[-1], file=sys.stderr)
    show(figures)
    tell("ace/bench-interconnect/v1", figures, arguments.out)


if __name__ == "__main__":
    main()
