"""What the lab's processes are called: the process table is the one record of what runs.

A process states in its title which lab it belongs to and what it does: `ace-lab /folder: tn-tunis-1/nova`. There are no
pid files that could lie after a crash or a reboot. `ace.lab.processes` reads the titles.
"""

from __future__ import annotations

from pathlib import Path

import setproctitle

NURSERY = "nursery"
OUTSIDE = "outside"


def zygote(service: str) -> str:
    """The role of the process from which that service is forked for every cloud."""
    return f"zygote/{service}"


def take(folder: Path, role: str) -> None:
    """Take the title of that role."""
    setproctitle.setproctitle(f"ace-lab {folder}: {role}")
