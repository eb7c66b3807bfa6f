"""Two proofs by the daemons' own readers: `vtysh -C` takes every frr.conf, `nft -c` every nftables.conf."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from ace.interconnect.prove.outcome import ProofOutcome, counted, outcome
from ace.interconnect.prove.region import Flaw, Host, Region

TIMEOUT_S: Final = 60
PLACES: Final = ("/usr/sbin", "/sbin", "/usr/bin", "/usr/lib/frr")
"""Where Debian has tools that are not on everybody's PATH."""


def frr_accepts(region: Region) -> ProofOutcome:
    """`vtysh -C -f` (`bgpd -C` accepts nonsense)."""
    tool = _find("vtysh")
    if tool is None:
        return ProofOutcome("", skipped="vtysh is missing: apt-get install frr")
    return _all(region, lambda host: host.frr_file, [tool, "-C", "-f"], r"line (\d+): (.*)")


def nftables_accepts(region: Region) -> ProofOutcome:
    """`nft -c -f`, in a network namespace of its own where that is allowed: a check needs no ruleset of the machine."""
    tool = _find("nft")
    if tool is None:
        return ProofOutcome("", skipped="nft is missing: apt-get install nftables")
    command = [tool, "-c", "-f"]
    if os.geteuid() != 0:
        unshare = shutil.which("unshare")
        if unshare is None or not _may_unshare(unshare):
            return ProofOutcome("", skipped="nft -c needs root or user namespaces")
        command = [unshare, "-rn", *command]
    return _all(region, lambda host: host.nft_file, command, r"[^:\s]*:(\d+):\d+-\d+: (.*)")


def _all(region: Region, file_of: Callable[[Host], str], command: Sequence[str], pattern: str) -> ProofOutcome:
    """Run the tool over one file of each host: several at once, but no more than there are processors."""
    with tempfile.TemporaryDirectory(prefix="ace-prove-") as folder:
        root = region.root or Path(folder)
        files = [file_of(host) for host in region.hosts.values()]
        if region.root is None:
            for file in files:
                path = root / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(region.files[file], encoding="utf-8")
        with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
            try:
                found = list(pool.map(lambda file: _one(root, file, command, pattern), files))
            except (OSError, subprocess.TimeoutExpired) as error:
                return ProofOutcome("", aborted=f"{Path(command[0]).name} could not be run: {error}")
    tool = next(Path(part).name for part in command if Path(part).name in ("vtysh", "nft"))
    return outcome((flaw for flaws in found for flaw in flaws), f"{tool} accepts {counted(len(files), 'file')}")


def _one(root: Path, file: str, command: Sequence[str], pattern: str) -> list[Flaw]:
    done = subprocess.run(
        [*command, str((root / file).resolve())],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode == 0:
        return []
    output = done.stdout + done.stderr
    flaws = [Flaw(file, int(line), message.strip()) for line, message in re.findall(pattern, output)]
    return flaws or [Flaw(file, 0, (output.strip() or f"exit code {done.returncode}")[:200])]


def _find(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(PLACES))


def _may_unshare(unshare: str) -> bool:
    try:
        return (
            subprocess.run([unshare, "-rn", "true"], capture_output=True, timeout=TIMEOUT_S, check=False).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
