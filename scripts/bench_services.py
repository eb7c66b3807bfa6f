"""How long `ace configure` takes beside a plain `ansible-playbook` with default settings, on the same hosts, in one run.

    scripts/bench services                     3 and 10 countries; as root
    scripts/bench services --countries 2       other numbers of them
    scripts/bench services --no-plain-first    without new hosts for plain Ansible: in half the time
    scripts/bench services --out FILE          the JSON too

Each size gets a lab of its own with hosts that boot (made before the clock starts, wiped after). `ace configure` then runs
on new hosts (first), on configured ones (second) and with `--check`. Plain Ansible does the second and the check run on
the same hosts, one country after the other as its playbook wants it, from static inventories. For the first it gets new
hosts of its own, and is run on them twice (first, again): names of other countries are resolved only once the DS records
that their hosts told in the first run have come to the second. `ace configure` does both in one run; carrying the records
is not counted. CPU is that of the command and all it starts here; the hosts' own share is not in it. The last rows of a
size are the sums of first, second and check; `again` is in none.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import CHECKOUT, ORDER, tell
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

ACE = (sys.executable, "-m", "ace")
RECAP = re.compile(r"^\S+\s+: ok=\d+\s+changed=(\d+)", re.MULTILINE)
"""A host's line at the end of what `ansible-playbook` prints."""
OURS, PLAIN = "ace configure", "ansible-playbook"
SHORT = {OURS: "ace", PLAIN: "ansible"}
JOBS = ("first", "second", "check")
PLAYBOOK = CHECKOUT / "playbooks" / "site.yml"


@dataclass(frozen=True)
class Figure:
    """One measured run."""

    tool: str
    countries: int
    hosts: int
    job: str
    wall_s: float
    cpu_s: float
    changed: int
    load: float
    """The machine's load average of the last minute when it began."""


@contextmanager
def lab(countries: tuple[str, ...]) -> Iterator[tuple[Path, dict[str, str]]]:
    """A ROOT whose countries are deployed on hosts that boot."""
    folder = Path(tempfile.mkdtemp(prefix="ace-bench-"))
    shutil.copytree(CHECKOUT / "ecosystem", folder / "ecosystem")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OS_", "PULUMI_", "ACE_SPEC"))}
    environment = {**kept, "ACE_LAB_PORT": str(port), "NO_COLOR": "1"}
    try:
        quietly([*ACE, "lab", "up", *countries, "--hosts"], folder, environment)
        quietly([*ACE, "up", *countries], folder, environment)
        yield folder, environment
    finally:
        subprocess.run([*ACE, "lab", "down", "--wipe"], cwd=folder, env=environment, check=False, stdout=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)


def quietly(command: list[str], root: Path, environment: dict[str, str]) -> None:
    subprocess.run(command, cwd=root, env=environment, check=True, stdout=sys.stderr)


def timed(
    command: list[str], root: Path, environment: dict[str, str], allowed: tuple[int, ...]
) -> tuple[float, float, str]:
    """Wall seconds, CPU seconds and standard output of a command."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(command, cwd=root, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in allowed:
        raise SystemExit(f"bench: `{' '.join(command)}` ended with {done.returncode}:\n{done.stdout[-4000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def ace(countries: tuple[str, ...], job: str, root: Path, environment: dict[str, str]) -> Figure:
    """`ace configure`, once."""
    load = os.getloadavg()[0]
    command = [*ACE, "configure", *countries, "--format", "json", *(["--check"] if job == "check" else [])]
    wall, cpu, out = timed(command, root, environment, (0, 2))
    hosts = [counts for country in json.loads(out)["countries"].values() for counts in country["hosts"].values()]
    changed = sum(counts["changed"] for counts in hosts)
    return Figure(OURS, len(countries), len(hosts), job, round(wall, 1), round(cpu, 1), changed, round(load, 1))


def plain(
    countries: tuple[str, ...],
    job: str,
    root: Path,
    environment: dict[str, str],
    records: Mapping[str, list[str]] | None = None,
) -> Figure:
    """`ansible-playbook` with default settings, country after country; `records`: what is known of their zones' keys."""
    home = root / "plain"
    home.mkdir(exist_ok=True)
    inventories = {country: inventory(country, root, environment, home, records or {}) for country in countries}
    kept = {name: value for name, value in environment.items() if not name.startswith("ANSIBLE_")}
    own = {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
    load, wall, cpu, changed, hosts = os.getloadavg()[0], 0.0, 0.0, 0, 0
    for country in countries:
        program = str(Path(sys.executable).parent / "ansible-playbook")
        command = [program, "-i", str(inventories[country]), str(PLAYBOOK), *(["--check"] if job == "check" else [])]
        took = timed(command, home, own, (0,))
        wall, cpu = wall + took[0], cpu + took[1]
        changes = [int(found) for found in RECAP.findall(took[2])]
        changed, hosts = changed + sum(changes), hosts + len(changes)
    return Figure(PLAIN, len(countries), hosts, job, round(wall, 1), round(cpu, 1), changed, round(load, 1))


def ds_records(countries: tuple[str, ...], root: Path, environment: dict[str, str]) -> dict[str, list[str]]:
    """What each country's first name server says of its zone's keys, by country."""
    found = {}
    for country in countries:
        told = asked_inventory(country, root, environment)
        config = root / ".ace" / "ssh" / f"{country}.conf"
        zone = f"{country}.{told['all']['vars']['ace_domain']}"
        command = ["ssh", "-F", str(config), told["service_dns"]["hosts"][0], f"sudo /usr/local/lib/ace/zone-ds {zone}"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
        found[country] = done.stdout.splitlines()
    return found


def asked_inventory(country: str, root: Path, environment: dict[str, str]) -> Any:
    """What `ace inventory` prints."""
    command = [*ACE, "inventory", country]
    done = subprocess.run(command, cwd=root, env=environment, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def inventory(
    country: str, root: Path, environment: dict[str, str], home: Path, records: Mapping[str, list[str]]
) -> Path:
    """A country's inventory as a file, so that plain Ansible need not wait for a script."""
    told = asked_inventory(country, root, environment)
    for host in told["_meta"]["hostvars"].values():
        if "ace_dns_ds" in host:
            host["ace_dns_ds"] |= {peer: lines for peer, lines in records.items() if peer in host["ace_dns_ds"]}
    static = {
        "all": {
            "vars": told["all"]["vars"],
            "hosts": told["_meta"]["hostvars"],
            "children": {
                name: {"hosts": {host: {} for host in group["hosts"]}}
                for name, group in told.items()
                if name not in ("all", "_meta")
            },
        }
    }
    file = home / f"{country}.json"
    file.write_text(json.dumps(static), encoding="utf-8")
    return file


def main() -> None:
    """Measure, print the table on standard error and the JSON on standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--countries", type=int, nargs="+", default=[3, 10], metavar="N")
    parser.add_argument("--no-plain-first", action="store_true", help="no first run of plain Ansible, on new hosts")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        raise SystemExit("bench: hosts that boot need root; see docs/lab.md")
    figures: list[Figure] = []

    def keep(figure: Figure) -> None:
        figures.append(figure)
        print(figure, file=sys.stderr)

    for count in arguments.countries:
        some = ORDER[:count]
        with lab(some) as (root, environment):
            for job in JOBS:
                keep(ace(some, job, root, environment))
            for job in ("second", "check"):
                keep(plain(some, job, root, environment))
        if not arguments.no_plain_first:
            with lab(some) as (root, environment):
                pin(some, root, environment)
                keep(plain(some, "first", root, environment))
                keep(plain(some, "again", root, environment, ds_records(some, root, environment)))
    show(figures)
    tell("ace/bench-services/v1", figures, arguments.out)


def pin(countries: tuple[str, ...], root: Path, environment: dict[str, str]) -> None:
    """Have the hosts' keys known, as plain Ansible asks for it: by a run that looks at nothing."""
    command = [*ACE, "configure", *countries, "--check", "--service", "base", "--format", "json"]
    timed(command, root, environment, (0, 2))


def show(figures: list[Figure]) -> None:
    """A table; the ratio is plain Ansible's wall time over ours, with `again` that of both its runs over our first."""
    table = Table(
        "countries",
        "hosts",
        "run",
        "tool",
        "changed",
        "wall s",
        "CPU s",
        "load",
        "times",
        box=SIMPLE,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    own = {(figure.countries, figure.job): figure.wall_s for figure in figures if figure.tool == OURS}
    firsts = {one.countries: one.wall_s for one in figures if (one.tool, one.job) == (PLAIN, "first")}
    for countries in dict.fromkeys(figure.countries for figure in figures):
        of_size = [figure for figure in figures if figure.countries == countries]
        for figure in of_size:
            wall_s, job = figure.wall_s, figure.job
            if job == "again":
                wall_s, job = wall_s + firsts[countries], "first"
            ratio = "" if figure.tool == OURS else f"{wall_s / own[countries, job]:.2f}"
            table.add_row(
                str(countries),
                str(figure.hosts),
                "again (both)" if figure.job == "again" else figure.job,
                SHORT[figure.tool],
                str(figure.changed),
                f"{figure.wall_s:.1f}",
                f"{figure.cpu_s:.1f}",
                f"{figure.load:.1f}",
                ratio,
            )
        for tool, wall_s, cpu_s in sums(of_size):
            ratio = "" if tool == OURS else f"{wall_s / sum(own[countries, job] for job in JOBS):.2f}"
            table.add_row(str(countries), "", "all three", SHORT[tool], "", f"{wall_s:.1f}", f"{cpu_s:.1f}", "", ratio)
        table.add_section()
    Console(stderr=True).print(table)


def sums(figures: Iterable[Figure]) -> Iterator[tuple[str, float, float]]:
    """Of each tool that did all jobs once: its name, and what they took together in wall and CPU seconds."""
    done: dict[str, list[Figure]] = {}
    for figure in figures:
        if figure.job in JOBS:
            done.setdefault(figure.tool, []).append(figure)
    for tool, its in done.items():
        if len(its) == len(JOBS):
            yield tool, sum(one.wall_s for one in its), sum(one.cpu_s for one in its)


if __name__ == "__main__":
    main()
