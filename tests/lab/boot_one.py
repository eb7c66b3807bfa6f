"""Boots one host with the drivers alone, no cloud: run by `test_hosts_cgroups` in a mount namespace of its own.

boot_one.py LAB_FOLDER BASE
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "ace" / "lab"))

from drivers.dataplane.kernel import DataPlane
from drivers.hosts import cgroups, sweep
from drivers.hosts.machine import FirstBoot, Host
from drivers.hosts.record import Nic, Record

SERVER = "12345678-1234-1234-1234-123456789abc"
NIC = Nic(0, "aaaaaaaa-1234-1234", "bbbbbbbb-1234-1234", "fa:16:3e:00:00:01", 1450, ("10.64.0.2/24", "fd00::2/64"))
DEADLINE_S = 90


def main() -> None:
    """Boot it, have it reboot itself, stop it, start it, sweep it away."""
    lab, base = map(Path, sys.argv[1:3])
    cloud = lab / "clouds" / "one"
    plane = DataPlane.of(cloud)
    plane.underlay()
    host = Host(cloud / "hosts" / SERVER, plane)
    print(type(cgroups.kind()).__name__)
    host.create(Record(SERVER, "one", str(base), 512, (NIC,)), FirstBoot())
    try:
        host.start()
        first = leader(host)
        inside(first, "systemctl", "is-system-running", "--wait")
        inside(first, "systemctl", "reboot")
        deadline = time.monotonic() + DEADLINE_S
        while leader(host) in (0, first):
            if time.monotonic() > deadline:
                sys.exit("it did not come back from its reboot")
            time.sleep(0.1)
        host.start()
        print("rebooted")
        host.stop()
        print("stopped" if not host.running else "still runs")
        host.start()
        print("started" if host.running else "does not run")
    finally:
        sweep.sweep(lab, None)


def leader(host: Host) -> int:
    """The host's first process, 0 if it has none."""
    return cgroups.leader(cgroups.kind(), host.group) or 0


def inside(process: int, *command: str) -> None:
    """Run a command on the host whose first process that is."""
    subprocess.run(["nsenter", f"--target={process}", "--all", *command], capture_output=True, check=False)


if __name__ == "__main__":
    main()
