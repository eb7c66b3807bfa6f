"""Real hosts for a lab: whether this machine can have them, what they start from, how to get at them.

They need root on Linux. What runs them is in `drivers/hosts`, `drivers/dataplane` and the drivers of Nova and Neutron.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ace.errors import UserError
from ace.files import put
from ace.lab.base_image import BaseImage
from ace.lab.drivers.dataplane import names
from ace.lab.environment import DRIVERS, START
from ace.lab.folder import EXTERNAL_POOL, LabFolder
from ace.lab.values import Progress

PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "losetup": "mount",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
"""Program -> Debian's package that has it."""
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
"""By which mmdebstrap knows Debian's packages, on its kin too; from the package of that name."""
USER = "debian"
BRIDGES = Path("/proc/sys/net/bridge")
"""There while the kernel has bridges' packets pass its IP filters (br_netfilter)."""


@dataclass(frozen=True, slots=True)
class Underlay:
    """The network in which all clouds of a lab meet, seen from this machine."""

    ssh_config: Path
    """For `ssh -F`: reaches floating IPs, as user `debian` with the lab's own key."""
    enter: tuple[str, ...]
    """What to put before a command so that it runs in the underlay."""


def underlay(root: Path) -> Underlay | None:
    """The underlay of the lab of ROOT; None if that lab's servers are fake or it is down."""
    folder = LabFolder.of(root.resolve())
    namespace = _namespace(folder.path)
    if not namespace.exists() or not folder.ssh_config.exists():
        return None
    return Underlay(folder.ssh_config, ("nsenter", f"--net={namespace}", "--"))


def why_not() -> str:
    """What keeps this machine from having real hosts, as a sentence's part; empty: nothing."""
    if not sys.platform.startswith("linux"):
        return f"real hosts need Linux, and this is {sys.platform}"
    if os.geteuid() != 0:
        return "real hosts need root"
    if (missing := missing_packages()) and not _can_install():
        return f"real hosts need {', '.join(missing)}, which this machine lacks"
    if not BRIDGES.is_dir() and not shutil.which("modprobe"):
        return "real hosts need br_netfilter, which this kernel lacks"
    return ""


def missing_packages() -> list[str]:
    """Debian's names of what has to be installed for hosts."""
    programs = {package for program, package in PROGRAMS.items() if not _which(program)}
    return sorted(programs | (set() if KEYRING.exists() else {KEYRING.stem}))


def check_possible() -> None:
    """That this machine can have real hosts.

    Raises:
        UserError: It cannot; with the reason.
    """
    if reason := why_not():
        raise UserError(
            f"this lab's servers cannot be real: {reason}",
            hint="run it as root on Debian or its kin, or have fake servers: `ace lab up --no-hosts`",
            code="no-hosts",
        )


def prepare(folder: LabFolder, suite: str, on_progress: Progress) -> None:
    """Have what hosts start from: packages on this machine, the suite's base image, the lab's key and SSH configuration.

    Raises:
        UserError: It cannot be had; with the reason.
    """
    check_possible()
    install_packages(on_progress)
    _have_bridge_filter()
    image = BaseImage(suite)
    image.fill(on_progress)
    _point(folder.base, image.folder)
    _make_key(folder)
    put(folder.ssh_config, ssh_config(folder.path, folder.ssh_key))


def sweep(folder: Path, clouds: Sequence[str] | None) -> None:
    """Power off and put away the hosts and networks of those clouds (None: of all).

    Raises:
        UserError: Something is left; names what.
    """
    done = subprocess.run(
        [sys.executable, "-I", str(START), "sweep", str(folder), *(clouds or ())],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        output = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(
            f"the lab's hosts could not all be put away: {''.join(output)}",
            hint="run `ace lab down` again",
            code="hosts-left",
        )


def ssh_config(folder: Path, key: Path) -> str:
    """How ssh reaches the lab's hosts. It does not set host keys: whoever connects pins them."""
    program = [*("nsenter", f"--net={_namespace(folder)}", "--"), sys.executable, "-I", "-S"]
    command = shlex.join([*program, str(DRIVERS / "hosts" / "connect.py")]).replace("%", "%%")
    first, second = EXTERNAL_POOL.subnets(1)
    nets = ",".join(f"{net.network_address.exploded.rsplit('.', 2)[0]}.*" for net in (first, second))
    return "\n".join(
        [
            "# Written by `ace lab up`; for `ssh -F`.",
            f"Match host {nets}",  # what a host name stands for counts, so that this file can be included by others
            "    # Floating IPs: into the underlay, past this machine's own network.",
            f"    ProxyCommand {command} %h %p",
            "    ProxyUseFdpass yes",
            "Host *",
            f"    User {USER}",
            f'    IdentityFile "{str(key).replace("%", "%%")}"',
            "    IdentitiesOnly yes",
            "    ConnectTimeout 30",
            "",
        ]
    )


def _namespace(folder: Path) -> Path:
    return Path("/run/netns") / f"{lab_tag(folder)}.underlay"


def lab_tag(folder: Path) -> str:
    """How the drivers name all that a lab has on this machine; asked of them, so that it is written once."""
    return names.lab_tag(folder)


def _which(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")


def _can_install() -> bool:
    return shutil.which("apt-get") is not None


def install_packages(on_progress: Progress) -> None:
    """Install what hosts need of this machine.

    Raises:
        UserError: It cannot be installed; says why.
    """
    missing = missing_packages()
    if not missing:
        return
    on_progress(f"installing {', '.join(missing)} on this machine (apt-get), for the lab's hosts")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *missing]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:  # the machine's lists may be old or not there
        subprocess.run(["apt-get", "update", "--quiet=2"], env=environment, capture_output=True, check=False)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or missing_packages():
        output = "\n".join((done.stderr or done.stdout).strip().splitlines()[-4:])
        raise UserError(
            f"{', '.join(missing)} could not be installed for the lab's hosts:\n{output}",
            hint=f"install them (apt-get install {' '.join(missing)}), or have fake servers: `ace lab up --no-hosts`",
            code="no-hosts",
        )


def _have_bridge_filter() -> None:
    """Load br_netfilter where it is a module, and leave the machine's own bridges as they were."""
    if BRIDGES.is_dir():
        return
    subprocess.run(["modprobe", "br_netfilter"], capture_output=True, check=False)
    if not BRIDGES.is_dir():
        raise UserError(
            "this kernel has no br_netfilter, which the hosts' security groups need",
            hint="have fake servers: `ace lab up --no-hosts`",
            code="no-hosts",
        )
    for name in ("bridge-nf-call-iptables", "bridge-nf-call-ip6tables", "bridge-nf-call-arptables"):
        (BRIDGES / name).write_text("0", encoding="ascii")


def _point(link: Path, target: Path) -> None:
    half = link.with_name(f".{link.name}.new")
    half.unlink(missing_ok=True)
    half.symlink_to(target)
    half.rename(link)


def _make_key(folder: LabFolder) -> None:
    folder.ssh_key.parent.mkdir(mode=0o700, exist_ok=True)
    if folder.ssh_key.exists():
        return
    half = folder.ssh_key.with_name(".new")
    for left in (half, half.with_suffix(".pub")):
        left.unlink(missing_ok=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ace lab", "-f", str(half)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    half.with_name(".new.pub").rename(folder.ssh_key.with_suffix(".pub"))
    half.rename(folder.ssh_key)
