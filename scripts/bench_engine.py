"""How fast an engine is: create, no-op, refresh and destroy of many OpenStack resources on one lab cloud.

    scripts/bench engine                              45 and 600 resources, directly and with 150 ms added to each reply
    scripts/bench engine --resources 45 --delay-ms 0  other sizes and delays
    scripts/bench engine --clients sdk embedded       only these, in this order (a cloud ages: turn it round to tell)
    scripts/bench engine --out FILE                   the JSON too

In one run, on one cloud: ACE's embedded engine, the Pulumi CLI with a file backend (where `pulumi` is on PATH), and a plain
openstacksdk script with 16 threads that makes the same calls (`bench_sdk.py`). Wall time, CPU and memory are those of the
client and all it starts; with a delay, a proxy counts its requests. One run a figure: repeat it when idle. `load` is the
machine's load average of the last minute when a run began; the lab and the runs before have their part in it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import openstack
import yaml
from bench import CHECKOUT, lab, peak_of
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(CHECKOUT))
from tests.lab.hostile_proxy import hostile

COUNTRY, CELL = "cd", 15
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
        **os.environ,
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


def show(figures: list[Figure]) -> None:
    """A table; the ratios are the embedded engine's wall time and CPU over the others'."""
    table = Table(
        *("resources", "delay ms", "job", "client", "wall s", "CPU s", "MB", "requests", "load"),
        *("embedded / it: wall", "CPU"),
    )
    own = {(f.resources, f.delay_ms, f.job): f for f in figures if f.client == "embedded"}
    for figure in figures:
        mine = own.get((figure.resources, figure.delay_ms, figure.job)) if figure.client != "embedded" else None
        table.add_row(
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
    Console(stderr=True, width=130).print(table)


def main() -> None:
    """Measure, print the table on standard error and the JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--resources", type=int, nargs="+", default=[45, 600], metavar="N")
    parser.add_argument("--delay-ms", type=int, nargs="+", default=[0, 150], metavar="MS")
    able = clients()
    parser.add_argument("--clients", nargs="+", choices=list(able), default=list(able), metavar="CLIENT")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if any(count % CELL or not CELL <= count <= CELL * MAX_CELLS for count in arguments.resources):
        parser.error(f"--resources: give multiples of {CELL} (a cell), {CELL} to {CELL * MAX_CELLS}")
    if "pulumi" not in able:
        print("bench: no `pulumi` on PATH, so it is left out", file=sys.stderr)
    figures: list[Figure] = []
    with lab((COUNTRY,)) as (root, _):
        for count in arguments.resources:
            for delay in arguments.delay_ms:
                for client in arguments.clients:
                    figures += runs(root / ".ace" / "lab" / "clouds.yaml", client, able[client], count, delay)
    show(figures)
    body = json.dumps({"schema": "ace/bench-engine/v1", "figures": [asdict(one) for one in figures]}, indent=2)
    print(body)
    if arguments.out:
        arguments.out.write_text(body + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
