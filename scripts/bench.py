"""How long `ace up` takes: wall time, CPU seconds and peak memory, for creating and for changing nothing.

    scripts/bench                     3 and 10 countries
    scripts/bench --countries 1 3     other numbers of them
    scripts/bench --out FILE          the JSON too

Each size gets a fresh lab of its own (started before the clock, wiped after). Where `pulumi` is on PATH, the Pulumi CLI
does the same job on a lab as fresh, in the same run, and the table shows the ratio. CPU and memory are those of `ace`
and all it starts (engine, programs, providers); the clouds' own are left out. One run a figure: repeat it when idle.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

CHECKOUT = Path(__file__).resolve().parents[1]
ORDER = ("tn", "eg", "ke", "rw", "ug", "mu", "zw", "cd", "et", "zm")


@dataclass(frozen=True)
class Figure:
    """One measured run."""

    engine: str
    countries: int
    job: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    steps: int
    """Resources created, or found unchanged."""


@contextmanager
def lab(countries: tuple[str, ...], *, hosts: bool = True) -> Iterator[tuple[Path, dict[str, str]]]:
    """A ROOT with a fresh lab of those countries; without `hosts` its servers are fake wherever it runs."""
    folder = Path(tempfile.mkdtemp(prefix="ace-bench-"))
    shutil.copytree(CHECKOUT / "ecosystem", folder / "ecosystem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PULUMI_", "ACE_SPEC"))}
    environment = {**kept, "ACE_LAB_PORT": str(port), "NO_COLOR": "1"} | ({} if hosts else {"ACE_LAB_HOSTS": "0"})
    ace = [sys.executable, "-m", "ace"]
    try:
        subprocess.run(
            [*ace, "lab", "up", "--no-hosts", *countries], cwd=folder, env=environment, check=True, stdout=sys.stderr
        )
        yield folder, environment
    finally:
        subprocess.run([*ace, "lab", "down", "--wipe"], cwd=folder, env=environment, check=False, stdout=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)


def peak_of(process: subprocess.Popen[bytes], peak: list[float], ended: threading.Event) -> None:
    """Sample the proportional memory of a process tree, in MB."""
    while not ended.wait(0.25):
        try:
            parent = psutil.Process(process.pid)
            total = 0
            for member in (parent, *parent.children(recursive=True)):
                try:
                    total += member.memory_full_info().pss
                except (psutil.Error, AttributeError):
                    continue
            peak[0] = max(peak[0], total / 1e6)
        except psutil.Error:
            return


def measure(engine: str, countries: tuple[str, ...], job: str, root: Path, environment: dict[str, str]) -> Figure:
    """Run `ace up` once."""
    command = [sys.executable, "-m", "ace", "up", *countries, "--engine", engine, "--format", "json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, cwd=root, env=environment, stdout=out, stderr=subprocess.DEVNULL)
        peak, ended = [0.0], threading.Event()
        sampler = threading.Thread(target=peak_of, args=(process, peak, ended))
        sampler.start()
        code = process.wait()
        wall = time.monotonic() - began
        ended.set()
        sampler.join()
        out.seek(0)
        report = json.load(out)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        raise SystemExit(f"bench: `{' '.join(command[1:])}` ended with {code}:\n{json.dumps(report, indent=2)}")
    counts = report["countries"].values()
    steps = sum(country["create"] if job == "create" else country["same"] for country in counts)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Figure(engine, len(countries), job, round(wall, 2), round(cpu, 2), round(peak[0], 1), steps)


def main() -> None:
    """Measure, print the table on standard error and the JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--countries", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    engines = ["embedded", *(["pulumi"] if shutil.which("pulumi") else [])]
    figures: list[Figure] = []
    for count in arguments.countries:
        for engine in engines:
            with lab(ORDER[:count]) as (root, environment):
                for job in ("create", "no-op"):
                    figures.append(measure(engine, ORDER[:count], job, root, environment))
                    print(figures[-1], file=sys.stderr)
    show(figures)
    tell("ace/bench/v1", figures, arguments.out)


def tell(schema: str, figures: Sequence[Any], out: Path | None) -> None:
    """The figures (dataclasses) as JSON on standard output, and into a file; every bench ends so."""
    body = json.dumps({"schema": schema, "figures": [asdict(figure) for figure in figures]}, indent=2)
    print(body)
    if out:
        out.write_text(body + "\n", encoding="utf-8")


def show(figures: list[Figure]) -> None:
    """A table; the ratio is the Pulumi CLI's wall time over ours."""
    table = Table("countries", "job", "engine", "resources", "wall s", "CPU s", "peak MB", "wall of pulumi / embedded")
    own = {(figure.countries, figure.job): figure for figure in figures if figure.engine == "embedded"}
    for figure in figures:
        ratio = figure.wall_s / own[figure.countries, figure.job].wall_s
        table.add_row(
            str(figure.countries),
            figure.job,
            figure.engine,
            str(figure.steps),
            f"{figure.wall_s:.1f}",
            f"{figure.cpu_s:.1f}",
            f"{figure.peak_mb:.0f}",
            f"{ratio:.2f}" if figure.engine == "pulumi" else "",
        )
    Console(stderr=True).print(table)
    if not any(figure.engine == "pulumi" for figure in figures):
        print("bench: no `pulumi` on PATH, so nothing to compare with", file=sys.stderr)


if __name__ == "__main__":
    main()
