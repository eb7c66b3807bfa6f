"""What each test file needs beyond this checkout and its .venv, and which long suites there are: the one table.

`tests/conftest.py` reads it: a test is skipped, with the reason, where a need that it is marked with is not met, and a marked
need that its file's row does not name is an error. `scripts/test` reads it too: `python -m tests.needs provide` installs
what can be installed as root on Debian, `suites` lists the suites, `files NEED` the files of a need.
tests/unit/test_needs.py holds it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CHECKOUT: Final = Path(__file__).resolve().parents[1]
SYSTEM_PATH: Final = "/usr/sbin:/sbin:/usr/lib/frr"
TOKENS: Final = (Path("/usr/lib/softhsm/libsofthsm2.so"), *sorted(Path("/usr/lib").glob("*/softhsm/libsofthsm2.so")))
"""Where Debian has SoftHSM's PKCS#11 module."""
DAC_OVERRIDE: Final = 1
"""Bit of the capability by which root reads and writes every file (capabilities(7))."""


WITHOUT_ROOTS_RIGHTS: Final = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all", "--")
"""Before a command: file permissions hold for it, though it is root's. (A user of no rights may not even read the checkout.)"""


def has(*programs: str) -> bool:
    return all(shutil.which(name) or shutil.which(name, path=SYSTEM_PATH) for name in programs)


def is_root() -> bool:
    return sys.platform.startswith("linux") and os.geteuid() == 0


def obeys_permissions() -> bool:
    """Whether file permissions hold for this process: it is no root, or root without the capability to override them."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return os.geteuid() != 0
    effective = next(int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    return not effective >> DAC_OVERRIDE & 1


def hosts_possible() -> bool:
    from ace.lab import hosts

    return not hosts.why_not()


def has_base_image() -> bool:
    from ace.lab.base_image import BaseImage

    return has("systemd-nspawn") and BaseImage().folder.is_dir()


def has_old_release() -> bool:
    from tests.lab.old_root import has_history

    return has_history()


def has_hybrid_cgroups() -> bool:
    return Path("/sys/fs/cgroup/unified/cgroup.controllers").exists() and not Path("/run/systemd/system").is_dir()


@dataclass(frozen=True)
class Need:
    """Something that a test needs; its name is the marker."""

    is_met: Callable[[], bool]
    reason: str
    """Why the test is skipped without it, and what to do."""
    packages: tuple[str, ...] = ()
    """Debian's packages that have it."""


NEEDS: Final = {
    "lab": Need(lambda: True, "real OpenStack services of a lab, which the tests start"),
    "root": Need(is_root, "needs root on Linux: run scripts/test as root"),
    "plain_user": Need(
        obeys_permissions, "root may read and write every file; scripts/test runs it without that right"
    ),
    "hosts": Need(hosts_possible, "lab hosts that boot need root on Debian (docs/lab.md)"),
    "base_image": Need(
        has_base_image,
        "the hosts' base image is not built: scripts/test builds it as root on Debian",
    ),
    "vtysh": Need(lambda: has("vtysh"), "vtysh is missing: apt-get install frr", ("frr",)),
    "nft": Need(lambda: has("nft"), "nft is missing: apt-get install nftables", ("nftables",)),
    "softhsm2": Need(
        lambda: has("softhsm2-util", "openssl") and any(path.exists() for path in TOKENS),
        "there is no software token: apt-get install softhsm2 openssl",
        ("softhsm2", "openssl"),
    ),
    "ssh": Need(
        lambda: has("ssh", "ssh-keygen"), "ssh is missing: apt-get install openssh-client", ("openssh-client",)
    ),
    "dpkg": Need(lambda: has("dpkg"), "dpkg compares versions, and is on Debian and its kin only"),
    "shapes": Need((CHECKOUT / ".venv" / "shapes").is_dir, "published shapes are missing: run scripts/setup --dev"),
    "chromium": Need(
        lambda: bool(os.environ.get("ACE_CHROMIUM")) or has("chromium") or has("chromium-browser"),
        "Chromium is missing; as root: scripts/setup --browser",
    ),
    "old_release": Need(
        has_old_release, "this clone's history does not reach back to release 4807924 (a shallow clone?)"
    ),
    "hybrid_cgroups": Need(
        has_hybrid_cgroups, "needs the hybrid layout of control groups without systemd in charge of it"
    ),
    "pulumi": Need(lambda: has("pulumi"), "the Pulumi CLI is not on PATH"),
}

FILES: Final = {
    "browser/test_finding.py": ("chromium",),
    "browser/test_pages.py": ("chromium",),
    "contract/test_embedded_engine.py": ("pulumi",),
    "contract/test_engine_doubts.py": ("pulumi",),
    "contract/test_engine_endings.py": ("pulumi",),
    "contract/test_engine_newer_states.py": ("pulumi",),
    "contract/test_engine_options.py": ("pulumi",),
    "contract/test_engine_refresh.py": ("pulumi",),
    "contract/test_engine_rounds.py": ("pulumi",),
    "contract/test_engine_semantics.py": ("pulumi",),
    "contract/test_engine_stores.py": ("pulumi",),
    "contract/test_engine_targets.py": ("pulumi",),
    "contract/test_engine_together.py": ("pulumi",),
    "contract/test_interrupted_process.py": ("pulumi",),
    "lab/interconnect/test_joined.py": ("lab", "hosts"),
    "lab/interconnect/test_two_data_centres.py": ("lab", "hosts"),
    "lab/test_acceptance.py": ("lab",),
    "lab/test_configure.py": ("lab", "hosts"),
    "lab/test_hostile_clouds.py": ("lab",),
    "lab/test_hosts.py": ("lab", "hosts"),
    "lab/test_hosts_cgroups.py": ("lab", "hosts", "hybrid_cgroups"),
    "lab/test_lab_cloud.py": ("lab",),
    "lab/test_lab_repair.py": ("lab",),
    "lab/test_member_check.py": ("lab",),
    "lab/test_member_leaving.py": ("lab",),
    "lab/test_publishing.py": ("lab", "root"),
    "lab/test_pulumi_by_hand.py": ("lab", "pulumi"),
    "lab/test_pulumi_cli.py": ("lab", "pulumi"),
    "lab/test_refused_creates.py": ("lab",),
    "lab/test_resource_types.py": ("lab",),
    "lab/test_upgrade.py": ("lab", "old_release"),
    "playbooks/test_converge.py": ("root", "dpkg"),
    "playbooks/test_rendering.py": ("root", "base_image", "nft"),
    "unit/test_catalogue_shapes.py": ("shapes",),
    "unit/test_cli_publish.py": ("root",),
    "unit/test_interconnect_closed.py": ("vtysh",),
    "unit/test_interconnect_proofs.py": ("vtysh", "nft"),
    "unit/test_lab_data_plane.py": ("root", "nft"),
    "unit/test_old_root.py": ("pulumi",),
    "unit/test_publish_keys.py": ("ssh", "softhsm2"),
    "unit/test_services_ssh.py": ("ssh",),
    "unit/test_spec_hostile_files.py": ("plain_user",),
    "unit/test_state_journal.py": ("plain_user",),
}
"""Test file -> what some or all of its tests need. A file that is not here needs nothing."""

SUITES: Final = {
    "crashes": "kills at every journal record and at 50 random instants, embedded engine",
    "rounds": "fifty rounds of `down` cut off, then `up`, counted in the cloud",
    "refused-creates": "every resource type's create carried out and refused, with 400 and with 409, on a lab cloud",
    "upgrade": "a ROOT and a cloud made by release 4807924, continued by this one",
    "two-data-centres": "Ethiopia joins a running region: second name server, fallbacks, one data centre lost",
    "newcomer": "a country joins a running region, is suspended, reinstated and removed",
    "publishing": "ten lab countries publish, a user who can read nothing of theirs verifies",
}
"""Long suite -> what is in it. `scripts/test --full SUITE` runs its tests, which are marked `suite("SUITE")`."""


def missing_packages(names: Iterable[str] = NEEDS) -> list[str]:
    """Debian's packages for those needs that are not met."""
    return sorted({package for name in names if not NEEDS[name].is_met() for package in NEEDS[name].packages})


def provide() -> None:
    """Install what this machine lacks, and build the hosts' base image: as root on Debian. Elsewhere, say what is left out."""
    from ace.errors import UserError
    from ace.lab import hosts
    from ace.lab.base_image import BaseImage

    if packages := missing_packages():
        subprocess.run([str(CHECKOUT / "scripts" / "setup"), "--packages", *packages], check=True)
    if not hosts_possible():
        print(f"the hosts' base image is not built: {hosts.why_not()}", flush=True)
        return
    try:
        hosts.install_packages(lambda text: print(text, flush=True))
        BaseImage().fill(lambda text: print(text, flush=True))
    except UserError as error:
        print(f"{error}\n{error.hint}", flush=True)


def main(arguments: list[str]) -> int:
    if arguments == ["provide"]:
        provide()
    elif len(arguments) == 2 and arguments[0] == "files":
        print(*(f"tests/{name}" for name, row in FILES.items() if arguments[1] in row), sep="\n")
    elif arguments == ["suites"]:
        print(*(f"{name:18}{what}" for name, what in SUITES.items()), sep="\n")
    elif len(arguments) > 1 and arguments[0] == "check":
        unknown = [name for name in arguments[1:] if name not in {*SUITES, "all"}]
        if unknown:
            print(f"unknown suite {', '.join(unknown)}; expected one of: all, {', '.join(SUITES)}", file=sys.stderr)
            return 1
    else:
        print("usage: python -m tests.needs provide | files NEED | suites | check SUITE...", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
