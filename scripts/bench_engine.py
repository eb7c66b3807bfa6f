"""How fast an engine is: create, no-op, refresh and destroy of many OpenStack resources on one lab cloud.

    scripts/bench engine                              600 and 45 resources, directly, with 150 and 600 ms added to each reply
    scripts/bench engine --docs                       the same, and its table into docs/engine.md
    scripts/bench engine --resources 45 --delay-ms 0  other sizes and delays
    scripts/bench engine --minutes 60                 until then no size and delay is begun any more (20)
    scripts/bench engine --clients sdk embedded       only these, in this order (a cloud ages: turn it round to tell)
    scripts/bench engine --out FILE                   the JSON too

In one run, on one cloud: ACE's embedded engine, the Pulumi CLI with a file backend (where `pulumi` is on PATH), and a plain
openstacksdk script with 16 threads that makes the same calls (`bench_sdk.py`). Wall time, CPU and memory are those of the
client and all it starts; with a delay, a proxy counts its requests. One run a figure: repeat it when idle. `load` is the
machine's load average of the last minute when a run began; the lab and the runs before have their part in it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import openstack
import yaml
from bench import CHECKOUT, lab, peak_of, tell
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(CHECKOUT))
from tests.lab.hostile_proxy import hostile

COUNTRY, CELL = "cd", 15
HEAD = (
    "resources",
    "delay ms",
    "job",
    "client",
    "wall s",
    "CPU s",
    "MB",
    "requests",
    "load",
    "wall ratio",
    "CPU ratio",
)
BUSY = 8.0
"""A load average that a bench alone does not make on two cores."""
WORDS = {"wall_s": "wall time", "cpu_s": "CPU", "peak_mb": "memory"}
GOALS = (
    ("create", "pulumi", "wall_s", 0.5),
    ("create", "pulumi", "cpu_s", 0.3),
    ("destroy", "pulumi", "wall_s", 0.6),
    ("refresh", "pulumi", "wall_s", 0.15),
    ("no-op", "pulumi", "wall_s", 0.1),
    ("create", "pulumi", "peak_mb", 1),
    ("create", "sdk", "wall_s", 1.25),
    ("destroy", "sdk", "wall_s", 1.25),
)
"""Job, against whom, what, and the most that it may be of the other's."""
JUDGED_MS = 150
"""Goals hold up to this delay of a reply; longer ones are told beside."""
MAX_CELLS = 256
"""A cell's number is the second octet of its subnets."""
PROGRAM = """
import pulumi
import pulumi_openstack as os

cloud = os.Provider("cloud", cloud="it")
on = pulumi.ResourceOptions(provider=cloud)
for n in range({cells}):
    net = os.networking.Network(f"net{{n}}", name=f"bench-net{{n}}", opts=on)
    group = os.networking.SecGroup(f"group{{n}}", name=f"bench-group{{n}}", opts=on)
    router = os.networking.Router(f"router{{n}}", name=f"bench-router{{n}}", opts=on)
    for port in range(22, 28):
        os.networking.SecGroupRule(f"rule{{n}}-{{port}}", security_group_id=group.id, direction="ingress",
            ethertype="IPv4", protocol="tcp", port_range_min=port, port_range_max=port, opts=on)
    for half in range(2):
        subnet = os.networking.Subnet(f"subnet{{n}}-{{half}}", name=f"bench-subnet{{n}}-{{half}}", network_id=net.id,
            cidr=f"10.{{n}}.{{half}}.0/24", opts=on)
        os.networking.RouterInterface(f"interface{{n}}-{{half}}", router_id=router.id, subnet_id=subnet.id, opts=on)
        os.networking.Port(f"port{{n}}-{{half}}", name=f"bench-port{{n}}-{{half}}", network_id=net.id,
            security_group_ids=[group.id], fixed_ips=[{{"subnet_id": subnet.id}}], opts=on)
"""


@dataclass(frozen=True)
class Figure:
    """One measured run. `requests` is None where nobody counted; `load` is the machine's when it began."""

    client: str
    resources: int
    delay_ms: int
    job: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    requests: int | None
    load: float


def clients() -> dict[str, tuple[str, ...]]:
    """Who is measured, and which jobs each can do."""
    known = {
        "embedded": ("create", "no-op", "no-op evaluated", "refresh", "destroy"),
        "pulumi": ("create", "no-op", "refresh", "destroy"),
        "sdk": ("create", "refresh", "destroy"),
    }
    if not shutil.which("pulumi"):
        del known["pulumi"]
    return known


def command(client: str, job: str, folder: Path) -> list[str]:
    """What does a client's job in this folder."""
    if client == "sdk":
        return [sys.executable, str(CHECKOUT / "scripts" / "bench_sdk.py"), job, str(folder)]
    if client == "embedded":
        return [sys.executable, str(CHECKOUT / "scripts" / "bench_embedded.py"), job, str(folder)]
    word = {"create": "up", "no-op": "up", "refresh": "refresh", "destroy": "destroy"}[job]
    return ["pulumi", word, "--stack", "it", "--yes", "--skip-preview", "--non-interactive", "--parallel", "16"]


def measure(client: str, job: str, folder: Path) -> tuple[float, float, float]:
    """Wall seconds, CPU seconds and peak MB of one job."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": str(CHECKOUT),
        "OS_CLIENT_CONFIG_FILE": str(folder / "clouds.yaml"),
        "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
    if client == "pulumi" and job == "create":
        (folder / "backend").mkdir()
        subprocess.run(
            ["pulumi", "stack", "init", "it", "--non-interactive"],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
        )
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command(client, job, folder), cwd=folder, env=environment, stdout=out, stderr=out)
        peak, ended = [0.0], threading.Event()
        sampler = threading.Thread(target=peak_of, args=(process, peak, ended))
        sampler.start()
        code = process.wait()
        wall = time.monotonic() - began
        ended.set()
        sampler.join()
        if code:
            out.seek(0)
            raise SystemExit(f"bench: {client} {job} ended with {code}:\n{out.read().decode()[-3000:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return round(wall, 2), round(cpu, 2), round(peak[0], 1)


def runs(clouds_file: Path, client: str, jobs: tuple[str, ...], count: int, delay_ms: int) -> Iterator[Figure]:
    """One client's jobs, each told as it is done."""
    with site(clouds_file, count // CELL, delay_ms) as (folder, requests):
        for job in jobs:
            seen, load = len(requests), round(os.getloadavg()[0], 1)
            wall, cpu, peak = measure(client, job, folder)
            counted = len(requests) - seen if delay_ms else None
            figure = Figure(client, count, delay_ms, job, wall, cpu, peak, counted, load)
            print(figure, file=sys.stderr)
            yield figure


@contextmanager
def site(clouds_file: Path, cells: int, delay_ms: int) -> Iterator[tuple[Path, list[tuple[str, str]]]]:
    """A folder with program and clouds.yaml, and the requests that the proxy of a delayed run sees."""
    name, entry = next(iter(yaml.safe_load(clouds_file.read_text())["clouds"].items()))
    unbound(clouds_file, name)
    folder = Path(tempfile.mkdtemp(prefix="ace-bench-engine-"))
    base = entry["auth"]["auth_url"].split("/identity")[0]
    try:
        (folder / "program").mkdir()
        (folder / "program" / "__main__.py").write_text(PROGRAM.format(cells=cells))
        virtualenv = {"toolchain": "pip", "virtualenv": sys.prefix}
        project = {"name": "ace", "runtime": {"name": "python", "options": virtualenv}, "main": "program"}
        (folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (folder / "cells").write_text(str(cells))
        if not delay_ms:
            (folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"it": entry}}))
            yield folder, []
            return
        with hostile(base, delay_s=delay_ms / 1000) as proxy:
            entry["auth"]["auth_url"] = entry["auth"]["auth_url"].replace(base, proxy.url)
            (folder / "clouds.yaml").write_text(yaml.safe_dump({"clouds": {"it": entry}}))
            yield folder, proxy.requests
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unbound(clouds_file: Path, cloud: str) -> None:
    """Lift the network quotas of the account's project."""
    config = openstack.config.OpenStackConfig(config_files=[str(clouds_file)])
    connection = openstack.connection.Connection(config=config.get_one(cloud=cloud))
    kinds = ("network", "subnet", "port", "router", "security_group", "security_group_rule")
    quota = {"quota": dict.fromkeys(kinds, -1)}
    connection.network.put(f"/quotas/{connection.current_project_id}", json=quota).raise_for_status()


def versions() -> str:
    """What was measured, and on what."""
    pulumi = ""
    if shutil.which("pulumi"):
        told = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout.strip()
        pulumi = f"Pulumi {told}, "
    parts = [f"{name} {metadata.version(name)}" for name in ("pulumi", "pulumi-openstack", "openstacksdk")]
    return f"{pulumi}Python packages {', '.join(parts)}; {os.cpu_count()} cores; {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def goals(figures: list[Figure]) -> list[str]:
    """What was aimed at with the most resources, and what was reached."""
    most = max((figure.resources for figure in figures), default=0)
    found = {(f.client, f.delay_ms, f.job): f for f in figures if f.resources == most}
    lines = []
    for job, other, measure, limit in GOALS:
        reached = [
            (delay, getattr(found["embedded", delay, job], measure) / getattr(found[other, delay, job], measure))
            for delay in sorted({figure.delay_ms for figure in figures})
            if ("embedded", delay, job) in found and (other, delay, job) in found
        ]
        if reached:
            told = ", ".join(f"{ratio:.2f} at {delay} ms" for delay, ratio in reached)
            judged = [ratio for delay, ratio in reached if delay <= JUDGED_MS] or [reached[0][1]]
            met = "met" if max(judged) <= limit else "missed"
            lines.append(f"{job}: {WORDS[measure]} at most {limit:g} of {other}'s: {told}: {met}")
    return lines


def into_docs(figures: list[Figure], left_out: list[str]) -> None:
    """Put table and goals between the marks in docs/engine.md, with what was left out, and how busy the machine was."""
    path = CHECKOUT / "docs" / "engine.md"
    before, begin, rest = path.read_text(encoding="utf-8").partition("<!-- bench -->\n")
    _, end, after = rest.partition("<!-- /bench -->\n")
    rows = "\n".join("| " + " | ".join(row) + " |" for row in table_rows(figures))
    head = f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}\n"
    told = "\n".join(f"* {line}" for line in goals(figures))
    loads = [figure.load for figure in figures]
    quiet = f"Load average when the runs began: {min(loads)} to {max(loads)}"
    quiet += " (others used the machine too: figures are long, and ratios rough). " if max(loads) > BUSY else ". "
    missing = f"Left out for lack of time: {', '.join(left_out)}. " if left_out else ""
    body = f"{versions()}. {quiet}{missing}Most resources, at up to {JUDGED_MS} ms:\n\n{told}\n\n{head}{rows}\n"
    path.write_text(before + begin + body + end + after, encoding="utf-8")


def show(figures: list[Figure]) -> None:
    """A table; the ratios are the embedded engine's wall time and CPU over the others'."""
    table = Table(*HEAD)
    for row in table_rows(figures):
        table.add_row(*row)
    Console(stderr=True, width=130).print(table)
    for line in goals(figures):
        print(line, file=sys.stderr)


def table_rows(figures: list[Figure]) -> Iterator[tuple[str, ...]]:
    """One row a figure."""
    own = {(f.resources, f.delay_ms, f.job): f for f in figures if f.client == "embedded"}
    for figure in figures:
        mine = own.get((figure.resources, figure.delay_ms, figure.job)) if figure.client != "embedded" else None
        yield (
            str(figure.resources),
            str(figure.delay_ms),
            figure.job,
            figure.client,
            f"{figure.wall_s:.1f}",
            f"{figure.cpu_s:.1f}",
            f"{figure.peak_mb:.0f}",
            "" if figure.requests is None else str(figure.requests),
            f"{figure.load:.1f}",
            f"{mine.wall_s / figure.wall_s:.2f}" if mine else "",
            f"{mine.cpu_s / figure.cpu_s:.2f}" if mine else "",
        )


def minutes_of(count: int, delay_ms: int, figures: list[Figure]) -> float:
    """How long a size and delay may take, judged by the same size at the last delay; each reply's delay adds its part."""
    known = [figure for figure in figures if figure.resources == count]
    latest = [figure for figure in known if figure.delay_ms == max(f.delay_ms for f in known)]
    longer = 1 + 0.5 * (delay_ms - latest[0].delay_ms) / 600 if latest else 1
    return sum(figure.wall_s for figure in latest) * longer / 60


def main() -> None:
    """Measure, print the table on standard error and the JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, nargs="+", default=[600, 45], metavar="N")
    parser.add_argument("--delay-ms", type=int, nargs="+", default=[0, 150, 600], metavar="MS")
    able = clients()
    parser.add_argument("--clients", nargs="+", choices=list(able), default=list(able), metavar="CLIENT")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--docs", action="store_true", help="put the table into docs/engine.md")
    parser.add_argument("--minutes", type=float, default=20, help="begin nothing that would not be done by then")
    arguments = parser.parse_args()
    if any(count % CELL or not CELL <= count <= CELL * MAX_CELLS for count in arguments.resources):
        parser.error(f"--resources: give multiples of {CELL} (a cell), {CELL} to {CELL * MAX_CELLS}")
    if "pulumi" not in able:
        print("bench: no `pulumi` on PATH, so it is left out", file=sys.stderr)
    figures: list[Figure] = []
    folders = [str(CHECKOUT / "ace"), sysconfig.get_path("purelib")]
    compileall = [sys.executable, "-m", "compileall", "-q", "-j", "0", *folders]
    subprocess.run(compileall, check=False, capture_output=True)  # nobody's first start is measured
    began = time.monotonic()
    left_out: list[str] = []
    cells = [(count, delay) for delay in arguments.delay_ms for count in arguments.resources]
    with lab((COUNTRY,), hosts=False) as (root, _):
        for count, delay in cells:
            if minutes_of(count, delay, figures) + (time.monotonic() - began) / 60 > arguments.minutes:
                left_out.append(f"{count} resources at {delay} ms")
                continue
            for client in arguments.clients:
                figures += runs(root / ".ace" / "lab" / "clouds.yaml", client, able[client], count, delay)
    show(figures)
    if left_out:
        print(f"bench: left out for lack of time: {', '.join(left_out)}", file=sys.stderr)
    if arguments.docs:
        into_docs(figures, left_out)
    tell("ace/bench-engine/v1", figures, arguments.out)


if __name__ == "__main__":
    main()
